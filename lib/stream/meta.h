/* Ordered key=value text: the metadata of HEAD and FRAME.
 *
 * On the wire a line per pair, "key=value\n"; in values, backslash and newline are
 * written \\ and \n, so a file name may hold anything but NUL.  Keys are [a-z0-9_.-]+. */
#ifndef CK_STREAM_META_H
#define CK_STREAM_META_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct ck_pair {
    char *key, *value; /* owned */
} ck_pair;

typedef struct ck_meta {
    ck_pair *pairs; /* owned */
    size_t n, cap;
} ck_meta; /* all zero = empty */

/* The value, or NULL; it lives until the pair is changed. */
const char *ck_meta_get(const ck_meta *m, const char *key);

/* Set or replace; value NULL removes.  Returns CK_OK or CK_ERR_MEMORY (e may be NULL). */
ck_status ck_meta_set(ck_meta *m, const char *key, const char *value, ck_error *e);
ck_status ck_meta_setf(ck_meta *m, ck_error *e, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Whole number in [min, max]; `fallback` when the key is missing or is not one. */
long ck_meta_int(const ck_meta *m, const char *key, long min, long max, long fallback);

ck_status ck_meta_copy(ck_meta *to, const ck_meta *from, ck_error *e); /* `to` is replaced */
void ck_meta_free(ck_meta *m);                                         /* leaves it empty */

ck_status ck_meta_parse(ck_meta *m, const char *text, size_t n, ck_error *e); /* `m` is replaced */
/* Owned text of *n bytes (no NUL counted), or NULL when out of memory. */
char *ck_meta_format(const ck_meta *m, size_t *n);

/* n bytes, at least one, that may be the name of a plane, a key or an encoding: a-z 0-9 _ . - */
bool ck_name_valid(const char *s, size_t n);

#endif
