/* A suggestion for a mistyped name: the nearest of those that exist.
 *
 *     ck_near near = {.typed = "dispill", .n = 7};
 *     for (...)
 *         ck_near_try(&near, name);
 *     if (near.name) ...  */
#ifndef CK_BASE_NEAR_H
#define CK_BASE_NEAR_H

#include <stddef.h>

typedef struct ck_near {
    const char *typed;
    size_t n;         /* bytes of `typed` that count */
    const char *name; /* the nearest so far, borrowed; NULL: none is near */
    size_t distance;  /* of `name`: letters inserted, removed, replaced, or exchanged with the next one */
} ck_near;

/* Take `name` if it is nearer than those before.  Near: a distance of 2, of names below 5 letters 1. */
void ck_near_try(ck_near *near, const char *name);

#endif
