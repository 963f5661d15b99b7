/* The CUDA backend, for its own files: host code in C (.c), kernels with the functions that start them (.cu).
 *
 * Everything goes through one stream, in order.  An operation cannot say that it failed: the first failure is kept
 * until sync tells it. */
#ifndef CK_NN_CUDA_CUDA_H
#define CK_NN_CUDA_CUDA_H

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "nn/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __CUDACC__
#define CK_CUDA_ANYWHERE __host__ __device__ /* for kernels too */
#else
#define CK_CUDA_ANYWHERE
#endif

#define CK_CUDA_WIDTH_MAX 128                /* of an attention head */
#define CK_CUDA_WORKSPACE ((size_t)32 << 20) /* what cuBLASLt's documentation advises for Hopper */

struct ck_nn_weight {
    ck_nn_pack pack;
    int out, in;        /* as packed: of convolutions without the taps */
    float *w;           /* LINEAR, TABLE, HEAD [out][in]; PATCH, CONV [tap][in][out]; SCALE [out] */
    float *bias;        /* [out]; NULL if there was none */
    void *rounded;      /* instead of w where operands are rounded: LINEAR [out][ck_cuda_padded(in)], CONV see below */
    void *rounded_bias; /* LINEAR, besides bias, where activations are */
    struct ck_nn_weight *next;
};

typedef struct ck_cuda_product ck_cuda_product;

typedef struct ck_cuda_device {
    ck_nn base;
    int which;
    int processors;
    size_t shared; /* bytes of shared memory that a thread block may have */
    cudaStream_t stream;
    cublasLtHandle_t lt;
    void *workspace;           /* cuBLASLt's */
    ck_nn_weight *weights;     /* all of them */
    ck_cuda_product *products; /* likewise */
    int *list, *listed;        /* the blocks of a step's part, there and what they are */
    int n_listed, cap_list;
    struct ck_cuda_frames *frames;
    ck_status failed;
    ck_error error;
} ck_cuda_device;

/* The device, made this thread's. */
ck_cuda_device *ck_cuda_of(ck_nn *dev);

/* CK_OK, or what went wrong while doing `what`. */
ck_status ck_cuda_check(cudaError_t r, const char *what, ck_error *e);

/* Keep a failure for sync; after a launch, that of the launch. */
void ck_cuda_fail(ck_cuda_device *d, ck_status s, const ck_error *e);
void ck_cuda_launched(ck_cuda_device *d, const ck_nn_step *s);

/* The blocks that a step makes: their number and where they are listed on the device, NULL for all in order. */
const int *ck_cuda_blocks(ck_cuda_device *d, const ck_nn_step *s, int *n);

/* Operands of products as the device's precision has them, unless that is F32.  Rows of them are so long that they
 * begin at multiples of 16 bytes, with zeros at the end. */
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

/* Rounded weights of CONV are [tap][ck_cuda_padded(in)][ck_cuda_outputs(out)], zeros where there is none, output o at
 * ck_cuda_output_column(o): of every 32 outputs, numbers 8 t + 2 j and the next are columns 2 t and the next of tile j
 * of eight, which lane t has in products on tensor cores (see ptx.h).  So it has eight outputs side by side. */
static inline int ck_cuda_outputs(int out)
{
    return (out + 63) / 64 * 64;
}

CK_CUDA_ANYWHERE static inline int ck_cuda_output_column(int o)
{
    return (o & ~31) | (o >> 1 & 3) << 3 | (o >> 3 & 3) << 1 | (o & 1);
}

/* to[rows][ld_to] = x[rows][columns], rounded. */
void ck_cuda_round(ck_cuda_device *d, const float *x, size_t rows, int columns, int ld, void *to, int ld_to);

/* Recorded steps: see nn.h. */
ck_status ck_cuda_record(ck_nn *dev, ck_error *e);
ck_status ck_cuda_recorded(ck_nn *dev, ck_nn_graph **g, ck_error *e);
void ck_cuda_replay(ck_nn *dev, const ck_nn_graph *g);
void ck_cuda_forget(ck_nn *dev, ck_nn_graph *g);

/* CK_OK if there are devices that can be used, and how many. */
ck_status ck_cuda_usable(int *count, ck_error *e);
/* CK_OK if this one can. */
ck_status ck_cuda_suits(int which, ck_error *e);
ck_status ck_cuda_describe(int which, char *text, size_t size, ck_error *e);

ck_status ck_cuda_pack(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                       ck_error *e);
void ck_cuda_free_weights(ck_cuda_device *d);

/* LINEAR: looked up beforehand, run. */
ck_status ck_cuda_prepare_linear(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e);
void ck_cuda_linear(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_free_products(ck_cuda_device *d);
/* y = gelu(x) + add: what the product's own epilogue cannot do.  `x` may be y. */
void ck_cuda_gelu(ck_cuda_device *d, const ck_nn_step *s, const ck_nn_tensor *x);

void ck_cuda_patch(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_layer_norm(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_pool(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_attention(ck_nn *dev, const ck_nn_step *s);

/* Attention of float32; of rounded operands; of 16-bit activations, false and nothing done for shapes it has not. */
void ck_cuda_attention_f32(ck_cuda_device *d, const ck_nn_step *s);
void ck_cuda_attention_wmma(ck_cuda_device *d, const ck_nn_step *s);
bool ck_cuda_attention_mma16(ck_cuda_device *d, const ck_nn_step *s);
struct ck_cuda_attention_args;
bool ck_cuda_attention_windows(ck_cuda_device *d, const struct ck_cuda_attention_args *a); /* mma16, inside windows */

void ck_cuda_fuse(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_coarse(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_conv(ck_nn *dev, const ck_nn_step *s);

/* The same three of the convolution, of n blocks (see ck_cuda_blocks); only mma16 makes the sums of `stats` itself. */
void ck_cuda_conv_f32(ck_cuda_device *d, const ck_nn_step *s, const int *list, int n);
void ck_cuda_conv_wmma(ck_cuda_device *d, const ck_nn_step *s, const int *list, int n);
bool ck_cuda_conv_mma16(ck_cuda_device *d, const ck_nn_step *s, const int *list, int n);
void ck_cuda_block_sums(ck_cuda_device *d, const ck_nn_step *s, const int *list, int n);

void ck_cuda_group_norm(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_apply(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_head(ck_nn *dev, const ck_nn_step *s);
void ck_cuda_finish(ck_nn *dev, const ck_nn_step *s);

#ifdef __cplusplus
}
#endif

#endif
