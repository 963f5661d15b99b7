/* The parts of the network, each adding its steps to a plan.  Errors stay with the plan (ck_nn_plan_finish). */
#ifndef CK_GREENFORMER_PARTS_H
#define CK_GREENFORMER_PARTS_H

#include "greenformer/spec.h"
#include "nn/plan.h"

#define CK_LOGITS 4 /* alpha, then foreground */
#define CK_REFINER_BLOCKS 4

/* Which blocks of a frame the refiner works on; looked at by every run. */
typedef struct ck_refine_where {
    ck_nn_part reach; /* what `core` depends on: the activations that are made */
    ck_nn_part core;  /* what is refined */
    ck_nn_part rest;  /* where the logits stand */
    ck_nn_part sums;  /* empty: the statistics of an earlier frame stay */
} ck_refine_where;

typedef struct ck_parts {
    const ck_weights *weights; /* checked against the table */
    const ck_spec_rows *rows;  /* the table */
    const ck_sizes *sizes;
    ck_nn *dev;
    ck_nn_plan *plan;
    int h, w; /* of the frame, multiples of 32 */
    /* The refiner's. */
    const ck_refine_where *where; /* NULL: everything, always */
    bool sparse;                  /* there may be a rest, and statistics outlive a frame */
    int band;                     /* rows of a band, see ck_nn_plan_bound; 0 = no bands */
    bool keep;                    /* delta is wanted too */
} ck_parts;

/* input: planar [4][h][w], normalised RGB and hint.  Map i is [h/4 >> i][w/4 >> i][width[i]], float32. */
void ck_part_encoder(const ck_parts *b, const ck_nn_tensor *input, ck_nn_tensor maps[CK_ENCODER_STAGES]);

/* Planar [4][h/4][w/4]: the alpha logit, three of the foreground. */
ck_nn_tensor ck_part_decoders(const ck_parts *b, const ck_nn_tensor maps[CK_ENCODER_STAGES]);

typedef struct ck_refined {
    ck_nn_tensor coarse; /* [h][w][7]: normalised RGB, probabilities */
    ck_nn_tensor delta;  /* planar [4][h][w]; without `keep`, final takes its place */
    ck_nn_tensor final;  /* planar [4][h][w]: alpha, foreground */
} ck_refined;

/* rgb: planar [3][h][w], normalised; scale: of the refiner's corrections. */
ck_refined ck_part_refiner(const ck_parts *b, const ck_nn_tensor *rgb, const ck_nn_tensor *logits, float scale);

/* ---- weights; NULL after a failure, which is then the plan's ---- */

/* All values; free() them. */
float *ck_part_read(const ck_parts *b, const char *name);

/* PREFIX.weight and PREFIX.bias, multiplied by `gain` and packed as their row of the table says. */
const ck_nn_weight *ck_part_weight(const ck_parts *b, float gain, const char *prefix);

/* From values already here; either may be NULL after a failure. */
const ck_nn_weight *ck_part_pack(const ck_parts *b, ck_nn_pack p, int out, int in, const float *w, const float *bias);

#endif
