#include "model/finals.h"

#include "model/correct.h"
#include "model/detail.h"

ck_status ck_finals_add(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e)
{
    ck_plane *p;
    ck_type type = o->depth == CK_FINALS_DEPTH_16 ? CK_F16 : CK_F32;
    ck_status s = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (s == CK_OK && !o->native) {
        h = p->h;
        w = p->w;
    }
    if (s == CK_OK)
        s = ck_frame_add(f, "alpha", type, 1, h, w, "", &p, e);
    return s == CK_OK ? ck_frame_add(f, "fg", type, 3, h, w, "srgb", &p, e) : s;
}

const char *ck_finals_asked(const ck_finals_options *o)
{
    return o->scale != 1    ? "scale"
           : o->native      ? "native"
           : o->detail      ? "detail"
           : o->correct > 0 ? "correct"
           : o->depth       ? "depth"
                            : NULL;
}

ck_status ck_finals_finish(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e)
{
    ck_plane *hint, *key = ck_frame_plane(f, "key"), *alpha = ck_frame_plane(f, "alpha");
    bool correct = o->correct > 0;
    ck_status s = CK_OK;
    if (!o->detail && !correct)
        return CK_OK;
    if (key)
        s = ck_frame_need(f, "key", 1, 0, &key, e);
    if (s == CK_OK && (!key || correct))
        s = ck_frame_need(f, "hint", 1, 0, &hint, e);
    if (s == CK_OK && o->detail)
        s = ck_detail_add(key ? key : hint, h, w, o->scale == 0, alpha, e);
    return s == CK_OK && correct ? ck_correct(hint, key, h, w, (float)o->correct, alpha, e) : s;
}
