#include "model/finals.h"

#include "image/convert.h"
#include "image/resample.h"
#include "model/detail.h"

/* Plane `name` from `c` planes of the network's size: resized, then narrowed. */
static ck_status add(const ck_finals *s, ck_frame *f, const char *name, int c, const float *fine, int h, int w,
                     ck_error *e)
{
    ck_plane *p;
    ck_type type = s->half ? CK_F16 : CK_F32;
    ck_status st = ck_frame_add(f, name, type, c, h, w, c == 3 ? "srgb" : "", &p, e);
    if (st != CK_OK)
        return st;
    size_t n = (size_t)h * (size_t)w, from = (size_t)s->h * (size_t)s->w;
    if (type == CK_F32)
        return ck_resample(fine, c, s->h, s->w, p->data, h, w, CK_LANCZOS4, e);
    ck_buffer *wide = ck_buffer_new(n * sizeof(float));
    if (!wide)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", name);
    for (size_t k = 0; k < (size_t)c && st == CK_OK; k++) {
        st = ck_resample(fine + k * from, 1, s->h, s->w, wide->data, h, w, CK_LANCZOS4, e);
        if (st == CK_OK)
            ck_f32_to_f16(wide->data, (uint16_t *)p->data + k * n, n);
    }
    ck_buffer_unref(wide);
    return st;
}

static ck_status add_detail(const ck_finals *s, ck_frame *f, ck_error *e)
{
    ck_plane *hint;
    ck_status st = ck_frame_need(f, "hint", 1, 0, &hint, e);
    return st == CK_OK ? ck_detail_add(hint, s->h, s->w, s->coarse, ck_frame_plane(f, "alpha"), e) : st;
}

ck_status ck_finals_add(const ck_finals *s, ck_frame *f, int h, int w, ck_error *e)
{
    ck_status st = add(s, f, "alpha", 1, s->data, h, w, e);
    if (st == CK_OK && s->detail)
        st = add_detail(s, f, e);
    return st == CK_OK ? add(s, f, "fg", 3, s->data + (size_t)s->h * (size_t)s->w, h, w, e) : st;
}
