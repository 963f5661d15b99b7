/* The core, what is solid, and the sure part of it, far enough from bare screen and veils, which lends its colour to
 * the pixels at its edge. */
#include <stdlib.h>
#include <string.h>

#include "key/component.h"

/* Map pixels; see ck_key_map.unit. */
#define ISLAND 90    /* side of the largest core that may be the dense part of something soft */
#define RING 9       /* how far around it that is looked for */
#define VEILED 0.95f /* its mean part that is free of the screen's hue, at most */
#define EYE 40       /* side of the largest hole in a solid */
#define EDGE 7       /* width of soft edges: motion blur, defocus */
#define BLUR 24      /* the widest motion blur that is resolved */
#define DEEPER 10    /* step inwards that decides whether a rim is blurred */

/* First guess: where no foreground colour allows much of the screen, or none of its hue is left. */
static void guess_core(ck_key_map *m)
{
    float *solid = m->t0;
    for (size_t i = 0; i < m->n; i++) {
        float dense = ck_key_ramp(m->least[i], 0.3f, 0.45f);
        dense *= m->hue[i]; /* what is dark and of the screen's hue is its shadow */
        dense = dense > m->pure[i] ? dense : m->pure[i];
        solid[i] = m->seen[i] ? dense * (1 - m->rough[i]) : 0;
    }
    ck_key_box(solid, m->t1, m->box, m->ch, m->cw, ck_key_px(m, 3));
    for (size_t i = 0; i < m->n; i++)
        m->core[i] = m->seen[i] && m->t1[i] > 0.75f && solid[i] > 0.3f;
}

/* The densest parts of a veil look solid.  They differ from solids: they have much of the screen's
 * hue, most around them is seen as well, and hardly thinner. */
static ck_status drop_islands(ck_key_map *m, ck_error *e)
{
    ck_key_components s;
    ck_status st = ck_key_components_find(m->core, m, &s, e);
    if (st == CK_OK) {
        int *label = m->ints, w = m->cw, h = m->ch, far = ck_key_px(m, RING), near = ck_key_px(m, RING * 0.7f);
        for (size_t i = 0; i < m->n; i++)
            label[i] = -1;
        for (size_t i = 0; i < s.c.n_runs; i++) {
            const ck_component_run *r = &s.c.runs[i];
            for (int x = r->x0; x < r->x1; x++) {
                label[ck_key_pixel(x, r->y, w)] = (int)r->component;
                s.p[r->component].least += m->least[ck_key_pixel(x, r->y, w)];
                s.p[r->component].off += m->free[ck_key_pixel(x, r->y, w)];
            }
        }
        const int at[8][2] = {{-far, 0},      {far, 0},     {0, -far},     {0, far},
                              {-near, -near}, {near, near}, {near, -near}, {-near, near}};
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                size_t o = ck_key_pixel(x, y, w);
                for (int k = 0, last = -1; label[o] < 0 && k < 8; k++) {
                    int qx = x + at[k][0], qy = y + at[k][1];
                    int c = qx < 0 || qy < 0 || qx >= w || qy >= h ? -1 : label[ck_key_pixel(qx, qy, w)];
                    if (c < 0 || c == last)
                        continue;
                    last = c;
                    s.p[c].ring += m->seen[o];
                    s.p[c].out += !m->seen[o];
                    s.p[c].around += m->seen[o] ? m->least[o] : 0;
                }
            }
        for (size_t i = 0; i < s.c.n_runs; i++) {
            const ck_component_run *r = &s.c.runs[i];
            const ck_key_component *p = &s.p[r->component];
            float inside = p->least / (float)s.c.area[r->component];
            if (s.c.area[r->component] < ck_key_sq(ISLAND * m->unit) && p->ring > 3 * p->out &&
                p->off < VEILED * (float)s.c.area[r->component] && p->around > 0.7f * inside * (float)p->ring)
                memset(m->core + (size_t)r->y * (size_t)w + r->x0, 0, (size_t)(r->x1 - r->x0));
        }
    }
    ck_key_components_free(&s);
    return st;
}

/* Is the colour at p that of f in another light? */
static bool same_cloth(const ck_key_map *m, size_t p, size_t f, float tolerance)
{
    float pp = 0, pf = 0, ff = 1e-9f;
    for (size_t c = 0; c < 3; c++) {
        float a = m->col[c * m->n + p], b = m->col[c * m->n + f];
        pp += a * a, pf += a * b, ff += b * b;
    }
    return pf > 0.4f * ff && pf < 2.5f * ff && pp - pf * pf / ff < ck_key_sq(tolerance) * pp + ck_key_sq(2 * m->off);
}

