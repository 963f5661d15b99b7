/* GreenFormer for one frame size on one device: what ck-infer and ck-refine run. */
#ifndef CK_GREENFORMER_NETWORK_H
#define CK_GREENFORMER_NETWORK_H

#include "greenformer/spec.h"
#include "nn/plan.h"
#include "stream/frame.h"

typedef struct ck_network ck_network;

typedef struct ck_network_options {
    const char *device; /* as ck_nn_open has it */
    int threads;        /* 0 = all cores */
    ck_nn_precision precision;
    int h, w;           /* multiples of 32; 0 = what the position embedding was made for */
    bool infer, refine; /* which parts; at least one */
    float scale;        /* of the refiner's corrections; 1 is the original */
    bool keep;          /* keep what lies between, for ck_network_inside */
    /* The refiner's ways of working.  A frame that is refined whole has the same bytes with each. */
    int band; /* band height in rows, a multiple of CK_NN_BLOCK; 0 = whole maps, 1.5x the memory */
    size_t
        memory;  /* with `band`: of tensors and scratch, the refiner's maps beyond that in a temporary file; 0 = all */
    bool sparse; /* frames may be refined in some places only */
    bool dry;    /* take no memory for frames, and run none: for ck_nn_plan_bytes */
} ck_network_options;

/* Reads and packs the weights, which fit `z` (ck_spec_check), and takes all the memory that frames will need; `w` is
 * not needed afterwards. */
ck_status ck_network_open(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_network **out,
                          ck_error *e);
void ck_network_close(ck_network *n); /* NULL is fine */

/* The caller's planes, planar float32.  Parts that are not opened ignore theirs. */
typedef struct ck_network_io {
    const float *rgb;                /* [3][h][w], as ck_input_rgb makes it */
    const float *hint;               /* [h][w]; infer */
    float *alpha_logits, *fg_logits; /* [1], [3][h/4][w/4]: written by infer (NULL: not wanted), else read by refine */
    float *alpha, *fg;               /* [1], [3][h][w]: written by refine */
    /* [h/32][w/32], sparse networks: not 0 where a block of CK_NN_BLOCK pixels a side is to be refined, with the
     * statistics of the last frame that was refined whole; elsewhere the result is that of scale 0.  What a block gets
     * does not depend on which others are refined.  NULL: refine all of the frame and take its statistics. */
    const unsigned char *blocks;
} ck_network_io;

/* One frame.  CK_ERR_FORMAT if a result is not finite; CK_ERR_ARGUMENT for `blocks` without a whole frame before, or
 * where the network is not sparse.  `timed`: see ck_nn_plan_run. */
ck_status ck_network_run(ck_network *n, const ck_network_io *io, bool timed, ck_error *e);

/* One frame from a stream's planes to such planes: resized, converted and normalised as greenformer/input.h has it, and
 * back by Lanczos.  On a device with memory of its own all of that is done there, and two threads at once overlap their
 * copies with each other's steps; elsewhere one frame is made at a time.  The same bytes in any case. */
typedef struct ck_network_frame {
    const ck_plane *rgb;                /* three channels, of any size and type */
    const ck_plane *hint;               /* infer */
    ck_plane *alpha_logits, *fg_logits; /* f32 [1], [3][h/4][w/4]: written by infer (NULL: not wanted), else read */
    ck_plane *alpha, *fg;               /* [1], [3] of any size, f16 or f32: written by refine */
    /* Asked before the frame is refined, with [3][h][w] as ck_input_rgb makes it: see ck_network_io.  NULL: all. */
    ck_status (*choose)(void *ctx, const float *rgb, const unsigned char **blocks, ck_error *e);
    void *ctx;
} ck_network_frame;

/* Statuses as ck_network_run's, and CK_ERR_ARGUMENT for planes that do not fit. */
ck_status ck_network_run_frame(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e);

/* Frames that a device can work on at once, so many threads may call ck_network_run_frame; asked before it is opened.
 */
int ck_network_frames_at_once(const char *device);

void ck_network_size(const ck_network *n, int *h, int *w);
const ck_nn_plan *ck_network_plan(const ck_network *n); /* its steps, times and memory */
const char *ck_network_device(const ck_network *n);
ck_nn_precision ck_network_precision(const ck_network *n); /* never AUTO */
const char *ck_network_passed_over(const ck_network *n);   /* why `auto` did not take CUDA; empty if it was not asked */

void ck_network_pins(ck_network *n, int *pinned, int *refused); /* slots of rings that the device reaches by itself */
const char *ck_network_unrecorded(const ck_network *n); /* why steps are not replayed as one; empty if they are */

/* With `keep`: "map0" to "map3" [h][w][c], "coarse" [h][w][7], "delta" planar, of the last frame, into dst (NULL: only
 * the shape).  False if there is no such tensor in float32: with activations of 16 bits "coarse" is not. */
bool ck_network_inside(ck_network *n, const char *name, ck_nn_tensor *shape, float *dst);

#endif
