/* Lenders: sure pixels whose colour is the subject's own, of which pixels at its edge may be mixtures. */
#include "key/cover.h"

#define SOFT 25         /* map pixels; radius in which what is seen and not solid makes cloth unlikely */
#define MIXED 2e-5f     /* weight of a mixed colour: it lends where nothing else is known */
#define MIXED_AT 0.9f   /* coverage below which a colour is a mixture */
#define MIXED_COST 3.0f /* see ck_key_if_sample */
#define MANY 0.3f       /* part of the sure places around with which a colour would be a mixture: it is one */

/* Map pixels from a place to those it is compared with, in eight directions. */
static const float reach[] = {6, 14, 32};
#define REACHES (sizeof reach / sizeof *reach)

/* Dense hair is solid by its colour, and yet a mixture of the screen and of what is denser nearby.  Folds of a cloth
 * are not: what is dark without the screen's hue no mixture with the screen explains.  0…1 at (x,y). */
static float mixed(const ck_key_map *m, int x, int y)
{
    size_t n = m->n, i = ck_key_pixel(x, y, m->cw);
    float b[3], d[3], mixtures = 0, all = 0;
    for (size_t k = 0; k < 3; k++) {
        b[k] = m->bg[k * n + i];
        d[k] = m->col[k * n + i] - b[k];
    }
    for (size_t r = 0; r < REACHES; r++) {
        int far = ck_key_px(m, reach[r]), near = (far * 7 + 5) / 10;
        const int at[8][2] = {{-far, 0},      {far, 0},     {0, -far},     {0, far},
                              {-near, -near}, {near, near}, {near, -near}, {-near, near}};
        for (int k = 0; k < 8; k++) {
            int qx = x + at[k][0], qy = y + at[k][1];
            size_t q = qx < 0 || qy < 0 || qx >= m->cw || qy >= m->ch ? i : ck_key_pixel(qx, qy, m->cw);
            if (q == i || !m->sure[q])
                continue;
            float f[3] = {m->col[q], m->col[n + q], m->col[2 * n + q]}, cost;
            float a = ck_key_if_sample(d, b, f, ck_key_sq(m->off), &cost);
            mixtures += a < MIXED_AT && cost < MIXED_COST;
            all++;
        }
    }
    return all > 0 ? ck_key_ramp(mixtures / all, 0, MANY) : 0;
}

void ck_key_lenders(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->t1[i] = m->seen[i] && !m->core[i];
    ck_key_blur(m, m->t1, m->t1, SOFT);
    ck_key_box(m->free, m->t0, m->box, m->ch, m->cw, 1);
    for (int y = 0; y < m->ch; y++)
        for (int x = 0; x < m->cw; x++) {
            size_t i = ck_key_pixel(x, y, m->cw);
            if (!m->sure[i]) {
                m->lends[i] = 0;
                continue;
            }
            /* A colour that has much of the screen's hue is rather that of dense hair than of cloth. */
            float own = ck_key_ramp(m->t0[i], 0.85f, 1),
                  smooth = (1 - m->rough[i]) * ck_key_ramp(m->t1[i], 0.12f, 0.03f);
            float most = own > smooth ? own : smooth;
            m->lends[i] = MIXED + (1 - MIXED) * most * (most > 0 ? 1 - mixed(m, x, y) : 0);
        }
}
