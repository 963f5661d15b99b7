/* Frame lists as users type them: "1,5,10-20,50-", "1001-1100x2" for every second one, "-2-1" from -2 to 1. */
#ifndef CK_IO_RANGES_H
#define CK_IO_RANGES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define CK_RANGE_OPEN LONG_MAX

typedef struct ck_range {
    long first, last; /* both included; last may be CK_RANGE_OPEN */
    long step;        /* at least 1; `last` is a multiple of it away from `first` */
} ck_range;

/* A set: ascending by `first`, whatever order it was typed in; without steps also disjoint. */
typedef struct ck_ranges {
    ck_range *r; /* owned */
    int n;       /* 0: everything */
} ck_ranges;

ck_status ck_ranges_parse(const char *text, ck_ranges *out, ck_error *e);
/* `n` ascending, distinct numbers as few ranges.  CK_ERR_MEMORY or CK_OK. */
ck_status ck_ranges_of(const long *numbers, size_t n, ck_ranges *out, ck_error *e);
/* The numbers of `s` that are not among the n ascending ones; an open range ends at the largest of these.  Unlike
 * elsewhere, out->n 0 is none. */
ck_status ck_ranges_missing(const ck_ranges *s, const long *numbers, size_t n, ck_ranges *out, ck_error *e);
bool ck_ranges_has(const ck_ranges *s, long number); /* true for all when n is 0 */
/* The largest number asked for by name; CK_RANGE_OPEN when there is no end. */
long ck_ranges_last(const ck_ranges *s);
/* How many numbers there are in ranges that have ends, at most `most`. */
size_t ck_ranges_count(const ck_ranges *s, size_t most);
/* As ck_ranges_parse reads it; true if all of it fits into n bytes, else it ends in ",...". */
bool ck_ranges_format(const ck_ranges *s, char *buf, size_t n);
void ck_ranges_free(ck_ranges *s);

#endif
