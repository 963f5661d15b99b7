/* Problems of ck_nn_check: shapes of published models where kernels depend on them, with edges that fill no tile.  The
 * cheap ones come first: a device without any kernel for one is checked no further. */
#include "nn/check.h"

#define LOGITS 4 /* as the network's: alpha, foreground */
#define GROUPS 8

/* clang-format off */
const ck_nn_problem ck_nn_problems[] = {
    {.name = "linear, 56 to 168 channels", .kind = CK_NN_OP_LINEAR, .h = 5, .w = 13, .in = 56, .out = 168},
    {.name = "linear with addend", .kind = CK_NN_OP_LINEAR, .h = 5, .w = 13, .in = 224, .out = 56, .add = true},
    {.name = "linear with GELU", .kind = CK_NN_OP_LINEAR, .h = 5, .w = 13, .in = 56, .out = 224, .act = CK_NN_GELU},
    {.name = "group norm", .kind = CK_NN_OP_GROUP_NORM, .h = 1, .w = 2, .in = GROUPS, .out = 64},
    {.name = "coarse matte", .kind = CK_NN_OP_COARSE, .h = 36, .w = 40, .in = 3, .out = 7},
    {.name = "coarse matte of listed blocks", .kind = CK_NN_OP_COARSE, .h = 64, .w = 36, .in = 3, .out = 7, .listed = true},
    {.name = "final matte", .kind = CK_NN_OP_FINISH, .h = 36, .w = 40, .in = LOGITS, .out = LOGITS},
    {.name = "final matte of listed blocks", .kind = CK_NN_OP_FINISH, .h = 64, .w = 36, .in = LOGITS, .out = LOGITS, .listed = true},
    {.name = "merge of listed tokens", .kind = CK_NN_OP_MERGE, .h = 9, .w = 15, .in = 112, .out = 112, .listed = true},
    {.name = "norm, add, relu", .kind = CK_NN_OP_APPLY, .h = 20, .w = 40, .in = 64, .out = 64, .add = true},
    {.name = "norm, add, relu of listed blocks", .kind = CK_NN_OP_APPLY, .h = 64, .w = 36, .in = 64, .out = 64, .add = true, .listed = true},
    {.name = "head", .kind = CK_NN_OP_HEAD, .h = 20, .w = 40, .in = 64, .out = LOGITS, .add = true},
    {.name = "head of listed blocks", .kind = CK_NN_OP_HEAD, .h = 64, .w = 36, .in = 64, .out = LOGITS, .add = true, .listed = true},
    {.name = "patch embedding", .kind = CK_NN_OP_PATCH, .h = 3, .w = 35, .in = 4, .out = 112},
    {.name = "layer norm, 112 channels", .kind = CK_NN_OP_LAYER_NORM, .h = 5, .w = 13, .in = 112, .out = 112},
    {.name = "layer norm, 896 channels", .kind = CK_NN_OP_LAYER_NORM, .h = 3, .w = 5, .in = 896, .out = 896},
    {.name = "pooling", .kind = CK_NN_OP_POOL, .h = 5, .w = 13, .in = 112, .out = 112},
    {.name = "attention, heads of 16", .kind = CK_NN_OP_ATTENTION, .h = 7, .w = 11, .in = 64, .out = 64, .heads = 4},
    {.name = "attention, heads of 56", .kind = CK_NN_OP_ATTENTION, .h = 9, .w = 15, .in = 112, .out = 112, .heads = 2},
    {.name = "attention, heads of 72", .kind = CK_NN_OP_ATTENTION, .h = 9, .w = 15, .in = 72, .out = 72, .heads = 1},
    {.name = "attention, heads of 96", .kind = CK_NN_OP_ATTENTION, .h = 9, .w = 15, .in = 96, .out = 96, .heads = 1},
    {.name = "attention of listed tokens", .kind = CK_NN_OP_ATTENTION, .h = 9, .w = 15, .in = 72, .out = 72, .heads = 1, .listed = true},
    {.name = "windows of 64, heads of 56", .kind = CK_NN_OP_ATTENTION, .h = 8, .w = 24, .in = 56, .out = 56, .heads = 1, .window = 8},
    {.name = "windows of 16, heads of 56", .kind = CK_NN_OP_ATTENTION, .h = 4, .w = 12, .in = 112, .out = 112, .heads = 2, .window = 4},
    {.name = "windows of 64, 16 queries", .kind = CK_NN_OP_ATTENTION, .h = 4, .w = 12, .in = 72, .out = 72, .heads = 1, .window = 8, .queries_a_side = 2},
    {.name = "windows of 16, 4 queries", .kind = CK_NN_OP_ATTENTION, .h = 4, .w = 12, .in = 96, .out = 96, .heads = 1, .window = 4, .queries_a_side = 2},
    {.name = "decoders' fuse", .kind = CK_NN_OP_FUSE, .h = 8, .w = 24, .in = 512, .out = LOGITS},
    {.name = "convolution, 7 to 64 channels", .kind = CK_NN_OP_CONV, .h = 32, .w = 40, .in = 7, .out = 64, .dilation = 1},
    {.name = "convolution, dilation 1", .kind = CK_NN_OP_CONV, .h = 32, .w = 40, .in = 64, .out = 64, .dilation = 1},
    {.name = "convolution, dilation 2", .kind = CK_NN_OP_CONV, .h = 32, .w = 40, .in = 64, .out = 64, .dilation = 2},
    {.name = "convolution, dilation 4", .kind = CK_NN_OP_CONV, .h = 32, .w = 40, .in = 64, .out = 64, .dilation = 4},
    {.name = "convolution, dilation 8", .kind = CK_NN_OP_CONV, .h = 32, .w = 40, .in = 64, .out = 64, .dilation = 8},
    {.name = "convolution of listed blocks", .kind = CK_NN_OP_CONV, .h = 64, .w = 36, .in = 7, .out = 64, .dilation = 1, .listed = true},
};
/* clang-format on */
const int ck_nn_problem_count = sizeof ck_nn_problems / sizeof *ck_nn_problems;

