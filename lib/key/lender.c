/* Lenders: sure pixels whose colour is the subject's own, of which pixels at its edge may be mixtures. */
#include <string.h>

#include "base/clones.h"
#include "key/cover.h"

#define SOFT 25         /* map pixels; radius in which what is seen and not solid makes cloth unlikely */
#define MIXED 2e-5f     /* weight of a mixed colour: it lends where nothing else is known */
#define MIXED_AT 0.9f   /* coverage below which a colour is a mixture */
#define CLEAR 0.95f     /* free of the screen's hue: such a colour may well be another cloth's */
#define THIN_AT 0.8f    /* unless it covers less than this */
#define MIXED_COST 3.0f /* see ck_key_if_sample */
#define GRAINY 80.0f    /* times the variance that grain gives such a coverage, squared: it may be so much larger */
#define MANY 0.3f       /* part of the lenders around with which a colour would be a mixture: it is one */
#define SOME 0.1f       /* such a part, from which a soft edge goes on */
#define HELD 0.99f      /* m->held, from which none goes on */
#define SOFTENED 0.01f  /* odds of a solid in a soft edge's mixtures, times what the surroundings say */

/* Map pixels from a place to those it is compared with, in eight directions. */
static const float reach[] = {6, 14, 32};
#define REACHES (sizeof reach / sizeof *reach)

/* Pixels of a row, and as many that they are compared with.  b: the screen; c, f: the colours here and there, channels
 * n apart; by: how much each place there counts; off2, light2: variances of the grain, see ck_key_map.off and of
 * brightness. */
typedef struct pairs {
    const float *b, *c, *f, *by;
    size_t n;
    float off2, light2;
} pairs;

/* Adds to all what counts, to any where it makes the pixel a mixture, to thin where that covers less than THIN_AT. */
CK_CLONES
static void compare(const pairs *p, int count, float *restrict any, float *restrict thin, float *restrict all)
{
    const float *b0 = p->b, *b1 = b0 + p->n, *b2 = b1 + p->n, *c0 = p->c, *c1 = c0 + p->n, *c2 = c1 + p->n, *f0 = p->f,
                *f1 = f0 + p->n, *f2 = f1 + p->n, *by = p->by, off2 = p->off2, light2 = p->light2;
    for (int i = 0; i < count; i++) {
        const float b[3] = {b0[i], b1[i], b2[i]}, d[3] = {c0[i] - b[0], c1[i] - b[1], c2[i] - b[2]},
                    f[3] = {f0[i], f1[i], f2[i]};
        float cost, a = ck_key_if_sample(d, b, f, off2, &cost);
        float way = ck_key_sq(f[0] - b[0]) + ck_key_sq(f[1] - b[1]) + ck_key_sq(f[2] - b[2]);
        float grain = off2 + light2 * (b[0] * b[0] + b[1] * b[1] + b[2] * b[2]);
        float explained = cost < MIXED_COST ? by[i] : 0;
        a += ck_key_sq(GRAINY * grain / (way + 1e-9f)); /* under heavy grain all would be mixtures */
        any[i] += a < MIXED_AT ? explained : 0;
        thin[i] += a < THIN_AT ? explained : 0;
        all[i] += by[i];
    }
}

/* Dense hair and the inside of motion blur are solid by their colour, and yet mixtures of the screen and of what is
 * denser nearby.  Folds of a cloth are not: what is dark without the screen's hue no mixture with the screen explains.
 * any, thin: how certainly x0 <= x < x1 of row y are such, 0…1; all: scratch; (cw) each. */
static void mix_run(const ck_key_map *m, const float *by, int y, int x0, int x1, float *any, float *thin, float *all)
{
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
            pairs p = {m->bg + i, m->col + i, m->col + q, by + q, m->n, ck_key_sq(m->off), ck_key_sq(m->k->sigma[0])};
            compare(&p, to - from, any + from, thin + from, all + from);
        }
    }
    for (int x = x0; x < x1; x++) {
        float per = all[x] > 0 ? 1 / all[x] : 0;
        any[x] = ck_key_ramp(any[x] * per, 0, MANY);
        thin[x] = ck_key_ramp(thin[x] * per, 0, MANY);
    }
}

