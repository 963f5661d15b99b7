/* The refiner:
 *
 *     [normalised RGB, sigmoid(up(logits))]                      coarse [H][W][7]
 *       -> stem: conv, GroupNorm, ReLU                            x [H][W][C]
 *       -> 4 x:  a = conv1(x)
 *                c = conv2(relu(norm(a)))
 *                x = relu(norm(c) + x)                            dilation 1, 2, 4, 8
 *       -> 1x1 convolution x 10                                   delta [4][H][W]
 *       -> sigmoid(up(logits) + scale * delta)                    final [4][H][W]
 *
 * A convolution stores the sums for its GroupNorm; the next step normalises when it reads the result.  Three maps of C
 * channels are alive at a time: x, a, c.  With bands there are two: c overwrites a, shifted up far enough that a band
 * overwrites only rows that no later band reads. */
#include <stdio.h>

#include "greenformer/parts.h"

#define EPS 1e-5f
#define CORRECTION 10 /* factor of the last layer's result */

#define REACH (1 << (CK_REFINER_BLOCKS - 1)) /* pixels: the largest dilation */

/* Convolutions: the stem, then two in each residual block. */
#define CONVS (1 + 2 * CK_REFINER_BLOCKS)

static int dilation_of(int i)
{
    return i ? 1 << ((i - 1) / 2) : 1;
}

/* Blocks where convolution i must be right for the refined blocks to be; NULL: everywhere.  The last convolution must
 * be right inside them, each one before as far as the next one reaches, in whole squares of conv_tile.  Together that
 * is 30 pixels without such squares, 92 with squares of 4. */
static const ck_nn_part *where_right(const ck_parts *b, int i)
{
    int pixels = 0, tile = b->dev->conv_tile > 0 ? b->dev->conv_tile : 1;
    for (int k = CONVS - 1; k > i; k--) {
        int before = tile * dilation_of(k - 1);
        pixels = (pixels + dilation_of(k) + before - 1) / before * before;
    }
    return b->where ? &b->where->near[ck_nn_blocks(pixels)] : NULL;
}

static const ck_nn_part *where_refined(const ck_parts *b)
{
    return b->where ? &b->where->near[0] : NULL;
}

typedef struct normed {
    ck_nn_tensor map;  /* before normalisation */
    ck_nn_tensor norm; /* [2][C]: scale, shift */
} normed;

/* The two maps inside a residual block. */
typedef struct pair {
    ck_nn_tensor a, c;
} pair;

static ck_nn_tensor map(const ck_parts *b, int extra)
{
    return ck_nn_plan_map(b->plan, b->h + extra, b->w, b->sizes->refiner);
}

static pair maps(const ck_parts *b)
{
    if (!b->band)
        return (pair){map(b, 0), map(b, 0)};
    int ahead = b->band + REACH;
    ck_nn_tensor both = map(b, ahead);
    return (pair){ck_nn_plan_rows(&both, ahead, b->h), ck_nn_plan_rows(&both, 0, b->h)};
}

/* Add convolution i and its GroupNorm's scale and shift. */
static normed conv(const ck_parts *b, int i, const char *part, const char *conv_name, const char *norm_name,
                   const ck_nn_tensor *x, const ck_nn_tensor *x_norm, const ck_nn_tensor *y)
{
    int c = b->sizes->refiner;
    char name[64];
    normed n = {*y, ck_nn_plan_f32(b->plan, 1, 2, c)};
    if (b->sparse) {
        ck_nn_plan_input(b->plan, &n.norm);
        ck_nn_plan_output(b->plan, &n.norm);
    }
    ck_nn_tensor sums = ck_nn_plan_f64(b->plan, ck_nn_blocks(b->h) * ck_nn_blocks(b->w), CK_GROUPS, 2);
    snprintf(name, sizeof name, "refiner.%s.%s", part, conv_name);
    ck_nn_step s = {.kind = CK_NN_OP_CONV,
                    .x = {*x},
                    .y = n.map,
                    .stats = sums,
                    .groups = CK_GROUPS,
                    .dilation = dilation_of(i),
                    .part = where_right(b, i),
                    .weight = ck_part_weight(b, 1, name)};
    if (x_norm)
        s.x[1] = *x_norm;
    ck_nn_plan_add(b->plan, part, conv_name, s);
    snprintf(name, sizeof name, "refiner.%s.%s", part, norm_name);
    ck_nn_plan_add(b->plan, part, norm_name,
                   (ck_nn_step){.kind = CK_NN_OP_GROUP_NORM,
                                .x = {sums},
                                .y = n.norm,
                                .groups = CK_GROUPS,
                                .pixels = (size_t)b->h * (size_t)b->w,
                                .eps = EPS,
                                .part = b->where ? &b->where->sums : NULL,
                                .weight = ck_part_weight(b, 1, name)});
    return n;
}

