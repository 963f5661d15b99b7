/* The table of tensor operations that a backend implements: all that the network needs.
 *
 *     weights (host, f32) --pack--> ck_nn_weight             once, at load
 *     plan.h: a list of ck_nn_step over one arena            once per frame size
 *     backend->run[kind](dev, step)                          per frame, step by step
 *
 * A step is data: an operation, its tensors and its weights.  `prepare` sees each step beforehand, so that nothing is
 * chosen, created or allocated while frames are processed.  A backend with its own queue may record the steps once and
 * replay them.
 *
 * Shapes: M tokens or pixels in row-major order, C channels, channels innermost (NHWC with N = 1).  Every sum has a
 * fixed order: results depend neither on the number of threads nor on how work is divided. */
#ifndef CK_NN_NN_H
#define CK_NN_NN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef enum ck_nn_type { CK_NN_F32, CK_NN_F16, CK_NN_BF16, CK_NN_F64 } ck_nn_type;

static inline size_t ck_nn_type_size(ck_nn_type t)
{
    return t == CK_NN_F16 || t == CK_NN_BF16 ? 2 : t == CK_NN_F64 ? 8 : 4;
}

/* A view of device memory.  Element (y, x, c) is data[(y * w + x) * ld + c], of a planar tensor
 * data[(c * h + y) * w + x].  Tensors do not own their memory. */
typedef struct ck_nn_tensor {
    void *data;
    ck_nn_type type;
    bool planar;
    int h, w, c;
    int ld;    /* stride between pixels in elements, at least c; unused when planar */
    int id;    /* number in the plan, -1 outside plans */
    size_t at; /* byte offset into the plan's tensor: not 0 in views */
} ck_nn_tensor;

static inline size_t ck_nn_pixels(const ck_nn_tensor *t)
{
    return (size_t)t->h * (size_t)t->w;
}

#define CK_NN_HEADS_MAX 16
#define CK_NN_MEAN_ROWS 4

/* Operand type of the matrix products in LINEAR, ATTENTION (both products) and CONV; operands are rounded to nearest.
 * Products are summed in f32 (`ref`: in f64) and everything else is computed in f32.  At BF16 host devices add to the
 * bias of LINEAR what rounding the weights loses on the mean row of x: w - round(w), rounded, times the mean of every
 * CK_NN_MEAN_ROWS-th row (of `rows`, if they are given).  F16 and BF16 are also the type of activations between layers
 * (ck_nn.act), each rounded once by the operation that makes it.  The residual stream stays f32. */
typedef enum ck_nn_precision {
    CK_NN_PRECISION_F32,
    CK_NN_PRECISION_TF32, /* 10 bits of fraction, the range of f32 */
    CK_NN_PRECISION_F16,
    CK_NN_PRECISION_BF16,
    CK_NN_PRECISION_AUTO /* F16 on CUDA, F32 on host devices */
} ck_nn_precision;

/* Use of a weight, which decides its packed layout. */
typedef enum ck_nn_pack {
    CK_NN_LINEAR, /* w [out][in], bias [out] or NULL */
    CK_NN_PATCH,  /* w [out][in][7][7], bias [out]: stride 4, zero padding 3 */
    CK_NN_CONV,   /* w [out][in][3][3], bias [out] */
    CK_NN_SCALE,  /* w [out], bias [out]: scale and shift of a normalisation */
    CK_NN_TABLE,  /* w [out][in], no bias: added unchanged (position embedding) */
    CK_NN_HEAD    /* w [out][in], bias [out]: at most CK_NN_HEADS_MAX outputs, planar */
} ck_nn_pack;

typedef struct ck_nn_weight ck_nn_weight; /* private to the backend; lives until its device is closed */

