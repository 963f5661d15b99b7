#include "ocio/ocio.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/plugin.h"
#include "ocio/inside.h"
#include "ocio/near.h"

static const char *from_environment(void)
{
    const char *config = getenv("OCIO");
    return config && *config ? config : NULL;
}

bool ck_ocio_wanted(const char *config)
{
    return (config && *config) || from_environment();
}

static ck_status load(const ck_ocio_table **table, ck_error *e)
{
    static const ck_plugin plugin = {"ocio", "apt-get install libopencolorio-dev, then make", "OpenColorIO",
                                     CK_OCIO_PLUGIN_ENTRY, CK_OCIO_PLUGIN_VERSION};
    const void *found = NULL;
    ck_status s = ck_plugin_load(&plugin, &found, e);
    *table = found;
    return s;
}

/* OpenColorIO does not say why a file cannot be opened. */
static ck_status open_config(ck_ocio *c, ck_error *e)
{
    bool file = !strstr(c->name, "://");
    if (file && access(c->name, R_OK))
        return ck_fail_errno(e, "cannot open OpenColorIO config %s", c->name);
    ck_error why = {""};
    c->config = c->table->open(c->name, &why);
    return c->config ? CK_OK
                     : ck_fail(e, CK_ERR_FORMAT, "%s cannot be used as an OpenColorIO config: %s", c->name, why.text);
}

ck_status ck_ocio_open(const char *config, ck_ocio **out, ck_error *e)
{
    const char *name = config && *config ? config : from_environment();
    *out = NULL;
    if (!name)
        return ck_fail(e, CK_ERR_ARGUMENT, "no OpenColorIO config: use --ocio-config FILE or set $OCIO");
    const ck_ocio_table *table;
    ck_status s = load(&table, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, "OpenColorIO cannot be used");
    ck_ocio *c = calloc(1, sizeof *c);
    if (!c || !(c->name = strdup(name))) {
        free(c);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    }
    c->table = table;
    s = open_config(c, e);
    if (s == CK_OK)
        *out = c;
    else
        ck_ocio_close(c);
    return s;
}

void ck_ocio_close(ck_ocio *c)
{
    if (!c)
        return;
    if (c->config)
        c->table->close(c->config);
    free(c->name);
    free(c);
}

bool ck_ocio_has(const ck_ocio *c, const char *space)
{
    return c->table->has(c->config, space);
}

ck_status ck_ocio_check(const ck_ocio *c, const char *space, ck_error *e)
{
    if (ck_ocio_has(c, space))
        return CK_OK;
    ck_ocio_near near;
    const char *name;
    ck_ocio_near_begin(&near, space);
    for (int i = 0; (name = c->table->space(c->config, i)); i++)
        ck_ocio_near_try(&near, name);
    return *near.best ? ck_fail(e, CK_ERR_ARGUMENT, "no colour space '%s' in %s: did you mean '%s'?", space, c->name,
                                near.best)
                      : ck_fail(e, CK_ERR_ARGUMENT, "no colour space '%s' in %s: 'ociocheck --iconfig %s' lists them",
                                space, c->name, c->name);
}

ck_status ck_ocio_made(const ck_ocio *c, void *processor, const char *from, const char *to, ck_ocio_transform **out,
                       ck_error *e)
{
    if (!processor) {
        ck_error why = e ? *e : (ck_error){""};
        return ck_fail(e, CK_ERR_FORMAT, "no transform from '%s' to '%s' in %s: %s", from, to, c->name, why.text);
    }
    ck_ocio_transform *t = malloc(sizeof *t);
    if (!t) {
        c->table->release(processor);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    }
    *t = (ck_ocio_transform){c->table, processor};
    *out = t;
    return CK_OK;
}

ck_status ck_ocio_between(const ck_ocio *c, const char *from, const char *to, ck_ocio_transform **out, ck_error *e)
{
    *out = NULL;
    ck_status s = ck_ocio_check(c, from, e);
    if (s == CK_OK)
        s = ck_ocio_check(c, to, e);
    if (s != CK_OK)
        return s;
    return ck_ocio_made(c, c->table->between(c->config, from, to, e), from, to, out, e);
}

void ck_ocio_apply(const ck_ocio_transform *t, float *r, float *g, float *b, size_t n)
{
    t->table->apply(t->processor, r, g, b, n);
}

void ck_ocio_transform_free(ck_ocio_transform *t)
{
    if (t)
        t->table->release(t->processor);
    free(t);
}
