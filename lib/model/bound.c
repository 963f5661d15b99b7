#include "model/bound.h"

#include "image/convert.h"
#include "model/input.h"

static inline float unit(float x)
{
    return !(x > 0) ? 0 : x < 1 ? x : 1;
}

static void keep_within(float *alpha, const float *hint, const float *key, float most, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float a = unit(hint[i]), b = unit(key[i]), lo = a < b ? a : b, hi = a < b ? b : a;
        lo -= 4 * most * lo * (1 - lo);
        hi += 4 * most * hi * (1 - hi);
        alpha[i] = alpha[i] < lo ? lo : alpha[i] > hi ? hi : alpha[i];
    }
}

size_t ck_bound_bytes(int h, int w)
{
    return (2 * (size_t)h + 1) * (size_t)w * sizeof(float);
}

ck_status ck_bound(const ck_plane *hint, const ck_plane *key, float most, ck_plane *alpha, ck_error *e)
{
    size_t w = (size_t)alpha->w, n = w * (size_t)alpha->h;
    ck_buffer *all = ck_buffer_new(ck_bound_bytes(alpha->h, alpha->w));
    if (!all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the bounds of a matte of %d x %d", alpha->w, alpha->h);
    float *a = all->data, *b = a + n, *wide = b + n;
    ck_status s = ck_input_hint(hint, alpha->h, alpha->w, a, e);
    if (s == CK_OK)
        s = ck_input_hint(key ? key : hint, alpha->h, alpha->w, b, e);
    for (size_t y = 0; y < (size_t)alpha->h && s == CK_OK; y++) {
        char *row = (char *)alpha->data + y * w * alpha->elem;
        float *to = alpha->type == CK_F32 ? (float *)row : wide;
        if (to == wide)
            ck_to_f32(row, alpha->type, wide, w);
        keep_within(to, a + y * w, b + y * w, most, w);
        if (to == wide)
            ck_f32_to_f16(wide, (uint16_t *)row, w);
    }
    ck_buffer_unref(all);
    return s;
}
