/* oneDNN's matrix products.  Only primitive.c calls oneDNN.
 *
 * Weights are packed once into oneDNN's blocked layout.  A primitive has fixed shapes and runs on the calling thread;
 * several threads may run the same one, each with its own scratch. */
#ifndef CK_NN_CPU_PRIMITIVE_H
#define CK_NN_CPU_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct ck_cpu_dnnl ck_cpu_dnnl; /* an engine, and a stream per thread */
typedef struct ck_cpu_packed ck_cpu_packed;
typedef struct ck_cpu_primitive ck_cpu_primitive;

ck_status ck_cpu_dnnl_open(int threads, ck_cpu_dnnl **out, ck_error *e);
void ck_cpu_dnnl_free(ck_cpu_dnnl *d);

/* Pack copies of weights [out][in] and bias [out] (NULL: zeros).  bf16: weights are rounded, and products of them take
 * x in bf16.  On success the caller frees *to. */
ck_status ck_cpu_packed_linear(ck_cpu_dnnl *d, int out, int in, bool bf16, const float *weights, const float *bias,
                               ck_cpu_packed **to, ck_error *e);
void ck_cpu_packed_free(ck_cpu_packed *p);

/* Shape of y [rows][out] = gelu(x [rows][in] w^T + bias) + y; GELU and the addition are optional.  Rows of x and y are
 * ldx and ldy elements apart.  oneDNN 2.6 is fast only if ldx = in and ldy = out.  y is f32 unless bf16_y. */
typedef struct ck_cpu_linear_shape {
    int rows, ldx, ldy;
    bool gelu, add, bf16_y;
} ck_cpu_linear_shape;
ck_status ck_cpu_primitive_linear(ck_cpu_dnnl *d, const ck_cpu_packed *w, const ck_cpu_linear_shape *s,
                                  ck_cpu_primitive **to, ck_error *e);

size_t ck_cpu_primitive_scratch(const ck_cpu_primitive *p); /* bytes, a multiple of CK_ALIGN */

/* Run on the calling thread; `who` is its number, below ck_cpu_dnnl_open's `threads`.  bias: NULL for the packed one.
 */
ck_status ck_cpu_primitive_run(ck_cpu_dnnl *d, const ck_cpu_primitive *p, const void *x, const float *bias, void *y,
                               void *scratch, int who, ck_error *e);
void ck_cpu_primitive_free(ck_cpu_primitive *p);

#endif
