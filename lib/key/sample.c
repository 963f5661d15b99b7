/* A lender of foreground colour for every pixel between screen and solid.
 *
 * The nearest sure pixel starts; then each pixel tries its neighbours' lenders and those of a few
 * pixels around its own, and keeps what explains its colour best: PatchMatch over colours
 * (Barnes et al. 2009; for mattes He et al. 2011), with the screen already known. */
#include "key/cover.h"

#define PASSES 2
#define REACH 64       /* map pixels around the lender where others are tried first */
#define FAR_COST 2e-4f /* per squared map pixel between borrower and lender */

static inline ck_key_at at(int x, int y)
{
    return (ck_key_at)y << 16 | (ck_key_at)x;
}
static inline int at_x(ck_key_at a)
{
    return (int)(a & 0xffff);
}
static inline int at_y(ck_key_at a)
{
    return (int)(a >> 16);
}

static inline float distance2(ck_key_at a, int x, int y)
{
    return ck_key_sq((float)(at_x(a) - x)) + ck_key_sq((float)(at_y(a) - y));
}

static inline void nearer(ck_key_at *s, ck_key_at other, int x, int y)
{
    if (other != CK_KEY_NOWHERE && (*s == CK_KEY_NOWHERE || distance2(other, x, y) < distance2(*s, x, y)))
        *s = other;
}

/* One row, from a finished neighbour row and along itself both ways. */
static void nearest_row(ck_key_at *row, const ck_key_at *done, int y, int w)
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

static void nearest(ck_key_map *m)
{
    int w = m->cw, h = m->ch;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            m->sample[ck_key_pixel(x, y, w)] = m->sure[ck_key_pixel(x, y, w)] ? at(x, y) : CK_KEY_NOWHERE;
    for (int y = 0; y < h; y++)
        nearest_row(m->sample + (size_t)y * (size_t)w, y ? m->sample + (size_t)(y - 1) * (size_t)w : NULL, y, w);
    for (int y = h - 1; y >= 0; y--)
        nearest_row(m->sample + (size_t)y * (size_t)w, y + 1 < h ? m->sample + (size_t)(y + 1) * (size_t)w : NULL, y,
                    w);
}

/* Who borrows: the pixel's place, its screen, its difference from that, its best lender so far. */
typedef struct borrower {
    int x, y;
    float b[3], d[3], cost;
    ck_key_at lender;
} borrower;

static void consider(const ck_key_map *m, borrower *r, ck_key_at f)
{
    if (f == CK_KEY_NOWHERE || f == r->lender)
        return;
    float cost = FAR_COST * distance2(f, r->x, r->y) / ck_key_sq(m->unit);
    if (cost >= r->cost)
        return;
    float own;
    ck_key_if_sample(r->d, r->b, m->lend + 4 * ck_key_pixel(at_x(f), at_y(f), m->cw), 2 * ck_key_sq(m->off), &own);
    if (own + cost < r->cost)
        r->cost = own + cost, r->lender = f;
}

/* Fixed numbers that look random (the finaliser of murmur3). */
static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

static void improve(ck_key_map *m, borrower *r, int pass)
{
    int dir = pass & 1 ? -1 : 1, w = m->cw, h = m->ch, x = r->x, y = r->y;
    const int step[4][2] = {{-dir, 0}, {0, -dir}, {-dir, -dir}, {dir, -dir}};
    for (int k = 0; k < 4; k++) {
        int qx = x + step[k][0], qy = y + step[k][1];
        if (qx >= 0 && qy >= 0 && qx < w && qy < h)
            consider(m, r, m->sample[ck_key_pixel(qx, qy, w)]);
    }
    int fx = at_x(r->lender), fy = at_y(r->lender);
    uint32_t place = (uint32_t)y * (uint32_t)w + (uint32_t)x;
    for (int reach = ck_key_px(m, REACH), k = 0; reach >= 2; reach /= 2, k++) {
        uint32_t z = mix(place * 31u + (uint32_t)pass * 7919u + (uint32_t)k * 104729u);
        int side = 2 * reach + 1, qx = fx + (int)(z % (uint32_t)side) - reach,
            qy = fy + (int)((z >> 16) % (uint32_t)side) - reach;
        if (qx >= 0 && qy >= 0 && qx < w && qy < h)
            consider(m, r, m->sample[ck_key_pixel(qx, qy, w)]);
    }
}

static void visit(ck_key_map *m, int x, int y, int pass)
{
    size_t p = ck_key_pixel(x, y, m->cw), n = m->n;
    if (!m->seen[p] || m->sure[p])
        return;
    borrower r = {.x = x, .y = y, .cost = INFINITY, .lender = CK_KEY_NOWHERE};
    for (size_t c = 0; c < 3; c++) {
        r.b[c] = m->bg[c * n + p];
        r.d[c] = m->col[c * n + p] - r.b[c];
    }
    consider(m, &r, m->sample[p]);
    improve(m, &r, pass);
    m->sample[p] = r.lender;
}

void ck_key_samples(ck_key_map *m)
{
    nearest(m);
    if (m->sample[0] == CK_KEY_NOWHERE)
        return; /* nothing is sure */
    for (size_t p = 0; p < m->n; p++)
        for (size_t c = 0; c < 3; c++)
            m->lend[4 * p + c] = m->col[c * m->n + p];
    for (int pass = 0; pass < PASSES; pass++)
        for (int i = 0; i < m->ch; i++)
            for (int j = 0; j < m->cw; j++)
                visit(m, pass & 1 ? m->cw - 1 - j : j, pass & 1 ? m->ch - 1 - i : i, pass);
}
