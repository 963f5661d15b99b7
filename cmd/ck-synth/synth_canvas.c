#include "ck-synth/synth_canvas.h"

#include <math.h>

#include "base/clamp.h"

uint64_t ck_random_next(ck_random *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

float ck_random_in(ck_random *r, float lo, float hi)
{
    return lo + (hi - lo) * (float)(ck_random_next(r) >> 40) / (float)(1 << 24);
}

/* First-order distance: exact on the axes, close to the edge everywhere. */
float ck_shape_ellipse(const void *ellipse, float x, float y)
{
    const ck_canvas_ellipse *e = ellipse;
    float px = (x - e->c.x) / e->r.x, py = (y - e->c.y) / e->r.y;
    float k = sqrtf(px * px + py * py);
    float gx = px / e->r.x, gy = py / e->r.y, g = sqrtf(gx * gx + gy * gy);
    return g > 1e-9f ? k * (k - 1) / g : -fminf(e->r.x, e->r.y);
}

float ck_shape_capsule(const void *capsule, float x, float y)
{
    const ck_capsule *s = capsule;
    float dx = s->b.x - s->a.x, dy = s->b.y - s->a.y, px = x - s->a.x, py = y - s->a.y;
    float t = ck_clamp01((px * dx + py * dy) / fmaxf(dx * dx + dy * dy, 1e-6f));
    return hypotf(px - t * dx, py - t * dy) - (s->ra + t * (s->rb - s->ra));
}

/* Coverage of a half-plane at distance d, smooth over `edge` pixels. */
static float coverage(float d, float edge)
{
    float t = ck_clamp01(0.5f - d / edge);
    return t * t * (3 - 2 * t);
}

typedef struct span {
    int x0, y0, x1, y1;
} span;

static span clip(const ck_canvas *c, const float box[4], float margin)
{
    span s = {(int)floorf(box[0] - margin), (int)floorf(box[1] - margin), (int)ceilf(box[2] + margin),
              (int)ceilf(box[3] + margin)};
    s.x0 = s.x0 < 0 ? 0 : s.x0;
    s.y0 = s.y0 < 0 ? 0 : s.y0;
    s.x1 = s.x1 > c->w ? c->w : s.x1;
    s.y1 = s.y1 > c->h ? c->h : s.y1;
    return s;
}

static void lay(ck_canvas *c, long i, float cover, const float colour[3], float light)
{
    for (int k = 0; k < 3; k++)
        c->p[k][i] = colour[k] * light * cover + c->p[k][i] * (1 - cover);
    c->a[i] = cover + c->a[i] * (1 - cover);
}

/* Light from the upper left on a surface that curves in from the shape's edge. */
static float shade(ck_shape f, const void *shape, const ck_material *m, float x, float y, float d)
{
    float light = 1;
    if (m->depth > 0) {
        float t = ck_clamp01(-d / m->depth), nz = sqrtf(t * (2 - t));
        float gx = f(shape, x + 1, y) - d, gy = f(shape, x, y + 1) - d;
        float g = fmaxf(hypotf(gx, gy), 1e-6f), flat = sqrtf(fmaxf(0, 1 - nz * nz));
        light = 0.45f + 0.55f * ck_clamp01(-0.45f * gx / g * flat - 0.5f * gy / g * flat + 0.74f * nz);
    }
    if (m->stripe > 0) {
        float q = (x * cosf(m->stripe_angle) + y * sinf(m->stripe_angle)) / m->stripe;
        light *= 0.86f + 0.14f * sinf(6.2832f * q);
    }
    return light;
}

void ck_canvas_shape(ck_canvas *c, const float box[4], ck_shape f, const void *shape, float edge, const ck_material *m)
{
    span s = clip(c, box, edge + 1);
    for (int y = s.y0; y < s.y1; y++) {
        for (int x = s.x0; x < s.x1; x++) {
            float px = (float)x + 0.5f, py = (float)y + 0.5f, d = f(shape, px, py);
            float cover = coverage(d, edge) * m->opacity;
            if (cover > 0)
                lay(c, (long)y * c->w + x, cover, m->colour, shade(f, shape, m, px, py, d));
        }
    }
}

void ck_canvas_add(ck_canvas *c, const float box[4], ck_shape f, const void *shape, float edge, float weight)
{
    span s = clip(c, box, edge + 1);
    for (int y = s.y0; y < s.y1; y++)
        for (int x = s.x0; x < s.x1; x++)
            c->cover[(long)y * c->w + x] += weight * coverage(f(shape, (float)x + 0.5f, (float)y + 0.5f), edge);
}

void ck_canvas_flush(ck_canvas *c, const float box[4], const ck_material *m)
{
    span s = clip(c, box, 64);
    for (int y = s.y0; y < s.y1; y++) {
        for (int x = s.x0; x < s.x1; x++) {
            long i = (long)y * c->w + x;
            if (c->cover[i] > 0)
                lay(c, i, ck_clamp01(c->cover[i]) * m->opacity, m->colour, 1);
            c->cover[i] = 0;
        }
    }
}

static ck_vec bend(ck_vec a, ck_vec b, ck_vec d, float t)
{
    float u = 1 - t;
    return (ck_vec){u * u * a.x + 2 * u * t * b.x + t * t * d.x, u * u * a.y + 2 * u * t * b.y + t * t * d.y};
}

/* One straight piece: the scratch keeps the largest coverage, so that pieces join without beads. */
static void hair_piece(ck_canvas *c, ck_vec a, ck_vec b, float width, float opacity)
{
    float box[4] = {fminf(a.x, b.x), fminf(a.y, b.y), fmaxf(a.x, b.x), fmaxf(a.y, b.y)};
    span s = clip(c, box, width / 2 + 1);
    ck_capsule line = {a, b, 0, 0};
    float most = fminf(1, width) * opacity;
    for (int y = s.y0; y < s.y1; y++) {
        for (int x = s.x0; x < s.x1; x++) {
            float d = ck_shape_capsule(&line, (float)x + 0.5f, (float)y + 0.5f);
            float v = fminf(ck_clamp01(width / 2 + 0.5f - d) * opacity, most);
            float *to = &c->cover[(long)y * c->w + x];
            *to = fmaxf(*to, v);
        }
    }
}

void ck_canvas_hair(ck_canvas *c, ck_vec a, ck_vec b, ck_vec d, float width, const float colour[3], float opacity)
{
    float length = hypotf(b.x - a.x, b.y - a.y) + hypotf(d.x - b.x, d.y - b.y);
    int pieces = 2 + (int)(length / 8);
    ck_vec from = a;
    for (int i = 1; i <= pieces; i++) {
        float t = (float)i / (float)pieces;
        ck_vec to = bend(a, b, d, t);
        hair_piece(c, from, to, width * (1 - 0.6f * t), opacity * (t > 0.7f ? 1 - (t - 0.7f) / 0.3f * 0.8f : 1));
        from = to;
    }
    float box[4] = {fminf(a.x, fminf(b.x, d.x)), fminf(a.y, fminf(b.y, d.y)), fmaxf(a.x, fmaxf(b.x, d.x)),
                    fmaxf(a.y, fmaxf(b.y, d.y))};
    /* The flush clears 64 pixels around: far more than half the widest hair. */
    ck_material m = {.colour = {colour[0], colour[1], colour[2]}, .opacity = 1};
    ck_canvas_flush(c, box, &m);
}
