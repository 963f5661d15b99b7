#include "model/finals.h"

#include "model/correct.h"
#include "model/detail.h"

ck_status ck_finals_add(ck_frame *f, int h, int w, bool half, ck_error *e)
{
    ck_plane *p;
    ck_type type = half ? CK_F16 : CK_F32;
    ck_status s = ck_frame_add(f, "alpha", type, 1, h, w, "", &p, e);
    return s == CK_OK ? ck_frame_add(f, "fg", type, 3, h, w, "srgb", &p, e) : s;
}

ck_status ck_finals_correct(ck_frame *f, int h, int w, float most, ck_error *e)
{
    ck_plane *hint;
    ck_status s = ck_frame_need(f, "hint", 1, 0, &hint, e);
    return s == CK_OK ? ck_correct(hint, ck_frame_plane(f, "key"), h, w, most, ck_frame_plane(f, "alpha"), e) : s;
}

ck_status ck_finals_detail(ck_frame *f, int h, int w, bool coarse, ck_error *e)
{
    ck_plane *fine;
    ck_status s = ck_frame_need(f, ck_frame_plane(f, "key") ? "key" : "hint", 1, 0, &fine, e);
    return s == CK_OK ? ck_detail_add(fine, h, w, coarse, ck_frame_plane(f, "alpha"), e) : s;
}
