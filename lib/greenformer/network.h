/* GreenFormer for one frame size on one device, as run by ck-infer and ck-refine. */
#ifndef CK_GREENFORMER_NETWORK_H
#define CK_GREENFORMER_NETWORK_H

#include "greenformer/spec.h"
#include "nn/plan.h"
#include "stream/frame.h"

typedef struct ck_network ck_network;

typedef struct ck_network_options {
    const char *device; /* see ck_nn_open */
    int threads;        /* 0 = all cores */
    ck_nn_precision precision;
    int h, w;           /* inference size, multiples of 32; 0 = that of the position embedding */
    bool infer, refine; /* parts to load; at least one */
    bool tile;          /* h x w is a tile's size, see greenformer/split.h: messages name --split instead of --size */
    float scale;        /* factor of the refiner's corrections; 1 is the original */
    /* infer: only tokens whose mean hint lies above `lo` and below `hi` query global attention; the others pass it
     * unchanged. lo 0 and hi 1 are no bounds: both together are the network as published. */
    bool route;
    double lo, hi;
    bool keep; /* keep intermediate tensors for ck_network_inside */
    /* Modes of the refiner.  A frame refined whole has bit-identical results in all of them. */
    int band;            /* band height in rows, a multiple of CK_NN_BLOCK; 0 = whole maps, 1.5x the memory; on host
                          * devices that infer too, an eighth of the frame */
    bool infers_apart;   /* another network of this process infers: bands as if this one did */
    size_t memory;       /* bytes, with `band`; the refiner's maps beyond go to a temporary file; 0 = no limit */
    bool sparse;         /* single blocks of a frame may be refined */
    bool dry;            /* allocate no memory for frames, run none: for ck_nn_plan_bytes */
    const char *without; /* do without these kernels (ck_nn_findings); NULL: those that failed the self-check */
} ck_network_options;

/* Read and pack the weights, which must match `z` (ck_spec_check), and allocate all memory that frames need.  `w` is
 * not needed afterwards. */
ck_status ck_network_open(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_network **out,
                          ck_error *e);
/* The same on an open device, which belongs to the network and is closed after a failure too. */
ck_status ck_network_open_on(ck_nn *dev, const ck_weights *w, const ck_sizes *z, const ck_network_options *o,
                             ck_network **out, ck_error *e);
void ck_network_close(ck_network *n); /* NULL is fine */

/* Planar float32 data of the caller.  A part that is not loaded ignores its own. */
typedef struct ck_network_io {
    const float *rgb;                /* [3][h][w] from ck_input_rgb */
    const float *hint;               /* [h][w]; infer */
    float *alpha_logits, *fg_logits; /* [1], [3][h/4][w/4]: written by infer (NULL: discarded), else read by refine */
    float *alpha, *fg;               /* [1], [3][h][w]: written by refine */
    /* Sparse networks: [h/32][w/32], not 0 for blocks of CK_NN_BLOCK x CK_NN_BLOCK pixels to refine, with the
     * statistics of the last frame refined whole.  Other blocks get the result of scale 0.  A block's result does not
     * depend on which others are refined.  NULL: refine the whole frame and keep its statistics. */
    const unsigned char *blocks;
} ck_network_io;

/* Run one frame.  CK_ERR_FORMAT if a result is not finite.  CK_ERR_ARGUMENT for `blocks` before any whole frame, or in
 * a network that is not sparse.  timed: see ck_nn_plan_run. */
ck_status ck_network_run(ck_network *n, const ck_network_io *io, bool timed, ck_error *e);

/* One frame from a stream's planes to a stream's planes: resampled, converted and normalised as in greenformer/input.h,
 * and back by Lanczos.  A device with its own memory does all that itself; two threads then overlap their copies with
 * each other's steps.  Elsewhere one frame is processed at a time.  Results are bit-identical. */
typedef struct ck_network_frame {
    const ck_plane *rgb;                /* three channels of any size and type */
    const ck_plane *hint;               /* infer */
    ck_plane *alpha_logits, *fg_logits; /* f32 [1], [3][h/4][w/4]: written by infer (NULL: discarded), else read */
    ck_plane *alpha, *fg;               /* [1], [3] of any size, f16 or f32: written by refine */
    /* Called before the frame is refined, with [3][h][w] from ck_input_rgb; chooses the blocks as in ck_network_io.
     * NULL: refine all. */
    ck_status (*choose)(void *ctx, const float *rgb, const unsigned char **blocks, ck_error *e);
    void *ctx;
    double *routed; /* with `route`: set to the share of stage 2's tokens that attended; NULL is fine */
} ck_network_frame;

/* Fails as ck_network_run, and with CK_ERR_ARGUMENT for planes that do not fit. */
ck_status ck_network_run_frame(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e);

/* Frames that a device works on at once: call ck_network_run_frame from as many threads.  May be called before the
 * device is opened. */
int ck_network_frames_at_once(const char *device);

/* The inference size. */
void ck_network_size(const ck_network *n, int *h, int *w);
const ck_nn_plan *ck_network_plan(const ck_network *n); /* its steps, times and memory */
const char *ck_network_device(const ck_network *n);
ck_nn_precision ck_network_precision(const ck_network *n); /* never AUTO */
const char *ck_network_passed_over(const ck_network *n);   /* why `auto` did not choose CUDA; else empty */
const char *ck_network_distrusted(const ck_network *n);    /* what failed the self-check; else empty */

void ck_network_pins(ck_network *n, int *pinned, int *refused); /* ring slots pinned for the device; refused */
const char *ck_network_unrecorded(const ck_network *n); /* why steps are not replayed as one graph; else empty */

/* With `keep`: copy a tensor of the last frame into dst (NULL: only its shape).  Names: "map0" to "map3" [h][w][c],
 * "coarse" [h][w][7], "delta" planar.  False if no such tensor exists in float32; with 16-bit activations "coarse" does
 * not. */
bool ck_network_inside(ck_network *n, const char *name, ck_nn_tensor *shape, float *dst);

#endif
