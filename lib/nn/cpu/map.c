/* Pooling, enlarging, and what is done pixel by pixel before and after the refiner. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "nn/cpu/cpu.h"
#include "nn/cpu/exp2.h"

/* Where an enlarged sample lies between two samples: half-pixel centres, edges clamped. */
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

static float *pixel(const ck_nn_tensor *t, int y, int x)
{
    return cpu_at(t, (size_t)y * (size_t)t->w + (size_t)x);
}

static float *planar(const ck_nn_tensor *t, int c, int y)
{
    return (float *)t->data + ((size_t)c * (size_t)t->h + (size_t)y) * (size_t)t->w;
}

/* ---- pooling ---- */

CK_CLONES static void largest(const float *a, const float *b, const float *c, const float *d, int n, float *to)
{
    for (int i = 0; i < n; i++) {
        float x = a[i] > b[i] ? a[i] : b[i], y = c[i] > d[i] ? c[i] : d[i];
        to[i] = x > y ? x : y;
    }
}

static void pool_task(void *call, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ((const cpu_call *)call)->s;
    const ck_nn_tensor *t = &s->x[0];
    for (int x = 0; x < s->y.w; x++)
        largest(pixel(t, 2 * y, 2 * x), pixel(t, 2 * y, 2 * x + 1), pixel(t, 2 * y + 1, 2 * x),
                pixel(t, 2 * y + 1, 2 * x + 1), s->y.c, pixel(&s->y, y, x));
}

void cpu_pool(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, s->y.h, pool_task);
}

/* ---- heads: few outputs of many channels, PART at a time ---- */

#define PART 64
#define LANES 16

/* sum += one level enlarged: vertically between rows, then between pixels. */
CK_CLONES static void add_level(const float *a, const float *b, const float *c, const float *d, float fy, float fx,
                                int n, float *sum)
{
    for (int i = 0; i < n; i++)
        sum[i] += mix(mix(a[i], c[i], fy), mix(b[i], d[i], fy), fx);
}

/* Channels c0 … c0+n-1 of FUSE's sum. */
static void fuse_part(const ck_nn_step *s, int y, int x, int c0, int n, float *sum)
{
    memcpy(sum, pixel(&s->x[0], y, x) + c0, (size_t)n * sizeof *sum);
    for (int k = 1; k < CK_NN_INPUTS && ck_nn_has(&s->x[k]); k++) {
        const ck_nn_tensor *t = &s->x[k];
        tap v = tap_at(y, t->h, s->y.h), u = tap_at(x, t->w, s->y.w);
        add_level(pixel(t, v.i0, u.i0) + c0, pixel(t, v.i0, u.i1) + c0, pixel(t, v.i1, u.i0) + c0,
                  pixel(t, v.i1, u.i1) + c0, v.f, u.f, n, sum);
    }
}

CK_CLONES static void norm_add(const float *x, const float *scale, const float *shift, const float *add, int n,
                               float *to)
{
    for (int i = 0; i < n; i++)
        to[i] = x[i] * scale[i] + shift[i] + (add ? add[i] : 0);
}

static void norm_part(const ck_nn_step *s, int y, int x, int c0, int n, float *to)
{
    const float *norm = s->x[1].data;
    norm_add(pixel(&s->x[0], y, x) + c0, norm + c0, norm + s->x[0].c + c0,
             ck_nn_has(&s->x[2]) ? pixel(&s->x[2], y, x) + c0 : NULL, n, to);
}

/* sum[lane] += relu(v) w; n is at most PART, v zero from there to PART. */
CK_CLONES static void dot(const float *v, const float *w, int n, float *sum)
{
    for (int c = 0; c + LANES <= n; c += LANES)
        for (int i = 0; i < LANES; i++)
            sum[i] += (v[c + i] < 0 ? 0 : v[c + i]) * w[c + i];
    for (int c = n / LANES * LANES, i = 0; c + i < n; i++)
        sum[i] += (v[c + i] < 0 ? 0 : v[c + i]) * w[c + i];
}

