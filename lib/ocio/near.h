/* A suggestion for a mistyped name (base/near.h) by OpenColorIO's rule: case does not count.
 *
 *     ck_ocio_near near;
 *     ck_ocio_near_begin(&near, "acesgc");
 *     for (...)
 *         ck_ocio_near_try(&near, name);
 *     if (*near.best) ...  */
#ifndef CK_OCIO_NEAR_H
#define CK_OCIO_NEAR_H

#include "base/near.h"

enum { CK_OCIO_NAME = 128 }; /* bytes, NUL included; longer names are never near (base/near.c) */

typedef struct ck_ocio_near {
    char typed[CK_OCIO_NAME]; /* in lower case */
    char best[CK_OCIO_NAME];  /* the nearest name so far; empty: none is near */
    ck_near near;
} ck_ocio_near;

void ck_ocio_near_begin(ck_ocio_near *n, const char *typed);

/* Copy `name` to n->best if it is nearer than those before. */
void ck_ocio_near_try(ck_ocio_near *n, const char *name);

#endif
