/* A device's norms, pooling, enlarging and heads against the reference.
 *
 *     nn_maps_test [DEVICE [PRECISION]]        cpu f32
 *
 * Results of the same float32 operations must be equal.  Elsewhere the reference sums in double and rounds once, and
 * the bound is the device's own rounding.  With 16-bit activations both get inputs that 16 bits hold, and the
 * reference's result is rounded once more. */
#include "precision.h"

static ck_nn *ref, *cpu;
static uint32_t seed = 7;
static ck_nn_precision precision;

/* True if x[i], or y (-1), is an activation that the network keeps in 16 bits. */
static bool is_short(const ck_nn_step *s, int i)
{
    const ck_nn_tensor *t = i < 0 ? &s->y : &s->x[i];
    if (precision_act(precision) == CK_NN_F32 || !ck_nn_has(t) || t->planar || s->kind == CK_NN_OP_GROUP_NORM)
        return false;
    bool norm = i == 1 && (s->kind == CK_NN_OP_APPLY || s->kind == CK_NN_OP_HEAD);
    return !norm && (i < 0 || s->kind != CK_NN_OP_LAYER_NORM);
}

static op_tensor wrapped(const ck_nn_tensor *t)
{
    return (op_tensor){.t = *t, .g = {.data = t->data}};
}

/* Inputs rounded to 16 bits, for the reference too. */
static ck_nn_step shortened(ck_nn_step s, op_tensor made[CK_NN_INPUTS])
{
    for (int i = 0; i < CK_NN_INPUTS; i++)
        if (is_short(&s, i)) {
            op_tensor o = wrapped(&s.x[i]);
            made[i] = precision_typed(precision, precision_act(precision), &o);
            precision_untyped(&made[i], &o);
            s.x[i] = made[i].t;
        }
    return s;
}

/* Run the step on the tested device; y may be one of its inputs. */
static bool on_cpu(ck_nn_step s, op_tensor *y)
{
    op_tensor made[CK_NN_INPUTS] = {0};
    s.y = y->t;
    ck_nn_step t = shortened(s, made);
    bool whole = true, short_y = is_short(&s, -1);
    op_tensor result = *y;
    for (int i = 0; short_y && i < CK_NN_INPUTS; i++)
        if (made[i].g.data && s.x[i].data == y->t.data)
            result = made[i];
    bool own = short_y && result.g.data == y->g.data;
    if (own)
        result = op_new(precision_act(precision), false, y->t.h, y->t.w, y->t.c, y->t.ld - y->t.c);
    t.y = result.t;
    whole = op_run(cpu, t);
    if (short_y)
        precision_untyped(&result, y);
    if (own)
        whole = op_free(&result) && whole;
    for (int i = 0; i < CK_NN_INPUTS; i++)
        whole = (!made[i].g.data || op_free(&made[i])) && whole;
    return whole;
}

/* Run both devices; true if all scratch sentinels are intact.  `want` is rounded if results must be equal. */
static bool both(ck_nn_step s, const op_weight *w, op_tensor *want, op_tensor *y, bool equal)
{
    s.y = y->t;
    s.weight = w ? op_pack(cpu, w, false) : NULL;
    bool whole = on_cpu(s, y);
    bool short_y = is_short(&s, -1);
    s.y = want->t;
    s.weight = w ? op_pack(ref, w, false) : NULL;
    whole = op_run(ref, s) && whole;
    for (size_t p = 0; equal && short_y && p < ck_nn_pixels(&want->t); p++)
        for (int c = 0; c < want->t.c; c++)
            *op_at(want, p, c) = precision_round(precision, *op_at(want, p, c));
    return whole;
}