typedef enum ck_nn_kind {
    /* y[h/4][w/4][C] = 7x7 convolution of planar x[0] [4][h][w] with `weight` (PATCH) + `extra` (TABLE, one row per
     * token).  h and w are multiples of 4. */
    CK_NN_OP_PATCH,
    /* y[M][C] = (x - mean) / sqrt(variance + eps) * w + b over the channels of x[0], `weight` (SCALE);
     * mean and biased variance, summed in f32 or better. */
    CK_NN_OP_LAYER_NORM,
    /* y[M][N] = act(x[0][M][K] . w^T + bias) + x[1][M][N], `weight` (LINEAR); x[1] is optional, of y's type,
     * and may be y. */
    CK_NN_OP_LINEAR,
    /* y[h/2][w/2][C] = maximum of 2x2 pixels of x[0]; h and w even. */
    CK_NN_OP_POOL,
    /* Per head of width d = C / heads: y = softmax(q . k^T / sqrt(d)) . v, with q = x[0], k = x[1], v = x[2].
     * window = 0: all keys.  Otherwise attention stays inside squares of `window` tokens a side in the map of keys;
     * queries come from the corresponding square of their own map, which may be smaller (window * q.w / k.w a side).
     * Memory is linear in the number of tokens. */
    CK_NN_OP_ATTENTION,
    /* y planar [O][h][w] = head(relu(x[0] + up(x[1]) + up(x[2]) + up(x[3]))), `weight` (HEAD): x[0] has the size of
     * y; up enlarges the others bilinearly to it.  x[1] to x[3] are optional. */
    CK_NN_OP_FUSE,
    /* y[H][W][3+O]: the planar image x[0] [3][H][W], then sigmoid(up(x[1])) of planar logits [O][h][w]. */
    CK_NN_OP_COARSE,
    /* y[H][W][O] = 3x3 convolution of `in` with zero padding and dilation `dilation`, `weight` (CONV), where in = x[0],
     * or relu(x[0] * x[1].scale + x[1].shift) if x[1] is given ([2][C]: scales, then shifts).  `stats` is optional:
     * sums of y for GROUP_NORM. */
    CK_NN_OP_CONV,
    /* y[2][C]: scale and shift that normalise a map of `pixels` pixels with the sums x[0], then apply `weight`
     * (SCALE); biased variance, `eps`. */
    CK_NN_OP_GROUP_NORM,
    /* y = relu(x[0] * x[1].scale + x[1].shift + x[2]); x[2] is optional; y may be x[0] or x[2]. */
    CK_NN_OP_APPLY,
    /* y planar [O][h][w] = head(relu(x[0] * x[1].scale + x[1].shift + x[2])), `weight` (HEAD).  If planar logits x[3]
     * are given, FINISH is applied to the result: y = sigmoid(up(x[3]) + result * gain), the same bytes. */
    CK_NN_OP_HEAD,
    /* y planar [O][H][W] = sigmoid(up(x[0]) + x[1] * gain) of planar logits [O][h][w] and corrections [O][H][W];
     * x[1] is optional and may be y. */
    CK_NN_OP_FINISH,
    /* y[r] = x[0][r] for the tokens r of `rows`; other tokens of y stay.  Both f32, of one size. */
    CK_NN_OP_MERGE,
    CK_NN_OPS
} ck_nn_kind;

typedef enum ck_nn_act { CK_NN_NONE, CK_NN_GELU /* exact: x/2 (1 + erf(x/sqrt 2)) */ } ck_nn_act;

#define CK_NN_INPUTS 4

/* A subset of a map's tokens, numbered in row-major order. */
typedef struct ck_nn_rows {
    const int *row; /* ascending */
    int n;
} ck_nn_rows;

/* A subset of a map's blocks (see CK_NN_BLOCK), numbered in row-major order. */
typedef struct ck_nn_part {
    const int *block; /* ascending; NULL: the whole map */
    int n;
} ck_nn_part;

