/* A device's matrix products, convolutions and attention against the reference.
 *
 *     nn_products_test [DEVICE [PRECISION [once [KERNELS]]]]
 *
 * Default: cpu f32.  once: another device is not asked twice; KERNELS: names of those to do without.
 *
 * The reference sums in double and rounds once (UNIT of the result), so differences are the device's own rounding.  For
 * a sum of n products that is at most op_sum_bound(n) times the sum of their magnitudes, which the reference computes
 * too, from the magnitudes of inputs and weights.
 *
 * At a lower precision the reference gets rounded operands, whose products float32 holds exactly.  CPUs round every
 * partial sum, so only the order of accumulation differs.  Tensor cores truncate where float32 would round: a term by
 * at most 2^-23 of the largest beside it, and each partial sum once more.  Hence four times op_sum_bound. */
#include <sys/wait.h>
#include <unistd.h>

#include "nn/check.h"
#include "nn/cpu/cpu.h"
#include "precision.h"

static ck_nn *ref, *cpu[3]; /* with 1, 2 and 3 threads */
static int cpus;            /* two of another device: the same bytes twice, unless `once` */
static bool ours;           /* it is the cpu */
static bool on_host;        /* … or ref */
static ck_nn_precision precision;
static ck_nn *plain; /* the tested device at f32, if its precision is another */
static uint32_t seed = 1;

static double sum_bound(double n)
{
    return (precision == CK_NN_PRECISION_F32 || on_host ? 1 : 4) * op_sum_bound(n);
}

static void make_absolute(op_tensor *o)
{
    for (size_t p = 0; p < ck_nn_pixels(&o->t); p++)
        for (int c = 0; c < o->t.c; c++)
            *op_at(o, p, c) = fabsf(*op_at(o, p, c));
}

/* Types of a step's inputs and result on the device. */
typedef struct types {
    ck_nn_type x, y;
} types;

/* All combinations that the network uses at this precision. */
static int all_types(types to[4])
{
    ck_nn_type act = precision_act(precision);
    to[0] = (types){CK_NN_F32, CK_NN_F32};
    to[1] = (types){act, act};
    to[2] = (types){act, CK_NN_F32};
    to[3] = (types){CK_NN_F32, act};
    return act == CK_NN_F32 ? 1 : 4;
}

static const char *type_names(types t)
{
    return t.x == t.y ? t.x == CK_NN_F32 ? "" : ", short" : t.x == CK_NN_F32 ? ", to short" : ", from short";
}

/* Error of a result of magnitude y rounded to t. */
static double stored_bound(ck_nn_type t, double y)
{
    return t == CK_NN_F32 ? 0 : precision_unit(precision) * fabs(y) + precision_tiny(precision);
}

/* Run s on every device, with a result of type t; y, and the addend in it, start as `start`.  True if the cpus agree;
 * *first is their result. */
static bool on_cpus(ck_nn_step s, const op_weight *w, const op_weight *extra, const op_tensor *start, op_tensor *y,
                    bool add_to_y, ck_nn_type type)
{
    bool same = true, whole = true;
    for (int i = 0; i < cpus; i++) {
        op_tensor mine = start ? precision_typed(precision, type, start)
                               : op_new(type, false, y->t.h, y->t.w, y->t.c, y->t.ld - y->t.c);
        op_tensor plain_mine = op_map(y->t.h, y->t.w, y->t.c, y->t.ld - y->t.c);
        s.y = mine.t;
        if (add_to_y)
            s.x[1] = mine.t;
        s.weight = w ? op_pack(cpu[i], w, false) : NULL;
        s.extra = extra ? op_pack(cpu[i], extra, false) : NULL;
        whole = op_run(cpu[i], s) && whole;
        precision_untyped(&mine, i == 0 ? y : &plain_mine);
        same = (i == 0 || op_equal(y, &plain_mine)) && same;
        whole = op_free(&mine) && op_free(&plain_mine) && whole;
    }
    if (!whole)
        printf("# a sentinel was overwritten\n");
    return same && whole;
}

/* ---- linear ---- */

typedef struct linear_case {
    int rows, in, out, gap;
    bool bias;
    ck_nn_act act;
    enum { ALONE, IN_PLACE, ELSEWHERE } add;
} linear_case;