/* From the core into neighbours that are the same cloth, where it is nearer to the screen's hue on its
 * own: folds, stripes, reflections. */
static void grow_core(ck_key_map *m)
{
    int *queue = m->ints;
    size_t head = 0, tail = 0;
    int *from = (int *)m->t0; /* whose cloth it is */
    for (size_t i = 0; i < m->n; i++) {
        from[i] = (int)i;
        if (m->core[i])
            queue[tail++] = (int)i;
    }
    while (head < tail) {
        int p = queue[head++], x = p % m->cw, y = p / m->cw;
        const int step[4][3] = {{x > 0, -1}, {x + 1 < m->cw, 1}, {y > 0, -m->cw}, {y + 1 < m->ch, m->cw}};
        for (int k = 0; k < 4; k++) {
            int q = p + step[k][1];
            if (!step[k][0] || m->core[q] || !m->seen[q] || m->thin[q] < 0.15f ||
                !same_cloth(m, (size_t)q, (size_t)from[p], 0.04f))
                continue;
            m->core[q] = 1;
            from[q] = from[p];
            queue[tail++] = q;
        }
    }
}

/* A region of alike neighbours, and what is summed over it. */
typedef struct plateau {
    size_t area, near, deep;
    float near_thin, deep_thin, hue;
    bool border;
} plateau;

static bool alike(const ck_key_map *m, size_t p, size_t q)
{
    float diff = 0, size = 0;
    for (size_t c = 0; c < 3; c++) {
        float a = m->col[c * m->n + p], b = m->col[c * m->n + q];
        diff += ck_key_sq(a - b);
        size += ck_key_sq(a + b);
    }
    return diff < ck_key_sq(0.03f) * size + ck_key_sq(m->off);
}

/* Flood the region around `start` in m->mask, 1 = not yet visited; its pixels stay in queue[0..area). */
static plateau flood(ck_key_map *m, int start, int *queue)
{
    plateau r = {0};
    int w = m->cw, h = m->ch, from = 3 * ck_key_px(m, 4), to = 3 * ck_key_px(m, 9), deep = 3 * ck_key_px(m, 12);
    size_t tail = 0;
    queue[tail++] = start;
    m->mask[start] = 0;
    while (r.area < tail) {
        int p = queue[r.area++], x = p % w, y = p / w;
        r.border |= x == 0 || y == 0 || x + 1 == w || y + 1 == h;
        r.hue += m->hue[p];
        if (m->ints[p] > from && m->ints[p] <= to)
            r.near++, r.near_thin += m->thin[p];
        if (m->ints[p] > deep)
            r.deep++, r.deep_thin += m->thin[p];
        const int step[4][2] = {{x > 0, -1}, {x + 1 < w, 1}, {y > 0, -w}, {y + 1 < h, w}};
        for (int k = 0; k < 4; k++) {
            int q = p + step[k][1];
            if (step[k][0] && m->mask[q] && alike(m, (size_t)p, (size_t)q) &&
                same_cloth(m, (size_t)q, (size_t)start, 0.06f))
                queue[tail++] = q, m->mask[q] = 0;
        }
    }
    return r;
}

/* A cloth near the screen's hue looks translucent by its colour.  If it is large, reaches the edge of
 * the frame as people do, and is as dense beside the bare screen as further in, it is solid. */
static void find_cloth(ck_key_map *m)
{
    ck_key_distance(m->seen, m->ints, m->ch, m->cw);
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = m->seen[i] && !m->core[i];
    int *queue = (int *)m->t0;
    for (size_t i = 0; i < m->n; i++) {
        if (!m->mask[i])
            continue;
        plateau r = flood(m, (int)i, queue);
        bool sharp = r.near > 0 && r.deep > 0 && r.near_thin * (float)r.deep > 0.6f * r.deep_thin * (float)r.near;
        if (r.area < m->n / 100 || !r.border || !sharp || r.hue < 0.8f * (float)r.area)
            continue;
        for (size_t k = 0; k < r.area; k++)
            m->core[queue[k]] = 1;
    }
}

