/* The image is processed in tiles, so that lines stay in the L1 cache and flat tiles, most of a matte, cost nothing.
 * To shrink, samples are negated on load and the result on store. */
#include "image/grow.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/clamp.h"
#include "base/clones.h"

/* A point of the circle in one quadrant: k + t pixels from the centre on each axis, 0 <= t < 1. */
typedef struct point {
    int kx, ky;
    float tx, ty;
} point;

#define MAX_POINTS (2 * CK_MAX_GROW + 3)

#define TILE_W 512
#define TILE_H 32
#define MAX_PAD (CK_MAX_GROW + 1)
#define LINE (MAX_PAD + TILE_W + MAX_PAD)

typedef struct disc {
    const float *src;
    int h, w;
    float sign; /* -1: shrink; 1: grow */
    double radius;
    int pad;  /* pixels by which the circle reaches beyond a pixel */
    int x, n; /* columns of the tile: x ... x + n-1 */
    int n_points;
    point points[MAX_POINTS];
    float line[LINE], spare[LINE]; /* a row of the tile with `pad` more samples on both sides */
    float best[TILE_W];            /* running maximum */
} disc;

static void split(double v, int *k, float *t)
{
    *k = (int)v;
    *t = (float)(v - *k);
}

/* Equal angles, starting at the axes and at 45 degrees, at most 0.8 pixels apart.  Bit-exactly symmetric about the
 * diagonal. */
static void place_points(disc *d)
{
    int steps = 2 * (int)ceil(d->radius) + 2;
    d->n_points = steps + 1;
    for (int i = 0; i <= steps / 2; i++) {
        double angle = M_PI / 2 * i / steps, x = d->radius * cos(angle), y = d->radius * sin(angle);
        point *p = &d->points[i], *q = &d->points[steps - i];
        split(x, &p->kx, &p->tx);
        split(2 * i == steps ? x : y, &p->ky, &p->ty);
        *q = (point){p->ky, p->kx, p->ty, p->tx};
    }
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* a + (b - a) t, never above the larger of both. */
static inline float between(float a, float b, float t)
{
    float v = (1.0f - t) * a + t * b, top = larger(a, b);
    return v < top ? v : top;
}

static const float *row(const disc *d, int y)
{
    return d->src + (size_t)ck_clamp_index(y, d->h) * (size_t)d->w;
}

/* Load the row at fraction t between rows a and b into the line; the image's edges are repeated. */
CK_CLONES
static void load(disc *d, int a, int b, float t)
{
    const float *from = row(d, a), *to = row(d, b);
    int first = d->x > d->pad ? d->x - d->pad : 0, end = d->x + d->n + d->pad < d->w ? d->x + d->n + d->pad : d->w;
    int before = d->pad - (d->x - first), n = end - first;
    float *restrict line = d->line + before, sign = d->sign;
    for (int x = 0; x < n; x++)
        line[x] = between(sign * from[first + x], sign * to[first + x], t);
    for (int x = 1; x <= before; x++)
        line[-x] = line[0];
    for (int x = n; x < d->n + 2 * d->pad - before; x++)
        line[x] = line[n - 1];
}

/* Running maximum: from windows of `have` samples to windows of have + step. */
CK_CLONES
static void widen(const float *restrict now, float *restrict next, int step, int n)
{
    for (int x = 0; x < n; x++)
        next[x] = larger(now[x], now[x + step]);
}

CK_CLONES
static void offer(float *restrict best, const float *restrict a, const float *restrict b, int n)
{
    for (int x = 0; x < n; x++)
        best[x] = larger(best[x], larger(a[x], b[x]));
}

/* Update `best` with the maximum over dx = -half ... half of the line. */
static void offer_run(disc *d, int half)
{
    int length = 2 * half + 1, have = 1, n = d->n + 2 * half;
    float *now = d->line + d->pad - half, *next = d->spare;
    for (; 2 * have <= length; have *= 2) {
        n -= have;
        widen(now, next, have, n);
        float *was = now;
        now = next;
        next = was;
    }
    offer(d->best, now, now + length - have, d->n);
}

/* Update `best` with the points k + t pixels left and right. */
CK_CLONES
static void offer_pair(disc *d, int k, float t)
{
    const float *right = d->line + d->pad + k, *left = d->line + d->pad - k;
    float *restrict best = d->best;
    int n = d->n;
    for (int x = 0; x < n; x++) {
        float a = between(right[x], right[x + 1], t), b = between(left[x], left[x - 1], t);
        best[x] = larger(best[x], larger(a, b));
    }
}

static void make_row(disc *d, int y)
{
    int reach = (int)d->radius;
    for (int x = 0; x < d->n; x++)
        d->best[x] = -INFINITY;
    for (int dy = -reach; dy <= reach; dy++) {
        if (y + dy < 0 || y + dy >= d->h)
            continue;
        load(d, y + dy, y + dy, 0);
        offer_run(d, (int)sqrt(d->radius * d->radius - (double)dy * dy));
    }
    for (int i = 0; i < d->n_points; i++) {
        const point *p = &d->points[i];
        for (int side = -1; side <= 1; side += 2) {
            load(d, y + side * p->ky, y + side * (p->ky + 1), p->ty);
            offer_pair(d, p->kx, p->tx);
        }
    }
}

CK_CLONES
static void store(const float *restrict best, float sign, float *restrict dst, int n)
{
    for (int x = 0; x < n; x++)
        dst[x] = sign * best[x];
}

CK_CLONES
static bool all_are(const float *v, float value, int n)
{
    int others = 0;
    for (int x = 0; x < n; x++)
        others += v[x] != value;
    return !others;
}

/* True if all input of rows y ... y + rows-1 of the tile has one value. */
static bool flat(const disc *d, int y, int rows)
{
    int first = ck_clamp_index(d->x - d->pad, d->w), last = ck_clamp_index(d->x + d->n - 1 + d->pad, d->w);
    int end = ck_clamp_index(y + rows - 1 + d->pad, d->h);
    float value = row(d, y)[d->x];
    for (int i = ck_clamp_index(y - d->pad, d->h); i <= end; i++)
        if (!all_are(row(d, i) + first, value, last - first + 1))
            return false;
    return true;
}

static void make_tile(disc *d, int y, int rows, float *dst)
{
    bool same = flat(d, y, rows);
    for (int i = y; i < y + rows; i++) {
        float *to = dst + (size_t)i * (size_t)d->w + d->x;
        if (same) {
            memcpy(to, row(d, i) + d->x, (size_t)d->n * sizeof *to);
            continue;
        }
        make_row(d, i);
        store(d->best, d->sign, to, d->n);
    }
}

ck_status ck_grow(const float *src, int h, int w, double radius, float *dst, ck_error *e)
{
    if (!(fabs(radius) <= CK_MAX_GROW) || h < 1 || w < 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot grow %d x %d pixels by %g: from -%d to %d", w, h, radius,
                       CK_MAX_GROW, CK_MAX_GROW);
    if (radius == 0) {
        memcpy(dst, src, (size_t)h * (size_t)w * sizeof *dst);
        return CK_OK;
    }
    disc d = {.src = src, .h = h, .w = w, .sign = radius < 0 ? -1 : 1, .radius = fabs(radius)};
    place_points(&d);
    d.pad = (int)d.radius + 1;
    for (int y = 0; y < h; y += TILE_H)
        for (d.x = 0; d.x < w; d.x += TILE_W) {
            d.n = w - d.x < TILE_W ? w - d.x : TILE_W;
            make_tile(&d, y, h - y < TILE_H ? h - y : TILE_H, dst);
        }
    return CK_OK;
}
