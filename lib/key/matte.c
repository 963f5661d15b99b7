#include "key/key.h"

#include <string.h>

#include "key/cover.h"
#include "key/mixture.h"
#include "key/quiet.h"
#include "key/surround.h"

#define GREY_WEIGHT 1e-5f      /* of a grey subject of any light, against the colours seen around */
#define LEAST_HUE_GRAIN 0.007f /* units of the screen's level: codecs smooth the bare screen, not what is on it */
#define SOLID_FROM 0.98f       /* what is likely to be so much covered is: a mean never reaches 1 */
#define KNEE 0.9f              /* below, coverage is taken as it is */
#define ANY_WEIGHT 2e-1f       /* of any colour at all, deep in a solid or where one holds the place on all sides */
#define HIGHLIGHT 3.0f         /* times the screen's light that its lamps and folds may have */
#define HIGHLIGHT_HUE 0.08f    /* difference in hue, at the screen's light and relative to it, up to which it is one */
#define HIGHLIGHT_OFF 0.2f     /* and from which it is none */

/* In units of the screen's level, as a palette is. */
static const ck_key_colours grey = {GREY_WEIGHT, {0.5f, 0.5f, 0.5f}, {0.3744f, 0.36f, 0.36f, 0.3744f, 0.36f, 0.3744f}};
static const ck_key_colours any = {ANY_WEIGHT, {0.5f, 0.5f, 0.5f}, {0.25f, 0, 0, 0.25f, 0, 0.25f}};

/* The grain around map pixel i, whose screen is b. */
static ck_key_grain grain_at(const ck_key_map *m, size_t i, const float b[3], float scale)
{
    const float *sigma = m->sigma;
    float hue = scale * (sigma[1] > sigma[2] ? sigma[1] : sigma[2]);
    hue = hue > LEAST_HUE_GRAIN ? hue : LEAST_HUE_GRAIN;
    float ringing = 1 - ck_key_sq(m->held[i]); /* far from the screen none of its light is spread */
    ck_key_grain g;
    for (int z = 0; z < 6; z++) {
        float bb = b[ck_key_row_of[z]] * b[ck_key_column_of[z]];
        bool own = ck_key_row_of[z] == ck_key_column_of[z];
        g.screen[z] = bb * sigma[0] * sigma[0] + (own ? hue * hue : 0);
        g.edge[z] = ringing * (bb * m->edge_light[i] + (own ? m->edge_hue[i] : 0));
    }
    return g;
}

/* Lamps, folds and mats make the screen brighter than it is around, and nothing that it shines through: colour c of its
 * hue and more than its light b comes down to that light. */
static inline void lower_highlight(const float b[3], float c[3])
{
    float bb = b[0] * b[0] + b[1] * b[1] + b[2] * b[2], t = (c[0] * b[0] + c[1] * b[1] + c[2] * b[2]) / bb, off = 0;
    if (t <= 1)
        return;
    for (int k = 0; k < 3; k++)
        off += ck_key_sq(c[k] / t - b[k]);
    float brighter = t < HIGHLIGHT ? t : HIGHLIGHT, is_one = ck_key_ramp(sqrtf(off / bb), HIGHLIGHT_OFF, HIGHLIGHT_HUE),
          by = 1 + is_one * (1 / brighter - 1);
    for (int k = 0; k < 3; k++)
        c[k] *= by;
}

static void mixture_at(const ck_key_map *m, const ck_key_palette *p, int x, int y, ck_key_mixture *mix)
{
    size_t i = ck_key_pixel(x, y, m->cw);
    ck_key_colours kinds[CK_KEY_KINDS];
    float b[3];
    for (size_t c = 0; c < 3; c++)
        b[c] = p->scale * m->bg[c * m->n + i];
    int n = ck_key_palette_at(p, x, y, kinds);
    kinds[n++] = grey;
    float inside = m->held[i] > m->deep[i] ? m->held[i] : m->deep[i];
    if (inside > 0) {
        kinds[n] = any;
        kinds[n++].weight *= inside;
    }
    ck_key_grain g = grain_at(m, i, b, p->scale);
    ck_key_mixture_set(mix, kinds, n, b, &g);
}