/* Tokens of a map of 9 x 15: more than a thread block computes, neighbours and single ones, the last among them. */
#define TOKENS(n) n, n + 1, n + 4, n + 6, n + 7, n + 8, n + 12, n + 14
static const int token_list[] = {TOKENS(0),  TOKENS(15), TOKENS(30),  TOKENS(45), TOKENS(60),
                                 TOKENS(75), TOKENS(90), TOKENS(105), TOKENS(120)};
static const ck_nn_rows tokens = {token_list, sizeof token_list / sizeof *token_list};

/* Blocks of a map of 64 x 36: those at the right. */
static const int block_list[] = {1, 3};
static const ck_nn_part blocks = {block_list, sizeof block_list / sizeof *block_list};

/* Pixels of 16-bit tensors begin at multiples of 16 bytes, as in plans. */
static ck_nn_tensor map(int id, ck_nn_type type, int h, int w, int c)
{
    int ld = ck_nn_type_size(type) == 2 ? (c + 7) / 8 * 8 : c;
    return (ck_nn_tensor){.type = type, .h = h, .w = w, .c = c, .ld = ld, .id = id};
}

static ck_nn_tensor planar(int id, int c, int h, int w)
{
    return (ck_nn_tensor){.type = CK_NN_F32, .planar = true, .h = h, .w = w, .c = c, .ld = c, .id = id};
}

static ck_nn_tensor norm(int id, int c)
{
    return map(id, CK_NN_F32, 1, 2, c);
}

enum { Y = CK_NN_INPUTS, STATS }; /* ids; those of inputs are their numbers */

