/* Operations on tensors that a backend offers, as a table: everything the network is made of.
 *
 *     weights (host, float32) --pack--> ck_nn_weight         once, at load
 *     plan.h: a list of ck_nn_step over one arena            once per frame size
 *     backend->run[kind](dev, step)                          per frame, step by step
 *
 * A step is data: which operation, on which tensors, with which weights.  A backend may look at a
 * step beforehand (prepare), so that nothing is chosen, created or allocated while frames flow, and
 * a backend with its own queue may record the steps once and replay them.
 *
 * Shapes: M tokens or pixels in row-major order, C channels, channels innermost (NHWC with N = 1).
 * Results of one backend depend neither on the number of threads nor on how work is cut up: every
 * sum has one order. */
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

/* A window into device memory.  Element (y, x, c) is at data[(y * w + x) * ld + c], of a planar tensor
 * at data[(c * h + y) * w + x].  Tensors do not own their memory. */
typedef struct ck_nn_tensor {
    void *data;
    ck_nn_type type;
    bool planar;
    int h, w, c;
    int ld;    /* elements from one pixel to the next, at least c; unused when planar */
    int id;    /* the plan's number, -1 outside plans */
    size_t at; /* bytes from the start of the plan's tensor: a view of some channels */
} ck_nn_tensor;

static inline size_t ck_nn_pixels(const ck_nn_tensor *t)
{
    return (size_t)t->h * (size_t)t->w;
}

#define CK_NN_HEADS_MAX 16

/* What the operands of matrix products are rounded to, to nearest: of LINEAR, ATTENTION (both products) and CONV.
 * Products are summed in float32, and everything else is computed in float32 in any case.  At the two of 16 bits the
 * activations between layers are kept in that type too (ck_nn.act), each rounded once, by the operation that makes it;
 * what layers add to stays float32. */
typedef enum ck_nn_precision {
    CK_NN_PRECISION_F32,
    CK_NN_PRECISION_TF32, /* 10 bits of fraction and float32's range */
    CK_NN_PRECISION_F16,
    CK_NN_PRECISION_BF16,
    CK_NN_PRECISION_AUTO /* F16 where the device has it, else F32 */
} ck_nn_precision;

/* What weights are for decides how a backend packs them. */
typedef enum ck_nn_pack {
    CK_NN_LINEAR, /* w [out][in], bias [out] or NULL */
    CK_NN_PATCH,  /* w [out][in][7][7], bias [out]: stride 4, zero padding 3 */
    CK_NN_CONV,   /* w [out][in][3][3], bias [out] */
    CK_NN_SCALE,  /* w [out], bias [out]: what a normalisation multiplies with and adds */
    CK_NN_TABLE,  /* w [out][in], no bias: added as it is (position embedding) */
    CK_NN_HEAD    /* w [out][in], bias [out]: at most CK_NN_HEADS_MAX outputs, planar */
} ck_nn_pack;

typedef struct ck_nn_weight ck_nn_weight; /* the backend's own; lives until its device is closed */

