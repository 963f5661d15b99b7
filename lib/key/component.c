#include "key/component.h"

#include <string.h>

void ck_key_components_free(ck_key_components *s)
{
    ck_buffer_unref(s->buf);
    ck_components_free(&s->c);
}

ck_status ck_key_components_find(const uint8_t *mask, const ck_key_map *m, ck_key_components *s, ck_error *e)
{
    size_t bytes, cap = 4096;
    memset(s, 0, sizeof *s);
    ck_status st = ck_components_find(mask, m->ch, m->cw, 8, &s->c, e);
    if (st != CK_OK)
        return st;
    while (cap < s->c.n)
        cap *= 2;
    if (!ck_mul(cap, sizeof *s->p, &bytes) || !(s->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's regions");
    s->p = s->buf->data;
    for (uint32_t i = 0; i < s->c.n; i++)
        s->p[i] = (ck_key_component){.x0 = m->cw, .y0 = m->ch, .x1 = -1, .y1 = -1};
    for (size_t i = 0; i < s->c.n_runs; i++) {
        const ck_component_run *r = &s->c.runs[i];
        ck_key_component *p = &s->p[r->component];
        p->x0 = r->x0 < p->x0 ? r->x0 : p->x0;
        p->x1 = r->x1 - 1 > p->x1 ? r->x1 - 1 : p->x1;
        p->y0 = r->y < p->y0 ? r->y : p->y0;
        p->y1 = r->y > p->y1 ? r->y : p->y1;
    }
    return CK_OK;
}
