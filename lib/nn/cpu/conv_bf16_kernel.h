/* Tiles of 3x3 convolutions with bf16 operands: left operands are 16 pixels of a row, in place, right operands are the
 * weights of 16 outputs.  The including file defines multiply (bf16_product.h), and begin and end around it. */
#include <immintrin.h>

#include "nn/cpu/kernel.h"

#define SIDE 32 /* pixels of a tile, also outputs computed at once */
#define MOST_STEPS (9 * CK_CPU_CONV_IN / DEEP)

_Static_assert(CK_CPU_DEEP == DEEP, "inputs are padded for left tiles");

static __mmask32 channel_mask(int n)
{
    return n >= 32 ? ~0u : (1u << n) - 1;
}

static inline __m512 widened(__m256i v)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}

static inline __m512 normed(__m512 v, const float *norm, int channels, int c, __mmask16 mask)
{
    __m512 scale = _mm512_maskz_loadu_ps(mask, norm + c), shift = _mm512_maskz_loadu_ps(mask, norm + channels + c);
    v = _mm512_add_ps(_mm512_mul_ps(v, scale), shift);
    return _mm512_max_ps(_mm512_setzero_ps(), v); /* NaN stays: the second operand */
}

static void gather(const uint16_t *from, size_t ld, int n, int channels, const float *norm, uint16_t *to, int in)
{
    for (int x = 0; x < n; x++, from += ld, to += in)
        for (int c = 0; c < in; c += 32) {
            __mmask32 mask = c < channels ? channel_mask(channels - c) : 0;
            __m512i v = _mm512_maskz_loadu_epi16(mask, from + c);
            if (norm) {
                __m512 a = normed(widened(_mm512_castsi512_si256(v)), norm, channels, c, (__mmask16)mask);
                __m512 b =
                    normed(widened(_mm512_extracti64x4_epi64(v, 1)), norm, channels, c + 16, (__mmask16)(mask >> 16));
                v = (__m512i)_mm512_cvtne2ps_pbh(b, a);
            }
            _mm512_store_si512(to + c, v);
        }
}

/* Store a row's 32 outputs of `sums` [32 pixels][32] from output o on, and add them to the tile's sums. */
static void store_row(const ck_cpu_conv_tile *t, int o, const float (*sums)[SIDE], char *y)
{
    __m512 b0 = _mm512_loadu_ps(t->bias + o), b1 = _mm512_loadu_ps(t->bias + o + 16);
    __m512 all[2][2] = {{{0}}};
    __mmask32 mask = channel_mask(t->out - o);
    for (int x = 0; x < t->columns; x++, y += t->y_pixel) {
        __m512 v0 = _mm512_add_ps(_mm512_load_ps(sums[x]), b0), v1 = _mm512_add_ps(_mm512_load_ps(sums[x] + 16), b1);
        if (t->bf16_y) {
            __m512i v = (__m512i)_mm512_cvtne2ps_pbh(v1, v0);
            _mm512_mask_storeu_epi16((uint16_t *)y + o, mask, v);
            v0 = widened(_mm512_castsi512_si256(v));
            v1 = widened(_mm512_extracti64x4_epi64(v, 1));
        } else {
            _mm512_mask_storeu_ps((float *)y + o, (__mmask16)mask, v0);
            _mm512_mask_storeu_ps((float *)y + o + 16, (__mmask16)(mask >> 16), v1);
        }
        all[0][0] = _mm512_add_ps(all[0][0], v0);
        all[0][1] = _mm512_add_ps(all[0][1], v1);
        all[1][0] = _mm512_fmadd_ps(v0, v0, all[1][0]);
        all[1][1] = _mm512_fmadd_ps(v1, v1, all[1][1]);
    }
    for (int k = 0; k < 2 && t->sums; k++)
        for (int i = 0; i < SIDE; i++)
            t->sums[k * ((t->out + SIDE - 1) / SIDE * SIDE) + o + i] += (double)all[k][i / 16][i % 16];
}

static void conv(const ck_cpu_conv_tile *t)
{
    uint32_t at[MOST_STEPS];
    _Alignas(64) float sums[SIDE][SIDE];
    size_t side = (size_t)(SIDE + 2 * t->dilation), pixel = (size_t)t->in * 2, deep = (size_t)t->in / DEEP;
    size_t steps = 9 * deep;
    for (size_t i = 0; i < steps; i++) {
        size_t tap = i / deep, y = tap / 3 * (size_t)t->dilation, x = tap % 3 * (size_t)t->dilation;
        at[i] = (uint32_t)((y * side + x) * pixel + i % deep * 64);
    }
    begin();
    for (int o = 0; o < t->out; o += SIDE)
        for (int y = 0; y < t->rows; y++) {
            multiply(&(product){.a = (const char *)t->x + (size_t)y * side * pixel,
                                .a_tile = LANES * pixel,
                                .a_pitch = pixel,
                                .a_step = at,
                                .b = (const char *)t->w + (size_t)(o / SIDE) * steps * 2 * TILE,
                                .b_tile = TILE,
                                .b_step = 2 * TILE,
                                .c = (char *)sums,
                                .c_down = LANES * sizeof *sums,
                                .c_across = 64,
                                .c_pitch = sizeof *sums,
                                .steps = steps});
            store_row(t, o, (const float(*)[SIDE])sums, (char *)t->y + (size_t)y * t->y_row);
        }
    end();
}