/* Add the rounding of a result stored in 16 bits to a bound. */
static void stored_too(op_tensor *bound, const op_tensor *want)
{
    for (size_t p = 0; precision_act(precision) != CK_NN_F32 && p < ck_nn_pixels(&want->t); p++)
        for (int c = 0; c < want->t.c; c++)
            *op_at(bound, p, c) += (float)(1.01 * precision_unit(precision) * fabs((double)*op_at(want, p, c)) +
                                           precision_tiny(precision));
}

static op_tensor like(const op_tensor *o)
{
    return op_new(CK_NN_F32, o->t.planar, o->t.h, o->t.w, o->t.c, o->t.planar ? 0 : o->t.ld - o->t.c);
}

/* ---- LayerNorm ---- */

/* The mean errs by dm <= a mean|x| with a = op_sum_bound(n / 16 + 6): sixteen sums side by side and four levels of
 * pairs.  Deviations d err by dm and a rounding.  The variance, a sum of squares, errs relatively by a + 2 (dm + UNIT
 * max|d|) / deviation; its root by half of that.  The result has three more roundings. */
static void layer_norm_bound(const op_tensor *x, size_t p, const op_weight *w, double eps, op_tensor *bound)
{
    int n = x->t.c;
    double mean = 0, magnitude = 0, var = 0, top = 0, a = op_sum_bound(n / 16.0 + 6);
    for (int c = 0; c < n; c++) {
        mean += (double)*op_at(x, p, c) / n;
        magnitude += fabs((double)*op_at(x, p, c)) / n;
    }
    for (int c = 0; c < n; c++) {
        double d = (double)*op_at(x, p, c) - mean;
        var += d * d / n;
        top = fmax(top, fabs(d));
    }
    double s = sqrt(var + eps), dm = a * magnitude + UNIT * fabs(mean);
    double relative = 0.5 * (a + 2 * (dm + UNIT * top) / s) + 4 * UNIT;
    for (int c = 0; c < n; c++) {
        double z = fabs((double)*op_at(x, p, c) - mean) / s, k = fabs((double)w->w[c]);
        double y = k * z + fabs((double)w->bias[c]);
        *op_at(bound, p, c) = (float)(k * (dm / s + z * relative) + 3 * UNIT * y);
    }
}

static void layer_norm(int h, int w, int c, int gap, float lo, float hi)
{
    op_tensor x = op_map(h, w, c, gap), y = op_map(h, w, c, gap), want = like(&y), bound = like(&y);
    op_weight k = op_weight_new(CK_NN_SCALE, c, c, true, &seed);
    op_random(&x, &seed, lo, hi);
    bool whole = both((ck_nn_step){.kind = CK_NN_OP_LAYER_NORM, .x = {x.t}, .eps = 1e-6f}, &k, &want, &y, false);
    for (size_t p = 0; p < ck_nn_pixels(&x.t); p++)
        layer_norm_bound(&x, p, &k, 1e-6, &bound);
    stored_too(&bound, &want);
    double ratio = op_ratio(&y, &want, &bound);
    ok(whole && ratio <= 1, "layer norm %dx%d, %d channels in %g…%g: %.2f of its bound", w, h, c, (double)lo,
       (double)hi, ratio);
    whole = op_free(&x) && op_free(&y) && op_free(&want) && op_free(&bound);
    ok(whole, "and every sentinel is whole");
    op_weight_free(&k);
}

/* ---- GroupNorm's second and third part ---- */