/* Add the normalisation of convolution i. */
static void apply(const ck_parts *b, int i, const char *part, const normed *n, const ck_nn_tensor *add,
                  const ck_nn_tensor *y)
{
    ck_nn_step s = {.kind = CK_NN_OP_APPLY, .x = {n->map, n->norm}, .y = *y, .part = where_right(b, i)};
    if (add)
        s.x[2] = *add;
    ck_nn_plan_add(b->plan, part, "apply", s);
}

static ck_nn_tensor coarse(const ck_parts *b, const ck_nn_tensor *rgb, const ck_nn_tensor *logits)
{
    ck_nn_tensor y = ck_nn_plan_map(b->plan, b->h, b->w, rgb->c + logits->c);
    ck_nn_plan_add(b->plan, "refiner", "coarse",
                   (ck_nn_step){.kind = CK_NN_OP_COARSE, .x = {*rgb, *logits}, .y = y, .part = where_right(b, 0)});
    return y;
}

static void finish(const ck_parts *b, const char *name, const ck_nn_tensor *logits, const ck_nn_tensor *delta,
                   const ck_nn_tensor *y, float scale, const ck_nn_part *part)
{
    ck_nn_step s = {.kind = CK_NN_OP_FINISH, .x = {*logits}, .y = *y, .gain = scale, .part = part};
    if (delta)
        s.x[1] = *delta;
    ck_nn_plan_add(b->plan, "refiner", name, s);
}

/* Scale 0: the corrections would have no effect and are not computed. */
static ck_refined leave_coarse(const ck_parts *b, const ck_nn_tensor *logits)
{
    ck_refined r = {.final = ck_nn_plan_planar(b->plan, CK_LOGITS, b->h, b->w)};
    finish(b, "finish", logits, NULL, &r.final, 0, where_refined(b));
    if (b->sparse)
        finish(b, "rest", logits, NULL, &r.final, 0, &b->where->rest);
    return r;
}

ck_refined ck_part_refiner(const ck_parts *b, const ck_nn_tensor *rgb, const ck_nn_tensor *logits, float scale)
{
    if (scale == 0 && !b->keep)
        return leave_coarse(b, logits);
    const ck_nn_part *core = where_refined(b);
    ck_refined r = {.coarse = coarse(b, rgb, logits), .delta = ck_nn_plan_planar(b->plan, CK_LOGITS, b->h, b->w)};
    r.final = b->keep ? ck_nn_plan_planar(b->plan, CK_LOGITS, b->h, b->w) : r.delta;
    ck_nn_tensor x = map(b, 0);
    normed n = conv(b, 0, "stem", "0", "1", &r.coarse, NULL, &x);
    apply(b, 0, "stem", &n, NULL, &x);
    for (int k = 1; k <= CK_REFINER_BLOCKS; k++) {
        char part[16];
        snprintf(part, sizeof part, "res%d", k);
        pair p = maps(b);
        n = conv(b, 2 * k - 1, part, "conv1", "gn1", &x, NULL, &p.a);
        n = conv(b, 2 * k, part, "conv2", "gn2", &n.map, &n.norm, &p.c);
        if (k < CK_REFINER_BLOCKS)
            apply(b, 2 * k, part, &n, &x, &x);
    }
    /* The last block's sum is never stored, and corrections only with `keep`: the head computes its input on the
     * fly. */
    ck_nn_step head = {.kind = CK_NN_OP_HEAD,
                       .x = {n.map, n.norm, x},
                       .y = r.delta,
                       .gain = scale,
                       .part = core,
                       .weight = ck_part_weight(b, CORRECTION, "refiner.final")};
    if (!b->keep)
        head.x[3] = *logits;
    ck_nn_plan_add(b->plan, "refiner", "final", head);
    if (b->keep)
        finish(b, "finish", logits, &r.delta, &r.final, scale, core);
    if (b->sparse)
        finish(b, "rest", logits, NULL, &r.final, scale, &b->where->rest);
    return r;
}