/* |gelu(a) - gelu(b)| <= 1.13 |a - b|.  The polynomial of oneDNN's erf (Abramowitz and Stegun 7.1.26) errs by 1.5e-7,
 * which is multiplied by x/2; plus a dozen roundings. */
static double gelu_bound(double x, double error)
{
    return 1.13 * error + fabs(x) * (0.5 * 1.5e-7 + 12 * UNIT);
}

/* Host devices at bf16 add to the bias the rounded rest of each weight times the mean of every fourth row. */
static void add_low(op_weight *w, const op_tensor *x)
{
    size_t in = (size_t)w->in, pixels = ck_nn_pixels(&x->t), rows = (pixels + CK_NN_MEAN_ROWS - 1) / CK_NN_MEAN_ROWS;
    float *bias = calloc((size_t)w->out, sizeof *bias);
    for (size_t o = 0; o < (size_t)w->out; o++) {
        double sum = w->bias ? (double)w->bias[o] : 0;
        for (size_t k = 0; k < in; k++) {
            float v = w->w[o * in + k], low = precision_round(precision, v - precision_round(precision, v));
            double mean = 0;
            for (size_t r = 0; r < pixels; r += CK_NN_MEAN_ROWS)
                mean += (double)*op_at(x, r, (int)k) / (double)rows;
            sum += (double)low * mean;
        }
        bias[o] = (float)sum;
    }
    free(w->bias);
    w->bias = bias;
}

static void linear(const linear_case *k, types t)
{
    op_tensor x = op_map(1, k->rows, k->in, k->gap), y = op_map(1, k->rows, k->out, k->gap);
    op_tensor want = op_map(1, k->rows, k->out, k->gap), bare = op_map(1, k->rows, k->out, 0);
    op_tensor bound = op_map(1, k->rows, k->out, k->gap), add = op_map(1, k->rows, k->out, k->gap);
    op_weight w = op_weight_new(CK_NN_LINEAR, k->out, k->in, k->bias, &seed);
    op_random(&x, &seed, -2, 2);
    op_random(&add, &seed, -3, 3);
    op_tensor near = precision_map(precision, &x), sent = precision_typed(precision, t.x, &x);
    op_tensor added = precision_typed(precision, t.y, &add);
    precision_untyped(&added, &add);
    op_weight exact = op_weight_copy(&w);
    precision_untyped(&sent, &x);
    if (on_host && precision == CK_NN_PRECISION_BF16)
        add_low(&exact, &x);
    ck_nn_step s = {
        .kind = CK_NN_OP_LINEAR, .x = {near.t}, .act = k->act, .weight = precision_pack(ref, precision, &exact, false)};
    if (k->add == ELSEWHERE)
        s.x[1] = add.t;
    s.y = want.t;
    if (k->add == IN_PLACE) {
        memcpy(want.g.data, add.g.data, want.g.size);
        s.x[1] = want.t;
    }
    bool whole = op_run(ref, s);
    op_run(ref, (ck_nn_step){.kind = CK_NN_OP_LINEAR, .x = {near.t}, .y = bare.t, .weight = s.weight});
    s.x[0] = sent.t;
    if (k->add == ELSEWHERE)
        s.x[1] = added.t;
    bool same = on_cpus((ck_nn_step){.kind = CK_NN_OP_LINEAR, .x = {sent.t, s.x[1]}, .act = k->act}, &w, NULL,
                        k->add == IN_PLACE ? &add : NULL, &y, k->add == IN_PLACE, t.y);
    make_absolute(&near);
    op_run(ref, (ck_nn_step){.kind = CK_NN_OP_LINEAR,
                             .x = {near.t},
                             .y = bound.t,
                             .weight = precision_pack(ref, precision, &exact, true)});
    for (int r = 0; r < k->rows; r++)
        for (int c = 0; c < k->out; c++) {
            float *b = op_at(&bound, (size_t)r, c);
            double z = (double)*op_at(&bare, (size_t)r, c), error = (sum_bound(k->in + 1) + UNIT) * (double)*b;
            /* GELU gets the product in float32; products stored in 16 bits have a bias of 16 bits. */
            error = k->act == CK_NN_GELU ? gelu_bound(z, error) : error + stored_bound(t.y, 1);
            if (k->add != ALONE)
                error += 2 * UNIT * (fabs(z) + fabs((double)*op_at(&add, (size_t)r, c)));
            *b = (float)(error + stored_bound(t.y, fabs((double)*op_at(&want, (size_t)r, c)) + error));
        }
    double ratio = op_ratio(&y, &want, &bound);
    ok(same && whole && ratio <= 1, "linear %dx%d -> %d%s%s%s%s: %.2f of its bound", k->rows, k->in, k->out,
       type_names(t), k->gap ? ", gaps" : "", k->act == CK_NN_GELU ? ", gelu" : "",
       k->add == ALONE      ? ""
       : k->add == IN_PLACE ? ", added in place"
                            : ", added",
       ratio);
    whole = op_free(&x) && op_free(&y) && op_free(&want) && op_free(&bound) && op_free(&add) && op_free(&bare);
    whole = op_free(&near) && op_free(&sent) && op_free(&added) && whole;
    ok(whole, "and every sentinel is whole");
    op_weight_free(&w);
    op_weight_free(&exact);
}

