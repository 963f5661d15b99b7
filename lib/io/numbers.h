/* A growing list of frame numbers. */
#ifndef CK_IO_NUMBERS_H
#define CK_IO_NUMBERS_H

#include <stddef.h>

#include "base/status.h"

typedef struct ck_numbers {
    long *v; /* owned: free(v) */
    size_t n, cap;
} ck_numbers; /* all zero = empty */

ck_status ck_numbers_add(ck_numbers *to, long number, ck_error *e);
/* Sort ascending, and drop repeated numbers. */
void ck_numbers_sort(ck_numbers *s);
/* Index of a number among n ascending ones, or -1. */
long ck_numbers_find(const long *v, size_t n, long number);

#endif