static void group_norm(int h, int w, int c, int groups, int gap, bool add)
{
    int blocks = ck_nn_blocks(h) * ck_nn_blocks(w);
    op_tensor sums = op_new(CK_NN_F64, false, blocks, groups, 2, 0), norm = op_map(1, 2, c, 0), norm2 = like(&norm);
    op_tensor x = op_map(h, w, c, gap), other = op_map(h, w, c, gap), y = like(&x), want = like(&x);
    op_weight k = op_weight_new(CK_NN_SCALE, c, c, true, &seed);
    size_t pixels = (size_t)h * (size_t)w;
    for (int i = 0; i < blocks * groups; i++) {
        ((double *)sums.g.data)[2 * i] = (double)rnd_float(&seed, -1, 1);
        ((double *)sums.g.data)[2 * i + 1] = (double)rnd_float(&seed, 1, 2) * (double)(pixels * (size_t)(c / groups));
    }
    op_random(&x, &seed, -2, 2);
    op_random(&other, &seed, -2, 2);
    bool whole =
        both((ck_nn_step){.kind = CK_NN_OP_GROUP_NORM, .x = {sums.t}, .groups = groups, .pixels = pixels, .eps = 1e-5f},
             &k, &norm, &norm2, true);
    ok(whole && op_equal(&norm, &norm2), "group norm of %d channels in %d groups: equal", c, groups);
    ck_nn_step s = {.kind = CK_NN_OP_APPLY, .x = {x.t, norm.t}};
    if (add)
        s.x[2] = other.t;
    whole = both(s, NULL, &want, &y, true);
    ok(whole && op_equal(&want, &y), "applied to %dx%d%s: equal", w, h, add ? " and added" : "");
    /* In place, as in the network. */
    on_cpu(s, add ? &other : &x);
    ok(op_equal(add ? &other : &x, &want), "in place: equal");
    whole = op_free(&sums) && op_free(&norm) && op_free(&norm2) && op_free(&x) && op_free(&other);
    whole = op_free(&y) && op_free(&want) && whole;
    ok(whole, "and every sentinel is whole");
    op_weight_free(&k);
}

/* A constant map has variance 0: only eps keeps the scale finite. */
static void flat_group(void)
{
    op_tensor sums = op_new(CK_NN_F64, false, 1, 1, 2, 0), norm = op_map(1, 2, 2, 0), norm2 = like(&norm);
    op_weight k = op_weight_new(CK_NN_SCALE, 2, 2, true, &seed);
    double *p = sums.g.data;
    p[0] = 2.0 * 64 * 0.3;
    p[1] = 2.0 * 64 * 0.3 * 0.3;
    both((ck_nn_step){.kind = CK_NN_OP_GROUP_NORM, .x = {sums.t}, .groups = 1, .pixels = 64, .eps = 1e-5f}, &k, &norm,
         &norm2, true);
    double worst = 0;
    for (int c = 0; c < 2; c++) {
        /* 0.3 scaled and shifted is the bias, up to the rounding of scale and shift, which are 316 and 95 times w. */
        double y = 0.3 * (double)*op_at(&norm2, 0, c) + (double)*op_at(&norm2, 1, c);
        worst = worse(worst, fabs(y - (double)k.bias[c]));
    }
    ok(worst <= 4 * UNIT * 95 && op_equal(&norm, &norm2), "a flat map becomes its bias, to %.1e", worst);
    op_free(&sums);
    op_free(&norm);
    op_free(&norm2);
    op_weight_free(&k);
}

/* ---- pooling ---- */

static void pool(int h, int w, int c, int gap)
{
    op_tensor x = op_map(2 * h, 2 * w, c, gap), y = op_map(h, w, c, 0), want = like(&y);
    op_random(&x, &seed, -1, 1);
    bool whole = both((ck_nn_step){.kind = CK_NN_OP_POOL, .x = {x.t}}, NULL, &want, &y, true);
    ok(whole && op_equal(&y, &want), "pooling to %dx%d, %d channels: equal", w, h, c);
    whole = op_free(&x) && op_free(&y) && op_free(&want);
    ok(whole, "and every sentinel is whole");
}

/* ---- merging ---- */