/* The map's own pixels. */
static void ask_map(ck_key_map *m, const ck_key_palette *p)
{
    ck_key_mixture mix;
    for (int y = 0; y < m->ch; y++)
        for (int x = 0; x < m->cw; x++) {
            size_t i = ck_key_pixel(x, y, m->cw);
            if (!m->seen[i])
                continue;
            if (m->sure[i] && m->held[i] > 0.999f) { /* deep inside: nothing to ask */
                m->mean[i] = m->solid[i] = 1, m->bare[i] = 0;
                continue;
            }
            float c[3];
            for (size_t k = 0; k < 3; k++)
                c[k] = p->scale * m->col[k * m->n + i];
            mixture_at(m, p, x, y, &mix);
            lower_highlight(mix.b, c);
            ck_key_said s;
            ck_key_mixture_ask(&mix, &c, 1, &s);
            m->mean[i] = s.mean, m->bare[i] = s.bare, m->solid[i] = s.solid;
        }
}

/* Coverage a of map pixel i as it is given out.  In a veil, `thin` is the coverage if it is light and neutral. */
static inline float finished(const ck_key_map *m, size_t i, float a, float thin)
{
    a = a < KNEE ? a : KNEE + (a - KNEE) * (1 - KNEE) / (SOLID_FROM - KNEE);
    a = a < 1 ? a : 1;
    return a + m->veil[i] * (ck_clamp01(thin) * m->veil_scale[i] - a);
}

static float coverage_of(const ck_key_map *m, size_t i)
{
    ck_key_said s = {m->mean[i], m->bare[i], m->solid[i]};
    ck_key_odds o = ck_key_odds_at(m, i);
    return m->seen[i] ? finished(m, i, ck_key_expect(s, o.bare, o.solid), m->thin[i]) : 0;
}

/* A whole map pixel without asking the plate's: 0 bare, 2 solid, 1 = ask. */
static int kind_of(const ck_key_map *m, size_t i)
{
    if (!m->seen[i])
        return 0;
    return m->sure[i] && coverage_of(m, i) > 0.999f ? 2 : 1;
}

/* The plate's pixels in one row of the map. */
typedef struct band {
    const ck_key_map *m;
    const ck_key_palette *p;
    ck_key_quiet *quiet;
    int my, y, rows; /* the map's row, the plate's first and how many */
    float *lin;      /* (q,3,w) */
    float *alpha;    /* (rows,w) */
} band;

/* Coverage of a pixel of colour lin that says s, in map pixel i. */
static float solve_pixel(const ck_key_map *m, size_t i, ck_key_odds o, const float lin[3], ck_key_said s)
{
    float thin = 0;
    if (m->veil[i] > 0) {
        float b[3], d[3];
        for (size_t k = 0; k < 3; k++) {
            b[k] = m->bg[k * m->n + i];
            d[k] = lin[k] - b[k];
        }
        thin = ck_key_if_neutral(d, b, m->ax);
    }
    return ck_clamp01(finished(m, i, ck_key_expect(s, o.bare, o.solid), thin));
}

/* In map pixel cx, whose colours are in t->lin. */
static void solve_cell(const band *t, int cx)
{
    const ck_key_map *m = t->m;
    size_t i = ck_key_pixel(cx, t->my, m->cw), w = (size_t)m->w;
    int x0 = cx * m->q, side = x0 + m->q < m->w ? m->q : m->w - x0, all = side * t->rows;
    float lin[CK_KEY_ASKED][3], scaled[CK_KEY_ASKED][3];
    ck_key_said said[CK_KEY_ASKED];
    ck_key_mixture mix;
    mixture_at(m, t->p, cx, t->my, &mix);
    ck_key_odds o = ck_key_odds_at(m, i);
    for (int from = 0; from < all; from += CK_KEY_ASKED) {
        int n = all - from < CK_KEY_ASKED ? all - from : CK_KEY_ASKED;
        for (int k = 0; k < n; k++)
            for (size_t z = 0; z < 3; z++) {
                size_t y = (size_t)((from + k) / side), x = (size_t)(x0 + (from + k) % side);
                lin[k][z] = t->lin[(3 * y + z) * w + x];
                scaled[k][z] = t->p->scale * lin[k][z];
            }
        for (int k = 0; k < n; k++)
            lower_highlight(mix.b, scaled[k]);
        ck_key_mixture_ask(&mix, (const float(*)[3])scaled, n, said);
        for (int k = 0; k < n; k++)
            t->alpha[ck_key_pixel(x0 + (from + k) % side, (from + k) / side, m->w)] =
                solve_pixel(m, i, o, lin[k], said[k]);
    }
}