static void linears(void)
{
    static const linear_case cases[] = {
        {1, 1, 1, 0, true, CK_NN_NONE, ALONE},         {3, 7, 5, 0, false, CK_NN_NONE, ALONE},
        {33, 17, 19, 0, true, CK_NN_GELU, ALONE},      {64, 112, 336, 0, true, CK_NN_NONE, ALONE},
        {257, 16, 64, 0, true, CK_NN_GELU, ALONE},     {65, 64, 16, 0, true, CK_NN_NONE, IN_PLACE},
        {70, 448, 112, 0, true, CK_NN_NONE, IN_PLACE}, {70, 48, 40, 0, true, CK_NN_NONE, ELSEWHERE},
        {37, 23, 41, 3, true, CK_NN_NONE, ELSEWHERE},  {530, 24, 72, 0, false, CK_NN_NONE, ALONE},
        {40, 3584, 33, 0, true, CK_NN_NONE, ALONE},    {9, 24, 5, 8, true, CK_NN_GELU, IN_PLACE}};
    types t[4];
    int n = all_types(t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int j = 0; j < n; j++)
            linear(&cases[i], t[j]);
    for (int j = 1; j < n; j += 2) /* cuda: GELU's product takes 8.7 MB and is made in two bands */
        linear(&(linear_case){8256, 8, 264, 0, true, CK_NN_GELU, ALONE}, t[j]);
}

/* ---- convolutions ---- */

static void patch(int h, int w, int out)
{
    op_tensor x = op_planar(4, 4 * h, 4 * w), y = op_map(h, w, out, 0), want = op_map(h, w, out, 0);
    op_tensor bound = op_map(h, w, out, 0);
    op_weight k = op_weight_new(CK_NN_PATCH, out, 4, true, &seed),
              pos = op_weight_new(CK_NN_TABLE, h * w, out, false, &seed);
    op_random(&x, &seed, -2, 2);
    ck_nn_step s = {.kind = CK_NN_OP_PATCH, .x = {x.t}};
    bool same = on_cpus(s, &k, &pos, NULL, &y, false, CK_NN_F32);
    s.y = want.t;
    s.weight = op_pack(ref, &k, false);
    s.extra = op_pack(ref, &pos, false);
    bool whole = op_run(ref, s);
    make_absolute(&x);
    s.y = bound.t;
    s.weight = op_pack(ref, &k, true);
    s.extra = op_pack(ref, &pos, true);
    op_run(ref, s);
    for (size_t i = 0; i < ck_nn_pixels(&bound.t) * (size_t)out; i++)
        ((float *)bound.g.data)[i] *= (float)(op_sum_bound(4 * 49 + 2) + 2 * UNIT);
    double ratio = op_ratio(&y, &want, &bound);
    ok(same && whole && ratio <= 1, "patch embedding %dx%d, %d channels: %.2f of its bound", 4 * w, 4 * h, out, ratio);
    whole = op_free(&x) && op_free(&y) && op_free(&want) && op_free(&bound);
    ok(whole, "and every sentinel is whole");
    op_weight_free(&k);
    op_weight_free(&pos);
}

/* A device's sums must be those of its own result, up to the rounding of doubles: n sums of n terms, 2^-53 each.  Those
 * of conv_mma16.cu are taken before the result is rounded to `type`, over 64 values at a time in float32. */
