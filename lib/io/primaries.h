/* Colour primaries by name and by number.
 *
 * The metadata key `primaries` holds a name from the table in primaries.c, a name of libav's, or eight comma-separated
 * decimal numbers: the chromaticities x,y of red, green, blue and white. */
#ifndef CK_IO_PRIMARIES_H
#define CK_IO_PRIMARIES_H

#include <stdbool.h>

#define CK_PRIMARIES_TEXT 160 /* bytes for any text below, NUL included */

typedef struct ck_primaries {
    double xy[8]; /* red, green, blue, white; x before y */
} ck_primaries;

/* Format as a name if known, else as numbers. */
void ck_primaries_format(const ck_primaries *p, char text[CK_PRIMARIES_TEXT]);

/* Parse a name or numbers; accepts libav's names too.  False for anything else. */
bool ck_primaries_parse(const char *text, ck_primaries *out);

/* The H.273 code, 2 (unspecified) if it has none. */
int ck_primaries_code(const char *text);

/* The name for an H.273 code, NULL if unknown. */
const char *ck_primaries_of_code(int code);

/* The name of the primaries with these columns in an ICC profile, NULL if unknown.  xyz: X Y Z of red, green and blue,
 * adapted to D50. */
const char *ck_primaries_of_icc(const double xyz[9]);

#endif