static void attention(const ck_nn_problem *p, ck_nn_type act, ck_nn_step *s)
{
    int times = p->queries_a_side ? p->queries_a_side : 1;
    s->x[0] = map(0, act, p->h, p->w, p->in);
    s->x[1] = s->x[2] = map(1, act, p->h * times, p->w * times, 2 * p->in);
    s->x[1].c = s->x[2].c = p->in;
    s->x[2].at = (size_t)p->in * ck_nn_type_size(act);
}

static void conv(const ck_nn_problem *p, ck_nn_type act, ck_nn_step *s)
{
    s->x[0] = map(0, act, p->h, p->w, p->in);
    if (p->dilation > 1)
        s->x[1] = norm(1, p->in);
    s->groups = GROUPS;
    s->stats = map(STATS, CK_NN_F64, ck_nn_blocks(p->h) * ck_nn_blocks(p->w), GROUPS, 2);
}

ck_nn_step ck_nn_problem_step(const ck_nn_problem *p, ck_nn_type act)
{
    int h = p->h, w = p->w;
    bool by_token = p->kind == CK_NN_OP_ATTENTION || p->kind == CK_NN_OP_MERGE;
    ck_nn_step s = {.kind = p->kind,
                    .act = p->act,
                    .heads = p->heads,
                    .window = p->window,
                    .dilation = p->dilation,
                    .groups = GROUPS,
                    .eps = 1e-5f,
                    .gain = 1,
                    .rows = p->listed && by_token ? &tokens : NULL,
                    .part = p->listed && !by_token ? &blocks : NULL,
                    .y = map(Y, act, h, w, p->out)};
    switch (p->kind) {
    case CK_NN_OP_PATCH:
        s.x[0] = planar(0, p->in, 4 * h, 4 * w);
        s.y = map(Y, CK_NN_F32, h, w, p->out);
        break;
    case CK_NN_OP_LAYER_NORM:
        s.x[0] = map(0, CK_NN_F32, h, w, p->in);
        break;
    case CK_NN_OP_POOL:
        s.x[0] = map(0, act, 2 * h, 2 * w, p->in);
        break;
    case CK_NN_OP_ATTENTION:
        attention(p, act, &s);
        break;
    case CK_NN_OP_MERGE:
        s.x[0] = map(0, CK_NN_F32, h, w, p->in);
        s.y = map(Y, CK_NN_F32, h, w, p->out);
        break;
    case CK_NN_OP_FUSE:
        for (int i = 0; i < CK_NN_INPUTS; i++)
            s.x[i] = map(i, act, h >> i, w >> i, p->in);
        s.y = planar(Y, p->out, h, w);
        break;
    case CK_NN_OP_COARSE:
        s.x[0] = planar(0, p->in, h, w);
        s.x[1] = planar(1, LOGITS, h / 4, w / 4);
        break;
    case CK_NN_OP_CONV:
        conv(p, act, &s);
        break;
    case CK_NN_OP_GROUP_NORM:
        s.x[0] = map(0, CK_NN_F64, 70, GROUPS, 2);
        s.pixels = (size_t)70 * CK_NN_BLOCK * CK_NN_BLOCK;
        s.y = norm(Y, p->out);
        break;
    case CK_NN_OP_FINISH:
        s.x[0] = planar(0, LOGITS, h / 4, w / 4);
        s.x[1] = planar(1, LOGITS, h, w);
        s.y = planar(Y, LOGITS, h, w);
        break;
    case CK_NN_OP_HEAD:
        s.x[3] = planar(3, LOGITS, h / 4, w / 4);
        s.y = planar(Y, p->out, h, w);
        /* fallthrough */
    case CK_NN_OP_APPLY:
        s.x[0] = map(0, act, h, w, p->in);
        s.x[1] = norm(1, p->in);
        s.x[2] = map(2, act, h, w, p->in);
        break;
    default: /* LINEAR */
        s.x[0] = map(0, act, h, w, p->in);
        if (p->add) {
            s.y = map(Y, CK_NN_F32, h, w, p->out);
            s.x[1] = map(1, CK_NN_F32, h, w, p->out);
        }
    }
    return s;
}
