/* Pooling, bilinear enlargement, heads, and the refiner's first and last steps. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "nn/cpu/cpu.h"
#include "nn/cpu/element.h"
#include "nn/cpu/exp2.h"

/* The two inputs of an enlarged sample: half-pixel centres, edges clamped. */
typedef struct tap {
    int i0, i1;
    float f; /* weight of i1 */
} tap;

static inline tap tap_at(int o, int in, int out)
{
    double p = (o + 0.5) * in / out - 0.5;
    p = p > 0 ? p : 0;
    int i = (int)p < in - 1 ? (int)p : in - 1;
    return (tap){i, i + 1 < in ? i + 1 : i, (float)(p - i)};
}

static inline float mix(float a, float b, float f)
{
    return a * (1 - f) + b * f;
}

static inline void *pixel(const ck_nn_tensor *t, int y, int x)
{
    return ck_nn_pixel(t, (size_t)y * (size_t)t->w + (size_t)x);
}

static inline bool is_bf16(const ck_nn_tensor *t)
{
    return t->type == CK_NN_BF16;
}

static inline float *planar(const ck_nn_tensor *t, int c, int y)
{
    return (float *)t->data + ((size_t)c * (size_t)t->h + (size_t)y) * (size_t)t->w;
}

/* ---- pooling ---- */

CK_CPU_INLINE void largest_typed(const void *const from[4], bool bf16, int n, void *to)
{
    for (size_t i = 0; i < (size_t)n; i++) {
        float a = ck_cpu_get(from[0], bf16, i), b = ck_cpu_get(from[1], bf16, i);
        float c = ck_cpu_get(from[2], bf16, i), d = ck_cpu_get(from[3], bf16, i);
        float x = a > b ? a : b, y = c > d ? c : d;
        ck_cpu_put(to, bf16, i, x > y ? x : y);
    }
}

CK_CLONES static void largest(const void *const from[4], bool bf16, int n, void *to)
{
    if (bf16)
        largest_typed(from, true, n, to);
    else
        largest_typed(from, false, n, to);
}

static void pool_task(void *call, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ((const ck_cpu_call *)call)->s;
    const ck_nn_tensor *t = &s->x[0];
    for (int x = 0; x < s->y.w; x++) {
        const void *from[4] = {pixel(t, 2 * y, 2 * x), pixel(t, 2 * y, 2 * x + 1), pixel(t, 2 * y + 1, 2 * x),
                               pixel(t, 2 * y + 1, 2 * x + 1)};
        largest(from, is_bf16(t), s->y.c, pixel(&s->y, y, x));
    }
}

void ck_cpu_pool(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, s->y.h, pool_task);
}

/* ---- heads: few outputs of many channels, PART at a time ---- */

#define PART 64
#define LANES 16

/* sum[o][lane] += relu(v) w[o] over n <= PART channels. */
static inline void add_products(const float *v, const ck_nn_weight *w, int c0, int n, float sum[][LANES])
{
    for (int o = 0; o < w->out; o++) {
        const float *row = w->w + (size_t)o * (size_t)w->in + c0;
        float a[LANES];
        memcpy(a, sum[o], sizeof a);
        int c = 0;
        for (; c + LANES <= n; c += LANES)
            for (int i = 0; i < LANES; i++)
                a[i] += (v[c + i] < 0 ? 0 : v[c + i]) * row[c + i];
        for (int i = 0; c + i < n; i++)
            a[i] += (v[c + i] < 0 ? 0 : v[c + i]) * row[c + i];
        memcpy(sum[o], a, sizeof a);
    }
}

static inline void put_heads(const ck_nn_step *s, int y, int x, float sum[][LANES])
{
    for (int o = 0; o < s->weight->out; o++) {
        float *a = sum[o];
        for (int n = LANES / 2; n; n /= 2)
            for (int i = 0; i < n; i++)
                a[i] += a[i + n];
        planar(&s->y, o, y)[x] = a[0] + s->weight->bias[o];
    }
}

