#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,fma")
#endif

#include "nn/cpu/exp2.h"

#define LANES 16
#define S_ROWS 12 /* 24 sums, 2 of keys */
#define V_ROWS 6  /* 24 sums, 4 of values: a head of 56 is 3.5 vectors */
#define V_VECS 4
#define KERNELS ck_cpu_kernels_avx512
#define NAME "avx512"

typedef __m512 vec;
#define vec_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define vec_max(a, b) _mm512_max_ps(a, b)
#define vec_top(a) _mm512_reduce_max_ps(a)
#define vec_total(a) _mm512_reduce_add_ps(a)

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

#include "nn/cpu/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