static bool sums_right(const op_tensor *y, const double *sums, int groups, ck_nn_type type, bool tensor_cores)
{
    double off = (type == CK_NN_F32 ? 0 : precision_unit(precision)) + (tensor_cores ? op_sum_bound(64 + 2) : 0);
    bool good = true;
    int across = ck_nn_blocks(y->t.w), blocks = across * ck_nn_blocks(y->t.h), per = y->t.c / groups;
    for (int i = 0; i < blocks; i++)
        for (int g = 0; g < groups; g++) {
            double sum = 0, squares = 0, magnitude = 0;
            for (int p = 0; p < CK_NN_BLOCK * CK_NN_BLOCK; p++) {
                int yy = i / across * CK_NN_BLOCK + p / CK_NN_BLOCK, xx = i % across * CK_NN_BLOCK + p % CK_NN_BLOCK;
                for (int c = 0; c < per && yy < y->t.h && xx < y->t.w; c++) {
                    double v = (double)*op_at(y, (size_t)yy * (size_t)y->t.w + (size_t)xx, g * per + c);
                    sum += v;
                    squares += v * v;
                    magnitude += fabs(v);
                }
            }
            const double *have = sums + ((size_t)i * (size_t)groups + (size_t)g) * 2;
            double n = CK_NN_BLOCK * CK_NN_BLOCK * per * DBL_EPSILON;
            good = good && fabs(have[0] - sum) <= (n + off) * magnitude &&
                   fabs(have[1] - squares) <= (n + 2 * off + off * off) * squares;
        }
    return good;
}

/* Operands of a step's convolution: normalised and clamped if it does that, rounded. */
static op_tensor operands(const op_tensor *x, const op_tensor *norm)
{
    op_tensor o = op_map(x->t.h, x->t.w, x->t.c, 0);
    for (size_t p = 0; p < ck_nn_pixels(&x->t); p++)
        for (int c = 0; c < x->t.c; c++) {
            float v = *op_at(x, p, c);
            if (norm)
                v = fmaxf(v * *op_at(norm, 0, c) + *op_at(norm, 1, c), 0);
            *op_at(&o, p, c) = precision_round(precision, v);
        }
    return o;
}

static void conv(int h, int w, int in, int out, int dilation, bool normed, int groups, int gap, types t)
{
    op_tensor x = op_map(h, w, in, gap), norm = op_map(1, 2, in, 0), y = op_map(h, w, out, gap);
    op_tensor want = op_map(h, w, out, gap), bound = op_map(h, w, out, gap);
    op_tensor sums = op_new(CK_NN_F64, false, ck_nn_blocks(h) * ck_nn_blocks(w), groups ? groups : 1, 2, 0);
    op_weight k = op_weight_new(CK_NN_CONV, out, in, true, &seed);
    op_random(&x, &seed, -2, 2);
    op_random(&norm, &seed, -1, 1);
    op_tensor sent = precision_typed(precision, t.x, &x);
    precision_untyped(&sent, &x);
    ck_nn_step s = {.kind = CK_NN_OP_CONV, .x = {sent.t}, .dilation = dilation, .groups = groups};
    if (normed)
        s.x[1] = norm.t;
    if (groups)
        s.stats = sums.t;
    op_tensor near = operands(&x, normed ? &norm : NULL);
    ck_nn_step exact = s;
    exact.x[0] = near.t;
    exact.x[1] = (ck_nn_tensor){0};
    exact.weight = precision_pack(ref, precision, &k, false);
    exact.y = want.t;
    if (precision == CK_NN_PRECISION_F32) /* unrounded, including its normalisation */
        exact.x[0] = x.t, exact.x[1] = s.x[1];
    bool whole = op_run(ref, exact), ref_sums = !groups || sums_right(&want, sums.g.data, groups, CK_NN_F32, false);
    memset(sums.g.data, 0xcd, sums.g.size);
    bool same = on_cpus(s, &k, NULL, NULL, &y, false, t.y);
    bool cpu_sums = !groups || sums_right(&y, sums.g.data, groups, t.y, t.x != CK_NN_F32);
    op_tensor first = op_map(h, w, out, gap);
    bool first_whole = true;
    if (plain) {
        exact.weight = precision_pack(plain, precision, &k, false);
        exact.y = first.t;
        first_whole = op_run(plain, exact);
    }
    make_absolute(&near);
    op_run(ref, (ck_nn_step){.kind = CK_NN_OP_CONV,
                             .x = {near.t},
                             .y = bound.t,
                             .dilation = dilation,
                             .weight = precision_pack(ref, precision, &k, true)});
    for (size_t p = 0; p < ck_nn_pixels(&bound.t); p++)
        for (int c = 0; c < out; c++)
            *op_at(&bound, p, c) = (float)((double)*op_at(&bound, p, c) * (sum_bound(in * 9 + 1) + UNIT) +
                                           stored_bound(t.y, (double)*op_at(&want, p, c)) * 1.01);
    double ratio = op_ratio(&y, &want, &bound);
    ok(same && whole && ratio <= 1, "convolution %dx%d, %d -> %d, dilation %d%s%s: %.2f of its bound", w, h, in, out,
       dilation, normed ? ", normed" : "", type_names(t), ratio);
    ok(ref_sums && cpu_sums, "sums of %d groups", groups);
    if (plain) { /* the f32 kernel errs within the same bound: twice that */
        ratio = op_ratio(&y, &first, &bound) / 2;
        ok(first_whole && ratio <= 1, "and against the float32 kernel: %.3f of it", ratio);
    }
    whole = op_free(&x) && op_free(&y) && op_free(&want) && op_free(&bound) && op_free(&norm) && op_free(&sums);
    whole = op_free(&near) && op_free(&first) && op_free(&sent) && whole;
    ok(whole, "and every sentinel is whole");
    op_weight_free(&k);
}

