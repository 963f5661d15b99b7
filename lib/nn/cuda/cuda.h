/* The CUDA backend (private header).  Host code is C (.c); kernels and the functions that launch them are C++ (.cu).
 *
 * All steps go to one stream, in order.  The first failure of a step is kept until sync reports it. */
#ifndef CK_NN_CUDA_CUDA_H
#define CK_NN_CUDA_CUDA_H

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdint.h>

#include "nn/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __CUDACC__
#define CK_CUDA_ANYWHERE __host__ __device__ /* callable from kernels too */
#else
#define CK_CUDA_ANYWHERE
#endif

#define CK_CUDA_WIDTH_MAX 128                /* channels per attention head */
#define CK_CUDA_WORKSPACE ((size_t)32 << 20) /* cuBLASLt's recommendation for Hopper */

struct ck_nn_weight {
    ck_nn_pack pack;
    int out, in;        /* channels, taps not included */
    float *w;           /* LINEAR, TABLE, HEAD [out][in]; PATCH, CONV [tap][in][out]; SCALE [out] */
    float *bias;        /* [out]; NULL without a bias */
    void *rounded;      /* replaces w if operands are rounded: LINEAR [out][ck_cuda_padded(in)]; CONV: see below */
    void *rounded_bias; /* LINEAR with 16-bit activations: copy of bias in that type */
    struct ck_nn_weight *next;
};

typedef struct ck_cuda_product ck_cuda_product;

typedef struct ck_cuda_device {
    ck_nn base;
    int which;
    int processors;
    size_t shared;    /* shared memory per thread block, in bytes */
    size_t l2;        /* size of the L2 cache, in bytes */
    uint64_t without; /* kernels not to use, by number in ck_cuda_kernels */
    cudaStream_t stream;
    cublasLtHandle_t lt;
    void *workspace;           /* of cuBLASLt */
    ck_nn_weight *weights;     /* list of all weights */
    ck_cuda_product *products; /* list of all products */
    int *list, *listed;        /* block list of a step's part: device copy, host copy */
    int n_listed, cap_list;
    struct ck_cuda_frames *frames;
    ck_status failed;
    ck_error error;
} ck_cuda_device;

/* Cast the device and make it current for this thread. */
ck_cuda_device *ck_cuda_of(ck_nn *dev);

/* Turn a CUDA error into a status: "cannot WHAT: CUDA says …". */
ck_status ck_cuda_check(cudaError_t r, const char *what, ck_error *e);

/* Keep a failure for sync; ck_cuda_launched checks the last launch. */
void ck_cuda_fail(ck_cuda_device *d, ck_status s, const ck_error *e);
void ck_cuda_launched(ck_cuda_device *d, const ck_nn_step *s);

/* The step's block list on the device, and its length; NULL: all blocks in order.  A length of 0: nothing to launch. */
const int *ck_cuda_blocks(ck_cuda_device *d, const ck_nn_step *s, int *n);

/* The step's tokens to compute on the device, and their number; NULL: all tokens of y in order. */
const int *ck_cuda_rows(ck_cuda_device *d, const ck_nn_step *s, int *n);

/* True if operands are rounded: in every precision but F32.  Their rows are padded with zeros, so that each begins at a
 * multiple of 16 bytes. */
static inline bool ck_cuda_rounds(const ck_cuda_device *d)
{
    return d->base.precision != CK_NN_PRECISION_F32;
}

static inline size_t ck_cuda_operand_size(const ck_cuda_device *d)
{
    return d->base.precision == CK_NN_PRECISION_TF32 ? sizeof(float) : 2;
}

static inline int ck_cuda_padded(int n)
{
    return (n + 7) / 8 * 8;
}

/* Rounded weights of CONV are [tap][ck_cuda_padded(in)][ck_cuda_outputs(out)], zero padded, with output o in column
 * ck_cuda_output_column(o).  Of every 32 outputs, 8 t + 2 j and the next are columns 2 t and 2 t + 1 of tile j of
 * eight: the columns that lane t holds after a product on tensor cores (ptx.h).  So a lane holds eight adjacent
 * outputs. */
static inline int ck_cuda_outputs(int out)
{
    return (out + 63) / 64 * 64;
}

CK_CUDA_ANYWHERE static inline int ck_cuda_output_column(int o)
{
    return (o & ~31) | (o >> 1 & 3) << 3 | (o >> 3 & 3) << 1 | (o & 1);
}

/* to[rows][ld_to] = x[rows][columns], rounded to the operand type. */
void ck_cuda_round(ck_cuda_device *d, const float *x, size_t rows, int columns, int ld, void *to, int ld_to);

/* Recorded steps, see nn.h. */
ck_status ck_cuda_record(ck_nn *dev, ck_error *e);
ck_status ck_cuda_recorded(ck_nn *dev, ck_nn_graph **g, ck_error *e);
void ck_cuda_replay(ck_nn *dev, ck_nn_graph *g);
void ck_cuda_forget(ck_nn *dev, ck_nn_graph *g);