/* One level's four pixels around a pixel of y, and their weights. */
typedef struct around {
    const void *a, *b, *c, *d; /* top left, top right, bottom left, bottom right */
    float fy, fx;
} around;

static inline around around_of(const ck_nn_tensor *t, const tap *v, const tap *u)
{
    return (around){
        pixel(t, v->i0, u->i0), pixel(t, v->i0, u->i1), pixel(t, v->i1, u->i0), pixel(t, v->i1, u->i1), v->f, u->f};
}

/* Add n <= PART channels from c on of an enlarged level. */
CK_CPU_INLINE void add_level(const around *q, bool bf16, size_t c, size_t n, float *restrict sum)
{
    const void *left = q->a, *right = q->b, *left_below = q->c, *right_below = q->d;
    float fy = q->fy, fx = q->fx;
    for (size_t i = 0; i < n; i++)
        sum[i] += mix(mix(ck_cpu_get(left, bf16, c + i), ck_cpu_get(left_below, bf16, c + i), fy),
                      mix(ck_cpu_get(right, bf16, c + i), ck_cpu_get(right_below, bf16, c + i), fy), fx);
}

/* x[0] to x[3] are of one type. */
CK_CPU_INLINE void fuse_typed(const ck_nn_step *s, int y, bool bf16)
{
    int levels = 1;
    tap rows[CK_NN_INPUTS];
    for (; levels < CK_NN_INPUTS && ck_nn_has(&s->x[levels]); levels++)
        rows[levels] = tap_at(y, s->x[levels].h, s->y.h);
    for (int x = 0; x < s->y.w; x++) {
        float sum[CK_NN_HEADS_MAX][LANES] = {{0}};
        const void *first = pixel(&s->x[0], y, x);
        around near[CK_NN_INPUTS];
        for (int k = 1; k < levels; k++) {
            tap u = tap_at(x, s->x[k].w, s->y.w);
            near[k] = around_of(&s->x[k], &rows[k], &u);
        }
        for (int c = 0; c < s->x[0].c; c += PART) {
            int n = s->x[0].c - c < PART ? s->x[0].c - c : PART;
            float part[PART];
            for (int i = 0; i < n; i++)
                part[i] = ck_cpu_get(first, bf16, (size_t)(c + i));
            for (int k = 1; k < levels; k++)
                add_level(&near[k], bf16, (size_t)c, (size_t)n, part);
            add_products(part, s->weight, c, n, sum);
        }
        put_heads(s, y, x, sum);
    }
}

CK_CLONES static void fuse_row(const ck_nn_step *s, int y)
{
    if (is_bf16(&s->x[0]))
        fuse_typed(s, y, true);
    else
        fuse_typed(s, y, false);
}

/* x[0] and x[2] are of one type. */
CK_CPU_INLINE void head_typed(const ck_nn_step *s, int y, int x0, int x1, bool bf16)
{
    int channels = s->x[0].c;
    const float *scale = s->x[1].data, *shift = scale + channels;
    for (int x = x0; x < x1; x++) {
        float sum[CK_NN_HEADS_MAX][LANES] = {{0}};
        const void *in = pixel(&s->x[0], y, x), *add = ck_nn_has(&s->x[2]) ? pixel(&s->x[2], y, x) : NULL;
        for (int c = 0; c < channels; c += PART) {
            int n = channels - c < PART ? channels - c : PART;
            float part[PART];
            for (int i = 0; i < n; i++)
                part[i] = ck_cpu_get(in, bf16, (size_t)(c + i)) * scale[c + i] + shift[c + i];
            for (int i = 0; add && i < n; i++)
                part[i] += ck_cpu_get(add, bf16, (size_t)(c + i));
            add_products(part, s->weight, c, n, sum);
        }
        put_heads(s, y, x, sum);
    }
}