static void use_kernels(const ck_cpu_kernels *kernels)
{
    for (int i = 0; i < 3; i++)
        ((ck_cpu_device *)cpu[i])->kernels = kernels;
}

static void convs(const char *kernels)
{
    types t[4];
    int n = all_types(t);
    printf("# convolutions by %s\n", kernels);
    for (int j = n > 1; j < (n < 3 ? n : 3); j++) {
        conv(1, 1, 1, 1, 1, false, 0, 0, t[j]);
        conv(5, 37, 7, 16, 1, false, 8, 1, t[j]);
        conv(33, 65, 8, 24, 2, true, 8, 0, t[j]);
        conv(64, 32, 16, 16, 4, true, 4, 5, t[j]);
        conv(31, 40, 64, 64, 8, true, 8, 0, t[j]);
        conv(70, 9, 3, 5, 8, false, 5, 2, t[j]);
        conv(40, 35, 9, 17, 3, true, 0, 0, t[j]); /* 32 is not a multiple of 3 */
        conv(9, 33, 70, 72, 2, true, 8, 0, t[j]);
    }
    if (n > 1) { /* tensor cores at every dilation, more blocks than processors */
        conv(34, 70, 64, 64, 1, true, 8, 0, t[1]);
        conv(40, 31, 24, 40, 2, false, 8, 8, t[1]);
        conv(31, 33, 40, 64, 4, true, 8, 0, t[1]);
        conv(33, 9, 8, 64, 8, false, 8, 0, t[1]);
    }
}

static void all_convs(void)
{
    bool bf16 = precision == CK_NN_PRECISION_BF16;
    patch(1, 1, 3);
    patch(5, 7, 24);
    patch(16, 24, 112);
    patch(3, 35, 132);
    for (int i = 0; ours && ck_cpu_kernels_at(bf16, i); i++) {
        use_kernels(ck_cpu_kernels_at(bf16, i));
        convs(ck_cpu_kernels_at(bf16, i)->name);
    }
    if (!ours)
        convs(cpu[0]->ops->name);
}

/* ---- attention ---- */

typedef struct attention_case {
    int qh, qw, kh, kw, heads, width, window;
    float range; /* of queries and keys: with large ones softmax picks one key */
} attention_case;

/* Scores of magnitude S = sum |q||k| / sqrt(width) err by d = op_sum_bound(width + 2) S, including the rounding of q,
 * of the scale and of the difference from the largest.  e^x errs by another 4e-7 (exp2.h; 2^126 below the largest it is
 * 0).  So weights err by a factor of at most e^(2d) (1 + 8e-7), and a weighted mean by that share of the largest value.
 * The weighted sum consists of sums of at most CK_CPU_KEYS products, plus one term per block; so does the sum of
 * weights.
 *
 * Rounded weights are off by a factor within 1 ± unit, or by tiny.  Where they are also the ones that are summed, to at
 * least 1, a mean is off by twice that.  Of the cpu's kernels those for bf16 add all keys in one chain. */