typedef struct ck_nn_step {
    ck_nn_kind kind;
    char label[48];                         /* for messages and reports */
    ck_nn_tensor x[CK_NN_INPUTS], y, stats; /* h = 0: absent */
    const ck_nn_weight *weight, *extra;
    ck_nn_act act;
    int heads, window; /* ATTENTION */
    int dilation;      /* CONV */
    int groups;        /* in `stats`; GROUP_NORM */
    size_t pixels;     /* GROUP_NORM */
    float eps;         /* normalisations */
    float gain;        /* FINISH, HEAD with logits */
    /* CONV, COARSE, APPLY, HEAD, FINISH: compute only these blocks of y and of `stats`; a block's result does not
     * depend on the others.  NULL: all blocks.  For every operation an empty list means nothing to do. */
    const ck_nn_part *part;
    /* ATTENTION without windows, MERGE: compute only these tokens of y; a token's result does not depend on the others,
     * but for the rounding of 16-bit operands.  LINEAR: other tokens of x and y are undefined.  NULL: all tokens.  An
     * empty list means nothing to do. */
    const ck_nn_rows *rows;
    void *prepared; /* private to the backend */
    void *scratch;  /* the bytes that prepare asked for, shared by all steps of a plan */
} ck_nn_step;

static inline bool ck_nn_has(const ck_nn_tensor *t)
{
    return t->h > 0;
}

/* Group statistics: the map is divided into blocks of CK_NN_BLOCK x CK_NN_BLOCK pixels from its top left corner.  Each
 * block has a sum and a sum of squares per group, in f64 or, over at most 64 values at a time, in f32, in an order that
 * the backend fixes.  Block sums are added in f64: CK_NN_RUN blocks at a time in row-major order, then the runs.  So
 * results do not depend on threads, tiles or bands.  `stats` holds f64 [blocks][groups][2]; as a tensor h is blocks, w
 * is groups, c is 2. */
#define CK_NN_BLOCK 32
#define CK_NN_RUN 64

static inline int ck_nn_blocks(int n)
{
    return (n + CK_NN_BLOCK - 1) / CK_NN_BLOCK;
}

/* The step computes only some blocks of y. */
static inline bool ck_nn_in_part(const ck_nn_step *s)
{
    return s->part && s->part->block;
}

/* The pixels of a block: rows y0 … y1-1, columns x0 … x1-1. */
typedef struct ck_nn_area {
    int y0, x0, y1, x1;
} ck_nn_area;

static inline ck_nn_area ck_nn_block_area(const ck_nn_tensor *t, int block)
{
    int across = ck_nn_blocks(t->w), y = block / across * CK_NN_BLOCK, x = block % across * CK_NN_BLOCK;
    ck_nn_area a = {y, x, y + CK_NN_BLOCK < t->h ? y + CK_NN_BLOCK : t->h,
                    x + CK_NN_BLOCK < t->w ? x + CK_NN_BLOCK : t->w};
    return a;
}

typedef struct ck_nn ck_nn;
typedef struct ck_nn_graph ck_nn_graph; /* private to the backend: recorded steps */

typedef struct ck_nn_backend {
    const char *name;
    bool host; /* tensors lie in host memory */

    /* Device number `which`; host backends have only device 0, which runs `threads` threads. */
    ck_status (*open)(int which, int threads, ck_nn **dev, ck_error *e);
    void (*close)(ck_nn *dev); /* NULL is allowed */
    /* Text that describes device number `which`.  CK_END past the last; any other failure says why none can be used.
     * NULL: the only device is this machine. */
    ck_status (*describe)(int which, char *text, size_t size, ck_error *e);

    /* See ck_nn_set_precision; never AUTO. */
    ck_status (*set_precision)(ck_nn *dev, ck_nn_precision p, ck_error *e);
    ck_nn_precision automatic; /* replaces AUTO */

    /* Device memory with undefined contents.  `release` accepts NULL. */
    ck_status (*reserve)(ck_nn *dev, size_t bytes, void **out, ck_error *e);
    void (*release)(ck_nn *dev, void *p);
    size_t (*available)(ck_nn *dev); /* bytes left for `reserve`; NULL: unknown */

    /* Copies `w` and `bias`. */
    ck_status (*pack)(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                      ck_error *e);

    /* Set `prepared` of a step and its scratch size in bytes; its tensors have shapes but no data yet. */
    ck_status (*prepare)(ck_nn *dev, ck_nn_step *s, size_t *scratch, ck_error *e);
    void (*run[CK_NN_OPS])(ck_nn *dev, const ck_nn_step *s);

    /* A choice of kernels; NULL on host devices.  kernel: the name of the one that a prepared step uses; `why` gets the
     * reasons why faster ones do not serve it, or nothing.  without: never choose the kernel of that name in later
     * `prepare`s; false if its operation has no other. */
    const char *(*kernel)(ck_nn *dev, const ck_nn_step *s, ck_error *why);
    bool (*without)(ck_nn *dev, const char *name);
    /* One line that differs between devices, drivers and builds whose results might. */
    void (*identify)(ck_nn *dev, char *text, size_t size);

    /* Between `record` and `recorded`, `run` only records; `replay` queues the recorded steps in one call.  After a
     * failure nothing is recorded and nothing has run.  NULL: steps are run one by one.  `forget` accepts NULL. */
    ck_status (*record)(ck_nn *dev, ck_error *e);
    ck_status (*recorded)(ck_nn *dev, ck_nn_graph **g, ck_error *e);
    void (*replay)(ck_nn *dev, ck_nn_graph *g);
    void (*forget)(ck_nn *dev, ck_nn_graph *g);

    const struct ck_nn_frames *frames;          /* nn/frames.h; NULL on host devices */
    ck_status (*sync)(ck_nn *dev, ck_error *e); /* wait for all steps so far; their first failure */

    /* Whole contiguous f32 tensors; sync before reading.  On a host device src or dst may be the tensor's own data:
     * then nothing is copied. */
    void (*upload)(ck_nn *dev, const ck_nn_tensor *t, const float *src);
    void (*download)(ck_nn *dev, const ck_nn_tensor *t, float *dst);
} ck_nn_backend;

