/* Structures that the files of this room share. */
#ifndef CK_OCIO_INSIDE_H
#define CK_OCIO_INSIDE_H

#include "ocio/ocio.h"
#include "ocio/plugin.h"

struct ck_ocio {
    const ck_ocio_table *table;
    void *config;
    char *name; /* file, for messages */
};

struct ck_ocio_transform {
    const ck_ocio_table *table;
    void *processor;
};

/* CK_ERR_ARGUMENT, with a near name, if the config has no such colour space. */
ck_status ck_ocio_check(const ck_ocio *c, const char *space, ck_error *e);

/* A transform of `processor`.  If that is NULL, e holds OpenColorIO's message, and gets the names in front of it. */
ck_status ck_ocio_made(const ck_ocio *c, void *processor, const char *from, const char *to, ck_ocio_transform **out,
                       ck_error *e);

#endif
