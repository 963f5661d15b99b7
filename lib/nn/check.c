/* A problem is computed by the device and by the CPU in float32.  Inputs and weights are small multiples of powers of
 * 2, exact in every operand type: results differ by the rounding of sums and results, and of attention's weights. */
#include "nn/check.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/bf16.h"

#define TENSORS (CK_NN_INPUTS + 2) /* inputs, y, stats */
#define Y CK_NN_INPUTS
#define STATS (CK_NN_INPUTS + 1)

/* Largest difference, as a share of the largest result: four roundings of the operand type. */
static double allowed(ck_nn_precision p)
{
    return p == CK_NN_PRECISION_F32 ? 2e-5 : p == CK_NN_PRECISION_BF16 ? 0x1p-6 : 0x1p-9;
}

/* ---- values ---- */

static int number(uint32_t seed, size_t i, int n)
{
    uint32_t v = (uint32_t)i * 0x9e3779b9u + seed * 0x85ebca6bu;
    v = (v ^ v >> 16) * 0x7feb352du;
    v = (v ^ v >> 15) * 0x846ca68bu;
    return (int)((v ^ v >> 16) % (uint32_t)n);
}

/* Multiples of 1/8 from -2 to 2. */
static float sample(uint32_t seed, size_t i)
{
    return (float)(number(seed, i, 33) - 16) / 8;
}

/* Element i of a scale and shift: multiples of 1/2, then of 1/16. */
static float norm_value(uint32_t seed, size_t i, bool scale)
{
    return scale ? (float)(number(seed, i, 2) + 1) / 2 : (float)(number(seed, i, 17) - 8) / 16;
}

/* Multiples of a power of 2, so small that sums of `fan_in` products are about 1. */
static float weight_value(uint32_t seed, size_t i, size_t fan_in)
{
    return ldexpf((float)(number(seed, i, 17) - 8), -(int)ceil(log2(5 * sqrt((double)fan_in))));
}

/* float16 of a value that it holds exactly, and back. */
static uint16_t half_of(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    return (uint16_t)(v == 0 ? 0 : (u >> 16 & 0x8000) | ((u >> 23 & 0xff) - 112) << 10 | (u >> 13 & 0x3ff));
}

static float half_value(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 0x3ff;
    float v = exponent == 31 ? (fraction ? NAN : INFINITY)
              : exponent     ? ldexpf((float)(fraction + 1024), exponent - 25)
                             : ldexpf((float)fraction, -24);
    return h & 0x8000 ? -v : v;
}

/* ---- tensors in memory ---- */

static size_t elements(const ck_nn_tensor *t)
{
    return ck_nn_pixels(t) * (size_t)(t->planar ? t->c : t->ld);
}

static size_t index_of(const ck_nn_tensor *t, size_t i)
{
    size_t c = (size_t)t->c;
    return t->planar ? i : i / c * (size_t)t->ld + i % c;
}

static void put(const ck_nn_tensor *t, void *data, size_t i, double v)
{
    size_t at = index_of(t, i);
    if (t->type == CK_NN_F64)
        ((double *)data)[at] = v;
    else if (t->type == CK_NN_F32)
        ((float *)data)[at] = (float)v;
    else
        ((uint16_t *)data)[at] = t->type == CK_NN_F16 ? half_of((float)v) : ck_bf16_of((float)v);
}

static double get(const ck_nn_tensor *t, const void *data, size_t i)
{
    size_t at = index_of(t, i);
    if (t->type == CK_NN_F64)
        return ((const double *)data)[at];
    if (t->type == CK_NN_F32)
        return (double)((const float *)data)[at];
    uint16_t v = ((const uint16_t *)data)[at];
    return (double)(t->type == CK_NN_F16 ? half_value(v) : ck_bf16_value(v));
}

/* Sums and sums of squares of samples around `v` with variance 1. */
static double sum_value(const ck_nn_step *s, size_t i)
{
    int per = s->y.c / s->groups;
    double n = (double)s->pixels * per / s->x[0].h, v = (double)sample(1, i / 2);
    return i % 2 ? n * (v * v + 1) : n * v;
}

static void fill(const ck_nn_step *s, int k, const ck_nn_tensor *t, void *data)
{
    bool normal = t->h == 1 && t->w == 2 && k == 1;
    size_t channels = (size_t)t->c;
    for (size_t i = 0; i < ck_nn_pixels(t) * channels; i++) {
        size_t place = t->planar ? i : i / channels * 4096 + i % channels; /* whatever the padding */
        put(t, data, i,
            t->type == CK_NN_F64 ? sum_value(s, i)
            : normal             ? (double)norm_value((uint32_t)k, place, i < channels)
                                 : (double)sample((uint32_t)k, place));
    }
}

/* ---- one problem on one device ---- */

typedef struct run {
    ck_nn *dev;
    ck_nn_step s;
    void *home[TENSORS], *away[TENSORS]; /* by id: on the host, on the device */
    size_t bytes[TENSORS];
    void *scratch;
    const char *kernel;
} run;

static ck_nn_tensor *tensor(run *r, int i)
{
    return i < CK_NN_INPUTS ? &r->s.x[i] : i == Y ? &r->s.y : &r->s.stats;
}