static void merge(int h, int w, int c, int gap)
{
    static const int list[] = {0, 2, 3, 11, 18, 25};
    ck_nn_rows rows = {list, 0};
    op_tensor x = op_map(h, w, c, gap), y = op_map(h, w, c, gap), want = op_map(h, w, c, gap);
    bool right = true;
    op_random(&x, &seed, -1, 1);
    op_random(&y, &seed, -1, 1);
    for (int p = 0; p < h * w; p++)
        for (int i = 0; i < c; i++)
            *op_at(&want, (size_t)p, i) = *op_at(&y, (size_t)p, i);
    while (rows.n < 6 && list[rows.n] < h * w) {
        size_t p = (size_t)list[rows.n++];
        for (int i = 0; i < c; i++)
            *op_at(&want, p, i) = *op_at(&x, p, i);
    }
    for (int i = 0; i < 2; i++) {
        op_tensor to = op_map(h, w, c, gap);
        memcpy(to.g.data, y.g.data, y.g.size);
        right =
            op_run(i ? cpu : ref, (ck_nn_step){.kind = CK_NN_OP_MERGE, .x = {x.t}, .y = to.t, .rows = &rows}) && right;
        right = op_equal(&to, &want) && right;
        right = op_free(&to) && right;
    }
    ok(right, "%d tokens of %dx%d, %d channels, are merged", rows.n, w, h, c);
    bool whole = op_free(&x) && op_free(&y) && op_free(&want);
    ok(whole, "and every sentinel is whole");
}

/* ---- heads ---- */

/* All terms are equal and their magnitudes known from the head of |w| and |bias|, since relu leaves nothing
 * negative. */
static void head_bound(ck_nn_step s, const op_weight *w, op_tensor *bound)
{
    s.y = bound->t;
    s.weight = op_pack(ref, w, true);
    op_run(ref, s);
    for (size_t p = 0; p < ck_nn_pixels(&bound->t); p++)
        for (int c = 0; c < bound->t.c; c++)
            *op_at(bound, p, c) *= (float)(op_sum_bound(w->in + 1) + UNIT);
}

static void heads(ck_nn_step s, int out, int in, const char *what)
{
    op_weight w = op_weight_new(CK_NN_HEAD, out, in, true, &seed);
    op_tensor y = op_planar(out, s.x[0].h, s.x[0].w), want = like(&y), bound = like(&y);
    bool whole = both(s, &w, &want, &y, false);
    head_bound(s, &w, &bound);
    double ratio = op_ratio(&y, &want, &bound);
    ok(whole && ratio <= 1, "%s, %dx%d, %d -> %d: %.2f of its bound", what, s.x[0].w, s.x[0].h, in, out, ratio);
    whole = op_free(&y) && op_free(&want) && op_free(&bound);
    ok(whole, "and every sentinel is whole");
    op_weight_free(&w);
}

static void fuse(int h, int w, int c, int out, int levels, int gap)
{
    op_tensor x[CK_NN_INPUTS];
    ck_nn_step s = {.kind = CK_NN_OP_FUSE};
    for (int i = 0; i < levels; i++) {
        int hh = (h >> i) > 0 ? h >> i : 1, ww = (w >> i) > 0 ? w >> i : 1;
        x[i] = op_map(hh, ww, c, gap);
        op_random(&x[i], &seed, -2, 2);
        s.x[i] = x[i].t;
    }
    heads(s, out, c, "fuse");
    bool whole = true;
    for (int i = 0; i < levels; i++)
        whole = op_free(&x[i]) && whole;
    ok(whole, "and of the levels");
}

static bool same_planes(const op_tensor *a, const op_tensor *b)
{
    return !memcmp(a->t.data, b->t.data, op_count(&a->t) * sizeof(float));
}