/* Map pixels from <= cx < to, all of one kind. */
static void solve_run(const band *t, int from, int to, int kind)
{
    const ck_key_map *m = t->m;
    size_t w = (size_t)m->w;
    int x0 = from * m->q, x1 = to * m->q < m->w ? to * m->q : m->w;
    for (int y = 0; y < t->rows; y++)
        if (kind == 1)
            ck_key_quiet_row(t->quiet, t->y + y, x0, (size_t)(x1 - x0), t->lin + 3 * w * (size_t)y + x0, w);
        else
            for (int x = x0; x < x1; x++)
                t->alpha[ck_key_pixel(x, y, m->w)] = kind == 2;
    for (int cx = from; cx < to && kind == 1; cx++)
        solve_cell(t, cx);
}

static ck_status solve_all(const ck_key_map *m, const ck_key_palette *p, ck_key_quiet *quiet, float *alpha, ck_error *e)
{
    size_t w = (size_t)m->w;
    ck_buffer *buf = ck_buffer_new((size_t)m->q * w * 3 * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's rows");
    band t = {.m = m, .p = p, .quiet = quiet, .lin = buf->data};
    for (t.my = 0; t.my < m->ch; t.my++) {
        t.y = t.my * m->q;
        t.rows = t.y + m->q < m->h ? m->q : m->h - t.y;
        t.alpha = alpha + (size_t)t.y * w;
        for (int from = 0, to; from < m->cw; from = to) {
            int kind = kind_of(m, ck_key_pixel(from, t.my, m->cw));
            for (to = from + 1; to < m->cw && kind_of(m, ck_key_pixel(to, t.my, m->cw)) == kind;)
                to++;
            solve_run(&t, from, to, kind);
        }
    }
    ck_buffer_unref(buf);
    return CK_OK;
}

/* For maps whose pixels are the plate's. */
static void quieten_map(ck_key_map *m, ck_key_quiet *quiet)
{
    for (int y = 0; y < m->ch; y++)
        ck_key_quiet_row(quiet, y, 0, (size_t)m->cw, m->col + ck_key_pixel(0, y, m->cw), m->n);
}

static ck_status solve(ck_key_map *m, const ck_plane *rgb, float *alpha, ck_error *e)
{
    ck_key_palette p = {0};
    ck_key_quiet quiet;
    ck_status st = ck_key_quiet_new(&quiet, rgb, m->k, m->q, e);
    for (int k = 0; k < 3; k++)
        m->sigma[k] = quiet.left * m->k->sigma[k];
    if (st == CK_OK && m->q == 1 && quiet.share > 0)
        quieten_map(m, &quiet);
    if (st == CK_OK)
        st = ck_key_surround(m, e);
    if (st == CK_OK)
        st = ck_key_palette_new(&p, m, e);
    if (st == CK_OK) {
        ask_map(m, &p);
        ck_key_expectations(m);
        if (m->q > 1)
            st = solve_all(m, &p, &quiet, alpha, e);
        else
            for (size_t i = 0; i < m->n; i++) /* the map's pixels are the plate's */
                alpha[i] = ck_clamp01(coverage_of(m, i));
    }
    ck_key_quiet_free(&quiet);
    ck_key_palette_free(&p);
    return st;
}

ck_status ck_key_matte(const ck_plane *rgb, const ck_key_screen *s, float *alpha, ck_error *e)
{
    size_t plane = (size_t)rgb->h * (size_t)rgb->w;
    if (!s->grid) {
        for (size_t i = 0; i < plane; i++)
            alpha[i] = 1;
        return CK_OK;
    }
    ck_key_map m;
    ck_status st = ck_key_map_new(&m, rgb->h, rgb->w, s, e);
    if (st == CK_OK)
        st = ck_key_map_scan(&m, rgb, e);
    if (st == CK_OK) {
        ck_key_map_cues(&m);
        st = ck_key_regions(&m, e);
    }
    if (st == CK_OK)
        st = solve(&m, rgb, alpha, e);
    ck_key_map_free(&m);
    return st;
}
