/* Kinds of parts of the map.
 *
 *     seen  something differs from the screen here, and it is no grain and no tracking marker
 *     core  it belongs to something solid
 *     veil  it is wide, smooth, fades towards its rim and is not solid: translucent
 *     sure  core, far enough from the screen that nothing shines through its edge
 */
#include <string.h>

#include "key/component.h"

/* Map pixels; see ck_key_map.unit. */
#define SPECK 40        /* area: less is grain, unless beside something */
#define MARKER 50       /* side of the largest tracking marker */
#define VEIL 7          /* half the width of what is too wide to be an edge */
#define PEAK_BOX 30     /* radius in which a veil's density is judged */
#define RIM 9           /* width of a veil's rim */
#define DEEP 12         /* what is further inside is no rim */
#define SOLID_RIM 0.75f /* density of the rim, relative to the inside: a solid's, at least */
#define HELD_RIM 0.1f   /* part of its outline at the bare screen: below, solids hold it */
#define FREE_RIM 0.25f  /* and from here they do not */
#define VEIL_RIM 0.5f   /* and a veil's, at most */
#define CLOTH 0.8f      /* mean part of another hue, from which a region is no shadow */
#define SHADOW 0.1f     /* and below which it is one */
#define COMPACT 0.7f    /* part of its box, from which it may be a thing: a disc has 0.79 */
#define LIGHT 0.82f     /* mean of how straight it leads to something light, from which glass may be meant */
#define VEIL_BLUR 5     /* radius in which a veil begins: a step would show as a line */
#define BESIDE 12       /* so near to something a speck may be the end of a hair */

/* Sums of a component's differences from the screen: in brightness, and otherwise. */
static void sum_differences(const ck_key_map *m, ck_key_components *s)
{
    ck_key_axes ax = m->ax;
    const float *im = m->col + ax.m * m->n, *iu = m->col + ax.u * m->n, *iv = m->col + ax.v * m->n;
    const float *bm = m->bg + ax.m * m->n, *bu = m->bg + ax.u * m->n, *bv = m->bg + ax.v * m->n;
    for (size_t i = 0; i < s->c.n_runs; i++) {
        const ck_component_run *r = &s->c.runs[i];
        ck_key_component *p = &s->p[r->component];
        for (int x = r->x0; x < r->x1; x++) {
            size_t o = ck_key_pixel(x, r->y, m->cw);
            float d[3];
            ck_key_residual(im[o], iu[o], iv[o], bm[o], bu[o], bv[o], 1, d);
            p->off += fabsf(d[1]) + fabsf(d[2]);
            p->bright += fabsf(d[0]) * bm[o];
            p->peak = m->peak[o] > p->peak ? m->peak[o] : p->peak;
        }
    }
}

/* Grain and markers are not seen.  A marker is compact, alone, and of the screen's hue: tape of the
 * same colour, or black.  Little things beside something kept are the ends of its hairs. */
static ck_status drop_specks(ck_key_map *m, ck_error *e)
{
    ck_key_components s;
    ck_status st = ck_key_components_find(m->seen, m, &s, e);
    if (st == CK_OK) {
        sum_differences(m, &s);
        float least = SPECK * m->unit * m->unit;
        int marker = ck_key_px(m, MARKER);
        for (uint32_t i = 0; i < s.c.n; i++) {
            ck_key_component *p = &s.p[i];
            p->marker = p->off < 0.35f * p->bright && ck_key_component_fits(p, marker);
            p->keep = (float)s.c.area[i] > least && p->peak > 3 * m->k->seen && !p->marker;
            /* Strands are screen-hued where they are thin, but they do not fill their box. */
            p->marker = p->marker && (float)s.c.area[i] > fmaxf(least, 0.3f * ck_key_component_box(p));
        }
        for (size_t i = 0; i < m->n; i++)
            m->mask[i] = 1;
        for (size_t i = 0; i < s.c.n_runs; i++)
            if (s.p[s.c.runs[i].component].keep)
                memset(m->mask + (size_t)s.c.runs[i].y * (size_t)m->cw + s.c.runs[i].x0, 0,
                       (size_t)(s.c.runs[i].x1 - s.c.runs[i].x0));
        ck_key_distance(m->mask, m->ints, m->ch, m->cw);
        int beside = 3 * ck_key_px(m, BESIDE);
        for (size_t i = 0; i < s.c.n_runs; i++) {
            const ck_component_run *r = &s.c.runs[i];
            ck_key_component *p = &s.p[r->component];
            size_t o = (size_t)r->y * (size_t)m->cw;
            for (int x = r->x0; x < r->x1 && !p->other; x++)
                p->other = m->ints[o + (size_t)x] < beside;
        }
        for (size_t i = 0; i < s.c.n_runs; i++) {
            const ck_component_run *r = &s.c.runs[i];
            const ck_key_component *p = &s.p[r->component];
            bool hair = p->other && (s.c.area[r->component] >= 4 || p->peak > 2 * m->k->seen);
            if (p->keep || (hair && !p->marker))
                continue;
            size_t o = (size_t)r->y * (size_t)m->cw;
            for (int x = r->x0; x < r->x1; x++)
                m->seen[o + (size_t)x] = 0, m->thin[o + (size_t)x] = 0;
        }
    }
    ck_key_components_free(&s);
    return st;
}