static double attention_bound(const attention_case *k, double s, double v)
{
    double d = sum_bound(k->width + 2) * s + 2 * UNIT * s;
    double keys = k->window ? k->window * k->window : k->kh * k->kw;
    double n = keys < CK_CPU_KEYS ? keys : CK_CPU_KEYS + ceil(keys / CK_CPU_KEYS);
    if (ours && precision != CK_NN_PRECISION_F32)
        n = keys;
    if (!on_host) /* cuda: tiles of 16 or 32 keys, each with one FMA more */
        n = fmin(keys, 32) + 2 * ceil(keys / 16);
    double unit = precision_unit(precision), tiny = keys * precision_tiny(precision);
    double weights = precision == CK_NN_PRECISION_F32 ? 0 : 2 * (unit / (1 - unit) + tiny);
    return (expm1(2 * d) + 8e-7 + weights + 2 * sum_bound(n + 4)) * v;
}

static ck_nn_step attention_step(const attention_case *k, const op_tensor *q, const op_tensor *kv, const op_tensor *y)
{
    ck_nn_tensor keys = kv->t, values = kv->t;
    keys.c = values.c = y->t.c;
    values.data = (char *)values.data + (size_t)y->t.c * ck_nn_type_size(values.type);
    return (ck_nn_step){
        .kind = CK_NN_OP_ATTENTION, .x = {q->t, keys, values}, .y = y->t, .heads = k->heads, .window = k->window};
}

/* The same for two tokens of three: these get the result of all tokens, the others keep what was there. */
static void some_tokens(ck_nn_step s, const op_tensor *all, const op_tensor *want, const op_tensor *bound, types t)
{
    static int list[1024];
    bool exact = on_host && precision == CK_NN_PRECISION_F32; /* kernels of 16 bits rescale queries together */
    int n = (int)ck_nn_pixels(&want->t), c = want->t.c, gap = want->t.ld - c;
    ck_nn_rows rows = {list, 0};
    op_tensor start = op_map(want->t.h, want->t.w, c, gap), y = op_map(want->t.h, want->t.w, c, gap);
    op_tensor mixed = op_map(want->t.h, want->t.w, c, gap), allowed = op_map(want->t.h, want->t.w, c, gap);
    for (int p = 0; p < n; p++) {
        bool listed = (p * 5 / 4) % 3 > 0;
        if (listed)
            list[rows.n++] = p;
        for (int i = 0; i < c; i++) {
            *op_at(&start, (size_t)p, i) = 0.5f;
            *op_at(&mixed, (size_t)p, i) = !listed ? 0.5f
                                           : exact ? *op_at(all, (size_t)p, i)
                                                   : *op_at(want, (size_t)p, i);
            *op_at(&allowed, (size_t)p, i) = !listed || exact ? 0 : *op_at(bound, (size_t)p, i);
        }
    }
    s.rows = &rows;
    bool same = rows.n == 0 || on_cpus(s, NULL, NULL, &start, &y, false, t.y);
    double ratio = rows.n == 0 ? 0 : op_ratio(&y, &mixed, &allowed);
    ok(same && ratio <= 1, "%d tokens of %d alone: %s, others stay", rows.n, n,
       exact ? "the same bytes" : "within bounds");
    same = op_free(&start) && op_free(&y) && op_free(&mixed);
    ok(op_free(&allowed) && same, "and every sentinel is whole");
}

