/* Colour primaries by name and by number.
 *
 *     bt709, bt2020, smpte170m, bt470bg, bt470m, film    ITU-T H.273
 *     p3-d65, p3-dci                  SMPTE EG 432-1, RP 431-2
 *     ap0, ap1                        SMPTE ST 2065-1, S-2014-004 of the Academy
 *     arri-wg3, arri-wg4              ARRI Wide Gamut 3 and 4
 *     s-gamut3, s-gamut3.cine         Sony
 *     v-gamut                         Panasonic
 *     redwidegamut                    RED, white paper 915-0187
 *     davinci-wg                      Blackmagic Design, DaVinci Wide Gamut Intermediate
 *     cinema-gamut                    Canon
 *     adobe-rgb, prophoto             Adobe RGB (1998), ISO 22028-2
 *
 * The metadata key `primaries` holds such a name, or eight comma-separated decimal numbers: the chromaticities x,y of
 * red, green, blue and white. */
#ifndef CK_COLOUR_PRIMARIES_H
#define CK_COLOUR_PRIMARIES_H

#include <stdbool.h>

#define CK_PRIMARIES_TEXT 160 /* bytes for any text below, NUL included */

/* Names for messages. */
#define CK_PRIMARIES                                                                                                   \
    "bt709, bt2020, p3-d65, p3-dci, ap0, ap1, arri-wg3, arri-wg4, s-gamut3, s-gamut3.cine, v-gamut, redwidegamut, "    \
    "davinci-wg, cinema-gamut, adobe-rgb, prophoto"

typedef struct ck_primaries {
    double xy[8]; /* red, green, blue, white; x before y */
} ck_primaries;

/* Format as a name if known, else as numbers. */
void ck_primaries_format(const ck_primaries *p, char text[CK_PRIMARIES_TEXT]);

/* Parse a name, as users write it ("S-Gamut3.Cine", "Rec.2020") or libav's, or numbers.  False for anything else. */
bool ck_primaries_parse(const char *text, ck_primaries *out);

/* The H.273 code, 2 (unspecified) if it has none. */
int ck_primaries_code(const char *text);

/* The name for an H.273 code, NULL if unknown. */
const char *ck_primaries_of_code(int code);

/* The name of the primaries with these columns in an ICC profile, NULL if unknown.  xyz: X Y Z of red, green and blue,
 * adapted to D50. */
const char *ck_primaries_of_icc(const double xyz[9]);

#endif
