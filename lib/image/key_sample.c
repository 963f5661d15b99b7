/* A lender of foreground colour for every pixel between screen and solid.
 *
 * The nearest sure pixel starts; then each pixel tries its neighbours' lenders and those of a few
 * pixels around its own, and keeps what explains its colour best: PatchMatch over colours
 * (Barnes et al. 2009; for mattes He et al. 2011), with the screen already known. */
#include "image/key_part.h"

#define PASSES 3
#define REACH 64       /* map pixels around the lender where others are tried first */
#define FAR_COST 2e-4f /* per squared map pixel between borrower and lender */

static inline key_at at(int x, int y)
{
    return (key_at)y << 16 | (key_at)x;
}
static inline int at_x(key_at a)
{
    return (int)(a & 0xffff);
}
static inline int at_y(key_at a)
{
    return (int)(a >> 16);
}

static inline float distance2(key_at a, int x, int y)
{
    return key_sq((float)(at_x(a) - x)) + key_sq((float)(at_y(a) - y));
}

static inline void nearer(key_at *s, key_at other, int x, int y)
{
    if (other != KEY_NOWHERE && (*s == KEY_NOWHERE || distance2(other, x, y) < distance2(*s, x, y)))
        *s = other;
}

/* One row, from a finished neighbour row and along itself both ways. */
static void nearest_row(key_at *row, const key_at *done, int y, int w)
{
    for (int x = 0; x < w; x++) {
        if (row[x] == at(x, y))
            continue;
        if (done) {
            nearer(&row[x], done[x], x, y);
            if (x > 0)
                nearer(&row[x], done[x - 1], x, y);
            if (x + 1 < w)
                nearer(&row[x], done[x + 1], x, y);
        }
        if (x > 0)
            nearer(&row[x], row[x - 1], x, y);
    }
    for (int x = w - 2; x >= 0; x--)
        nearer(&row[x], row[x + 1], x, y);
}

static void nearest(key_map *m)
{
    int w = m->cw, h = m->ch;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            m->sample[(size_t)y * w + x] = m->sure[(size_t)y * w + x] ? at(x, y) : KEY_NOWHERE;
    for (int y = 0; y < h; y++)
        nearest_row(m->sample + (size_t)y * w, y ? m->sample + (size_t)(y - 1) * w : NULL, y, w);
    for (int y = h - 1; y >= 0; y--)
        nearest_row(m->sample + (size_t)y * w, y + 1 < h ? m->sample + (size_t)(y + 1) * w : NULL, y, w);
}

static float cost_of(const key_map *m, int x, int y, key_at f)
{
    size_t p = (size_t)y * m->cw + x, q = (size_t)at_y(f) * m->cw + at_x(f), n = m->n;
    float b[3] = {m->bg[p], m->bg[n + p], m->bg[2 * n + p]};
    float d[3] = {m->col[p] - b[0], m->col[n + p] - b[1], m->col[2 * n + p] - b[2]};
    float c[3] = {m->col[q], m->col[n + q], m->col[2 * n + q]}, cost;
    key_if_sample(d, b, c, 2 * key_sq(m->off), &cost);
    return cost + FAR_COST * distance2(f, x, y) / key_sq(m->unit);
}

static inline void try(const key_map *m, int x, int y, key_at f, size_t p, float *cost)
{
    if (f == KEY_NOWHERE || f == m->sample[p])
        return;
    float c = cost_of(m, x, y, f);
    if (c < *cost)
        *cost = c, m->sample[p] = f;
}

/* Fixed numbers that look random (the finaliser of murmur3). */
static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

static void improve(key_map *m, int x, int y, int pass, float *cost)
{
    int dir = pass & 1 ? -1 : 1, w = m->cw, h = m->ch;
    size_t p = (size_t)y * w + x;
    const int step[4][2] = {{-dir, 0}, {0, -dir}, {-dir, -dir}, {dir, -dir}};
    for (int k = 0; k < 4; k++) {
        int qx = x + step[k][0], qy = y + step[k][1];
        if (qx >= 0 && qy >= 0 && qx < w && qy < h)
            try(m, x, y, m->sample[(size_t)qy * w + qx], p, cost);
    }
    int fx = at_x(m->sample[p]), fy = at_y(m->sample[p]);
    for (int r = key_px(m, REACH), k = 0; r >= 2; r /= 2, k++) {
        uint32_t z = mix((uint32_t)p * 31u + (uint32_t)pass * 7919u + (uint32_t)k * 104729u);
        int side = 2 * r + 1, qx = fx + (int)(z % (uint32_t)side) - r, qy = fy + (int)((z >> 16) % (uint32_t)side) - r;
        if (qx >= 0 && qy >= 0 && qx < w && qy < h)
            try(m, x, y, m->sample[(size_t)qy * w + qx], p, cost);
    }
}

void key_samples(key_map *m)
{
    nearest(m);
    if (m->n && m->sample[0] == KEY_NOWHERE)
        return; /* nothing is sure */
    float *cost = m->t0;
    for (int y = 0; y < m->ch; y++)
        for (int x = 0; x < m->cw; x++) {
            size_t p = (size_t)y * m->cw + x;
            if (m->seen[p] && !m->sure[p])
                cost[p] = cost_of(m, x, y, m->sample[p]);
        }
    for (int pass = 0; pass < PASSES; pass++)
        for (int i = 0; i < m->ch; i++) {
            int y = pass & 1 ? m->ch - 1 - i : i;
            for (int j = 0; j < m->cw; j++) {
                int x = pass & 1 ? m->cw - 1 - j : j;
                size_t p = (size_t)y * m->cw + x;
                if (m->seen[p] && !m->sure[p])
                    improve(m, x, y, pass, &cost[p]);
            }
        }
}