/* The first member of every backend's device. */
struct ck_nn {
    const ck_nn_backend *ops;
    ck_error passed_over; /* "auto": why CUDA was not chosen; else empty */
    ck_error unrecorded;  /* why recording steps failed; else empty */
    ck_error distrusted;  /* what failed the self-check of this device, or of one that it replaces; else empty */
    ck_nn_precision precision;
    ck_nn_type act; /* type of activations between layers; set_precision may change it */
    /* CONV computes squares of conv_tile x conv_tile results at once, `dilation` pixels apart, aligned to blocks.  The
     * last bit of each may depend on every pixel that its square needs.  0: results depend on their own nine pixels. */
    int conv_tile;
};

/* device: "cpu", "ref", "cuda" (the first), "cuda:N", or "auto": the first CUDA device, else the CPU.  threads: 0 = all
 * cores.  CK_ERR_ARGUMENT if there is no such device; CK_ERR_UNSUPPORTED, with the reason, if CUDA cannot be used. */
ck_status ck_nn_open(const char *device, int threads, ck_nn **dev, ck_error *e);
void ck_nn_close(ck_nn *dev); /* NULL is allowed */

/* Call before anything is packed or prepared (default F32).  CK_ERR_ARGUMENT if the device lacks that precision: host
 * devices have F32 and BF16, the latter on the CPU only if the processor has instructions for it. */
ck_status ck_nn_set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e);
const char *ck_nn_precision_name(ck_nn_precision p); /* "f32", … */
bool ck_nn_precision_named(const char *name, ck_nn_precision *p);

/* Text that describes CUDA device number `which`.  CK_END past the last; CK_ERR_UNSUPPORTED, with the reason, if CUDA
 * cannot be used. */
ck_status ck_nn_describe_cuda(int which, char *text, size_t size, ck_error *e);

extern const ck_nn_backend ck_nn_cpu; /* oneDNN and vector code */
extern const ck_nn_backend ck_nn_ref; /* plain C with f64 sums: the reference in tests */

/* Pack a weight for `dev`, see ck_nn_backend.pack.  CK_ERR_UNSUPPORTED for a HEAD with more than CK_NN_HEADS_MAX
 * outputs. */
ck_status ck_nn_weight_new(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias,
                           ck_nn_weight **to, ck_error *e);

/* ck_nn_kind_name: name of an operation ("linear", …).  ck_nn_flop: floating-point operations of a step, 2 per
 * multiply-add, 0 for operations without products. */
const char *ck_nn_kind_name(ck_nn_kind k);
double ck_nn_flop(const ck_nn_step *s);

#endif