typedef enum ck_nn_kind {
    /* y[h/4][w/4][C] = 7x7 convolution of planar x[0] [4][h][w] with `weight` (PATCH) + `extra` (TABLE, one row a
     * token).  h and w are multiples of 4. */
    CK_NN_OP_PATCH,
    /* y[M][C] = (x - mean) / sqrt(variance + eps) * w + b over the channels of x[0], `weight` (SCALE);
     * mean and variance (biased) with float32 or better sums. */
    CK_NN_OP_LAYER_NORM,
    /* y[M][N] = act(x[0][M][K] . w^T + bias) + x[1][M][N], `weight` (LINEAR); x[1] is optional, of y's type,
     * and may be y. */
    CK_NN_OP_LINEAR,
    /* y[h/2][w/2][C] = the largest of 2x2 pixels of x[0]; h and w even. */
    CK_NN_OP_POOL,
    /* Per head of width d = C / heads: y = softmax(q . k^T / sqrt(d)) . v, with q = x[0], k = x[1], v = x[2].
     * window > 0: keys are those of one square of that many tokens a side, queries those of the square in the
     * same place of their own, maybe smaller, map (window * q.w / k.w a side).  window = 0: all keys.
     * Memory grows with the number of tokens, never with its square. */
    CK_NN_OP_ATTENTION,
    /* y planar [O][h][w] = head(relu(x[0] + up(x[1]) + up(x[2]) + up(x[3]))): x[0] has the size of y, the others
     * are smaller and enlarged bilinearly; `weight` (HEAD).  x[1] to x[3] are optional. */
    CK_NN_OP_FUSE,
    /* y[H][W][3+O]: the planar image x[0] [3][H][W], then sigmoid(up(x[1])) of the planar logits [O][h][w]. */
    CK_NN_OP_COARSE,
    /* y[H][W][O] = 3x3 convolution with zero padding and dilation `dilation` of in, `weight` (CONV), where
     * in = x[0], or relu(x[0] * x[1].scale + x[1].shift) if x[1] is given (norm [2][C]: scales, then shifts).
     * `stats` is optional: sums of y for GROUP_NORM. */
    CK_NN_OP_CONV,
    /* y[2][C]: scale and shift that normalise a map of `pixels` whose sums are x[0] and then apply `weight`
     * (SCALE); biased variance, `eps`. */
    CK_NN_OP_GROUP_NORM,
    /* y = relu(x[0] * x[1].scale + x[1].shift + x[2]); x[2] is optional; y may be x[0] or x[2]. */
    CK_NN_OP_APPLY,
    /* y planar [O][h][w] = head(relu(x[0] * x[1].scale + x[1].shift + x[2])), `weight` (HEAD).  With planar logits
     * x[3] it also finishes: y = sigmoid(up(x[3]) + that * gain), to the byte as FINISH would. */
    CK_NN_OP_HEAD,
    /* y planar [O][H][W] = sigmoid(up(x[0]) + x[1] * gain) of planar logits [O][h][w] and corrections [O][H][W];
     * x[1] is optional and may be y. */
    CK_NN_OP_FINISH,
    CK_NN_OPS
} ck_nn_kind;

typedef enum ck_nn_act { CK_NN_NONE, CK_NN_GELU /* exact: x/2 (1 + erf(x/sqrt 2)) */ } ck_nn_act;

#define CK_NN_INPUTS 4

/* Some of a map's blocks (see CK_NN_BLOCK), numbered in row-major order. */
typedef struct ck_nn_part {
    const int *block; /* ascending; NULL: the whole map */
    int n;
} ck_nn_part;

typedef struct ck_nn_step {
    ck_nn_kind kind;
    char label[48];                         /* for people */
    ck_nn_tensor x[CK_NN_INPUTS], y, stats; /* an absent one has h = 0 */
    const ck_nn_weight *weight, *extra;
    ck_nn_act act;
    int heads, window; /* attention */
    int dilation;      /* convolution */
    int groups;        /* of stats, and of GROUP_NORM */
    size_t pixels;     /* GROUP_NORM */
    float eps;         /* normalisations */
    float gain;        /* FINISH, HEAD with logits */
    /* CONV, COARSE, APPLY, HEAD, FINISH: make only these blocks of y, and of stats; what a pixel gets does not depend
     * on which others are made.  NULL: all.  Every operation: an empty list is nothing to do. */
    const ck_nn_part *part;
    void *prepared; /* the backend's */
    void *scratch;  /* as many bytes as prepare asked for, shared by all steps of a plan */
} ck_nn_step;

static inline bool ck_nn_has(const ck_nn_tensor *t)
{
    return t->h > 0;
}

/* Group statistics: the map is cut into blocks of CK_NN_BLOCK x CK_NN_BLOCK pixels from its top left corner.  The sum
 * and the sum of squares of a block are taken in an order of the backend's own, in double or, of no more than 64 values
 * at a time, in float32; those of the map over CK_NN_RUN blocks at a time in row-major order, then over such runs, in
 * double: whoever computes a block, and whatever tiles a map is worked on in, gets the same bytes.
 * `stats` holds F64 [blocks][groups][2]; as a tensor h = blocks, w = groups, c = 2. */
#define CK_NN_BLOCK 32
#define CK_NN_RUN 64

static inline int ck_nn_blocks(int n)
{
    return (n + CK_NN_BLOCK - 1) / CK_NN_BLOCK;
}

/* A step makes some blocks of y only. */
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
typedef struct ck_nn_graph ck_nn_graph; /* the backend's own: recorded steps */

