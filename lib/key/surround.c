#include "key/surround.h"

#include <string.h>

#include "base/clones.h"
#include "key/cover.h"
#include "key/mixture.h"

/* Map pixels; see ck_key_map.unit.  Radii of boxes that are run twice. */
#define NEAR 1.5f
#define AROUND 3.8f
#define HELD 14
#define EDGE 3.5f
#define SPREAD 4
#define DEEP 3

#define RINGING 0.025f /* of the variance of light and hue around: what a codec spreads */
#define SPREADS 0.2f   /* part of the surroundings that shows the screen, from which all of that is its */
#define DEEP_FROM 0.5f /* part of the surroundings that is sure, from which a place is deep in it */
#define HELD_FROM 0.6f /* part of the surroundings that is solid, from which a place is held by it */
#define OPEN 0.1f      /* part that is bare screen, from which it is not */

/* Bare screen: 1; something that one may see it through: up to 1. */
static inline float shows_screen(const ck_key_map *m, size_t i)
{
    return m->seen[i] ? (m->core[i] ? 0 : ck_key_ramp(m->free[i], CK_KEY_SHOWS, CK_KEY_SHOWS / 2)) : 1;
}

/* Between solids on all sides: `lends` carried on over what is neither solid nor bare, less where the screen is near.
 */
static ck_status find_held(ck_key_map *m, ck_error *e)
{
    const float *lends = m->lends;
    float *weight = m->t0;
    for (size_t i = 0; i < m->n; i++) {
        float bare = shows_screen(m, i);
        m->t1[i] = bare;
        weight[i] = bare > lends[i] ? bare : lends[i];
        m->held[i] = weight[i] > 0 ? lends[i] / weight[i] : 0;
    }
    ck_status s = ck_key_fill(m->held, weight, m->cw, m->ch, e);
    if (s != CK_OK)
        return s;
    ck_key_blur(m, m->t1, m->t1, HELD);
    for (size_t i = 0; i < m->n; i++)
        m->held[i] = ck_key_ramp(m->held[i] * ck_key_ramp(m->t1[i], OPEN, 0), HELD_FROM, 1);
    return CK_OK;
}

/* v becomes its variance around each pixel. */
static void variance(ck_key_map *m, float *v)
{
    int r = ck_key_px(m, EDGE);
    ck_key_box(v, m->t1, m->box, m->ch, m->cw, r);
    for (size_t i = 0; i < m->n; i++)
        v[i] *= v[i];
    ck_key_box(v, v, m->box, m->ch, m->cw, r);
    for (size_t i = 0; i < m->n; i++) {
        float over = v[i] - m->t1[i] * m->t1[i];
        v[i] = over > 0 ? over : 0;
    }
}

/* Of n pixels c (3,n) on the screen b: the light relative to the screen's. */
CK_CLONES
static void find_light(const float *restrict c, const float *restrict b, size_t n, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (c[i] + c[n + i] + c[2 * n + i]) / (b[i] + b[n + i] + b[2 * n + i]);
}

/* Channel k beside the screen's light, times `scale`. */
CK_CLONES
static void find_hue(const float *restrict c, const float *restrict b, size_t n, size_t k, float scale,
                     float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        float bb = 0, bc = 0;
        for (size_t j = 0; j < 3; j++) {
            bb += b[j * n + i] * b[j * n + i];
            bc += b[j * n + i] * c[j * n + i];
        }
        out[i] = scale * (c[k * n + i] - bc / bb * b[k * n + i]);
    }
}

/* Codecs spread light along the screen's colour and hue in every direction, as far as what is beside differs.  Folds
 * and hems have such edges too, but no screen beside them. */
static void find_edges(ck_key_map *m)
{
    size_t n = m->n;
    const float *c = m->col, *b = m->bg;
    find_light(c, b, n, m->edge_light);
    variance(m, m->edge_light);
    memset(m->edge_hue, 0, n * sizeof(float));
    float scale = 1 / m->k->mean[m->ax.m];
    for (size_t k = 0; k < 3; k++) {
        find_hue(c, b, n, k, scale, m->t0);
        variance(m, m->t0);
        for (size_t i = 0; i < n; i++)
            m->edge_hue[i] += m->t0[i];
    }
    for (size_t i = 0; i < n; i++)
        m->t1[i] = shows_screen(m, i);
    ck_key_blur(m, m->t1, m->t1, SPREAD);
    for (size_t i = 0; i < n; i++) {
        float near = ck_key_ramp(m->t1[i], 0, SPREADS);
        m->edge_light[i] *= near * RINGING;
        m->edge_hue[i] *= near * RINGING / 3;
    }
}