/* Copies floats, whatever they represent. */
static void move(const run *r, int i, bool there)
{
    ck_nn_tensor t = {.data = r->away[i], .h = 1, .w = (int)(r->bytes[i] / 4), .c = 1, .ld = 1, .id = -1};
    if (there)
        r->dev->ops->upload(r->dev, &t, r->home[i]);
    else
        r->dev->ops->download(r->dev, &t, r->home[i]);
}

/* Memory for all tensors: inputs are filled, results begin as NaN. */
static ck_status place(run *r, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; i < TENSORS && s == CK_OK; i++) {
        ck_nn_tensor *t = tensor(r, i), whole = *t;
        int id = t->id;
        if (!ck_nn_has(t))
            continue;
        whole.c = t->planar || t->type == CK_NN_F64 ? t->c : t->ld;
        if (!r->home[id]) {
            r->bytes[id] = (elements(t) * ck_nn_type_size(t->type) + 3) / 4 * 4;
            r->home[id] = malloc(r->bytes[id]);
            if (!r->home[id])
                return ck_fail(e, CK_ERR_MEMORY, "out of memory for the self-check");
            memset(r->home[id], 0xff, r->bytes[id]);
            if (id < CK_NN_INPUTS)
                fill(&r->s, id, &whole, r->home[id]);
            s = r->dev->ops->reserve(r->dev, r->bytes[id], &r->away[id], e);
            if (s == CK_OK)
                move(r, id, true);
        }
        t->data = (char *)r->away[id] + t->at;
    }
    return s == CK_OK ? r->dev->ops->sync(r->dev, e) : s;
}

static ck_status weight(run *r, ck_nn_pack pack, int out, int in, int taps, bool biased, const ck_nn_weight **to,
                        ck_error *e)
{
    size_t n = (size_t)out * (size_t)(pack == CK_NN_SCALE ? 1 : in) * (size_t)taps;
    float *w = malloc((n + (size_t)out) * sizeof *w), *bias = w + n;
    ck_nn_weight *made = NULL;
    if (!w)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the self-check");
    for (size_t i = 0; i < n; i++)
        w[i] = pack == CK_NN_SCALE   ? norm_value(7, i, true)
               : pack == CK_NN_TABLE ? sample(7, i)
                                     : weight_value(7, i, (size_t)in * (size_t)taps);
    for (int i = 0; i < out; i++)
        bias[i] = norm_value(8, (size_t)i, false);
    ck_status s = ck_nn_weight_new(r->dev, pack, out, in, w, biased ? bias : NULL, &made, e);
    free(w);
    *to = made;
    return s;
}

static ck_status weights(run *r, ck_error *e)
{
    ck_nn_step *s = &r->s;
    int in = s->x[0].c, out = s->y.c;
    switch (s->kind) {
    case CK_NN_OP_PATCH: {
        ck_status st = weight(r, CK_NN_TABLE, s->y.h * s->y.w, out, 1, false, &s->extra, e);
        return st == CK_OK ? weight(r, CK_NN_PATCH, out, in, 49, true, &s->weight, e) : st;
    }
    case CK_NN_OP_LAYER_NORM:
    case CK_NN_OP_GROUP_NORM:
        return weight(r, CK_NN_SCALE, out, 1, 1, true, &s->weight, e);
    case CK_NN_OP_LINEAR:
        return weight(r, CK_NN_LINEAR, out, in, 1, true, &s->weight, e);
    case CK_NN_OP_CONV:
        return weight(r, CK_NN_CONV, out, in, 9, true, &s->weight, e);
    case CK_NN_OP_FUSE:
    case CK_NN_OP_HEAD:
        return weight(r, CK_NN_HEAD, out, in, 1, true, &s->weight, e);
    default:
        return CK_OK;
    }
}

static void release(run *r)
{
    for (int i = 0; i < TENSORS; i++) {
        free(r->home[i]);
        r->dev->ops->release(r->dev, r->away[i]);
    }
    r->dev->ops->release(r->dev, r->scratch);
}

/* The results come to r->home; call release, after a failure too. */
static ck_status compute(ck_nn *dev, const ck_nn_problem *p, run *r, ck_error *e)
{
    const ck_nn_backend *b = dev->ops;
    size_t scratch = 0;
    ck_error why;
    *r = (run){.dev = dev, .s = ck_nn_problem_step(p, dev->act)};
    snprintf(r->s.label, sizeof r->s.label, "%s", p->name);
    ck_status s = place(r, e);
    if (s == CK_OK)
        s = weights(r, e);
    if (s == CK_OK)
        s = b->prepare(dev, &r->s, &scratch, e);
    if (s == CK_OK && b->kernel)
        r->kernel = b->kernel(dev, &r->s, &why);
    if (s == CK_OK)
        s = b->reserve(dev, scratch, &r->scratch, e);
    if (s != CK_OK)
        return s;
    r->s.scratch = r->scratch;
    b->run[r->s.kind](dev, &r->s);
    for (int i = Y; i < TENSORS; i++)
        if (r->home[i])
            move(r, i, false);
    return b->sync(dev, e);
}