/* m->t0, m->held: any and thin of the pixels of m->mask; places count as much as `by` (ch,cw) says. */
static void find_mixtures(ck_key_map *m, const float *by)
{
    memset(m->t0, 0, m->n * sizeof *m->t0);
    memset(m->held, 0, m->n * sizeof *m->held);
    for (int y = 0; y < m->ch; y++) {
        size_t row = ck_key_pixel(0, y, m->cw);
        const uint8_t *ask = m->mask + row;
        for (int x = 0, x1; x < m->cw; x = x1 + 1) {
            for (x1 = x; x1 < m->cw && ask[x1];)
                x1++;
            if (x < x1)
                mix_run(m, by, y, x, x1, m->t0 + row, m->held + row, m->mean);
        }
    }
}

/* m->lends: how much of a sure pixel's colour is its own, by its hue and smoothness. */
static void find_own(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->t1[i] = m->seen[i] && !m->core[i];
    ck_key_blur(m, m->t1, m->t1, SOFT);
    ck_key_box(m->free, m->t0, m->box, m->ch, m->cw, 1);
    for (size_t i = 0; i < m->n; i++) {
        /* A colour that has much of the screen's hue is rather that of dense hair than of cloth. */
        float own = ck_key_ramp(m->t0[i], 0.85f, 1), smooth = (1 - m->rough[i]) * ck_key_ramp(m->t1[i], 0.12f, 0.03f);
        m->lends[i] = m->sure[i] ? (own > smooth ? own : smooth) : 0;
    }
}

/* m->lends without mixtures of anything sure; m->open how little a lender is one. */
static void drop_mixtures(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++) {
        m->t1[i] = m->sure[i];
        m->mask[i] = m->lends[i] > 0;
    }
    find_mixtures(m, m->t1);
    for (size_t i = 0; i < m->n; i++) {
        m->open[i] = m->mask[i] ? 1 - m->t0[i] : 0;
        m->lends[i] *= m->open[i];
    }
}

/* The same with mixtures of what lends, which by then is purer; m->open of all that is sure. */
static void drop_more(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = m->sure[i] && m->open[i] < 1; /* of 1, it is no mixture of any part of them either */
    find_mixtures(m, m->lends);
    for (size_t i = 0; i < m->n; i++) {
        m->open[i] = 1 - (m->free[i] < CLEAR ? m->t0[i] : m->held[i]);
        m->lends[i] = m->sure[i] ? MIXED + (1 - MIXED) * m->lends[i] * (1 - m->t0[i]) : 0;
    }
}

void ck_key_lenders(ck_key_map *m)
{
    find_own(m);
    drop_mixtures(m);
    drop_more(m);
}

/* Soft edges begin at the bare screen and go on over what is mixed or not sure, but not deep between solids, where
 * mixtures are print and pale cloth.  What is mixed there is no longer sure, and hardly expected to be solid. */
void ck_key_soften_edges(ck_key_map *m)
{
    int *queue = (int *)m->t1, w = m->cw;
    size_t head = 0, tail = 0;
    for (size_t i = 0; i < m->n; i++) {
        m->mask[i] = m->held[i] < HELD && (!m->sure[i] || m->open[i] < 1 - SOME);
        if (!m->seen[i])
            queue[tail++] = (int)i, m->mask[i] = 0;
    }
    while (head < tail) {
        int p = queue[head++], x = p % w, y = p / w;
        const int step[4][2] = {{x > 0, -1}, {x + 1 < w, 1}, {y > 0, -w}, {y + 1 < m->ch, w}};
        for (int k = 0; k < 4; k++) {
            int q = p + step[k][1];
            if (step[k][0] && m->mask[q])
                queue[tail++] = q, m->mask[q] = 0;
        }
    }
    for (size_t i = 0; i < m->n; i++) {
        bool soft = m->sure[i] && m->held[i] < HELD && !m->mask[i] && m->open[i] < 1 - SOME;
        m->sure[i] = m->sure[i] && !soft;
        m->open[i] = soft ? powf(SOFTENED, 1 - m->open[i]) : 1;
    }
    ck_key_box(m->open, m->open, m->box, m->ch, m->cw, 1);
}
