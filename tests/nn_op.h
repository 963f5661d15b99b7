/* One operation on two devices.  Buffers have sentinels around them and in the gaps between pixels, scratch included.
 * Results are compared under a bound for every element. */
#ifndef CK_TESTS_NN_OP_H
#define CK_TESTS_NN_OP_H

#include <float.h>
#include <math.h>

#include "guard.h"
#include "nn/nn.h"
#include "tap.h"

#define UNIT ((double)FLT_EPSILON / 2) /* largest relative error of one rounding */

/* Sum of n products in float32, in any order, with or without FMA: |error| <= this * sum of |products|. */
static inline double op_sum_bound(double n)
{
    return n * UNIT / (1 - n * UNIT);
}

typedef struct op_tensor {
    ck_nn_tensor t;
    guard g;
} op_tensor;

static inline size_t op_count(const ck_nn_tensor *t)
{
    return ck_nn_pixels(t) * (size_t)(t->planar ? t->c : t->ld);
}

static inline op_tensor op_new(ck_nn_type type, bool planar, int h, int w, int c, int gap)
{
    op_tensor o = {.t = {.type = type, .planar = planar, .h = h, .w = w, .c = c, .ld = c + gap, .id = -1}};
    o.g = guard_new(op_count(&o.t) * ck_nn_type_size(type));
    o.t.data = o.g.data;
    return o;
}

static inline op_tensor op_map(int h, int w, int c, int gap)
{
    return op_new(CK_NN_F32, false, h, w, c, gap);
}

static inline op_tensor op_planar(int c, int h, int w)
{
    return op_new(CK_NN_F32, true, h, w, c, 0);
}

static inline size_t op_index(const ck_nn_tensor *t, size_t pixel, int c)
{
    return t->planar ? (size_t)c * ck_nn_pixels(t) + pixel : pixel * (size_t)t->ld + (size_t)c;
}

static inline float *op_at(const op_tensor *o, size_t pixel, int c)
{
    return (float *)o->g.data + op_index(&o->t, pixel, c);
}

/* Fill with random values; gaps keep their pattern. */
static inline void op_random(op_tensor *o, uint32_t *seed, float lo, float hi)
{
    for (size_t p = 0; p < ck_nn_pixels(&o->t); p++)
        for (int c = 0; c < o->t.c; c++)
            *op_at(o, p, c) = rnd_float(seed, lo, hi);
}

/* Free a tensor; true if every sentinel is intact, around the buffer and in the gaps. */
static inline bool op_free(op_tensor *o)
{
    bool good = true;
    size_t size = ck_nn_type_size(o->t.type), from = (size_t)o->t.c * size, end = (size_t)o->t.ld * size;
    for (size_t p = 0; o->t.type != CK_NN_F64 && !o->t.planar && p < ck_nn_pixels(&o->t); p++)
        for (size_t i = from; i < end; i++)
            good = good && ((unsigned char *)o->g.data)[p * end + i] == 0xcd;
    return guard_done(&o->g) && good;
}

typedef struct op_weight {
    ck_nn_pack pack;
    int out, in;
    size_t n;
    float *w, *bias;
} op_weight;

static inline op_weight op_weight_new(ck_nn_pack p, int out, int in, bool bias, uint32_t *seed)
{
    size_t taps = p == CK_NN_PATCH ? 49 : p == CK_NN_CONV ? 9 : 1;
    op_weight w = {.pack = p, .out = out, .in = in, .n = (size_t)out * (p == CK_NN_SCALE ? 1 : (size_t)in * taps)};
    float range = p == CK_NN_SCALE || p == CK_NN_TABLE ? 1 : 2 / sqrtf((float)((size_t)in * taps));
    w.w = malloc(w.n * sizeof *w.w);
    w.bias = bias ? malloc((size_t)out * sizeof *w.bias) : NULL;
    for (size_t i = 0; i < w.n; i++)
        w.w[i] = rnd_float(seed, -range, range);
    for (int i = 0; bias && i < out; i++)
        w.bias[i] = rnd_float(seed, -1, 1);
    return w;
}

static inline op_weight op_weight_copy(const op_weight *w)
{
    op_weight to = *w;
    to.w = malloc(w->n * sizeof *w->w);
    to.bias = w->bias ? malloc((size_t)w->out * sizeof *w->bias) : NULL;
    memcpy(to.w, w->w, w->n * sizeof *w->w);
    if (w->bias)
        memcpy(to.bias, w->bias, (size_t)w->out * sizeof *w->bias);
    return to;
}

static inline void op_weight_free(op_weight *w)
{
    free(w->w);
    free(w->bias);
}

