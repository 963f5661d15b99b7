#include <stdio.h>
#include <string.h>

#include "ck-encode/outputs_inside.h"

/* A key that must be the same for all colour in a file. */
static ck_status check_same(const ck_output *a, const ck_output *b, const char *key, ck_error *e)
{
    const char *x = ck_meta_get(&a->about, key), *y = ck_meta_get(&b->about, key);
    x = x ? x : "unknown";
    y = y ? y : "unknown";
    if (a->c == 1 || b->c == 1 || !strcmp(x, y))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "planes '%s' and '%s' cannot share an EXR: their %s are %s and %s: write one in another format",
                   a->plane, b->plane, strcmp(key, "ck:transfer") ? "primaries" : "curves", x, y);
}

/* Add an output to the chain that `first` begins. */
static ck_status join(ck_output *first, ck_output *p, ck_error *e)
{
    ck_output *last = first;
    for (ck_output *q = first; q; q = q->next) {
        ck_status s = check_same(q, p, "ck:transfer", e);
        if (s == CK_OK)
            s = check_same(q, p, "ck:primaries", e);
        if (s != CK_OK)
            return s;
        last = q;
    }
    if (first->w != p->w || first->h != p->h)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "planes '%s' and '%s' cannot share an EXR: they are %d x %d and %d x %d: write one in another "
                       "format",
                       first->plane, p->plane, first->w, first->h, p->w, p->h);
    last->next = p;
    p->on = false;
    return CK_OK;
}

ck_status ck_outputs_share(ck_outputs *o, ck_error *e)
{
    ck_output *first = NULL;
    ck_status s = CK_OK;
    for (int i = 0; i < o->n; i++) {
        ck_output *p = &o->items[i];
        if (p->on && ck_format_is_exr(p->format) && (!first || !strcmp(p->plane, CK_MAIN_PLANE)))
            first = p;
    }
    for (int i = 0; i < o->n && first && s == CK_OK; i++) {
        ck_output *p = &o->items[i];
        if (p->on && p != first && ck_format_is_exr(p->format))
            s = join(first, p, e);
    }
    if (first)
        snprintf(first->place, sizeof first->place, "%s", CK_EXR_FOLDER);
    return s;
}
