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
#define S_ROWS 6 /* registers: 12 of sums, 2 of keys, 1 of a query */
#define V_ROWS 3 /* registers: 12 of sums; with more rows the 4 of values would not fit */
#define V_VECS 4
#define KERNELS ck_cpu_kernels_avx2
#define NAME "avx2"

typedef __m256 vec;
#define vec_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define vec_max(a, b) _mm256_max_ps(a, b)

static inline __attribute__((always_inline)) float vec_top(vec v)
{
    __m128 a = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_max_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)));
}

static inline __attribute__((always_inline)) float vec_total(vec v)
{
    __m128 a = _mm256_castps256_ps128(v) + _mm256_extractf128_ps(v, 1);
    a = a + _mm_movehl_ps(a, a);
    return _mm_cvtss_f32(a + _mm_movehdup_ps(a));
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

#include "nn/cpu/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