/* A head with logits gives the bytes of a head followed by FINISH, on each device. */
static void head_finishes(ck_nn_step s, int out, int in)
{
    int h = s.x[0].h, w = s.x[0].w;
    op_weight k = op_weight_new(CK_NN_HEAD, out, in, true, &seed);
    op_tensor l = op_planar(out, (h + 3) / 4, (w + 3) / 4), delta = op_planar(out, h, w), ref_delta = like(&delta);
    op_tensor two = like(&delta), ref_two = like(&delta), one = like(&delta), ref_one = like(&delta);
    op_random(&l, &seed, -6, 6);
    bool whole = both(s, &k, &ref_delta, &delta, false);
    ck_nn_step end = {.kind = CK_NN_OP_FINISH, .x = {l.t, delta.t}, .gain = 0.75f};
    whole = both(end, NULL, &one, &two, false) && whole;
    end.x[1] = ref_delta.t;
    whole = both(end, NULL, &ref_two, &one, false) && whole;
    s.x[3] = l.t;
    s.gain = end.gain;
    whole = both(s, &k, &ref_one, &one, false) && whole;
    ok(whole && same_planes(&one, &two) && same_planes(&ref_one, &ref_two),
       "head %dx%d, %d -> %d, with logits: the bytes of head and finish", w, h, in, out);
    op_tensor *all[] = {&l, &delta, &ref_delta, &two, &ref_two, &one, &ref_one};
    whole = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        whole = op_free(all[i]) && whole;
    ok(whole, "and every sentinel is whole");
    op_weight_free(&k);
}

static void head(int h, int w, int c, int out, bool add, int gap)
{
    op_tensor x = op_map(h, w, c, gap), norm = op_map(1, 2, c, 0), other = op_map(h, w, c, 2 * gap);
    op_random(&x, &seed, -2, 2);
    op_random(&norm, &seed, -1, 1);
    op_random(&other, &seed, -2, 2);
    ck_nn_step s = {.kind = CK_NN_OP_HEAD, .x = {x.t, norm.t}};
    if (add)
        s.x[2] = other.t;
    heads(s, out, c, add ? "head with what is added" : "head");
    head_finishes(s, out, c);
    bool whole = op_free(&x) && op_free(&norm) && op_free(&other);
    ok(whole, "and of the inputs");
}

/* ---- probabilities ---- */

/* x is equal on both.  e^-x errs relatively by the rounding of x log2(e), |x| UNIT, and 2e-7 + 3 UNIT (exp2.h); the
 * sigmoid by s (1 - s) <= min(1/4, e^-|x|) times that, and two roundings. */
static double sigmoid_bound(double x)
{
    return fmin(0.25, exp(-fabs(x))) * (2 * fabs(x) * UNIT + 2e-7 + 3 * UNIT) + 2 * UNIT;
}

static double logit(double p)
{
    return log(fmax(p, 1e-30)) - log(fmax(1 - p, 1e-30));
}

static void coarse(int h, int w, int lh, int lw, int c, int gap, float range)
{
    op_tensor rgb = op_planar(3, h, w), l = op_planar(c, lh, lw), y = op_map(h, w, 3 + c, gap), want = like(&y);
    op_tensor bound = like(&y);
    op_random(&rgb, &seed, -2, 2);
    op_random(&l, &seed, -range, range);
    bool whole = both((ck_nn_step){.kind = CK_NN_OP_COARSE, .x = {rgb.t, l.t}}, NULL, &want, &y, false);
    for (size_t p = 0; p < ck_nn_pixels(&y.t); p++)
        for (int k = 0; k < 3 + c; k++)
            *op_at(&bound, p, k) = k < 3 ? 0 : (float)sigmoid_bound(logit((double)*op_at(&want, p, k)));
    stored_too(&bound, &want);
    double ratio = op_ratio(&y, &want, &bound);
    ok(whole && ratio <= 1, "coarse %dx%d from %dx%d logits in ±%g: %.2f of its bound", w, h, lw, lh, (double)range,
       ratio);

    op_tensor delta = op_planar(c, h, w), out = op_planar(c, h, w), out_want = like(&out), out_bound = like(&out);
    op_random(&delta, &seed, -3, 3);
    whole =
        both((ck_nn_step){.kind = CK_NN_OP_FINISH, .x = {l.t, delta.t}, .gain = 0.75f}, NULL, &out_want, &out, false);
    for (size_t p = 0; p < ck_nn_pixels(&out.t); p++)
        for (int k = 0; k < c; k++)
            *op_at(&out_bound, p, k) = (float)sigmoid_bound(logit((double)*op_at(&out_want, p, k)));
    ratio = op_ratio(&out, &out_want, &out_bound);
    ok(whole && ratio <= 1, "finish %dx%d: %.2f of its bound", w, h, ratio);
    whole = op_free(&rgb) && op_free(&l) && op_free(&y) && op_free(&want) && op_free(&bound) && op_free(&delta);
    whole = op_free(&out) && op_free(&out_want) && op_free(&out_bound) && whole;
    ok(whole, "and every sentinel is whole");
}

