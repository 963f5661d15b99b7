#include "io/rgb2yuv.h"

#include <stdint.h>

#include "base/clones.h"

void ck_rgb2yuv_init(ck_rgb2yuv *k, const ck_yuv_matrix *m, int bits, bool full)
{
    ck_yuv_range range = ck_yuv_range_of(bits, full);
    double kr = m->kr, kb = m->kb, kg = 1 - kr - kb;
    double u = range.c_scale / (2 * (1 - kb)), v = range.c_scale / (2 * (1 - kr));
    const double rows[3][3] = {{kr * range.y_scale, kg * range.y_scale, kb * range.y_scale},
                               {-kr * u, -kg * u, (1 - kb) * u},
                               {(1 - kr) * v, -kg * v, -kb * v}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            k->row[i][j] = (float)rows[i][j];
    k->offset[0] = (float)(range.y_offset + 0.5);
    k->offset[1] = k->offset[2] = (float)(range.c_offset + 0.5);
    k->top = (float)((1u << bits) - 1);
    k->bits = bits;
}

/* Computed from differences to green: chroma of grey is exactly 0 despite rounded coefficients, and sums stay small. */
static inline float chroma(const float *c, float offset, float r, float g, float b)
{
    return (c[0] * (r - g) + c[2] * (b - g)) + offset;
}

static inline float luma(const float *c, float offset, float r, float g, float b)
{
    return ((c[0] * r + c[2] * b) + c[1] * g) + offset;
}

/* The sum is at least 0.5, so truncation rounds. */
static inline int32_t code(float v, float top)
{
    return (int32_t)(v < top ? v : top);
}

#define CONVERT(NAME, T, FORMULA)                                                                                      \
    CK_CLONES                                                                                                          \
    static void NAME(const float *c, float offset, float top, const float *restrict r, const float *restrict g,        \
                     const float *restrict b, size_t n, T *restrict out)                                               \
    {                                                                                                                  \
        const float k[3] = {c[0], c[1], c[2]};                                                                         \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = (T)code(FORMULA(k, offset, r[i], g[i], b[i]), top);                                               \
    }
CONVERT(luma8, uint8_t, luma)
CONVERT(luma16, uint16_t, luma)
CONVERT(chroma8, uint8_t, chroma)
CONVERT(chroma16, uint16_t, chroma)

void ck_rgb2yuv_row(const ck_rgb2yuv *k, int plane, const float *r, const float *g, const float *b, size_t n,
                    void *codes)
{
    const float *c = k->row[plane], offset = k->offset[plane];
    if (k->bits == 8)
        (plane ? chroma8 : luma8)(c, offset, k->top, r, g, b, n, codes);
    else
        (plane ? chroma16 : luma16)(c, offset, k->top, r, g, b, n, codes);
}

CK_CLONES
static void halve(const float *restrict a, const float *restrict b, size_t n, float *restrict half)
{
    for (size_t i = 1; i < n; i++) {
        float left = a[2 * i - 1] + b[2 * i - 1], mid = a[2 * i] + b[2 * i], right = a[2 * i + 1] + b[2 * i + 1];
        half[i] = (left + right + 2.0f * mid) * 0.125f;
    }
}

void ck_rgb2yuv_halve(const float *a, const float *b, size_t n, float *half)
{
    if (n)
        half[0] = (3.0f * (a[0] + b[0]) + a[1] + b[1]) * 0.125f;
    halve(a, b, n, half);
}
