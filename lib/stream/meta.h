/* Metadata of HEAD and FRAME: ordered key=value pairs.
 *
 * On the wire, one line per pair: "key=value\n".  In values, backslash and newline are written \\ and \n, so a file
 * name may hold anything but NUL.  Keys match [a-z0-9_.-]+. */
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

/* The value, or NULL.  Valid until the pair is changed. */
const char *ck_meta_get(const ck_meta *m, const char *key);

/* Set or replace a value; NULL removes the pair.  Returns CK_OK or CK_ERR_MEMORY; e may be NULL. */
ck_status ck_meta_set(ck_meta *m, const char *key, const char *value, ck_error *e);
ck_status ck_meta_setf(ck_meta *m, ck_error *e, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The value as a whole number in [min, max]; `fallback` if the key is missing or the value is not such a number. */
long ck_meta_int(const ck_meta *m, const char *key, long min, long max, long fallback);

ck_status ck_meta_copy(ck_meta *to, const ck_meta *from, ck_error *e); /* `to` is replaced */
void ck_meta_free(ck_meta *m);                                         /* leaves it empty */

ck_status ck_meta_parse(ck_meta *m, const char *text, size_t n, ck_error *e); /* `m` is replaced */
/* The text of all pairs, *n bytes without a NUL, owned by the caller; NULL when out of memory. */
char *ck_meta_format(const ck_meta *m, size_t *n);

/* True if the n bytes are a valid name of a plane, key or encoding: at least one of a-z 0-9 _ . - */
bool ck_name_valid(const char *s, size_t n);

#endif
