/* Frame lists as users type them: "1,5,10-20,50-". */
#ifndef CK_IO_RANGES_H
#define CK_IO_RANGES_H

#include <limits.h>
#include <stdbool.h>

#include "base/status.h"

#define CK_RANGE_OPEN LONG_MAX

typedef struct ck_range {
    long first, last; /* both included; last may be CK_RANGE_OPEN */
} ck_range;

/* A set: ascending, disjoint, whatever order it was typed in. */
typedef struct ck_ranges {
    ck_range *r; /* owned */
    int n;       /* 0: everything */
} ck_ranges;

ck_status ck_ranges_parse(const char *text, ck_ranges *out, ck_error *e);
bool ck_ranges_has(const ck_ranges *s, long number); /* true for all when n is 0 */
/* The largest number asked for by name; CK_RANGE_OPEN when there is no end. */
long ck_ranges_last(const ck_ranges *s);
void ck_ranges_free(ck_ranges *s);

#endif
