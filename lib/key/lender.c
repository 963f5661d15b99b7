/* Lenders: sure pixels whose colour is the subject's own, of which pixels at its edge may be mixtures. */
#include <string.h>

#include "base/clones.h"
#include "key/cover.h"

#define SOFT 25         /* map pixels; radius in which what is seen and not solid makes cloth unlikely */
#define MIXED 2e-5f     /* weight of a mixed colour: it lends where nothing else is known */
#define MIXED_AT 0.9f   /* coverage below which a colour is a mixture */
#define MIXED_COST 3.0f /* see ck_key_if_sample */
#define MANY 0.3f       /* part of the sure places around with which a colour would be a mixture: it is one */

/* Map pixels from a place to those it is compared with, in eight directions. */
static const float reach[] = {6, 14, 32};
#define REACHES (sizeof reach / sizeof *reach)

/* Pixels of a row, and as many that they are compared with.  b: the screen; c, f: the colours here and there, channels
 * n apart; sure: the places there that count. */
typedef struct pairs {
    const float *b, *c, *f;
    const uint8_t *sure;
    size_t n;
    float noise2;
} pairs;

CK_CLONES
static void compare(const pairs *p, int count, float *restrict mixtures, float *restrict all)
{
    const float *b0 = p->b, *b1 = b0 + p->n, *b2 = b1 + p->n, *c0 = p->c, *c1 = c0 + p->n, *c2 = c1 + p->n, *f0 = p->f,
                *f1 = f0 + p->n, *f2 = f1 + p->n, noise2 = p->noise2;
    const uint8_t *sure = p->sure;
    for (int i = 0; i < count; i++) {
        const float b[3] = {b0[i], b1[i], b2[i]}, d[3] = {c0[i] - b[0], c1[i] - b[1], c2[i] - b[2]},
                    f[3] = {f0[i], f1[i], f2[i]};
        float cost, a = ck_key_if_sample(d, b, f, noise2, &cost), counts = sure[i] ? 1 : 0;
        mixtures[i] += a < MIXED_AT && cost < MIXED_COST ? counts : 0;
        all[i] += counts;
    }
}

/* Dense hair is solid by its colour, and yet a mixture of the screen and of what is denser nearby.  Folds of a cloth
 * are not: what is dark without the screen's hue no mixture with the screen explains.  mixed: 0…1 at x0 <= x < x1 of
 * row y; all: scratch. */
static void find_mixed(const ck_key_map *m, int y, int x0, int x1, float *mixed, float *all)
{
    memset(mixed + x0, 0, (size_t)(x1 - x0) * sizeof *mixed);
    memset(all + x0, 0, (size_t)(x1 - x0) * sizeof *all);
    for (size_t r = 0; r < REACHES; r++) {
        int far = ck_key_px(m, reach[r]), near = (far * 7 + 5) / 10;
        const int at[8][2] = {{-far, 0},      {far, 0},     {0, -far},     {0, far},
                              {-near, -near}, {near, near}, {near, -near}, {-near, near}};
        for (int k = 0; k < 8; k++) {
            int qy = y + at[k][1], from = x0 > -at[k][0] ? x0 : -at[k][0],
                to = x1 < m->cw - at[k][0] ? x1 : m->cw - at[k][0];
            if (qy < 0 || qy >= m->ch || from >= to)
                continue;
            size_t i = ck_key_pixel(from, y, m->cw), q = ck_key_pixel(from + at[k][0], qy, m->cw);
            pairs p = {m->bg + i, m->col + i, m->col + q, m->sure + q, m->n, ck_key_sq(m->off)};
            compare(&p, to - from, mixed + from, all + from);
        }
    }
    for (int x = x0; x < x1; x++)
        mixed[x] = all[x] > 0 ? ck_key_ramp(mixed[x] / all[x], 0, MANY) : 0;
}

/* The run of sure pixels from (x0,y) on; returns its end.  mixed, all: (cw) scratch. */
static int lend_run(ck_key_map *m, int x0, int y, float *mixed, float *all)
{
    int x1 = x0;
    while (x1 < m->cw && m->sure[ck_key_pixel(x1, y, m->cw)])
        x1++;
    find_mixed(m, y, x0, x1, mixed, all);
    for (int x = x0; x < x1; x++) {
        size_t i = ck_key_pixel(x, y, m->cw);
        /* A colour that has much of the screen's hue is rather that of dense hair than of cloth. */
        float own = ck_key_ramp(m->t0[i], 0.85f, 1), smooth = (1 - m->rough[i]) * ck_key_ramp(m->t1[i], 0.12f, 0.03f);
        m->lends[i] = MIXED + (1 - MIXED) * (own > smooth ? own : smooth) * (1 - mixed[x]);
    }
    return x1;
}

void ck_key_lenders(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->t1[i] = m->seen[i] && !m->core[i];
    ck_key_blur(m, m->t1, m->t1, SOFT);
    ck_key_box(m->free, m->t0, m->box, m->ch, m->cw, 1);
    float *mixed = m->held, *all = m->mean; /* not set yet */
    for (int y = 0; y < m->ch; y++)
        for (int x = 0; x < m->cw; x++) {
            m->lends[ck_key_pixel(x, y, m->cw)] = 0;
            if (m->sure[ck_key_pixel(x, y, m->cw)])
                x = lend_run(m, x, y, mixed, all) - 1;
        }
}
