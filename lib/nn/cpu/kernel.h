/* Inner loops of attention per instruction set.  attention_kernel.h is compiled once for each; the device chooses one
 * when it is opened. */
#ifndef CK_NN_CPU_KERNEL_H
#define CK_NN_CPU_KERNEL_H

#include <stdbool.h>

#define CK_CPU_QUERIES 96 /* queries per task: the keys are read once for all of them */
#define CK_CPU_KEYS 256   /* keys per block: the running maximum is updated once per block */
#define CK_CPU_ROWS 12    /* the number of queries is a multiple of this, which every kernel's rows divide */

/* Arguments: at most CK_CPU_QUERIES queries of one head, and all their keys. */
typedef struct ck_cpu_attend {
    int width;      /* channels per head */
    int nk;         /* keys */
    int nq;         /* queries rounded up to CK_CPU_ROWS, at most CK_CPU_QUERIES */
    const float *q; /* [nq][width], times log2(e) / sqrt(width); zeros in unused rows */
    const float *k; /* [nk / panel, rounded up][width][panel], zero padded: panel = 2 * lanes */
    const float *v; /* [nk][wide], zero padded: wide = width rounded up to lanes */
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

/* Kernels that this machine can run, fastest first; NULL past the last. */
const ck_cpu_kernels *ck_cpu_kernels_at(int i);

#endif
