#include "image/despeckle.h"

#include <stddef.h>

#include "base/clones.h"
#include "base/mem.h"
#include "image/components.h"
#include "image/gaussian.h"
#include "image/morphology.h"

CK_CLONES
static void solid(const float *restrict alpha, uint8_t *restrict mask, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mask[i] = (uint8_t) - (alpha[i] > 0.5f);
}

CK_CLONES
static void weigh(const float *alpha, const uint8_t *restrict mask, float *out, size_t n)
{
#pragma GCC ivdep /* out is alpha or does not overlap it */
    for (size_t i = 0; i < n; i++)
        out[i] = alpha[i] * ((float)mask[i] / 255.0f);
}

ck_status ck_despeckle(const float *alpha, int h, int w, uint64_t area, int grow, int blur, float *out, ck_error *e)
{
    size_t n = (size_t)h * (size_t)w;
    ck_buffer *a = ck_buffer_new(n), *b = ck_buffer_new(n);
    ck_status s = a && b ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for despeckling %d x %d", w, h);
    if (s == CK_OK) {
        solid(alpha, a->data, n);
        s = ck_components_keep(a->data, h, w, area, a->data, e);
    }
    if (s == CK_OK)
        s = ck_dilate(a->data, h, w, grow, b->data, e);
    if (s == CK_OK)
        s = ck_gaussian(b->data, h, w, blur, a->data, e);
    if (s == CK_OK)
        weigh(alpha, a->data, out, n);
    ck_buffer_unref(a);
    ck_buffer_unref(b);
    return s;
}
