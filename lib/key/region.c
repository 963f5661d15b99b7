/* What the parts of the map are.
 *
 *     seen  something differs from the screen here, and it is no grain and no tracking marker
 *     core  it belongs to something solid
 *     sure  core, far enough from the screen that nothing shines through its edge
 */
#include <string.h>

#include "key/component.h"

/* Map pixels; see ck_key_map.unit. */
#define SPECK 40    /* area: less is grain, unless beside something */
#define MARKER 36   /* side of the largest tracking marker */
#define BESIDE 12   /* so near to something a speck may be the end of a hair */

static float box_area(const ck_key_component *p)
{
    return (float)(p->x1 - p->x0 + 1) * (float)(p->y1 - p->y0 + 1);
}

/* How the component's colours differ from the screen: in brightness alone, or otherwise. */
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
            p->marker = p->marker && (float)s.c.area[i] > fmaxf(least, 0.3f * box_area(p));
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

ck_status ck_key_regions(ck_key_map *m, ck_error *e)
{
    ck_status st = drop_specks(m, e);
    return st == CK_OK ? ck_key_find_core(m, e) : st;
}
