/* Name patterns of numbered sequences: shot.%04d.exr, shot.####.exr.
 *
 * #### and %04d (or %4d) stand for at least four digits, padded with zeros.  %d stands for digits without leading
 * zeros.  %% is a percent sign.  One placeholder, in the last component of the path. */
#ifndef CK_IO_PATTERN_H
#define CK_IO_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ck_pattern {
    char *prefix, *tail; /* owned: the text before and after the number */
    size_t width;        /* minimum number of digits; 0: no leading zeros */
} ck_pattern;

/* False if the name has no placeholder or several, or when out of memory; then nothing needs to be freed. */
bool ck_pattern_parse(const char *name, ck_pattern *p);

/* The number in `name`, or CK_NO_NUMBER if it does not match.  A sign may precede the digits or count as one of them:
 * -2 at width 4 is -0002 or -002 (as printf writes it). */
long ck_pattern_match(const ck_pattern *p, const char *name);

void ck_pattern_free(ck_pattern *p);

#endif
