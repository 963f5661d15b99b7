/* Views by name: "VIEW" of the default display, or "DISPLAY/VIEW".  Both names may contain slashes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/near.h"
#include "ocio/inside.h"

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

/* Try "VIEW" or "DISPLAY/VIEW"; a nearer one is copied to `best`, as `near` borrows names. */
static void try(ck_near *near, const char *display, const char *name, char best[128])
{
    char text[128];
    const char *before = near->name;
    snprintf(text, sizeof text, "%s%s%s", display, *display ? "/" : "", name);
    ck_near_try(near, text);
    if (near->name == before)
        return;
    memcpy(best, text, sizeof text);
    near->name = best;
}

static ck_status unknown(const ck_ocio *c, const char *name, ck_error *e)
{
    ck_near near = {.typed = name, .n = strlen(name)};
    char best[128];
    const char *d, *v;
    for (int i = 0; (d = c->table->display(c->config, i)); i++)
        for (int k = 0; (v = c->table->view(c->config, d, k)); k++) {
            if (i == 0)
                try(&near, "", v, best);
            try(&near, d, v, best);
        }
    return near.name ? ck_fail(e, CK_ERR_ARGUMENT, "no view '%s' in %s: did you mean '%s'?", name, c->name, near.name)
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
