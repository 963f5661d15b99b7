/* Kernels of bf16 products with AVX512_BF16: sums of 8 rows and 2 x 16 columns in 16 registers. */
#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))),                 \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")
#endif
#include <string.h>

#include "nn/cpu/bf16_product.h"

#define KERNELS ck_cpu_kernels_avx512_bf16
#define NAME "avx512_bf16"
#define ROWS 8

static void begin(void) {}

static void end(void) {}

static void multiply(const product *p)
{
    for (size_t row = 0; row < 2 * LANES; row += ROWS) {
        __m512 sum[ROWS][2];
        const char *a = p->a + row / LANES * p->a_tile + row % LANES * p->a_pitch, *b = p->b;
        char *c = p->c + row / LANES * p->c_down + row % LANES * p->c_pitch;
        for (size_t r = 0; r < ROWS; r++) {
            sum[r][0] = p->add ? _mm512_load_ps(c + r * p->c_pitch) : _mm512_setzero_ps();
            sum[r][1] = p->add ? _mm512_load_ps(c + p->c_across + r * p->c_pitch) : _mm512_setzero_ps();
        }
        for (size_t i = 0; i < p->steps; i++, b += p->b_step)
            for (size_t pair = 0; pair < DEEP / 2; pair++) {
                __m512bh b0 = (__m512bh)_mm512_load_si512(b + pair * 64);
                __m512bh b1 = (__m512bh)_mm512_load_si512(b + p->b_tile + pair * 64);
#pragma GCC unroll 8
                for (size_t r = 0; r < ROWS; r++) {
                    int32_t both;
                    memcpy(&both, a + p->a_step[i] + r * p->a_pitch + pair * 4, sizeof both);
                    __m512bh v = (__m512bh)_mm512_set1_epi32(both);
                    sum[r][0] = _mm512_dpbf16_ps(sum[r][0], v, b0);
                    sum[r][1] = _mm512_dpbf16_ps(sum[r][1], v, b1);
                }
            }
        for (size_t r = 0; r < ROWS; r++) {
            _mm512_store_ps(c + r * p->c_pitch, sum[r][0]);
            _mm512_store_ps(c + p->c_across + r * p->c_pitch, sum[r][1]);
        }
    }
}

#include "nn/cpu/conv_bf16_kernel.h"
#include "nn/cpu/attention_bf16_kernel.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
