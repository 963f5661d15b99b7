#include "image/despill.h"

#include "base/clones.h"

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* key: the screen's channel; a, b: the other two. */
CK_CLONES
static void average(float *restrict key, float *restrict a, float *restrict b, size_t n, float keep, float take)
{
    for (size_t i = 0; i < n; i++) {
        float k = key[i], p = a[i], q = b[i];
        float spill = larger(k - (p + q) * 0.5f, 0.0f);
        key[i] = k * keep + (k - spill) * take;
        a[i] = p * keep + (p + spill * 0.5f) * take;
        b[i] = q * keep + (q + spill * 0.5f) * take;
    }
}

CK_CLONES
static void largest(float *restrict key, float *restrict a, float *restrict b, size_t n, float keep, float take)
{
    for (size_t i = 0; i < n; i++) {
        float k = key[i], p = a[i], q = b[i];
        float spill = larger(k - larger(p, q), 0.0f);
        key[i] = k * keep + (k - spill) * take;
        a[i] = p * keep + (p + spill * 0.5f) * take;
        b[i] = q * keep + (q + spill * 0.5f) * take;
    }
}

/* Exact at strength 0 and 1: the mix multiplies by 0 and 1. */
void ck_despill(float *rgb, size_t plane, size_t n, bool blue, ck_despill_mode mode, double strength)
{
    float *g = rgb + plane, *b = rgb + 2 * plane;
    if (strength <= 0)
        return;
    (mode == CK_DESPILL_MAX ? largest : average)(blue ? b : g, rgb, blue ? g : b, n, (float)(1.0 - strength),
                                                 (float)strength);
}
