/* The encoder, a Hiera network:
 *
 *     input [4][H][W]
 *       -> patch embedding 7x7/4 + position embedding            t [H/4][W/4][C]
 *       -> blocks, in four stages
 *            n = layer_norm(t)
 *            first block of stages 1 to 3:  t = pool(proj(n)),  q = pool(q)
 *            t += attn_proj(attention(qkv(n)))                with routed tokens: of those only
 *            t += fc2(gelu(fc1(layer_norm(t))))
 *       -> t after each stage                                     maps */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "image/resample.h"
#include "greenformer/input.h"
#include "greenformer/parts.h"

#define EPS 1e-6f

/* Resize the embedding to out [h][w][c]: bicubic, a = -0.75, half-pixel centres.  pos: [side * side][c]. */
static ck_status resize(const float *pos, int side, int c, int h, int w, float *out, ck_error *e)
{
    size_t from = (size_t)side * (size_t)side, to = (size_t)h * (size_t)w, n = (size_t)c;
    float *planes = malloc(n * from * sizeof *planes), *resized = malloc(n * to * sizeof *resized);
    ck_status s = planes && resized ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for the position embedding");
    if (s == CK_OK) {
        for (size_t k = 0; k < n; k++)
            for (size_t i = 0; i < from; i++)
                planes[k * from + i] = pos[i * n + k];
        s = ck_resample(planes, c, side, side, resized, h, w, CK_CUBIC, e);
    }
    if (s == CK_OK)
        for (size_t i = 0; i < to; i++)
            for (size_t k = 0; k < n; k++)
                out[i * n + k] = resized[k * to + i];
    free(planes);
    free(resized);
    return s;
}

static const ck_nn_weight *position(const ck_parts *b, int h, int w)
{
    int c = b->sizes->width[0], side = b->sizes->grid;
    size_t tokens = (size_t)h * (size_t)w;
    float *pos = ck_part_read(b, "encoder.model.pos_embed");
    const ck_nn_weight *to = NULL;
    ck_error e;
    if (pos && (h != side || w != side)) {
        float *resized = malloc(tokens * (size_t)c * sizeof *resized);
        ck_status s = resized ? resize(pos, side, c, h, w, resized, &e)
                              : ck_fail(&e, CK_ERR_MEMORY, "out of memory for the position embedding");
        if (s != CK_OK)
            ck_nn_plan_fail(b->plan, s, &e);
        free(pos);
        pos = resized;
    }
    if (pos)
        to = ck_part_pack(b, CK_NN_TABLE, h * w, c, pos, NULL);
    free(pos);
    return to;
}

/* Names of one block's weights. */
typedef struct names {
    char prefix[64], label[32], full[96];
} names;

static const char *under(names *n, const char *leaf)
{
    snprintf(n->full, sizeof n->full, "%s%s", n->prefix, leaf);
    return n->full;
}

static ck_nn_tensor norm(const ck_parts *b, names *n, const char *leaf, const ck_nn_tensor *x)
{
    ck_nn_tensor y = ck_nn_plan_act(b->plan, x->h, x->w, x->c);
    ck_nn_plan_add(b->plan, n->label, leaf,
                   (ck_nn_step){.kind = CK_NN_OP_LAYER_NORM,
                                .x = {*x},
                                .y = y,
                                .weight = ck_part_weight(b, 1, under(n, leaf)),
                                .eps = EPS});
    return y;
}

static void linear(const ck_parts *b, names *n, const char *leaf, const ck_nn_tensor *x, ck_nn_act act,
                   const ck_nn_tensor *add, const ck_nn_tensor *y)
{
    ck_nn_step s = {
        .kind = CK_NN_OP_LINEAR, .x = {*x}, .y = *y, .act = act, .weight = ck_part_weight(b, 1, under(n, leaf))};
    if (add)
        s.x[1] = *add;
    ck_nn_plan_add(b->plan, n->label, leaf, s);
}

static void pool(const ck_parts *b, names *n, const char *what, const ck_nn_tensor *x, const ck_nn_tensor *y)
{
    ck_nn_plan_add(b->plan, n->label, what, (ck_nn_step){.kind = CK_NN_OP_POOL, .x = {*x}, .y = *y});
}

/* The shortcut of a block that starts a stage: half the map's size, more channels. */
static ck_nn_tensor shrink(const ck_parts *b, names *n, const ck_nn_tensor *x, int width)
{
    ck_nn_tensor wide = ck_nn_plan_f32(b->plan, x->h, x->w, width);
    ck_nn_tensor t = ck_nn_plan_f32(b->plan, x->h / 2, x->w / 2, width);
    linear(b, n, "proj", x, CK_NN_NONE, NULL, &wide);
    pool(b, n, "shortcut", &wide, &t);
    return t;
}

