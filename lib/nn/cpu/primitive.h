/* oneDNN's matrix products and 3x3 convolutions, for the CPU backend: the one place that calls oneDNN.
 *
 * Weights are packed once into the blocks that oneDNN likes.  A primitive has fixed shapes and runs on the thread that
 * calls it; several threads may run one at once, each with scratch of its own. */
#ifndef CK_NN_CPU_PRIMITIVE_H
#define CK_NN_CPU_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct cpu_dnnl cpu_dnnl; /* an engine and a stream per thread */
typedef struct cpu_packed cpu_packed;
typedef struct cpu_primitive cpu_primitive;

ck_status cpu_dnnl_open(int threads, cpu_dnnl **out, ck_error *e);
void cpu_dnnl_free(cpu_dnnl *d);

/* Copies weights [out][in] and bias [out], NULL = zeros.  The caller frees *to, unless the call failed. */
ck_status cpu_packed_linear(cpu_dnnl *d, int out, int in, const float *weights, const float *bias, cpu_packed **to,
                            ck_error *e);
/* The same for weights [out][in][3][3]. */
ck_status cpu_packed_conv(cpu_dnnl *d, int out, int in, const float *weights, const float *bias, cpu_packed **to,
                          ck_error *e);
void cpu_packed_free(cpu_packed *p);

/* y [rows][out] = gelu(x [rows][in] w^T + bias) + y, with the gelu and the sum if asked for; rows of x and y are ldx
 * and ldy floats apart.  oneDNN 2.6 is fast only where ldx = in and ldy = out. */
typedef struct cpu_linear_shape {
    int rows, ldx, ldy;
    bool gelu, add;
} cpu_linear_shape;
ck_status cpu_primitive_linear(cpu_dnnl *d, const cpu_packed *w, const cpu_linear_shape *s, cpu_primitive **to,
                               ck_error *e);

/* y [side][side][out] from x [side + 2 dilation][side + 2 dilation][in]. */
ck_status cpu_primitive_conv(cpu_dnnl *d, const cpu_packed *w, int side, int dilation, cpu_primitive **to, ck_error *e);

size_t cpu_primitive_scratch(const cpu_primitive *p); /* bytes of a run, a multiple of CK_ALIGN */

/* On the calling thread, number `who` of those that cpu_dnnl_open was told of. */
ck_status cpu_primitive_run(cpu_dnnl *d, const cpu_primitive *p, const float *x, float *y, void *scratch, int who,
                            ck_error *e);
void cpu_primitive_free(cpu_primitive *p);

#endif
