/* The weight table of GreenFormer: which tensors a checkpoint must have, of which shape, and how a device packs them.
 * spec_rows.c writes it out; checking a checkpoint (spec.c) and building the network (parts.c) both go by it.
 *
 * Every size follows from the tensors' shapes (MODEL.md, "Checkpoints"); with D = embed, W = decoder,
 * R = refiner, stage s = 0…3 and width[s] = D << s:
 *
 *     encoder.model.pos_embed                              [1, grid*grid, D]
 *     encoder.model.patch_embed.proj.{weight,bias}         [D, 4, 7, 7], [D]
 *     encoder.model.blocks.B.norm1.{weight,bias}           [in]
 *     encoder.model.blocks.B.proj.{weight,bias}            [out, in]
 *     encoder.model.blocks.B.attn.qkv.{weight,bias}        [3*out, in]
 *     encoder.model.blocks.B.attn.proj.{weight,bias}       [out, out]
 *     encoder.model.blocks.B.norm2.{weight,bias}           [out]
 *     encoder.model.blocks.B.mlp.fc1.{weight,bias}         [4*out, out]
 *     encoder.model.blocks.B.mlp.fc2.{weight,bias}         [out, 4*out]
 *         out = width[s] of the block's stage, in = out of the block before (D for block 0);
 *         blocks.B.proj only on the first block of stages 1, 2, 3
 *     {alpha,fg}_decoder.linear_c{1..4}.proj.{weight,bias} [W, width[0..3]]
 *     {alpha,fg}_decoder.linear_fuse.weight                [W, 4*W, 1, 1]
 *     {alpha,fg}_decoder.bn.{weight,bias,running_mean,running_var}  [W]
 *     {alpha,fg}_decoder.classifier.{weight,bias}          [1 or 3, W, 1, 1]
 *     refiner.stem.0.{weight,bias}                         [R, 7, 3, 3]
 *     refiner.stem.1.{weight,bias}                         [R]
 *     refiner.res{1..4}.conv{1,2}.{weight,bias}            [R, R, 3, 3]
 *     refiner.res{1..4}.gn{1,2}.{weight,bias}              [R]
 *     refiner.final.{weight,bias}                          [4, R, 1, 1]
 */
#ifndef CK_GREENFORMER_SPEC_H
#define CK_GREENFORMER_SPEC_H

#include "checkpoint/weights.h"
#include "nn/nn.h"

#define CK_ENCODER_STAGES 4
#define CK_GROUPS 8 /* of every GroupNorm */

/* Parts whose weights a program computes with; the values of the others are not checked. */
enum { CK_PART_ENCODER = 1, CK_PART_DECODERS = 2, CK_PART_REFINER = 4, CK_PART_ALL = 7 };

typedef enum ck_heads_from { CK_HEADS_METADATA, CK_HEADS_OPTION, CK_HEADS_EMBED } ck_heads_from;

typedef struct ck_sizes {
    int grid;                     /* pos_embed is grid x grid: trained at 4*grid pixels a side */
    int embed;                    /* D */
    int heads;                    /* of stage 0; heads << s in stage s */
    ck_heads_from heads_from;     /* source of `heads` */
    int blocks;                   /* number of blocks */
    int depth[CK_ENCODER_STAGES]; /* blocks per stage, each at least 1 */
    int width[CK_ENCODER_STAGES]; /* D << s */
    int decoder;                  /* W */
    int refiner;                  /* R, a multiple of CK_GROUPS */
} ck_sizes;

#define CK_SPEC_NAME 96 /* bytes including the NUL */

/* NAME.weight and NAME.bias, as long as weight's first axis; or, if `alone`, only the tensor NAME. */
typedef struct ck_spec_row {
    char name[CK_SPEC_NAME];
    bool alone;
    unsigned part; /* a CK_PART_… */
    int dims;
    size_t shape[4];
    ck_nn_pack pack; /* for `alone` tensors that the decoders fold: the pack of the result */
} ck_spec_row;

typedef struct ck_spec_rows {
    ck_spec_row *row; /* owned */
    int n;
} ck_spec_rows;

/* Make the table for these sizes.  Call ck_spec_rows_free even after a failure (CK_ERR_MEMORY). */
ck_status ck_spec_rows_new(const ck_sizes *z, ck_spec_rows *out, ck_error *e);
const ck_spec_row *ck_spec_rows_find(const ck_spec_rows *t, const char *name); /* NULL if not found */
void ck_spec_rows_free(ck_spec_rows *t);

typedef struct ck_spec {
    ck_sizes sizes;
    size_t tensors, values; /* of the network */
    ck_dtype dtype;         /* widest type among them */
    char warning[2][400];   /* one line each without the file's name; "" = none */
} ck_spec;

/* Check a checkpoint against the whole table: every tensor exists, has its shape and a float type and, in the given
 * `parts`, only finite values.  An error names the tensor and both shapes.  Tensors outside the table, except integers,
 * cause a warning, or an error under `strict`.
 *
 * heads: the user's choice, 0 = none.  Order of precedence: num_heads in the metadata (a different `heads` causes a
 * warning), `heads`, the number in published models of that embed dimension; else an error asks for it. */
ck_status ck_spec_check(const ck_weights *w, int heads, bool strict, unsigned parts, ck_spec *out, ck_error *e);

#endif