static ck_nn_tensor attention(const ck_parts *b, names *n, const ck_nn_tensor *x, int width, int heads, int window,
                              bool halve, const ck_nn_rows *rows)
{
    ck_nn_tensor qkv = ck_nn_plan_act(b->plan, x->h, x->w, 3 * width);
    linear(b, n, "attn.qkv", x, CK_NN_NONE, NULL, &qkv);
    ck_nn_tensor q = ck_nn_plan_view(&qkv, 0, width);
    if (halve) {
        ck_nn_tensor small = ck_nn_plan_act(b->plan, x->h / 2, x->w / 2, width);
        pool(b, n, "queries", &q, &small);
        q = small;
    }
    ck_nn_tensor y = ck_nn_plan_act(b->plan, q.h, q.w, width);
    ck_nn_plan_add(b->plan, n->label, "attention",
                   (ck_nn_step){.kind = CK_NN_OP_ATTENTION,
                                .x = {q, ck_nn_plan_view(&qkv, width, width), ck_nn_plan_view(&qkv, 2 * width, width)},
                                .y = y,
                                .heads = heads,
                                .window = window,
                                .rows = rows});
    return y;
}

/* t += attn_proj(o), for `rows` of t only unless they are NULL. */
static void add_attention(const ck_parts *b, names *n, const ck_nn_tensor *o, const ck_nn_rows *rows,
                          const ck_nn_tensor *t)
{
    ck_nn_tensor sum = rows ? ck_nn_plan_f32(b->plan, t->h, t->w, t->c) : *t;
    ck_nn_plan_add(b->plan, n->label, "attn.proj",
                   (ck_nn_step){.kind = CK_NN_OP_LINEAR,
                                .x = {*o, *t},
                                .y = sum,
                                .rows = rows,
                                .weight = ck_part_weight(b, 1, under(n, "attn.proj"))});
    if (rows)
        ck_nn_plan_add(b->plan, n->label, "merge",
                       (ck_nn_step){.kind = CK_NN_OP_MERGE, .x = {sum}, .y = *t, .rows = rows});
}

static ck_nn_tensor block(const ck_parts *b, int index, int stage, bool first, ck_nn_tensor t)
{
    int width = b->sizes->width[stage];
    bool halve = stage > 0 && first;
    /* Attention is windowed up to the first block of stage 2.  A window is one mask unit, 8 tokens of stage 0 wide. */
    bool windowed = stage < 2 || (stage == 2 && first);
    int window = windowed ? 8 >> (stage - halve) : 0;
    const ck_nn_rows *rows = windowed ? NULL : b->routed[stage];
    names n;
    snprintf(n.prefix, sizeof n.prefix, "encoder.model.blocks.%d.", index);
    snprintf(n.label, sizeof n.label, "block %d", index);

    ck_nn_tensor x = norm(b, &n, "norm1", &t);
    if (halve)
        t = shrink(b, &n, &x, width);
    ck_nn_tensor o = attention(b, &n, &x, width, b->sizes->heads << stage, window, halve, rows);
    add_attention(b, &n, &o, rows, &t);

    x = norm(b, &n, "norm2", &t);
    ck_nn_tensor hidden = ck_nn_plan_act(b->plan, t.h, t.w, 4 * width);
    linear(b, &n, "mlp.fc1", &x, CK_NN_GELU, NULL, &hidden);
    linear(b, &n, "mlp.fc2", &hidden, CK_NN_NONE, &t, &t);
    return t;
}

void ck_part_encoder(const ck_parts *b, const ck_nn_tensor *input, ck_nn_tensor maps[CK_ENCODER_STAGES])
{
    int h = b->h / CK_LOGIT_STRIDE, w = b->w / CK_LOGIT_STRIDE, width = b->sizes->width[0], index = 0;
    ck_nn_tensor t = ck_nn_plan_f32(b->plan, h, w, width);
    ck_nn_plan_add(b->plan, "encoder", "patch_embed",
                   (ck_nn_step){.kind = CK_NN_OP_PATCH,
                                .x = {*input},
                                .y = t,
                                .weight = ck_part_weight(b, 1, "encoder.model.patch_embed.proj"),
                                .extra = position(b, h, w)});
    for (int s = 0; s < CK_ENCODER_STAGES; s++) {
        for (int i = 0; i < b->sizes->depth[s]; i++)
            t = block(b, index++, s, i == 0, t);
        maps[s] = t;
    }
}
