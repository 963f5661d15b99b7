/* A colour space: a transfer curve and primaries.
 *
 *     CURVE              the curve; primaries are not converted
 *     CURVE/PRIMARIES    as "S-Log3/S-Gamut3.Cine", "pq/bt2020", "linear/ap1"
 *
 * or one of the names that stand for both:
 *
 *     srgb rec709 display-p3        display values
 *     rec2100-pq rec2100-hlg        BT.2020 primaries
 *     linear-rec709 acescg aces2065-1    linear light; Rec. 709, AP1, AP0
 *     acescct acescc                AP1 */
#ifndef CK_COLOUR_SPACE_H
#define CK_COLOUR_SPACE_H

#include "base/status.h"
#include "colour/curve.h"
#include "colour/matrix.h"

#define CK_SPACES                                                                                                      \
    "srgb, rec709, display-p3, rec2100-pq, rec2100-hlg, linear-rec709, acescg, aces2065-1, acescct, acescc"

typedef struct ck_colour_space {
    ck_curve curve;
    char primaries[CK_PRIMARIES_TEXT]; /* as ck_primaries_format writes them; "" = as they are */
} ck_colour_space;

/* CK_ERR_ARGUMENT for anything else; the message lists what is known. */
ck_status ck_colour_space_parse(const char *text, ck_colour_space *out, ck_error *e);

/* CK_ERR_ARGUMENT if the text is no curve, or no primaries; `out` gets the project's own name. */
ck_status ck_curve_check(const char *text, ck_curve *out, ck_error *e);
ck_status ck_primaries_check(const char *text, char out[CK_PRIMARIES_TEXT], ck_error *e);

/* The matrix that takes linear light from primaries `from` to `to`, texts of the metadata key.  False if no conversion
 * is needed or possible: the same, or one of them "", NULL or unknown. */
bool ck_primaries_matrix(const char *from, const char *to, ck_matrix3 *out);

#endif
