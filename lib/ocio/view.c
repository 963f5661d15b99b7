/* Views by name: "VIEW" of the default display, or "DISPLAY/VIEW".  Both names may contain slashes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ocio/inside.h"
#include "ocio/near.h"

typedef struct choice {
    const char *display, *view;
} choice;

/* The view of `display` with this name; NULL if it has none. */
static const char *view_of(const ck_ocio *c, const char *display, const char *name)
{
    const char *v;
    for (int i = 0; (v = c->table->view(c->config, display, i)); i++)
        if (!strcasecmp(v, name))
            return v;
    return NULL;
}

static bool find(const ck_ocio *c, const char *name, choice *out)
{
    const char *d;
    for (int i = 0; (d = c->table->display(c->config, i)); i++) {
        size_t n = strlen(d);
        *out = (choice){d, i ? NULL : view_of(c, d, name)};
        if (!out->view && !strncasecmp(name, d, n) && name[n] == '/')
            out->view = view_of(c, d, name + n + 1);
        if (out->view)
            return true;
    }
    return false;
}

static ck_status unknown(const ck_ocio *c, const char *name, ck_error *e)
{
    ck_ocio_near near;
    char text[2 * CK_OCIO_NAME];
    const char *d, *v;
    ck_ocio_near_begin(&near, name);
    for (int i = 0; (d = c->table->display(c->config, i)); i++)
        for (int k = 0; (v = c->table->view(c->config, d, k)); k++) {
            if (i == 0)
                ck_ocio_near_try(&near, v);
            snprintf(text, sizeof text, "%s/%s", d, v);
            ck_ocio_near_try(&near, text);
        }
    return *near.best ? ck_fail(e, CK_ERR_ARGUMENT, "no view '%s' in %s: did you mean '%s'?", name, c->name, near.best)
                      : ck_fail(e, CK_ERR_ARGUMENT,
                                "no view '%s' in %s: 'ociocheck --iconfig %s' lists displays and their views", name,
                                c->name, c->name);
}

static ck_status resolve(const ck_ocio *c, const char *from, const char *name, choice *out, ck_error *e)
{
    if (name && *name)
        return find(c, name, out) ? CK_OK : unknown(c, name, e);
    out->display = c->table->display(c->config, 0);
    out->view = out->display ? c->table->default_view(c->config, out->display, from) : NULL;
    return out->view ? CK_OK
                     : ck_fail(e, CK_ERR_ARGUMENT, "%s has no display with a view: name a space instead", c->name);
}

ck_status ck_ocio_view(const ck_ocio *c, const char *from, const char *view, ck_ocio_transform **out, ck_error *e)
{
    choice at = {NULL, NULL};
    *out = NULL;
    ck_status s = ck_ocio_check(c, from, e);
    if (s == CK_OK)
        s = resolve(c, from, view, &at, e);
    if (s != CK_OK)
        return s;
    return ck_ocio_made(c, c->table->through(c->config, from, at.display, at.view, e), from, at.view, out, e);
}
