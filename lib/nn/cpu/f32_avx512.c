#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,fma")
#endif

#include "nn/cpu/exp2.h"

#define LANES 16
#define S_ROWS 12 /* 24 sums, 2 of queries, 1 key; of 32 registers */
#define V_ROWS 14 /* 28 sums, 2 of powers, 1 value; a head of 56 is four times that */
#define C_ROWS 4  /* 16 sums, 4 of weights, 1 value */
#define C_COLUMNS 4
#define KERNELS ck_cpu_kernels_avx512
#define NAME "avx512"

typedef __m512 vec;
#define vec_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define vec_max(a, b) _mm512_max_ps(a, b)

/* By blocks of 4 x 4, then the blocks. */
static inline __attribute__((always_inline)) void vec_transpose(vec r[LANES])
{
    vec t[LANES];
#pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 4) {
        vec a = _mm512_unpacklo_ps(r[i], r[i + 1]), b = _mm512_unpackhi_ps(r[i], r[i + 1]);
        vec c = _mm512_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
        t[i] = _mm512_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm512_shuffle_ps(a, c, 0xee);
        t[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm512_shuffle_ps(b, d, 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        vec a = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x44), b = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xee);
        vec c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x44), d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xee);
        r[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        r[i + 4] = _mm512_shuffle_f32x4(a, c, 0xdd);
        r[i + 8] = _mm512_shuffle_f32x4(b, d, 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}

static inline __attribute__((always_inline)) vec vec_exp2(vec x)
{
    x = _mm512_max_ps(x, _mm512_set1_ps(-256)); /* minus infinity would give NaN below */
    vec n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), f = x - n;
    vec p = _mm512_set1_ps(EXP2_6);
    p = vec_fma(p, f, _mm512_set1_ps(EXP2_5));
    p = vec_fma(p, f, _mm512_set1_ps(EXP2_4));
    p = vec_fma(p, f, _mm512_set1_ps(EXP2_3));
    p = vec_fma(p, f, _mm512_set1_ps(EXP2_2));
    p = vec_fma(p, f, _mm512_set1_ps(EXP2_1));
    p = vec_fma(p, f, _mm512_set1_ps(EXP2_0));
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(EXP2_LEAST), _CMP_GE_OQ), p, n);
}

static inline __attribute__((always_inline)) vec vec_some(const float *p, int n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

static inline __attribute__((always_inline)) void vec_put(float *p, vec v, int n)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v);
}

typedef __m512d doubles;
#define vec_low(v) _mm512_cvtps_pd(_mm512_castps512_ps256(v))
#define vec_high(v) _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)))

#include "nn/cpu/conv_kernel.h"

#include "nn/cpu/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
