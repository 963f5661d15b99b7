/* The table of libck-ocio.so, which wraps OpenColorIO.  C on this side, C++ on the other; no exception leaves it.
 *
 * It has no words of its own: where a function fails, `e` (NULL is fine) gets OpenColorIO's message on one line. */
#ifndef CK_OCIO_PLUGIN_H
#define CK_OCIO_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Interface version.  Raise the first number with every change of the table. */
#define CK_OCIO_PLUGIN_VERSION (1ul << 32 | sizeof(ck_ocio_table))
#define CK_OCIO_PLUGIN_ENTRY "ck_ocio_plugin"

typedef struct ck_ocio_table {
    void *(*open)(const char *file, ck_error *e); /* NULL: failed */
    void (*close)(void *config);
    bool (*has)(const void *config, const char *space);
    /* The i-th name, as long as the config is open; NULL past the last one. */
    const char *(*space)(const void *config, int i);   /* colour spaces with their aliases, then roles */
    const char *(*display)(const void *config, int i); /* active displays; the default is the first */
    const char *(*view)(const void *config, const char *display, int i);
    const char *(*default_view)(const void *config, const char *display, const char *from); /* NULL: no view */
    /* A processor, or NULL. */
    void *(*between)(const void *config, const char *from, const char *to, ck_error *e);
    void *(*through)(const void *config, const char *from, const char *display, const char *view, ck_error *e);
    void (*apply)(const void *processor, float *r, float *g, float *b, size_t n);
    void (*release)(void *processor);
} ck_ocio_table;

#endif
