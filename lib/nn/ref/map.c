/* Pooling, bilinear enlargement, heads, and the refiner's first and last steps. */
#include <math.h>
#include <string.h>

#include "nn/ref/ref.h"

/* Bilinear enlargement: half-pixel centres, edges clamped. */
typedef struct tap {
    int i0, i1;
    float f; /* weight of i1 */
} tap;

static tap tap_at(int o, int in, int out)
{
    double p = (o + 0.5) * in / out - 0.5;
    p = p > 0 ? p : 0;
    int i = (int)p < in - 1 ? (int)p : in - 1;
    return (tap){i, i + 1 < in ? i + 1 : i, (float)(p - i)};
}

static float mix(float a, float b, float f)
{
    return a * (1 - f) + b * f;
}

static float sigmoid(float x)
{
    return (float)(1 / (1 + exp(-(double)x)));
}

static size_t index_of(const ck_nn_tensor *t, int y, int x)
{
    return (size_t)y * (size_t)t->w + (size_t)x;
}

/* Number of an element; its value. */
static size_t element(const ck_nn_tensor *t, int y, int x, int c)
{
    return ck_ref_index(t, index_of(t, y, x)) + (size_t)c;
}

static float at(const ck_nn_tensor *t, int y, int x, int c)
{
    return ck_ref_get(t, element(t, y, x, c));
}

/* A planar sample, enlarged to h x w. */
static float enlarged(const ck_nn_tensor *t, int c, int y, int x, int h, int w)
{
    tap v = tap_at(y, t->h, h), u = tap_at(x, t->w, w);
    const float *p = (const float *)t->data + (size_t)c * ck_nn_pixels(t);
    return mix(mix(p[index_of(t, v.i0, u.i0)], p[index_of(t, v.i1, u.i0)], v.f),
               mix(p[index_of(t, v.i0, u.i1)], p[index_of(t, v.i1, u.i1)], v.f), u.f);
}

static void pool_row(void *ctx, int y, int who)
{
    (void)who;
    const ck_nn_step *s = *(const ck_nn_step **)ctx;
    const ck_nn_tensor *t = &s->x[0];
    for (int x = 0; x < s->y.w; x++) {
        for (int i = 0; i < s->y.c; i++)
            ck_ref_put(&s->y, element(&s->y, y, x, i),
                       fmaxf(fmaxf(at(t, 2 * y, 2 * x, i), at(t, 2 * y, 2 * x + 1, i)),
                             fmaxf(at(t, 2 * y + 1, 2 * x, i), at(t, 2 * y + 1, 2 * x + 1, i))));
    }
}

void ck_ref_pool(ck_nn *dev, const ck_nn_step *s)
{
    ck_team_run(((ck_ref_device *)dev)->team, s->y.h, pool_row, &s);
}

#define PART 64 /* channels summed at once */

static float *planar_at(const ck_nn_tensor *t, int c, int y, int x)
{
    return (float *)t->data + (size_t)c * ck_nn_pixels(t) + index_of(t, y, x);
}

/* relu of the sum over levels at one pixel, channels c0 … c0 + n - 1. */
static void fuse_part(const ck_nn_step *s, int y, int x, int c0, int n, float *sum)
{
    for (int i = 0; i < n; i++)
        sum[i] = at(&s->x[0], y, x, c0 + i);
    for (int k = 1; k < CK_NN_INPUTS && ck_nn_has(&s->x[k]); k++) {
        const ck_nn_tensor *t = &s->x[k];
        tap v = tap_at(y, t->h, s->y.h), u = tap_at(x, t->w, s->y.w);
        for (int i = 0, c = c0; i < n; i++, c++)
            sum[i] += mix(mix(at(t, v.i0, u.i0, c), at(t, v.i1, u.i0, c), v.f),
                          mix(at(t, v.i0, u.i1, c), at(t, v.i1, u.i1, c), v.f), u.f);
    }
    for (int i = 0; i < n; i++)
        sum[i] = sum[i] < 0 ? 0 : sum[i];
}

/* relu(x[0] * scale + shift + x[2]) of the same channels. */
static void norm_part(const ck_nn_step *s, int y, int x, int c0, int n, float *to)
{
    const float *scale = (float *)s->x[1].data + c0;
    for (int i = 0; i < n; i++) {
        float v = at(&s->x[0], y, x, c0 + i) * scale[i] + scale[s->x[0].c + i];
        v += ck_nn_has(&s->x[2]) ? at(&s->x[2], y, x, c0 + i) : 0;
        to[i] = v < 0 ? 0 : v;
    }
}

static void finish_row(const ck_nn_step *s, int c, int y, int x0, int x1)
{
    for (int x = x0; x < x1; x++) {
        float logit = enlarged(&s->x[0], c, y, x, s->y.h, s->y.w);
        *planar_at(&s->y, c, y, x) =
            sigmoid(ck_nn_has(&s->x[1]) ? logit + *planar_at(&s->x[1], c, y, x) * s->gain : logit);
    }
}

static void head_row(const ck_nn_step *s, int y, int x0, int x1)
{
    const ck_nn_weight *w = s->weight;
    float part[PART];
    for (int x = x0; x < x1; x++) {
        double sum[CK_NN_HEADS_MAX];
        for (int o = 0; o < s->y.c; o++)
            sum[o] = (double)w->bias[o];
        for (int c = 0; c < w->in; c += PART) {
            int n = w->in - c < PART ? w->in - c : PART;
            (s->kind == CK_NN_OP_FUSE ? fuse_part : norm_part)(s, y, x, c, n, part);
            for (int o = 0; o < s->y.c; o++)
                for (int i = 0; i < n; i++)
                    sum[o] += (double)part[i] * (double)w->w[(size_t)o * (size_t)w->in + (size_t)(c + i)];
        }
        for (int o = 0; o < s->y.c; o++)
            *planar_at(&s->y, o, y, x) = (float)sum[o];
    }
    if (s->kind == CK_NN_OP_HEAD && ck_nn_has(&s->x[3])) {
        ck_nn_step end = {.x = {s->x[3], s->y}, .y = s->y, .gain = s->gain};
        for (int o = 0; o < s->y.c; o++)
            finish_row(&end, o, y, x0, x1);
    }
}

static void head_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int y = a.y0; y < a.y1; y++)
        head_row(s, y, a.x0, a.x1);
}

void ck_ref_fuse(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, head_area);
}

void ck_ref_head(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, head_area);
}

static void coarse_row(const ck_nn_step *s, int y, int x0, int x1)
{
    int first = s->x[0].c;
    for (int x = x0; x < x1; x++) {
        for (int c = 0; c < s->y.c; c++)
            ck_ref_put(&s->y, element(&s->y, y, x, c),
                       c < first ? *planar_at(&s->x[0], c, y, x)
                                 : sigmoid(enlarged(&s->x[1], c - first, y, x, s->y.h, s->y.w)));
    }
}

static void coarse_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int y = a.y0; y < a.y1; y++)
        coarse_row(s, y, a.x0, a.x1);
}

void ck_ref_coarse(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, coarse_area);
}

static void finish_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int c = 0; c < s->y.c; c++)
        for (int y = a.y0; y < a.y1; y++)
            finish_row(s, c, y, a.x0, a.x1);
}

void ck_ref_finish(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, finish_area);
}
