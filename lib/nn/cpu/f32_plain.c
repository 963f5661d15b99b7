/* Vectors of four, with the compiler's vector extensions: for any processor. */
#include <string.h>

#include "nn/cpu/exp2.h"

#define LANES 4
#define S_ROWS 4
#define V_ROWS 4
#define C_ROWS 4
#define C_COLUMNS 2
#define KERNELS ck_cpu_kernels_plain
#define NAME "plain"

typedef float vec __attribute__((vector_size(16)));
typedef int32_t vec_int __attribute__((vector_size(16)));
#define vec_fma(a, b, c) ((a) * (b) + (c))

/* Lane by lane, a if the mask is all ones, b if it is 0. */
static inline __attribute__((always_inline)) vec pick(vec_int mask, vec a, vec b)
{
    return (vec)((mask & (vec_int)a) | (~mask & (vec_int)b));
}

static inline __attribute__((always_inline)) vec vec_max(vec a, vec b)
{
    return pick(a > b, a, b);
}

static inline __attribute__((always_inline)) void vec_transpose(vec r[LANES])
{
    vec t[LANES];
    for (int i = 0; i < LANES; i++)
        t[i] = (vec){r[0][i], r[1][i], r[2][i], r[3][i]};
    memcpy(r, t, sizeof t);
}

static inline __attribute__((always_inline)) vec vec_exp2(vec x)
{
    vec least = EXP2_LEAST - (vec){0};
    vec_int kept = x >= least;
    x = pick(kept, x, least);
    vec n = (x + EXP2_ROUND) - EXP2_ROUND, f = x - n, p = EXP2_6 - (vec){0};
    p = p * f + EXP2_5;
    p = p * f + EXP2_4;
    p = p * f + EXP2_3;
    p = p * f + EXP2_2;
    p = p * f + EXP2_1;
    p = p * f + EXP2_0;
    vec_int bits = (__builtin_convertvector(n, vec_int) + 127) << 23;
    vec scale;
    memcpy(&scale, &bits, sizeof scale);
    return pick(kept, p * scale, (vec){0});
}

static inline __attribute__((always_inline)) vec vec_some(const float *p, int n)
{
    vec v = {0};
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}

static inline __attribute__((always_inline)) void vec_put(float *p, vec v, int n)
{
    memcpy(p, &v, (size_t)n * sizeof *p);
}

typedef double doubles __attribute__((vector_size(16)));
#define vec_low(v) ((doubles){(double)(v)[0], (double)(v)[1]})
#define vec_high(v) ((doubles){(double)(v)[2], (double)(v)[3]})

#include "nn/cpu/conv_kernel.h"

#include "nn/cpu/attention_kernel.h"
