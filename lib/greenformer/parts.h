/* The parts of the network; each adds its steps to a plan.  The plan keeps their errors (ck_nn_plan_finish). */
#ifndef CK_GREENFORMER_PARTS_H
#define CK_GREENFORMER_PARTS_H

#include "greenformer/spec.h"
#include "nn/plan.h"

#define CK_LOGITS 4 /* alpha, then foreground */
#define CK_REFINER_BLOCKS 4
#define CK_REFINER_RINGS 3 /* of neighbours that a block's result may depend on */

/* Block lists for the refiner, read by every run. */
typedef struct ck_refine_where {
    ck_nn_part near[CK_REFINER_RINGS + 1]; /* [i]: blocks to refine, and i rings of neighbours around them */
    ck_nn_part rest;                       /* blocks that keep the coarse result */
    ck_nn_part sums;                       /* empty list: the statistics of an earlier frame stay */
} ck_refine_where;

typedef struct ck_parts {
    const ck_weights *weights; /* checked against the table */
    const ck_spec_rows *rows;  /* the table */
    const ck_sizes *sizes;
    ck_nn *dev;
    ck_nn_plan *plan;
    int h, w; /* inference size, multiples of 32 */
    /* Tokens that attend in the global blocks of each stage, read by every run; NULL: all. */
    const ck_nn_rows *routed[CK_ENCODER_STAGES];
    /* For the refiner: */
    const ck_refine_where *where; /* NULL: always all blocks */
    bool sparse;                  /* single blocks may be refined; statistics outlive a frame */
    int band;                     /* rows per band, see ck_nn_plan_bound; 0 = no bands */
    bool keep;                    /* keep delta */
} ck_parts;

/* Encode input, planar [4][h][w]: normalised RGB and hint.  Map i is [h/4 >> i][w/4 >> i][width[i]], f32. */
void ck_part_encoder(const ck_parts *b, const ck_nn_tensor *input, ck_nn_tensor maps[CK_ENCODER_STAGES]);

/* Logits, planar [4][h/4][w/4]: one for alpha, three for the foreground. */
ck_nn_tensor ck_part_decoders(const ck_parts *b, const ck_nn_tensor maps[CK_ENCODER_STAGES]);

typedef struct ck_refined {
    ck_nn_tensor coarse; /* [h][w][7]: normalised RGB, probabilities */
    ck_nn_tensor delta;  /* corrections, planar [4][h][w]; without `keep`, final overwrites it */
    ck_nn_tensor final;  /* planar [4][h][w]: alpha, foreground */
} ck_refined;

/* rgb: planar [3][h][w], normalised; scale: factor of the corrections. */
ck_refined ck_part_refiner(const ck_parts *b, const ck_nn_tensor *rgb, const ck_nn_tensor *logits, float scale);

/* ---- weights; NULL after a failure, which the plan keeps ---- */

/* All values of a tensor; free() them. */
float *ck_part_read(const ck_parts *b, const char *name);

/* PREFIX.weight and PREFIX.bias, multiplied by `gain`, packed as their row of the table says. */
const ck_nn_weight *ck_part_weight(const ck_parts *b, float gain, const char *prefix);

/* Pack given values; w and bias may be NULL after a failure. */
const ck_nn_weight *ck_part_pack(const ck_parts *b, ck_nn_pack p, int out, int in, const float *w, const float *bias);

#endif
