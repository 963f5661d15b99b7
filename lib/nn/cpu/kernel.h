/* Attention's inner part for one instruction set.  The same text, attention_kernel.h, is compiled for
 * each; which one runs is decided when the device opens. */
#ifndef CK_NN_CPU_KERNEL_H
#define CK_NN_CPU_KERNEL_H

#include <stdbool.h>

#define CK_CPU_QUERIES 96 /* queries of a task, so many for one reading of the keys */
#define CK_CPU_KEYS 256   /* keys between two looks at the largest score */
#define CK_CPU_ROWS 12    /* queries are worked on in multiples of this, which every kernel's rows divide */

/* One head, at most CK_CPU_QUERIES queries, all their keys. */
typedef struct ck_cpu_attend {
    int width;      /* of a head */
    int nk;         /* keys */
    int nq;         /* queries rounded up to CK_CPU_ROWS, at most CK_CPU_QUERIES */
    const float *q; /* [nq][width], times log2(e) / sqrt(width); zeros in unused rows */
    const float *k; /* [nk / panel, rounded up][width][panel], zero filled: panel = 2 * lanes */
    const float *v; /* [nk][wide]: wide = width rounded up to lanes, zero filled */
    float *scores;  /* [nq][CK_CPU_KEYS] */
    float *o;       /* [nq][wide]: the result */
} ck_cpu_attend;

typedef struct ck_cpu_kernels {
    const char *name;
    int lanes;
    void (*attend)(const ck_cpu_attend *a);
} ck_cpu_kernels;

extern const ck_cpu_kernels ck_cpu_kernels_plain;
#if defined(__x86_64__)
extern const ck_cpu_kernels ck_cpu_kernels_avx2, ck_cpu_kernels_avx512;
#endif

/* From the fastest to the plainest that this machine runs; NULL after the last. */
const ck_cpu_kernels *ck_cpu_kernels_at(int i);

#endif