/* Far out the sigmoid is 0 or 1, and NaN stays NaN, so that a broken frame is noticed.  NaN comes first, because a
 * sample is mixed with the next one, even at weight 0. */
static void extremes(ck_nn *dev)
{
    static const float in[5] = {NAN, -1e30f, 1e30f, -200, 200};
    op_tensor l = op_planar(1, 1, 5), delta = op_planar(1, 1, 5), y = op_planar(1, 1, 5);
    memcpy(l.g.data, in, sizeof in);
    memset(delta.g.data, 0, delta.g.size);
    op_run(dev, (ck_nn_step){.kind = CK_NN_OP_FINISH, .x = {l.t, delta.t}, .y = y.t, .gain = 1});
    const float *p = y.g.data;
    ok(isnan(p[0]) && p[1] <= 1e-37f && p[2] == 1 && p[3] <= 1e-37f && p[4] == 1, "%s: sigmoid far out, and of NaN",
       dev->ops->name);
    op_free(&l);
    op_free(&delta);
    op_free(&y);
}

int main(int argc, char **argv)
{
    ref = op_open("ref", 2);
    precision = precision_of(argc > 2 ? argv[2] : "f32");
    cpu = precision_open(argc > 1 ? argv[1] : "cpu", 2, precision);
    layer_norm(1, 1, 1, 0, -1, 1);
    layer_norm(3, 5, 7, 2, -1, 1);
    layer_norm(9, 11, 112, 0, -3, 3);
    layer_norm(2, 3, 901, 5, 4, 5);
    layer_norm(2, 3, 224, 0, -1, 1);
    layer_norm(1, 3, 448, 8, -1, 1);
    layer_norm(3, 1, 896, 0, -1, 5);
    layer_norm(3, 1, 1024, 0, -1, 5);
    group_norm(1, 1, 8, 8, 0, false);
    group_norm(33, 41, 24, 8, 3, true);
    group_norm(64, 31, 64, 8, 0, true);
    group_norm(260, 300, 8, 8, 0, false);
    flat_group();
    pool(1, 1, 1, 0);
    pool(3, 7, 33, 5);
    pool(5, 3, 24, 8);
    merge(1, 1, 1, 0);
    merge(5, 4, 33, 3);
    merge(4, 9, 448, 0);
    fuse(1, 1, 1, 1, 1, 0);
    fuse(8, 12, 512, 4, 4, 0);
    fuse(5, 9, 37, 3, 2, 3);
    fuse(16, 8, 70, 16, 3, 1);
    head(1, 1, 1, 1, false, 1);
    head(7, 13, 64, 4, true, 1);
    head(5, 3, 27, 2, false, 1);
    head(37, 35, 64, 4, true, 8);
    head(3, 9, 88, 5, false, 8);
    coarse(32, 48, 8, 12, 4, 0, 6);
    coarse(7, 131, 3, 5, 2, 1, 20);
    coarse(1, 1, 1, 1, 1, 3, 1);
    coarse(9, 33, 3, 9, 4, 1, 3);
    extremes(ref);
    extremes(cpu);
    ck_nn_close(ref);
    ck_nn_close(cpu);
    return done_testing();
}