/* Pack a weight.  absolute: the magnitude of every value. */
static inline const ck_nn_weight *op_pack(ck_nn *dev, const op_weight *w, bool absolute)
{
    ck_nn_weight *to = NULL;
    ck_error e = {""};
    op_weight copy = *w;
    copy.w = malloc(w->n * sizeof *w->w);
    copy.bias = w->bias ? malloc((size_t)w->out * sizeof *w->bias) : NULL;
    for (size_t i = 0; i < w->n; i++)
        copy.w[i] = absolute ? fabsf(w->w[i]) : w->w[i];
    for (int i = 0; w->bias && i < w->out; i++)
        copy.bias[i] = absolute ? fabsf(w->bias[i]) : w->bias[i];
    if (ck_nn_weight_new(dev, w->pack, w->out, w->in, copy.w, copy.bias, &to, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    op_weight_free(&copy);
    return to;
}

static inline void op_need(ck_status st, const ck_error *e)
{
    if (st != CK_OK) {
        printf("Bail out! %s\n", e->text);
        exit(1);
    }
}

/* ---- devices with their own memory: every tensor is copied there between sentinels, and back ---- */

typedef struct op_away {
    void *home; /* the tensor's data on the host; NULL: scratch */
    size_t bytes;
    void *all; /* on the device: sentinels, data, sentinels */
    guard g;   /* copy of it on the host */
} op_away;

/* Uploads and downloads copy floats, whatever they represent. */
static inline void op_move(ck_nn *dev, op_away *a, bool there)
{
    ck_nn_tensor t = {.data = a->all, .h = 1, .w = (int)((a->bytes + 2 * GUARD + 3) / 4), .c = 1, .ld = 1, .id = -1};
    ck_error e;
    if (there)
        dev->ops->upload(dev, &t, (float *)a->g.all);
    else
        dev->ops->download(dev, &t, (float *)a->g.all);
    op_need(dev->ops->sync(dev, &e), &e);
}

static inline void *op_send(ck_nn *dev, op_away *a, void *home, size_t bytes)
{
    ck_error e;
    *a = (op_away){.home = home, .bytes = bytes, .g = guard_new(bytes)};
    if (home)
        memcpy(a->g.data, home, bytes);
    op_need(dev->ops->reserve(dev, bytes + 2 * GUARD + 4, &a->all, &e), &e);
    op_move(dev, a, true);
    return (char *)a->all + GUARD;
}

/* Bytes from the first sample to the last. */
static inline size_t op_span(const ck_nn_tensor *t)
{
    size_t n = t->planar ? op_count(t) : (ck_nn_pixels(t) - 1) * (size_t)t->ld + (size_t)t->c;
    return t->type == CK_NN_F64 ? ck_nn_pixels(t) * (size_t)t->c * 8 : n * ck_nn_type_size(t->type);
}

#define OP_AWAY (CK_NN_INPUTS + 3)

/* Send all tensors; those with the same data are sent once. */
static inline int op_send_all(ck_nn *dev, ck_nn_step *s, op_away *away)
{
    ck_nn_tensor *all[] = {&s->x[0], &s->x[1], &s->x[2], &s->x[3], &s->y, &s->stats};
    int n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int k = 0;
        if (!ck_nn_has(all[i]))
            continue;
        while (k < n && away[k].home != all[i]->data)
            k++;
        if (k < n)
            all[i]->data = (char *)away[k].all + GUARD;
        else
            all[i]->data = op_send(dev, &away[n++], all[i]->data, op_span(all[i]));
    }
    return n;
}

/* Fetch the results; true if all other data and all sentinels are unchanged. */
static inline bool op_fetch_all(ck_nn *dev, const ck_nn_step *s, op_away *away, int n)
{
    bool good = true;
    for (int i = 0; i < n; i++) {
        op_away *a = &away[i];
        void *data = (char *)a->all + GUARD;
        op_move(dev, a, false);
        if (a->home && (data == s->y.data || data == s->stats.data))
            memcpy(a->home, a->g.data, a->bytes);
        good = good && (!a->home || !memcmp(a->home, a->g.data, a->bytes));
        good = guard_done(&a->g) && good;
        dev->ops->release(dev, a->all);
    }
    return good;
}

/* Run the step on one device with scratch of its own; true if the sentinels are intact: of scratch, or of all tensors
 * on a device with its own memory. */
static inline bool op_run(ck_nn *dev, ck_nn_step s)
{
    size_t bytes = 0;
    ck_error e = {""};
    op_away away[OP_AWAY];
    int n = dev->ops->host ? 0 : op_send_all(dev, &s, away);
    op_need(dev->ops->prepare(dev, &s, &bytes, &e), &e);
    guard scratch = guard_new(bytes);
    s.scratch = dev->ops->host ? scratch.data : op_send(dev, &away[n++], NULL, bytes);
    dev->ops->run[s.kind](dev, &s);
    op_need(dev->ops->sync(dev, &e), &e);
    bool whole = op_fetch_all(dev, &s, away, n);
    return guard_done(&scratch) && whole;
}

/* Largest |a - b| / bound; infinite for NaN.  `bound` has one value per element, or the layout of a. */
static inline double op_ratio(const op_tensor *a, const op_tensor *b, const op_tensor *bound)
{
    double worst = 0;
    for (size_t p = 0; p < ck_nn_pixels(&a->t); p++)
        for (int c = 0; c < a->t.c; c++) {
            double d = fabs((double)*op_at(a, p, c) - (double)*op_at(b, p, c)), most = (double)*op_at(bound, p, c);
            double r = d <= most ? (most > 0 ? d / most : 0) : isnan(d) ? HUGE_VAL : most > 0 ? d / most : HUGE_VAL;
            worst = r > worst ? r : worst;
        }
    return worst;
}

static inline bool op_equal(const op_tensor *a, const op_tensor *b)
{
    bool same = true;
    for (size_t p = 0; p < ck_nn_pixels(&a->t); p++)
        for (int c = 0; c < a->t.c; c++)
            same = same && !memcmp(op_at(a, p, c), op_at(b, p, c), sizeof(float));
    return same;
}

static inline ck_nn *op_open(const char *device, int threads)
{
    ck_nn *dev;
    ck_error e;
    if (ck_nn_open(device, threads, &dev, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    return dev;
}

#endif