/* Count the devices, or give the reason why none can be used. */
ck_status ck_cuda_usable(int *count, ck_error *e);
/* CK_OK if the device can be used, else the reason. */
ck_status ck_cuda_suits(int which, ck_error *e);
void ck_cuda_identify(ck_nn *dev, char *text, size_t size);
ck_status ck_cuda_describe(int which, char *text, size_t size, ck_error *e);

ck_status ck_cuda_pack(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                       ck_error *e);
void ck_cuda_free_weights(ck_cuda_device *d);

/* ---- kernels (select.c) ---- */

/* One way to compute an operation.  `serves` (NULL: always) depends on shapes, types, alignment and the device's
 * limits; `why` gets the reason if it returns false, or nothing if the step is of no concern.  `prepare` (NULL: nothing
 * to do) is called once per step, `run` per frame. */
typedef struct ck_cuda_kernel {
    const char *name;
    ck_nn_kind kind;
    bool (*serves)(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why);
    ck_status (*prepare)(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e);
    void (*run)(ck_cuda_device *d, const ck_nn_step *s);
} ck_cuda_kernel;

/* GELU as a step of its own: x[0] f32, x[1] optional.  LINEAR runs it after the product. */
#define CK_CUDA_OP_GELU CK_NN_OPS

/* The first kernel that serves the step; NULL: none does.  `why`: reasons of those before it, or of all. */
const ck_cuda_kernel *ck_cuda_choose(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why);
ck_status ck_cuda_prepare(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e);
void ck_cuda_run(ck_nn *dev, const ck_nn_step *s);
const char *ck_cuda_kernel_name(ck_nn *dev, const ck_nn_step *s, ck_error *why);
bool ck_cuda_without(ck_nn *dev, const char *name);

/* Write the reason to `why` and return false. */
bool ck_cuda_declines(ck_error *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Address of a tensor modulo 64: steps are prepared before their tensors have memory. */
static inline size_t ck_cuda_address(const ck_nn_tensor *t)
{
    return (t->data ? (size_t)t->data : t->at) % 64;
}

/* Declines tensors whose pixels cannot be read eight channels at a time. */
bool ck_cuda_in_vectors(const ck_nn_tensor *t, ck_error *why);
bool ck_cuda_same_types(const ck_nn_tensor *a, const ck_nn_tensor *b, ck_error *why);
/* Declines a kernel that needs more shared memory than the device has. */
bool ck_cuda_has_shared(const ck_cuda_device *d, size_t bytes, ck_error *why);

#define CK_CUDA_KERNEL(name) void ck_cuda_##name(ck_cuda_device *d, const ck_nn_step *s)
#define CK_CUDA_CHOOSY(name)                                                                                           \
    bool ck_cuda_##name##_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why);                         \
    CK_CUDA_KERNEL(name)
#define CK_CUDA_PREPARED(name)                                                                                         \
    CK_CUDA_CHOOSY(name);                                                                                              \
    ck_status ck_cuda_prepare_##name(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)

CK_CUDA_CHOOSY(patch_tiled);
CK_CUDA_KERNEL(patch_simple);
CK_CUDA_CHOOSY(layer_norm_4);
CK_CUDA_KERNEL(layer_norm);
CK_CUDA_PREPARED(linear);
void ck_cuda_free_products(ck_cuda_device *d);
const ck_cuda_kernel *ck_cuda_gelu_of(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why);
CK_CUDA_CHOOSY(gelu_8);
CK_CUDA_KERNEL(gelu);
CK_CUDA_CHOOSY(pool_8);
CK_CUDA_KERNEL(pool);

/* Operands: f32; rounded (wmma); 16-bit activations (mma16: all keys; windows). */
CK_CUDA_PREPARED(attention_mma16);
CK_CUDA_PREPARED(attention_windows);
CK_CUDA_CHOOSY(attention_wmma);
CK_CUDA_CHOOSY(attention_f32);

/* mma16 computes `stats` itself; the others leave it to block_sums. */
CK_CUDA_PREPARED(conv_mma16);
CK_CUDA_PREPARED(conv_mma16_small);
CK_CUDA_CHOOSY(conv_wmma);
CK_CUDA_CHOOSY(conv_f32);
void ck_cuda_block_sums(ck_cuda_device *d, const ck_nn_step *s, const int *list, int n);

CK_CUDA_CHOOSY(fuse_8);
CK_CUDA_KERNEL(fuse);
CK_CUDA_KERNEL(coarse);
CK_CUDA_KERNEL(group_norm);
CK_CUDA_CHOOSY(apply_8);
CK_CUDA_KERNEL(apply);
CK_CUDA_CHOOSY(head_8);
CK_CUDA_KERNEL(head);
CK_CUDA_KERNEL(finish);
CK_CUDA_KERNEL(merge);

#ifdef __cplusplus
}
#endif

#endif
