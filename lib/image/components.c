/* Runs of set pixels, joined by union-find with the touching runs of the row above.  A root is the earliest run of its
 * component, so numbering roots in order numbers components by their first pixel. */
#include "image/components.h"

#include <stdbool.h>
#include <string.h>

/* Double the capacity: scratch of few sizes then serves all frames. */
static ck_status grow(ck_components *c, size_t *cap, ck_error *e)
{
    size_t more = *cap ? 2 * *cap : 4096;
    ck_buffer *b = more > UINT32_MAX / 2 ? NULL : ck_buffer_new(more * sizeof(ck_component_run));
    if (!b)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %zu runs of a mask", more);
    if (c->runs)
        memcpy(b->data, c->runs, c->n_runs * sizeof(ck_component_run));
    ck_buffer_unref(c->runs_buf);
    c->runs_buf = b;
    c->runs = b->data;
    *cap = more;
    return CK_OK;
}

/* The first set pixel at or after x; with `set`, the first clear one.  Tests eight pixels at a time. */
static int next_change(const uint8_t *row, int x, int w, bool set)
{
    while (x < w) {
        uint64_t eight;
        if (x + 8 <= w) {
            memcpy(&eight, row + x, 8);
            if (eight == (set ? UINT64_MAX : 0)) {
                x += 8;
                continue;
            }
        }
        if ((row[x] != 0) != set)
            break;
        x++;
    }
    return x;
}

static uint32_t root(ck_component_run *runs, uint32_t i)
{
    while (runs[i].component != i) {
        runs[i].component = runs[runs[i].component].component;
        i = runs[i].component;
    }
    return i;
}

static void join(ck_component_run *runs, uint32_t a, uint32_t b)
{
    a = root(runs, a);
    b = root(runs, b);
    if (a < b)
        runs[b].component = a;
    else
        runs[a].component = b;
}

/* Join this row's runs [here, end) with the row above, runs [above, here).  reach: 1 = corners touch, 0 = they do
 * not. */
static void join_rows(ck_component_run *runs, size_t above, size_t here, size_t end, int reach)
{
    size_t i = above, j = here;
    while (i < here && j < end) {
        if (runs[i].x0 < runs[j].x1 + reach && runs[j].x0 < runs[i].x1 + reach)
            join(runs, (uint32_t)i, (uint32_t)j);
        if (runs[i].x1 < runs[j].x1)
            i++;
        else
            j++;
    }
}

static ck_status find_runs(const uint8_t *mask, int h, int w, int reach, ck_components *c, ck_error *e)
{
    size_t cap = 0, above = 0, here = 0;
    for (int y = 0; y < h; y++) {
        const uint8_t *row = mask + (size_t)y * (size_t)w;
        for (int x = next_change(row, 0, w, false); x < w; x = next_change(row, x, w, false)) {
            if (c->n_runs == cap) {
                ck_status s = grow(c, &cap, e);
                if (s != CK_OK)
                    return s;
            }
            int end = next_change(row, x, w, true);
            c->runs[c->n_runs] = (ck_component_run){y, x, end, (uint32_t)c->n_runs};
            c->n_runs++;
            x = end;
        }
        join_rows(c->runs, above, here, c->n_runs, reach);
        above = here;
        here = c->n_runs;
    }
    return CK_OK;
}

/* Number the roots.  A root precedes every run that points to it. */
static ck_status number(ck_components *c, ck_error *e)
{
    size_t cap = 4096;
    for (size_t i = 0; i < c->n_runs; i++)
        c->n += c->runs[i].component == i;
    while (cap < c->n)
        cap *= 2;
    c->area_buf = ck_buffer_new(cap * sizeof *c->area);
    if (!c->area_buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the areas of %u components", (unsigned)c->n);
    c->area = c->area_buf->data;
    uint32_t next = 0;
    for (size_t i = 0; i < c->n_runs; i++) {
        ck_component_run *r = &c->runs[i];
        if (r->component == i) {
            c->area[next] = 0;
            r->component = next++;
        } else {
            r->component = c->runs[r->component].component;
        }
        c->area[r->component] += (uint64_t)(r->x1 - r->x0);
    }
    return CK_OK;
}

ck_status ck_components_find(const uint8_t *mask, int h, int w, int connectivity, ck_components *c, ck_error *e)
{
    *c = (ck_components){0};
    ck_status s = find_runs(mask, h, w, connectivity == 8, c, e);
    /* Point every run at its root before roots are renumbered. */
    for (size_t i = 0; s == CK_OK && i < c->n_runs; i++)
        c->runs[i].component = root(c->runs, (uint32_t)i);
    return s == CK_OK ? number(c, e) : s;
}

void ck_components_free(ck_components *c)
{
    ck_buffer_unref(c->runs_buf);
    ck_buffer_unref(c->area_buf);
    *c = (ck_components){0};
}

ck_status ck_components_keep(const uint8_t *mask, int h, int w, uint64_t min_area, uint8_t *out, ck_error *e)
{
    ck_components c;
    ck_status s = ck_components_find(mask, h, w, 8, &c, e);
    if (s == CK_OK)
        memset(out, 0, (size_t)h * (size_t)w);
    for (size_t i = 0; s == CK_OK && i < c.n_runs; i++) {
        const ck_component_run *r = &c.runs[i];
        if (c.area[r->component] >= min_area)
            memset(out + (size_t)r->y * (size_t)w + r->x0, 255, (size_t)(r->x1 - r->x0));
    }
    ck_components_free(&c);
    return s;
}