CK_CLONES static void head_row(const ck_nn_step *s, int y, int x0, int x1)
{
    if (is_bf16(&s->x[0]))
        head_typed(s, y, x0, x1, true);
    else
        head_typed(s, y, x0, x1, false);
}

static void fuse_task(void *call, int y, int who)
{
    (void)who;
    fuse_row(((const ck_cpu_call *)call)->s, y);
}

void ck_cpu_fuse(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, s->y.h, fuse_task);
}

/* ---- probabilities ---- */

#define RUN 64 /* samples of a row computed at once */

/* v = 1 / (1 + e^-v).  The clamp keeps 2^n in range without changing results: from 17 on they round to 1, below -87
 * they are under the smallest normal float. */
CK_CLONES static void sigmoids(float *v, int n)
{
    for (int i = 0; i < n; i++) {
        float t = v[i] * -(float)M_LOG2E;
        t = t > 126 ? 126 : t;
        t = t < -126 ? -126 : t;
        v[i] = 1 / (1 + exp2_plain(t));
    }
}

/* Enlarge a plane to h x w; compute samples x0 … x0 + n - 1 of row y. */
static void enlarge(const ck_nn_tensor *t, int c, int y, int x0, int n, int h, int w, float *to)
{
    tap v = tap_at(y, t->h, h);
    const float *a = planar(t, c, v.i0), *b = planar(t, c, v.i1);
    for (int i = 0; i < n; i++) {
        tap u = tap_at(x0 + i, t->w, w);
        to[i] = mix(mix(a[u.i0], b[u.i0], v.f), mix(a[u.i1], b[u.i1], v.f), u.f);
    }
}

static void coarse_row(const ck_nn_step *s, int y, int x0, int x1)
{
    float run[RUN];
    for (int c = 0; c < s->y.c; c++)
        for (int x = x0; x < x1; x += RUN) {
            int n = x1 - x < RUN ? x1 - x : RUN, first = s->x[0].c;
            if (c < first) {
                memcpy(run, planar(&s->x[0], c, y) + x, (size_t)n * sizeof *run);
            } else {
                enlarge(&s->x[1], c - first, y, x, n, s->y.h, s->y.w, run);
                sigmoids(run, n);
            }
            for (int i = 0; i < n; i++)
                ck_cpu_put(pixel(&s->y, y, x + i), is_bf16(&s->y), (size_t)c, run[i]);
        }
}

static void coarse_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int y = a.y0; y < a.y1; y++)
        coarse_row(s, y, a.x0, a.x1);
}

void ck_cpu_coarse(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(ck_cpu_of(dev)->team, s, coarse_area);
}

static void finish_row(const ck_nn_step *s, int y, int x0, int x1)
{
    for (int c = 0; c < s->y.c; c++)
        for (int x = x0; x < x1; x += RUN) {
            int n = x1 - x < RUN ? x1 - x : RUN;
            float run[RUN];
            enlarge(&s->x[0], c, y, x, n, s->y.h, s->y.w, run);
            const float *delta = ck_nn_has(&s->x[1]) ? planar(&s->x[1], c, y) + x : NULL;
            for (int i = 0; delta && i < n; i++)
                run[i] += delta[i] * s->gain;
            sigmoids(run, n);
            memcpy(planar(&s->y, c, y) + x, run, (size_t)n * sizeof *run);
        }
}

static void finish_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int y = a.y0; y < a.y1; y++)
        finish_row(s, y, a.x0, a.x1);
}

void ck_cpu_finish(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(ck_cpu_of(dev)->team, s, finish_area);
}

/* With logits, each row is finished in place. */
static void head_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    ck_nn_step end = {.x = {s->x[3], s->y}, .y = s->y, .gain = s->gain};
    for (int y = a.y0; y < a.y1; y++) {
        head_row(s, y, a.x0, a.x1);
        if (ck_nn_has(&s->x[3]))
            finish_row(&end, y, a.x0, a.x1);
    }
}

void ck_cpu_head(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(ck_cpu_of(dev)->team, s, head_area);
}
