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

ck_status ck_finals_finish(ck_frame *f, int h, int w, bool coarse, bool detail, float correct, ck_error *e)
{
    ck_plane *hint, *key = ck_frame_plane(f, "key"), *alpha = ck_frame_plane(f, "alpha");
    ck_status s = CK_OK;
    if (!detail && correct <= 0)
        return CK_OK;
    if (key)
        s = ck_frame_need(f, "key", 1, 0, &key, e);
    if (s == CK_OK && (!key || correct > 0))
        s = ck_frame_need(f, "hint", 1, 0, &hint, e);
    if (s == CK_OK && detail)
        s = ck_detail_add(key ? key : hint, h, w, coarse, alpha, e);
    return s == CK_OK && correct > 0 ? ck_correct(hint, key, h, w, correct, alpha, e) : s;
}
