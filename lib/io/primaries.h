/* Primaries by name and by number.
 *
 * The metadata key `primaries` holds a name of the table in primaries.c, one of libav's, or eight decimal numbers
 * with commas between them: the chromaticities x,y of red, green, blue and white. */
#ifndef CK_IO_PRIMARIES_H
#define CK_IO_PRIMARIES_H

#include <stdbool.h>

#define CK_PRIMARIES_TEXT 160 /* bytes for any text below, with the NUL */

typedef struct ck_primaries {
    double xy[8]; /* red, green, blue, white; x before y */
} ck_primaries;

/* The name, else the numbers. */
void ck_primaries_format(const ck_primaries *p, char text[CK_PRIMARIES_TEXT]);

/* The inverse; also libav's other names.  False for text that is neither. */
bool ck_primaries_parse(const char *text, ck_primaries *out);

/* ITU-T H.273's code, 2 (unspecified) where it has none. */
int ck_primaries_code(const char *text);

/* Our name for a code of H.273, NULL where the table has none. */
const char *ck_primaries_of_code(int code);

/* The name of the primaries whose columns of an ICC profile, X Y Z of red, green and blue adapted to D50, these
 * are; NULL for others. */
const char *ck_primaries_of_icc(const double xyz[9]);

#endif
