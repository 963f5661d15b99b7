#include "image/thumb.h"

#include <string.h>

#include "image/colour.h"
#include "image/convert.h"
#include "image/plate.h"

#define SAMPLES 3 /* in each direction */
#define MOST 1024 /* pixels of a row converted together */

/* Column or row `i` of SAMPLES * n, evenly spread over `size`. */
static size_t place(int i, int n, int size)
{
    return (size_t)(((int64_t)2 * i + 1) * size / ((int64_t)2 * SAMPLES * n));
}

/* Add the samples of a row for the pixels from x0 on. */
static void add_row(const ck_plane *p, size_t row, int x0, int n, int w, float *sum)
{
    const uint8_t *from = (const uint8_t *)p->data + row * (size_t)p->w * p->elem;
    _Alignas(CK_ALIGN) uint8_t packed[SAMPLES * MOST * sizeof(float)];
    float values[SAMPLES * MOST];
    for (int i = 0; i < SAMPLES * n; i++)
        memcpy(packed + (size_t)i * p->elem, from + place(SAMPLES * x0 + i, w, p->w) * p->elem, p->elem);
    ck_to_f32(packed, p->type, values, (size_t)(SAMPLES * n));
    for (int i = 0; i < SAMPLES * n; i++)
        sum[i / SAMPLES] += values[i] / (SAMPLES * SAMPLES);
}

void ck_thumb(const ck_plane *p, int w, int h, uint8_t *out, size_t stride, size_t plane)
{
    float sum[MOST];
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x += MOST) {
                int n = w - x < MOST ? w - x : MOST;
                memset(sum, 0, (size_t)n * sizeof *sum);
                for (int k = 0; k < SAMPLES; k++)
                    add_row(p, (size_t)(p->c == 3 ? c : 0) * (size_t)p->h + place(SAMPLES * y + k, h, p->h), x, n, w,
                            sum);
                if (ck_plate_linear(p))
                    ck_linear_to_srgb(sum, sum, (size_t)n);
                ck_f32_to_u8(sum, out + (size_t)c * plane + (size_t)y * stride + x, (size_t)n);
            }
}
