/* Natural order of file names: shot2 before shot10. */
#ifndef CK_IO_NATURAL_H
#define CK_IO_NATURAL_H

#include <limits.h>
#include <stddef.h>

/* Runs of digits compare by value, everything else byte by byte.  Names that differ only in leading zeros compare as
 * bytes, so the order is total.  Returns <0, 0, >0. */
int ck_natural_compare(const char *a, const char *b);

#define CK_NO_NUMBER LONG_MIN

/* Value of n digits.  CK_NO_NUMBER for none, and for more than 17 after leading zeros: too long for a frame number. */
long ck_digits_value(const char *p, size_t n);

#endif
