/* The CPU backend (private header): oneDNN for matrix products, vectorised C for the rest.
 *
 * A step is divided into tiles whose shapes depend only on the step.  One thread computes a tile, calling oneDNN for
 * that tile only, so results do not depend on the number of threads. */
#ifndef CK_NN_CPU_CPU_H
#define CK_NN_CPU_CPU_H

#include "nn/cpu/kernel.h"
#include "nn/cpu/primitive.h"
#include "nn/host.h"
#include "nn/team.h"

struct ck_nn_weight {
    ck_nn_pack pack;
    int out, in;           /* of the product: a patch's inputs include its taps */
    bool bf16;             /* products of bf16 operands: LINEAR, CONV */
    ck_cpu_packed *packed; /* LINEAR, PATCH */
    uint16_t *tiles;       /* CONV of bf16 operands, see ck_cpu_conv_tile */
    uint16_t *low;         /* LINEAR of bf16 operands: [out][in], what rounding leaves of each weight */
    float *w, *bias;       /* other kinds: [out][in], [out]; bf16 LINEAR: the bias; CONV: see the kernels */
    struct ck_nn_weight *next;
};

typedef struct ck_cpu_prepared {
    void (*release)(struct ck_cpu_prepared *p);
    struct ck_cpu_prepared *next;
} ck_cpu_prepared;

typedef struct ck_cpu_device {
    ck_nn base;
    ck_team *team;
    ck_cpu_dnnl *dnnl;
    const ck_cpu_kernels *kernels;
    ck_nn_weight *weights;
    ck_cpu_prepared *prepared;
    ck_status failed; /* first failure of a step on any thread */
    ck_error error;
} ck_cpu_device;

static inline ck_cpu_device *ck_cpu_of(ck_nn *dev)
{
    return (ck_cpu_device *)dev;
}

/* Run task(&(ck_cpu_call){dev, s}, i, who) for i = 0 … n - 1 on the team. */
typedef struct ck_cpu_call {
    ck_cpu_device *dev;
    const ck_nn_step *s;
} ck_cpu_call;
void ck_cpu_parallel(ck_nn *dev, const ck_nn_step *s, int n, void (*task)(void *call, int i, int who));

/* Divide the rows of a map into equal bands: enough to balance threads, large enough for caches. */
int ck_cpu_bands(int rows);
void ck_cpu_band(int rows, int i, int *first, int *end);

/* Store a block's sums by group; sums: [2][stride], by channel of y, then of squares. */
void ck_cpu_group_sums(const ck_nn_step *s, const double *sums, size_t stride, int block);

void ck_cpu_fail(ck_cpu_device *d, ck_status s, const ck_error *e); /* keeps a task's failure for sync */

/* ---- operations ---- */

ck_status ck_cpu_prepare_linear(ck_cpu_device *d, ck_nn_step *s, size_t *scratch, ck_error *e); /* LINEAR, PATCH */
ck_status ck_cpu_pack_low(ck_nn_weight *w, const float *values, const float *bias, ck_error *e);
size_t ck_cpu_low_scratch(const ck_nn_step *s); /* bytes */
/* A LINEAR step's bias plus its weights' lower halves times the mean row of x, to scratch [out]. */
void ck_cpu_low_bias(ck_nn *dev, const ck_nn_step *s, float *scratch);
ck_status ck_cpu_pack_conv(const ck_cpu_device *d, ck_nn_weight *w, const float *values, const float *bias,
                           ck_error *e);
ck_status ck_cpu_prepare_conv(ck_cpu_device *d, const ck_nn_step *s, size_t *scratch, ck_error *e);
ck_status ck_cpu_pack_conv_bf16(ck_nn_weight *w, const float *values, const float *bias, ck_error *e);
ck_status ck_cpu_prepare_conv_bf16(ck_cpu_device *d, const ck_nn_step *s, size_t *scratch, ck_error *e);
ck_status ck_cpu_prepare_attention(ck_cpu_device *d, const ck_nn_step *s, size_t *scratch, ck_error *e);

void ck_cpu_patch(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_layer_norm(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_linear(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_pool(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_attention(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_fuse(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_coarse(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_conv(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_conv_bf16(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_group_norm(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_apply(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_head(ck_nn *dev, const ck_nn_step *s);
void ck_cpu_finish(ck_nn *dev, const ck_nn_step *s);

#endif