/* m->deep: among sure pixels that are no mixtures, as cloth is and strands are not. */
static void find_deep(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->deep[i] = m->sure[i];
    ck_key_blur(m, m->deep, m->deep, DEEP);
    for (size_t i = 0; i < m->n; i++)
        m->deep[i] = ck_key_ramp(m->deep[i], DEEP_FROM, 1) * ck_key_sq(m->open[i]);
}

ck_status ck_key_surround(ck_key_map *m, ck_error *e)
{
    find_edges(m);
    ck_key_lenders(m);
    ck_status s = find_held(m, e);
    if (s == CK_OK) {
        ck_key_soften_edges(m);
        find_deep(m);
    }
    return s;
}

/* Mean coverages around, from which 0 and 1 become likelier, and their odds against all coverages between. */
#define SOLID_AROUND 0.65f
#define BARE_AROUND 0.3f
#define SURE 1.0f         /* odds of 1 among sure pixels */
#define GRAIN 300.0f      /* times the grain's variance: under grain a pixel is rather solid than anything between */
#define SOLID 100.0f      /* where all around is solid */
#define HELD_SOLID 30.0f  /* where solids hold the place */
#define DEEP_SOLID 10.0f  /* deep among sure pixels */
#define BARE 1.0f         /* odds of 0 anywhere */
#define BARE_MORE 1000.0f /* and where all around is bare */
#define BESIDE_VEIL 3     /* map pixels */
#define VEILED 0.3f       /* mean of veils around, from which nothing is expected to be solid */
#define UNKNOWN 0.5f      /* a mean coverage that says nothing about either */
#define PASSES 2

static inline ck_key_odds odds(float around, float base, float open)
{
    return (ck_key_odds){.bare = BARE + BARE_MORE * ck_key_sq(ck_key_ramp(around, BARE_AROUND, 0)),
                         .solid = base + open * SOLID * ck_key_sq(ck_key_ramp(around, SOLID_AROUND, 1))};
}

ck_key_odds ck_key_odds_at(const ck_key_map *m, size_t i)
{
    return odds(m->around[i], m->base[i], m->open[i]);
}

/* m->open: lower beside veils, where solids are not to be expected.  m->base: odds of 1 whatever is around. */
static void find_base(ck_key_map *m)
{
    float anywhere = GRAIN * ck_key_sq(m->sigma[0]);
    for (size_t i = 0; i < m->n; i++)
        m->base[i] = m->sure[i];
    ck_key_blur(m, m->base, m->base, NEAR);
    ck_key_blur(m, m->veil, m->around, BESIDE_VEIL); /* scratch until the first pass */
    for (size_t i = 0; i < m->n; i++) {
        m->open[i] *= ck_key_ramp(m->around[i], VEILED, 0);
        m->base[i] = anywhere + SURE * ck_key_sq(m->base[i]) + DEEP_SOLID * m->deep[i] +
                     m->open[i] * HELD_SOLID * ck_key_sq(m->held[i]);
    }
}

/* m->around: the coverage expected of every pixel, given that around it. */
CK_CLONES
static void expect(const ck_key_map *m)
{
    const float *mean = m->mean, *bare = m->bare, *solid = m->solid, *base = m->base, *open = m->open;
    const uint8_t *seen = m->seen;
    float *around = m->around;
    size_t n = m->n;
#pragma GCC ivdep /* nothing overlaps */
    for (size_t i = 0; i < n; i++) {
        ck_key_odds o = odds(around[i], base[i], open[i]);
        float a = ck_key_expect((ck_key_said){mean[i], bare[i], solid[i]}, o.bare, o.solid);
        around[i] = seen[i] ? a : 0;
    }
}

void ck_key_expectations(ck_key_map *m)
{
    find_base(m);
    for (size_t i = 0; i < m->n; i++)
        m->around[i] = UNKNOWN;
    for (int pass = 0; pass < PASSES; pass++) {
        expect(m);
        ck_key_blur(m, m->around, m->around, AROUND);
    }
}