static void attention(const attention_case *k, const ck_cpu_kernels *kernels, types t, int gap)
{
    int c = k->heads * k->width;
    op_tensor q = op_map(k->qh, k->qw, c, 2 * c), kv = op_map(k->kh, k->kw, 2 * c, gap);
    op_tensor y = op_map(k->qh, k->qw, c, gap), want = op_map(k->qh, k->qw, c, gap),
              bound = op_map(k->qh, k->qw, c, gap);
    op_random(&q, &seed, -k->range, k->range);
    op_random(&kv, &seed, -k->range, k->range);
    op_tensor near_q = precision_map(precision, &q), near_kv = precision_map(precision, &kv);
    bool whole = op_run(ref, attention_step(k, &near_q, &near_kv, &want));
    if (ours)
        use_kernels(kernels);
    op_tensor sent_q = precision_typed(precision, t.x, &q), sent_kv = precision_typed(precision, t.x, &kv);
    bool same = on_cpus(attention_step(k, &sent_q, &sent_kv, &y), NULL, NULL, NULL, &y, false, t.y);
    double score = (double)k->range * (double)k->range * sqrt(k->width);
    for (size_t p = 0; p < ck_nn_pixels(&bound.t); p++)
        for (int i = 0; i < c; i++)
            *op_at(&bound, p, i) = (float)(attention_bound(k, score, (double)k->range) +
                                           1.01 * stored_bound(t.y, (double)*op_at(&want, p, i)));
    double ratio = op_ratio(&y, &want, &bound);
    ok(same && whole && ratio <= 1, "attention %s, %dx%d of %dx%d, %d heads of %d, window %d%s: %.3f of its bound",
       ours ? kernels->name : cpu[0]->ops->name, k->qw, k->qh, k->kw, k->kh, k->heads, k->width, k->window,
       type_names(t), ratio);
    if (!k->window && k->qh * k->qw > 1)
        some_tokens(attention_step(k, &sent_q, &sent_kv, &y), &y, &want, &bound, t);
    if (plain) { /* the f32 kernel errs within the same bound: twice that */
        whole = op_run(plain, attention_step(k, &near_q, &near_kv, &want));
        ratio = op_ratio(&y, &want, &bound) / 2;
        ok(whole && ratio <= 1, "and against the float32 kernel: %.3f of it", ratio);
    }
    whole = op_free(&q) && op_free(&kv) && op_free(&y) && op_free(&want) && op_free(&bound);
    whole = op_free(&near_q) && op_free(&near_kv) && op_free(&sent_q) && op_free(&sent_kv) && whole;
    ok(whole, "and every sentinel is whole");
}

/* One key scores 0, the other -x: their values 0 and 1 mix to 2^-x / (1 + 2^-x), which reveals 2^-x. */
static void powers(const ck_cpu_kernels *kernels)
{
    static float x[CK_CPU_QUERIES], y[CK_CPU_QUERIES];
    static const float k[2] = {0, -1}, v[2] = {0, 1};
    const void *q_rows[CK_CPU_QUERIES], *k_rows[2] = {&k[0], &k[1]}, *v_rows[2] = {&v[0], &v[1]};
    void *y_rows[CK_CPU_QUERIES];
    guard keys = guard_new(kernels->panel_bytes(1)), values = guard_new(kernels->panel_bytes(1));
    guard scratch = guard_new(kernels->scratch_bytes(1));
    double worst = 0;
    kernels->pack(1, k_rows, v_rows, 2, keys.data, values.data);
    for (int i = 0; i < kernels->queries; i++) {
        q_rows[i] = &x[i];
        y_rows[i] = &y[i];
    }
    for (int round = 0; round < 200; round++) {
        float q[CK_CPU_QUERIES];
        for (int i = 0; i < kernels->queries; i++) {
            q[i] = round ? rnd_float(&seed, 0, i % 2 ? 1 : 126) : 124 + (float)i / 16; /* up to 130 */
            x[i] = q[i] / (float)M_LOG2E;
            q[i] = x[i] * (float)M_LOG2E; /* as the kernels scale it */
        }
        kernels->attend(&(ck_cpu_attend){.width = 1,
                                         .nk = 2,
                                         .nq = kernels->queries,
                                         .q = q_rows,
                                         .y = y_rows,
                                         .keys = keys.data,
                                         .values = values.data,
                                         .scratch = scratch.data});
        for (int i = 0; i < kernels->queries; i++) {
            double p = exp2(-(double)q[i]), want = p / (1 + p), have = (double)y[i];
            worst = worse(worst, q[i] > 126 ? have > want ? 1 : 0 : fabs(have - want) / want);
        }
    }
    bool whole = guard_done(&keys) && guard_done(&values);
    ok(guard_done(&scratch) && whole, "and the sentinels of %s are whole", kernels->name);
    /* exp2.h: 2e-9 and eight roundings of at most p; then a sum and a quotient. */
    ok(worst <= 2e-9 + 10 * UNIT, "2^-x by %s, relative error %.1e", kernels->name, worst);
}

