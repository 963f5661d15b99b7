#include "greenformer/detail.h"

#include <math.h>

#include "base/clamp.h"
#include "image/convert.h"
#include "image/resample.h"
#include "greenformer/input.h"

#define LEAST (1.0f / 256)

static float mean_logit(const float *hint, int w)
{
    float sum = 0;
    for (int y = 0; y < CK_LOGIT_STRIDE; y++)
        for (int x = 0; x < CK_LOGIT_STRIDE; x++)
            sum += hint[(size_t)y * (size_t)w + (size_t)x];
    float p = sum / (CK_LOGIT_STRIDE * CK_LOGIT_STRIDE);
    p = p > LEAST ? p : LEAST;
    p = p < 1 - LEAST ? p : 1 - LEAST;
    return logf(p / (1 - p));
}

/* Send the hint at inference size through logits and back.  logits: scratch for 1/16 of its samples. */
static ck_status through_logits(float *hint, int h, int w, float *logits, ck_error *e)
{
    int lh = h / CK_LOGIT_STRIDE, lw = w / CK_LOGIT_STRIDE;
    for (int y = 0; y < lh; y++)
        for (int x = 0; x < lw; x++)
            logits[(size_t)y * (size_t)lw + (size_t)x] =
                mean_logit(hint + ((size_t)y * (size_t)w + (size_t)x) * CK_LOGIT_STRIDE, w);
    ck_status s = ck_resample(logits, 1, lh, lw, hint, h, w, CK_BILINEAR, e);
    for (size_t i = 0; s == CK_OK && i < (size_t)h * (size_t)w; i++)
        hint[i] = 1 / (1 + expf(-hint[i]));
    return s;
}

static void add(float *alpha, const float *hint, const float *seen, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float agree = ck_clamp01(1.5f - 2 * fabsf(alpha[i] - seen[i]));
        alpha[i] = ck_clamp01(alpha[i] + agree * (hint[i] - seen[i]));
    }
}

/* Row by row; f16 rows are converted in `wide`. */
static void add_to_plane(ck_plane *alpha, const float *hint, const float *seen, float *wide)
{
    size_t w = (size_t)alpha->w;
    for (size_t y = 0; y < (size_t)alpha->h; y++) {
        char *row = (char *)ck_plane_data(alpha) + y * w * alpha->elem;
        float *to = alpha->type == CK_F32 ? (float *)row : wide;
        if (to == wide)
            ck_to_f32(row, alpha->type, wide, w);
        add(to, hint + y * w, seen + y * w, w);
        if (to == wide)
            ck_f32_to_f16(wide, (uint16_t *)row, w);
    }
}

size_t ck_detail_bytes(int h, int w, int matte_h, int matte_w)
{
    size_t small = (size_t)h * (size_t)w, n = (size_t)matte_h * (size_t)matte_w;
    return (small + small / (CK_LOGIT_STRIDE * CK_LOGIT_STRIDE) + 2 * n + (size_t)matte_w) * sizeof(float);
}

ck_status ck_detail_add(const ck_plane *hint, int h, int w, bool coarse, ck_plane *alpha, ck_error *e)
{
    size_t small = (size_t)h * (size_t)w, n = (size_t)alpha->h * (size_t)alpha->w;
    ck_buffer *all = ck_buffer_new(ck_detail_bytes(h, w, alpha->h, alpha->w));
    if (!all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the detail of a matte of %d x %d", alpha->w, alpha->h);
    float *seen = all->data, *fine = seen + n, *net = fine + n, *logits = net + small;
    float *wide = logits + small / (CK_LOGIT_STRIDE * CK_LOGIT_STRIDE);
    ck_status s = ck_input_hint(hint, h, w, net, e);
    if (s == CK_OK && coarse)
        s = through_logits(net, h, w, logits, e);
    if (s == CK_OK)
        s = ck_resample(net, 1, h, w, seen, alpha->h, alpha->w, CK_LANCZOS4, e);
    if (s == CK_OK)
        s = ck_input_hint(hint, alpha->h, alpha->w, fine, e);
    if (s == CK_OK)
        add_to_plane(alpha, fine, seen, wide);
    ck_buffer_unref(all);
    return s;
}
