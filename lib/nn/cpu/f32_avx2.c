/* attention_kernel.h for AVX2, which has 16 registers of 8 floats. */
#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "nn/cpu/exp2.h"

#define LANES 8
#define S_ROWS 6 /* 12 sums, 2 of queries, 1 key; of 16 registers */
#define V_ROWS 6
#define C_ROWS 4 /* 8 sums, 2 of weights, 1 value */
#define C_COLUMNS 2
#define KERNELS ck_cpu_kernels_avx2
#define NAME "avx2"

typedef __m256 vec;
#define vec_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define vec_max(a, b) _mm256_max_ps(a, b)

/* By blocks of 4 x 4, then the blocks. */
static inline __attribute__((always_inline)) void vec_transpose(vec r[LANES])
{
    vec t[LANES];
#pragma GCC unroll 2
    for (int i = 0; i < LANES; i += 4) {
        vec a = _mm256_unpacklo_ps(r[i], r[i + 1]), b = _mm256_unpackhi_ps(r[i], r[i + 1]);
        vec c = _mm256_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm256_unpackhi_ps(r[i + 2], r[i + 3]);
        t[i] = _mm256_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm256_shuffle_ps(a, c, 0xee);
        t[i + 2] = _mm256_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm256_shuffle_ps(b, d, 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
    }
}

static inline __attribute__((always_inline)) vec vec_exp2(vec x)
{
    vec least = _mm256_set1_ps(EXP2_LEAST), kept = _mm256_cmp_ps(x, least, _CMP_GE_OQ);
    x = _mm256_max_ps(x, least);
    vec n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), f = x - n;
    vec p = _mm256_set1_ps(EXP2_6);
    p = vec_fma(p, f, _mm256_set1_ps(EXP2_5));
    p = vec_fma(p, f, _mm256_set1_ps(EXP2_4));
    p = vec_fma(p, f, _mm256_set1_ps(EXP2_3));
    p = vec_fma(p, f, _mm256_set1_ps(EXP2_2));
    p = vec_fma(p, f, _mm256_set1_ps(EXP2_1));
    p = vec_fma(p, f, _mm256_set1_ps(EXP2_0));
    __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_and_ps(kept, p * _mm256_castsi256_ps(bits));
}

static inline __attribute__((always_inline)) __m256i first_lanes(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline __attribute__((always_inline)) vec vec_some(const float *p, int n)
{
    return _mm256_maskload_ps(p, first_lanes(n));
}

static inline __attribute__((always_inline)) void vec_put(float *p, vec v, int n)
{
    _mm256_maskstore_ps(p, first_lanes(n), v);
}

typedef __m256d doubles;
#define vec_low(v) _mm256_cvtps_pd(_mm256_castps256_ps128(v))
#define vec_high(v) _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))

#include "nn/cpu/conv_kernel.h"

#include "nn/cpu/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