/* Small holes that do not show the screen: eyes, buttons, highlights. */
static ck_status close_holes(ck_key_map *m, ck_error *e)
{
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = !m->core[i];
    ck_key_components s;
    ck_status st = ck_key_components_find(m->mask, m, &s, e);
    if (st == CK_OK) {
        for (size_t i = 0; i < s.c.n_runs; i++) {
            const ck_component_run *r = &s.c.runs[i];
            ck_key_component *p = &s.p[r->component];
            for (size_t x = ck_key_pixel(r->x0, r->y, m->cw), end = x + (size_t)(r->x1 - r->x0); x < end; x++)
                p->out += !m->seen[x] || (m->free[x] < CK_KEY_SHOWS && m->hue[x] < 0.5f);
        }
        int eye = ck_key_px(m, EYE);
        for (size_t i = 0; i < s.c.n_runs; i++) {
            const ck_component_run *r = &s.c.runs[i];
            const ck_key_component *p = &s.p[r->component];
            if (!p->out && ck_key_component_fits(p, eye) && p->x0 > 0 && p->y0 > 0 && p->x1 + 1 < m->cw &&
                p->y1 + 1 < m->ch)
                memset(m->core + (size_t)r->y * (size_t)m->cw + r->x0, 1, (size_t)(r->x1 - r->x0));
        }
    }
    ck_key_components_free(&s);
    return st;
}

/* The map pixel `far` further from the screen than (x,y), or -1 if none is further. */
static int deeper(const ck_key_map *m, int x, int y, int far)
{
    const int *d = m->ints;
    int best = d[ck_key_pixel(x, y, m->cw)], at = -1, near = (far * 7 + 5) / 10;
    const int step[8][2] = {{-far, 0},      {far, 0},     {0, -far},     {0, far},
                            {-near, -near}, {near, near}, {near, -near}, {-near, near}};
    for (int k = 0; k < 8; k++) {
        int qx = x + step[k][0], qy = y + step[k][1];
        if (qx < 0 || qy < 0 || qx >= m->cw || qy >= m->ch || d[ck_key_pixel(qx, qy, m->cw)] <= best)
            continue;
        at = qy * m->cw + qx;
        best = d[at];
    }
    return at;
}

/* Is the colour at p a mixture of the screen and the colour at f? */
static bool is_mixture(const ck_key_map *m, size_t p, size_t f)
{
    float b[3], d[3], c[3], cost;
    for (size_t k = 0; k < 3; k++) {
        b[k] = m->bg[k * m->n + p];
        d[k] = m->col[k * m->n + p] - b[k];
        c[k] = m->col[k * m->n + f];
    }
    return ck_key_if_sample(d, b, c, ck_key_sq(m->off), &cost) < 0.96f && cost < 3;
}

/* Motion blur can be wider than EDGE: from the rim inwards, what is a mixture of the screen and
 * the colour further in lends no colour. */
static void peel(ck_key_map *m)
{
    int far = ck_key_px(m, DEEPER), limit = 3 * ck_key_px(m, BLUR), w = m->cw, h = m->ch;
    int *queue = (int *)m->t0;
    size_t head = 0, tail = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            size_t p = ck_key_pixel(x, y, w);
            m->mask[p] = 0;
            if (!m->sure[p])
                continue;
            const uint8_t *s = m->sure + p;
            if ((x > 0 && !s[-1]) || (x + 1 < w && !s[1]) || (y > 0 && !s[-w]) || (y + 1 < h && !s[w]))
                queue[tail++] = (int)p, m->mask[p] = 1;
        }
    while (head < tail) {
        int p = queue[head++], x = p % w, y = p / w, f = deeper(m, x, y, far);
        if (m->ints[p] > limit || f < 0 || !m->core[f] || !is_mixture(m, (size_t)p, (size_t)f))
            continue;
        m->sure[p] = 0;
        const int step[4][2] = {{x > 0, -1}, {x + 1 < w, 1}, {y > 0, -w}, {y + 1 < h, w}};
        for (int k = 0; k < 4; k++) {
            int q = p + step[k][1];
            if (step[k][0] && m->sure[q] && !m->mask[q])
                queue[tail++] = q, m->mask[q] = 1;
        }
    }
}

ck_status ck_key_find_core(ck_key_map *m, ck_error *e)
{
    guess_core(m);
    ck_status st = drop_islands(m, e);
    if (st != CK_OK)
        return st;
    grow_core(m);
    find_cloth(m);
    return close_holes(m, e);
}

void ck_key_find_sure(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = m->seen[i] && m->veil[i] < 0.5f;
    ck_key_distance(m->mask, m->ints, m->ch, m->cw);
    int edge = 3 * ck_key_px(m, EDGE);
    for (size_t i = 0; i < m->n; i++)
        m->sure[i] = m->core[i] && m->ints[i] >= edge;
    peel(m);
}
