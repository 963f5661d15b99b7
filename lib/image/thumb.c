#include "image/thumb.h"

#include <string.h>

#include "image/colour.h"
#include "image/convert.h"
#include "image/plate.h"

#define SAMPLES 3 /* in each direction */
#define MOST 512  /* pixels of a row converted together */

/* Column or row `i` of SAMPLES * n, evenly spread over `size`. */
static size_t place(int i, int n, int size)
{
    return (size_t)(((int64_t)2 * i + 1) * size / ((int64_t)2 * SAMPLES * n));
}

/* Copy the samples at the columns `at`. */
static void gather(const uint8_t *row, uint32_t elem, const uint32_t *at, int n, void *to)
{
    const uint16_t *row2 = (const uint16_t *)(const void *)row;
    const uint32_t *row4 = (const uint32_t *)(const void *)row;
    uint8_t *one = to;
    uint16_t *two = to;
    uint32_t *four = to;
    for (int i = 0; i < n && elem == 1; i++)
        one[i] = row[at[i]];
    for (int i = 0; i < n && elem == 2; i++)
        two[i] = row2[at[i]];
    for (int i = 0; i < n && elem == 4; i++)
        four[i] = row4[at[i]];
}

/* Add the samples of a row, n pixels. */
static void add_row(const ck_plane *p, size_t row, const uint32_t *at, int n, float *sum)
{
    _Alignas(CK_ALIGN) uint8_t packed[SAMPLES * MOST * sizeof(float)];
    float values[SAMPLES * MOST];
    gather((const uint8_t *)p->data + row * (size_t)p->w * p->elem, p->elem, at, SAMPLES * n, packed);
    ck_to_f32(packed, p->type, values, (size_t)(SAMPLES * n));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < SAMPLES; k++)
            sum[i] += values[SAMPLES * i + k] / (SAMPLES * SAMPLES);
}

/* Columns x0...x0 + n of one channel. */
static void shrink(const ck_plane *p, int channel, int x0, int n, int w, int h, uint8_t *out, size_t stride)
{
    uint32_t at[SAMPLES * MOST];
    float sum[MOST];
    for (int i = 0; i < SAMPLES * n; i++)
        at[i] = (uint32_t)place(SAMPLES * x0 + i, w, p->w);
    for (int y = 0; y < h; y++) {
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int k = 0; k < SAMPLES; k++)
            add_row(p, (size_t)channel * (size_t)p->h + place(SAMPLES * y + k, h, p->h), at, n, sum);
        if (ck_plate_linear(p))
            ck_linear_to_srgb(sum, sum, (size_t)n);
        ck_f32_to_u8(sum, out + (size_t)y * stride + x0, (size_t)n);
    }
}

void ck_thumb(const ck_plane *p, int w, int h, uint8_t *out, size_t stride, size_t plane)
{
    for (int c = 0; c < p->c; c++)
        for (int x = 0; x < w; x += MOST)
            shrink(p, c, x, w - x < MOST ? w - x : MOST, w, h, out + (size_t)c * plane, stride);
    for (size_t c = 1; c < 3 && p->c == 1; c++) /* grey */
        for (size_t y = 0; y < (size_t)h; y++)
            memcpy(out + c * plane + y * stride, out + y * stride, (size_t)w);
}
