/* Names of a numbered sequence: shot.%04d.exr, shot.####.exr.
 *
 * #### and %04d (or %4d) mean at least four digits, padded with zeros to four; %d means no leading zeros;
 * %% is a percent sign.  One placeholder, in the last component of the path. */
#ifndef CK_IO_PATTERN_H
#define CK_IO_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ck_pattern {
    char *prefix, *tail; /* owned: what stands before and after the number */
    size_t width;        /* least number of digits; 0: no leading zeros */
} ck_pattern;

/* False when the name has no placeholder or several, or memory ran out; then there is nothing to free. */
bool ck_pattern_parse(const char *name, ck_pattern *p);

/* The number in `name`, or CK_NO_NUMBER when it does not fit.  A sign may stand beside the digits or be one of them:
 * -2 in four is -002 (as printf has it) or -0002. */
long ck_pattern_match(const ck_pattern *p, const char *name);

void ck_pattern_free(ck_pattern *p);

#endif