typedef struct ck_nn_backend {
    const char *name;
    bool host; /* its memory is the host's: tensors' data can be read and written */

    /* Device number `which` of this kind; host backends have one, 0, with so many threads. */
    ck_status (*open)(int which, int threads, ck_nn **dev, ck_error *e);
    void (*close)(ck_nn *dev); /* NULL is fine */
    /* Device number `which` in words.  CK_END: there are only so many; any other status: none can be used, and why.
     * NULL: there is one, this machine. */
    ck_status (*describe)(int which, char *text, size_t size, ck_error *e);

    /* See ck_nn_set_precision; never AUTO.  NULL: F32 is all there is. */
    ck_status (*set_precision)(ck_nn *dev, ck_nn_precision p, ck_error *e);

    /* Device memory; contents undefined.  `release` NULL is fine. */
    ck_status (*reserve)(ck_nn *dev, size_t bytes, void **out, ck_error *e);
    void (*release)(ck_nn *dev, void *p);
    size_t (*available)(ck_nn *dev); /* bytes that `reserve` could give; NULL: only trying tells */

    /* Copies: `w` and `bias` may go afterwards. */
    ck_status (*pack)(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                      ck_error *e);

    /* Look at a step whose tensors have shapes but no data yet: set `prepared`, say how much scratch it needs. */
    ck_status (*prepare)(ck_nn *dev, ck_nn_step *s, size_t *scratch, ck_error *e);
    void (*run[CK_NN_OPS])(ck_nn *dev, const ck_nn_step *s);

    /* Between the first two `run` only records; `replay` queues all of it at once.  After a failure nothing is recorded
     * and nothing has run.  NULL: steps are run one by one.  `forget` NULL is fine. */
    ck_status (*record)(ck_nn *dev, ck_error *e);
    ck_status (*recorded)(ck_nn *dev, ck_nn_graph **g, ck_error *e);
    void (*replay)(ck_nn *dev, const ck_nn_graph *g);
    void (*forget)(ck_nn *dev, ck_nn_graph *g);

    const struct ck_nn_frames *frames;          /* nn/frames.h; NULL: its memory is the host's */
    ck_status (*sync)(ck_nn *dev, ck_error *e); /* all steps so far have ended, or why not */

    /* Whole contiguous float32 tensors; the caller syncs before it reads.  On a host device the other side may be the
     * tensor's own data: nothing is copied. */
    void (*upload)(ck_nn *dev, const ck_nn_tensor *t, const float *src);
    void (*download)(ck_nn *dev, const ck_nn_tensor *t, float *dst);
} ck_nn_backend;

/* Every device starts with its table. */
struct ck_nn {
    const ck_nn_backend *ops;
    ck_error passed_over; /* "auto": why the device is not the first choice; else empty */
    ck_error unrecorded;  /* why steps that could be recorded are not; else empty */
    ck_nn_precision precision;
    ck_nn_type act; /* what activations between layers are best kept in; set_precision may change it */
};

/* "cpu", "ref", "cuda" (the first), "cuda:N", or "auto": the first cuda device if CUDA can be used, else the cpu.
 * threads 0 = all cores.  CK_ERR_ARGUMENT for what there is not; CK_ERR_UNSUPPORTED, and why, where CUDA cannot be
 * used. */
ck_status ck_nn_open(const char *device, int threads, ck_nn **dev, ck_error *e);
void ck_nn_close(ck_nn *dev); /* NULL is fine */

/* Before anything is packed or prepared; a device that was opened is at F32.  CK_ERR_ARGUMENT for one that it has not.
 */
ck_status ck_nn_set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e);
const char *ck_nn_precision_name(ck_nn_precision p); /* "f32", … */
bool ck_nn_precision_named(const char *name, ck_nn_precision *p);

/* CUDA device number `which` in words.  CK_END past the last; CK_ERR_UNSUPPORTED if none can be used, and why. */
ck_status ck_nn_describe_cuda(int which, char *text, size_t size, ck_error *e);

extern const ck_nn_backend ck_nn_cpu; /* oneDNN and our own vector code, float32 */
extern const ck_nn_backend ck_nn_ref; /* plain C, float32 with double sums: the others are measured against it */

/* Packs a weight for `dev`: see ck_nn_backend.pack.  CK_ERR_UNSUPPORTED for a HEAD with more than CK_NN_HEADS_MAX
 * outputs. */
ck_status ck_nn_weight_new(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias,
                           ck_nn_weight **to, ck_error *e);

/* "linear", "attention", …; floating-point operations of a step (2 per multiply-add), norms and the like as 0. */
const char *ck_nn_kind_name(ck_nn_kind k);
double ck_nn_flop(const ck_nn_step *s);

#endif
