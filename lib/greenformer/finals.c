#include "greenformer/finals.h"

#include <stdio.h>

#include "greenformer/detail.h"
#include "image/plate.h"
#include "stream/depth.h"

ck_status ck_finals_add(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e)
{
    ck_plane *p;
    ck_type type = ck_depth_type(o->depth);
    char codes[sizeof p->encoding] = "";
    ck_status s = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (s == CK_OK)
        snprintf(codes, sizeof codes, "%s", ck_plate_codes(p));
    if (s == CK_OK && !o->native) {
        h = p->h;
        w = p->w;
    }
    if (s == CK_OK)
        s = ck_frame_add(f, "alpha", type, 1, h, w, "", &p, e);
    return s == CK_OK ? ck_frame_add(f, "fg", type, 3, h, w, codes, &p, e) : s;
}

const char *ck_finals_asked(const ck_finals_options *o)
{
    return o->scale != 1 ? "refiner-scale" : o->native ? "native" : o->detail ? "detail" : o->depth ? "depth" : NULL;
}

ck_status ck_finals_finish(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e)
{
    ck_plane *fine;
    if (!o->detail)
        return CK_OK;
    ck_status s = ck_frame_need(f, ck_frame_plane(f, "key") ? "key" : "hint", 1, 0, &fine, e);
    return s == CK_OK ? ck_detail_add(fine, h, w, o->scale == 0, ck_frame_plane(f, "alpha"), e) : s;
}
