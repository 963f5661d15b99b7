#include "image/holes.h"

#include <stddef.h>

#include "base/clones.h"
#include "base/mem.h"
#include "image/components.h"

CK_CLONES
static void not_above(const float *restrict alpha, float limit, uint8_t *restrict mask, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mask[i] = (uint8_t) - (alpha[i] <= limit);
}

/* Components that touch the frame's edge are no holes: their area becomes infinite. */
static void open_at_edges(const ck_components *c, int h, int w)
{
    for (size_t i = 0; i < c->n_runs; i++) {
        const ck_component_run *r = &c->runs[i];
        if (r->y == 0 || r->y == h - 1 || r->x0 == 0 || r->x1 == w)
            c->area[r->component] = UINT64_MAX;
    }
}

static ck_status fill(float *alpha, int h, int w, uint64_t area, float limit, uint8_t *mask, ck_error *e)
{
    ck_components c;
    not_above(alpha, limit, mask, (size_t)h * (size_t)w);
    ck_status s = ck_components_find(mask, h, w, 4, &c, e);
    if (s == CK_OK)
        open_at_edges(&c, h, w);
    for (size_t i = 0; s == CK_OK && i < c.n_runs; i++) {
        const ck_component_run *r = &c.runs[i];
        for (int x = r->x0; x < r->x1 && c.area[r->component] <= area; x++)
            alpha[(size_t)r->y * (size_t)w + (size_t)x] = 1;
    }
    ck_components_free(&c);
    return s;
}

ck_status ck_holes_fill(float *alpha, int h, int w, uint64_t area, ck_error *e)
{
    const float below_one = 0x1.fffffep-1f;
    ck_buffer *mask = ck_buffer_new((size_t)h * (size_t)w);
    if (!mask)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for filling holes of %d x %d", w, h);
    ck_status s = fill(alpha, h, w, area, 0.5f, mask->data, e);
    if (s == CK_OK)
        s = fill(alpha, h, w, area, below_one, mask->data, e);
    ck_buffer_unref(mask);
    return s;
}