/* Difference of a result that the CPU leaves as it was, NaN, since it is not listed. */
static double untouched(double v)
{
    return isnan(v) ? 0 : INFINITY;
}

/* NaN is worse than any number. */
static double worse(double a, double b)
{
    return isnan(a) || b <= a ? a : b;
}

/* Largest difference, divided by the largest result; of sums and of squares for themselves. */
static double difference(const ck_nn_tensor *a, const void *a_data, const ck_nn_tensor *b, const void *b_data,
                         bool listed)
{
    size_t n = ck_nn_pixels(a) * (size_t)a->c;
    int kinds = a->type == CK_NN_F64 ? 2 : 1;
    double worst = 0;
    for (int k = 0; k < kinds; k++) {
        double most = 0, off = 0;
        for (size_t i = (size_t)k; i < n; i += (size_t)kinds) {
            double v = get(a, a_data, i), w = get(b, b_data, i), d = listed && isnan(w) ? untouched(v) : fabs(v - w);
            most = fmax(most, fabs(w)); /* which passes NaN over */
            off = worse(off, d);
        }
        worst = worse(worst, off > 0 ? off / most : off);
    }
    return worst;
}

/* *off: the difference; *kernel: the one that computed it, if the device has a choice. */
static ck_status compare(ck_nn *dev, ck_nn *cpu, const ck_nn_problem *p, double *off, const char **kernel, ck_error *e)
{
    run a, b;
    ck_status s = compute(dev, p, &a, e);
    *kernel = a.kernel;
    if (s == CK_OK) {
        s = compute(cpu, p, &b, e);
        if (s == CK_OK)
            *off = difference(&a.s.y, a.home[Y], &b.s.y, b.home[Y], p->listed);
        if (s == CK_OK && a.home[STATS])
            *off = worse(*off, difference(&a.s.stats, a.home[STATS], &b.s.stats, b.home[STATS], p->listed));
        release(&b);
    }
    release(&a);
    return s;
}

/* ---- all of them ---- */

static void say(const ck_nn_problem *p, const char *kernel, double off, double most, ck_error *why)
{
    if (isnan(off))
        ck_fail(why, CK_OK, "%s: %s leaves results that are no numbers", p->name, kernel);
    else
        ck_fail(why, CK_OK, "%s: %s differs from the CPU by %.1e of its largest value, %.0e are allowed", p->name,
                kernel, off, most);
}

/* Give up kernels until one passes.  A failure is that of the first. */
static ck_status settle(ck_nn *dev, ck_nn *cpu, const ck_nn_problem *p, ck_nn_findings *f, ck_error *e)
{
    for (int tries = 0;; tries++) {
        const char *kernel = NULL;
        double off = 0, most = allowed(dev->precision);
        ck_error why;
        size_t used = strlen(f->without);
        ck_status s = compare(dev, cpu, p, &off, &kernel, &why);
        if (s == CK_OK && off <= most)
            return CK_OK;
        if (s == CK_OK)
            say(p, kernel ? kernel : dev->ops->name, off, most, &why);
        if (tries == 0)
            *e = why;
        if (!*f->first.text)
            f->first = why;
        if (s == CK_ERR_MEMORY || !kernel || !dev->ops->without(dev, kernel))
            return s == CK_ERR_MEMORY ? s : CK_ERR_UNSUPPORTED;
        snprintf(f->without + used, sizeof f->without - used, " %s", kernel);
    }
}

ck_status ck_nn_check(const char *device, ck_nn_precision p, ck_nn_findings *out, ck_error *e)
{
    ck_nn *dev = NULL, *cpu = NULL;
    *out = (ck_nn_findings){.without = ""};
    ck_status s = ck_nn_open(device, 0, &dev, e);
    if (s == CK_OK)
        s = ck_nn_set_precision(dev, p, e);
    if (s == CK_OK)
        s = ck_nn_open("cpu", 1, &cpu, e);
    if (s == CK_ERR_UNSUPPORTED) /* a build without it */
        s = ck_nn_open("ref", 1, &cpu, e);
    for (int i = 0; i < ck_nn_problem_count && s == CK_OK; i++)
        s = settle(dev, cpu, &ck_nn_problems[i], out, e);
    ck_nn_close(cpu);
    ck_nn_close(dev);
    return s;
}

ck_status ck_nn_problem_kernel(ck_nn *dev, const ck_nn_problem *p, const char **kernel, ck_error *why)
{
    run r = {.dev = dev, .s = ck_nn_problem_step(p, dev->act)};
    size_t scratch;
    snprintf(r.s.label, sizeof r.s.label, "%s", p->name);
    ck_status s = weights(&r, why);
    if (s == CK_OK)
        s = dev->ops->prepare(dev, &r.s, &scratch, why);
    if (s == CK_OK)
        *kernel = dev->ops->kernel(dev, &r.s, why);
    return s;
}

void ck_nn_do_without(ck_nn *dev, const char *names)
{
    char name[64];
    int n;
    for (; dev->ops->without && sscanf(names, " %63s%n", name, &n) == 1; names += n)
        dev->ops->without(dev, name);
}
