/* Tracking markers that touch the subject: tape of the screen's hue, darker or lighter, between hairs or at an edge.
 * They are compact, flat and sharp, and most around them is bare.  (Markers that stand alone: region.c.) */
#include <string.h>

#include "key/component.h"

/* Map pixels; see ck_key_map.unit. */
#define SIDE 50           /* of the largest marker */
#define AREA 40           /* of the smallest */
#define FILLED 0.3f       /* part of its box, at least: strands fill less */
#define BESIDE 2          /* so far outside it is what is around */
#define INSIDE 1.5f       /* so far inside it is its own colour */
#define INSIDE_PART 0.15f /* part of its area that is inside, at least */
#define LEAST 0.12f       /* coverage that its colour needs, at least: less is a shadow's end */
#define FLAT 0.12f        /* standard deviation of that inside, relative, at most */
#define BARE 1.5f         /* times as much of its outline is bare as is not, at least */

/* Sums over a component. */
typedef struct outline {
    float inside, sum, squares; /* pixels inside, their `least` */
    uint32_t bare, other;       /* places beside it */
} outline;

static bool is_there(const ck_key_map *m, size_t i)
{
    return m->seen[i] && m->least[i] > LEAST;
}

static void add_pixel(const ck_key_map *m, int x, int y, int beside, outline *p)
{
    size_t i = ck_key_pixel(x, y, m->cw);
    if (m->ints[i] >= 3 * ck_key_px(m, INSIDE)) {
        p->inside++;
        p->sum += m->least[i];
        p->squares += ck_key_sq(m->least[i]);
    }
    const int at[4][2] = {{-beside, 0}, {beside, 0}, {0, -beside}, {0, beside}};
    for (int k = 0; k < 4; k++) {
        int qx = x + at[k][0], qy = y + at[k][1];
        if (qx < 0 || qy < 0 || qx >= m->cw || qy >= m->ch)
            continue;
        size_t q = ck_key_pixel(qx, qy, m->cw);
        p->bare += !is_there(m, q);
        p->other += is_there(m, q) && !m->mask[q];
    }
}

static bool is_marker(const ck_key_map *m, const ck_key_component *c, float area, const outline *p)
{
    if (!ck_key_component_fits(c, ck_key_px(m, SIDE)) || area < AREA * ck_key_sq(m->unit) ||
        area < FILLED * ck_key_component_box(c) || p->inside < INSIDE_PART * area ||
        (float)p->bare < BARE * (float)p->other)
        return false;
    float mean = p->sum / p->inside;
    return p->squares / p->inside - ck_key_sq(mean) < ck_key_sq(FLAT * mean);
}

/* m->mask: 0 in markers, from components of what has the screen's hue. */
static void mark(ck_key_map *m, const ck_key_components *s, outline *p)
{
    int beside = ck_key_px(m, BESIDE);
    memset(p, 0, s->c.n * sizeof *p);
    for (size_t i = 0; i < s->c.n_runs; i++) {
        const ck_component_run *r = &s->c.runs[i];
        for (int x = r->x0; x < r->x1; x++)
            add_pixel(m, x, r->y, beside, &p[r->component]);
    }
    memset(m->mask, 1, m->n);
    for (size_t i = 0; i < s->c.n_runs; i++) {
        const ck_component_run *r = &s->c.runs[i];
        if (is_marker(m, &s->p[r->component], (float)s->c.area[r->component], &p[r->component]))
            memset(m->mask + ck_key_pixel(r->x0, r->y, m->cw), 0, (size_t)(r->x1 - r->x0));
    }
}

ck_status ck_key_drop_markers(ck_key_map *m, ck_error *e)
{
    for (size_t i = 0; i < m->n; i++)
        m->mask[i] = is_there(m, i) && m->hue[i] < 0.5f;
    ck_key_distance(m->mask, m->ints, m->ch, m->cw);
    ck_key_components s;
    ck_buffer *sums = NULL;
    ck_status st = ck_key_components_find(m->mask, m, &s, e);
    if (st == CK_OK && !(sums = ck_buffer_new(s.c.n * sizeof(outline))))
        st = ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's regions");
    if (st == CK_OK) {
        mark(m, &s, sums->data);
        ck_key_distance(m->mask, m->ints, m->ch, m->cw);
        for (size_t i = 0; i < m->n; i++)
            if (m->ints[i] <= 3 * ck_key_px(m, BESIDE) && m->hue[i] < 0.5f)
                m->seen[i] = 0, m->thin[i] = 0;
    }
    ck_buffer_unref(sums);
    ck_key_components_free(&s);
    return st;
}