static float total(float *a)
{
    for (int n = LANES / 2; n; n /= 2)
        for (int i = 0; i < n; i++)
            a[i] += a[i + n];
    return a[0];
}

static void head_task(void *call, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ((const cpu_call *)call)->s;
    const ck_nn_weight *w = s->weight;
    for (int x = 0; x < s->y.w; x++) {
        float part[PART], sum[CK_NN_HEADS_MAX][LANES] = {{0}};
        for (int c = 0; c < w->in; c += PART) {
            int n = w->in - c < PART ? w->in - c : PART;
            (s->kind == CK_NN_OP_FUSE ? fuse_part : norm_part)(s, y, x, c, n, part);
            for (int o = 0; o < w->out; o++)
                dot(part, w->w + (size_t)o * (size_t)w->in + c, n, sum[o]);
        }
        for (int o = 0; o < w->out; o++)
            planar(&s->y, o, y)[x] = total(sum[o]) + w->bias[o];
    }
}

void cpu_fuse(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, s->y.h, head_task);
}

void cpu_head(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, s->y.h, head_task);
}

/* ---- probabilities ---- */

#define RUN 64 /* samples of a row taken at a time */

/* 1 / (1 + e^-x); the clamp keeps 2^n in range and changes nothing: from 17 on float32 has 1, and below -87 less than
 * its smallest normal number. */
CK_CLONES static void sigmoids(float *v, int n)
{
    for (int i = 0; i < n; i++) {
        float t = v[i] * -(float)M_LOG2E;
        t = t > 126 ? 126 : t;
        t = t < -126 ? -126 : t;
        v[i] = 1 / (1 + exp2_plain(t));
    }
}

/* Samples x0 … x0+n-1 of row y of one plane, enlarged to w samples a row. */
static void enlarge(const ck_nn_tensor *t, int c, int y, int x0, int n, int h, int w, float *to)
{
    tap v = tap_at(y, t->h, h);
    const float *a = planar(t, c, v.i0), *b = planar(t, c, v.i1);
    for (int i = 0; i < n; i++) {
        tap u = tap_at(x0 + i, t->w, w);
        to[i] = mix(mix(a[u.i0], b[u.i0], v.f), mix(a[u.i1], b[u.i1], v.f), u.f);
    }
}

static void coarse_task(void *call, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ((const cpu_call *)call)->s;
    float run[RUN];
    for (int c = 0; c < s->y.c; c++)
        for (int x = 0; x < s->y.w; x += RUN) {
            int n = s->y.w - x < RUN ? s->y.w - x : RUN, first = s->x[0].c;
            if (c < first) {
                memcpy(run, planar(&s->x[0], c, y) + x, (size_t)n * sizeof *run);
            } else {
                enlarge(&s->x[1], c - first, y, x, n, s->y.h, s->y.w, run);
                sigmoids(run, n);
            }
            for (int i = 0; i < n; i++)
                pixel(&s->y, y, x + i)[c] = run[i];
        }
}

void cpu_coarse(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, s->y.h, coarse_task);
}

static void finish_task(void *call, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ((const cpu_call *)call)->s;
    for (int c = 0; c < s->y.c; c++)
        for (int x = 0; x < s->y.w; x += RUN) {
            int n = s->y.w - x < RUN ? s->y.w - x : RUN;
            float run[RUN];
            const float *delta = planar(&s->x[1], c, y) + x;
            enlarge(&s->x[0], c, y, x, n, s->y.h, s->y.w, run);
            for (int i = 0; i < n; i++)
                run[i] += delta[i] * s->gain;
            sigmoids(run, n);
            memcpy(planar(&s->y, c, y) + x, run, (size_t)n * sizeof *run);
        }
}

void cpu_finish(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, s->y.h, finish_task);
}