/* Wide soft regions: what an opening leaves of seen, not core, not hair. */
static void find_veils(ck_key_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = m->seen[i] && !m->core[i] && m->rough[i] < 0.5f;
    ck_key_distance(m->mask, m->ints, m->ch, m->cw);
    int half = 3 * ck_key_px(m, VEIL);
    for (size_t i = 0; i < m->n; i++) {
        m->veil[i] = m->mask[i];
        m->mask[i] = m->ints[i] <= half;
    }
    ck_key_distance(m->mask, m->ints, m->ch, m->cw);
    float from = (float)half, to = from + 3 * (float)ck_key_px(m, 6);
    for (size_t i = 0; i < m->n; i++)
        m->veil[i] *= 1 - ck_key_ramp((float)m->ints[i], from, to);
}

/* One frame does not tell a thin veil of strong colour from a dense one of weak colour.  Most that
 * people shoot through are neither, so the guess by colour is pulled half way to a middling
 * density.  The neighbourhood's density is the mean of thin weighted by thin, so that the empty
 * parts of a patterned veil count little. */
static void scale_veils(ck_key_map *m)
{
    const float middle = 0.4f;
    int r = ck_key_px(m, PEAK_BOX);
    for (size_t i = 0; i < m->n; i++) {
        m->t0[i] = m->veil[i] * m->thin[i];
        m->t1[i] = m->t0[i] * m->thin[i];
    }
    ck_key_box(m->t0, m->t0, m->box, m->ch, m->cw, r);
    ck_key_box(m->t1, m->t1, m->box, m->ch, m->cw, r);
    for (size_t i = 0; i < m->n; i++) {
        float density = (m->t1[i] + 1e-5f * middle) / (m->t0[i] + 1e-5f);
        float f = sqrtf(middle / (density > 0.01f ? density : 0.01f));
        m->veil_scale[i] = f < 0.6f ? 0.6f : f > 1.6f ? 1.6f : f;
    }
}

/* From the screen straight to something light and neutral: 1. */
static float towards_light(const ck_key_map *m, size_t i)
{
    float d[3], b[3];
    for (size_t c = 0; c < 3; c++) {
        b[c] = m->bg[c * m->n + i];
        d[c] = m->col[c * m->n + i] - b[c];
    }
    ck_key_way w = ck_key_way_of(d, b, m->ax);
    return w.dx / sqrtf(w.dd * w.xx + 1e-12f);
}

/* Compact, of another hue than the screen's, and not light: no scarf, no shadow, no glass. */
static bool is_thing(const ck_key_component *p, float area)
{
    return area > COMPACT * ck_key_component_box(p) && p->off > CLOTH * area && p->least < LIGHT * area;
}

/* A veil fades towards its rim, a solid of the same colour does not: m->veil of each region by how much, and m->core
 * where a thing ends sharply.  What is wide, smooth and of the screen's hue is its shadow, and not seen. */
static ck_status fade_veils(ck_key_map *m, ck_error *e)
{
    ck_key_components s;
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = m->veil[i] > 0;
    ck_key_distance(m->seen, m->ints, m->ch, m->cw);
    ck_status st = ck_key_components_find(m->mask, m, &s, e);
    int rim = 3 * ck_key_px(m, RIM), deep = 3 * ck_key_px(m, DEEP);
    for (size_t i = 0; st == CK_OK && i < s.c.n_runs; i++) {
        const ck_component_run *r = &s.c.runs[i];
        ck_key_component *p = &s.p[r->component];
        for (size_t x = ck_key_pixel(r->x0, r->y, m->cw), end = x + (size_t)(r->x1 - r->x0); x < end; x++) {
            bool is_rim = m->ints[x] <= rim, is_deep = m->ints[x] > deep;
            p->off += m->hue[x];
            p->least += towards_light(m, x);
            p->ring += is_rim, p->around += is_rim ? m->thin[x] : 0;
            p->out += is_deep, p->bright += is_deep ? m->thin[x] : 0;
        }
    }
    for (size_t i = 0; st == CK_OK && i < s.c.n_runs; i++) {
        const ck_component_run *r = &s.c.runs[i];
        const ck_key_component *p = &s.p[r->component];
        float at_rim = p->around * (float)p->out, inside = p->bright * (float)p->ring;
        float fades = inside > 0 ? ck_key_ramp(at_rim / inside, SOLID_RIM, VEIL_RIM) : 0;
        float around = 3.5f * sqrtf((float)s.c.area[r->component]) * (float)rim / 3; /* a disc's whole rim */
        fades *= ck_key_ramp((float)p->ring / around, HELD_RIM, FREE_RIM);
        bool solid = at_rim > SOLID_RIM * inside && (float)p->ring > FREE_RIM * around &&
                     is_thing(p, (float)s.c.area[r->component]);
        bool shadow = p->off < SHADOW * (float)s.c.area[r->component];
        for (size_t x = ck_key_pixel(r->x0, r->y, m->cw), end = x + (size_t)(r->x1 - r->x0); x < end; x++) {
            m->core[x] = m->core[x] || (solid && m->veil[x] > 0);
            m->veil[x] *= fades;
            m->seen[x] = m->seen[x] && !shadow;
            m->thin[x] = shadow ? 0 : m->thin[x];
        }
    }
    ck_key_components_free(&s);
    return st;
}

ck_status ck_key_regions(ck_key_map *m, ck_error *e)
{
    ck_status st = ck_key_drop_markers(m, e);
    if (st == CK_OK)
        st = drop_specks(m, e);
    if (st == CK_OK)
        st = ck_key_find_core(m, e);
    if (st == CK_OK) {
        find_veils(m);
        st = fade_veils(m, e);
    }
    if (st == CK_OK) {
        ck_key_find_sure(m);
        scale_veils(m);
        ck_key_box(m->veil, m->veil, m->box, m->ch, m->cw, ck_key_px(m, VEIL_BLUR));
    }
    return st;
}