static void attentions(void)
{
    /* Small ranges keep the bound tight; large ones exercise the running maximum. */
    static const attention_case cases[] = {
        {1, 1, 1, 1, 1, 1, 0, 1},        {3, 5, 3, 5, 2, 7, 0, 1},      {16, 24, 16, 24, 2, 56, 0, 2},
        {8, 12, 16, 24, 1, 56, 0, 0.1f}, {16, 24, 16, 24, 2, 16, 8, 1}, {8, 12, 16, 24, 1, 24, 8, 0.3f},
        {8, 8, 8, 8, 1, 56, 4, 0.1f},    {2, 6, 4, 12, 3, 96, 2, 0.2f}, {11, 13, 11, 13, 1, 33, 0, 6},
        {2, 2, 4, 4, 1, 112, 4, 0.1f},   {5, 40, 5, 40, 2, 10, 0, 8},   {4, 6, 8, 12, 3, 56, 4, 1},
        {2, 80, 2, 80, 1, 64, 0, 3},     {8, 16, 8, 16, 2, 64, 8, 1},   {9, 15, 9, 15, 2, 72, 0, 1},
        {7, 11, 7, 11, 1, 96, 0, 0.5f},  {16, 8, 16, 8, 2, 72, 8, 1},   {8, 4, 16, 8, 1, 96, 8, 1},
        {4, 6, 8, 12, 1, 72, 4, 1},      {4, 4, 8, 8, 2, 96, 4, 0.5f},  {6, 10, 12, 20, 1, 96, 4, 0.2f},
        {3, 9, 3, 9, 3, 80, 0, 1}};
    types t[4];
    int n = all_types(t);
    bool bf16 = precision == CK_NN_PRECISION_BF16;
    for (int i = 0; ours && !bf16 && ck_cpu_kernels_at(false, i); i++)
        powers(ck_cpu_kernels_at(false, i));
    for (int i = 0; ours ? ck_cpu_kernels_at(bf16, i) != NULL : i < 1; i++)
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++)
            for (int m = n > 1; m < (n < 2 ? n : 2); m++)
                attention(&cases[j], ours ? ck_cpu_kernels_at(bf16, i) : NULL, t[m], m ? 8 : 3);
    if (n > 1) /* pixels of 16-bit tensors at any address */
        attention(&cases[4], ck_cpu_kernels_at(bf16, 0), t[1], 3);
}

/* Run again with oneDNN limited to older instructions than this machine's. */
static void again_with(const char *program, const char *isa)
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("ONEDNN_MAX_CPU_ISA", isa, 1);
        if (!freopen("/dev/null", "w", stdout))
            _exit(2);
        execl(program, program, "again", (char *)NULL);
        _exit(2);
    }
    ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
       "the same with ONEDNN_MAX_CPU_ISA=%s", isa);
}

int main(int argc, char **argv)
{
    bool again = argc > 1 && !strcmp(argv[1], "again");
    const char *device = argc > 1 && !again ? argv[1] : "cpu";
    ours = !strcmp(device, "cpu");
    on_host = strncmp(device, "cuda", 4) != 0;
    precision = precision_of(argc > 2 ? argv[2] : "f32");
    ref = op_open("ref", 2);
    cpus = ours ? 3 : argc > 3 ? 1 : 2;
    for (int i = 0; i < cpus; i++)
        cpu[i] = precision_open(device, i + 1, precision);
    if (argc > 4)
        ck_nn_do_without(cpu[0], argv[4]);
    plain = precision == CK_NN_PRECISION_F32 ? NULL : op_open(device, 1);
    all_convs();
    attentions();
    linears(); /* ends the program if cuBLASLt cannot do it */
    ck_nn_close(ref);
    ck_nn_close(plain);
    for (int i = 0; i < cpus; i++)
        ck_nn_close(cpu[i]);
#if defined(__SANITIZE_ADDRESS__)
    argc = 2; /* oneDNN's code is not instrumented, and ours is the same in all three */
#endif
    if (argc < 2) {
        again_with(argv[0], "AVX2");
        again_with(argv[0], "SSE41");
    }
    return done_testing();
}
