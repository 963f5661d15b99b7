/* Frame lists as typed by users: "1,5,10-20,50-", "1001-1100x2" for every second one, "-2-1" from -2 to 1. */
#ifndef CK_IO_RANGES_H
#define CK_IO_RANGES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "io/numbers.h"

#define CK_RANGE_OPEN LONG_MAX

typedef struct ck_range {
    long first, last; /* inclusive; last may be CK_RANGE_OPEN */
    long step;        /* at least 1; last - first is a multiple of it */
} ck_range;

/* A set of ranges, ascending by `first`; disjoint if no range has a step above 1. */
typedef struct ck_ranges {
    ck_range *r; /* owned */
    int n;       /* 0: all numbers */
} ck_ranges;

/* Parse a frame list.  CK_ERR_ARGUMENT if it is malformed. */
ck_status ck_ranges_parse(const char *text, ck_ranges *out, ck_error *e);
/* As few ranges as possible for `n` ascending, distinct numbers.  CK_OK or CK_ERR_MEMORY. */
ck_status ck_ranges_of(const long *numbers, size_t n, ck_ranges *out, ck_error *e);
/* The numbers of `s` that are not among n ascending ones; an open range ends at the largest of those.  Here out->n = 0
 * means none. */
ck_status ck_ranges_missing(const ck_ranges *s, const long *numbers, size_t n, ck_ranges *out, ck_error *e);
/* CK_OK or CK_ERR_MEMORY. */
ck_status ck_ranges_copy(const ck_ranges *s, ck_ranges *out, ck_error *e);
bool ck_ranges_has(const ck_ranges *s, long number); /* true for all when n is 0 */
/* The largest number in the ranges; CK_RANGE_OPEN if one is open. */
long ck_ranges_last(const ck_ranges *s);
/* The smallest number of at least `from`; -1 if all are smaller.  from >= 0. */
long ck_ranges_next(const ck_ranges *s, long from);
/* Count of numbers in ranges that are not open, at most `most`. */
size_t ck_ranges_count(const ck_ranges *s, size_t most);
/* Format for ck_ranges_parse.  True if all of it fits n bytes; else it ends in ",...". */
bool ck_ranges_format(const ck_ranges *s, char *buf, size_t n);
/* The same without a limit, owned by the caller; NULL when out of memory. */
char *ck_ranges_text(const ck_ranges *s);
/* The text of n ascending, distinct numbers, owned by the caller; NULL when out of memory. */
char *ck_numbers_text(const long *numbers, size_t n);
/* The numbers, ascending and distinct.  No range may be open.  CK_ERR_MEMORY also for more than CK_RANGES_MOST. */
#define CK_RANGES_MOST ((size_t)100000000)
ck_status ck_ranges_numbers(const ck_ranges *s, ck_numbers *out, ck_error *e);
void ck_ranges_free(ck_ranges *s);

#endif
