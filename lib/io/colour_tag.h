/* Colour of a still as stated in the file: one structure for PNG's chunks, ICC profiles and header codes. */
#ifndef CK_IO_COLOUR_TAG_H
#define CK_IO_COLOUR_TAG_H

#include <stddef.h>
#include <stdint.h>

#include "colour/primaries.h"
#include "stream/frame.h"

typedef struct ck_colour_tag {
    char encoding[CK_PLANE_TAG];       /* for the plane: "srgb", "linear", "pq", "hlg", "cineon", "gamma1.8" */
    char transfer[32];                 /* libav's name of the curve, or the encoding; "" = not stated */
    char primaries[CK_PRIMARIES_TEXT]; /* "" = not stated */
    char warning[200];                 /* "" = none */
} ck_colour_tag;

/* Set by the codes of ITU-T H.273 (cICP, nclx). */
void ck_colour_tag_h273(ck_colour_tag *t, int primaries, int transfer);

/* Set by a gamma: samples are light to the power 1/gamma.  A gamma other than 1 and sRGB's 2.2 becomes the encoding
 * "gammaN". */
void ck_colour_tag_gamma(ck_colour_tag *t, double gamma);

/* Set by an ICC profile.  Its matrix columns and curves are compared with named ones.  Unknown curves leave the
 * encoding as it is, unknown columns make the primaries "unknown"; both set a warning. */
void ck_colour_tag_icc(ck_colour_tag *t, const uint8_t *profile, size_t n);

/* Set by the labels ck:transfer and ck:primaries that ck-encode writes; NULL: none.  An unknown curve leaves the
 * encoding as it is, and sets a warning. */
void ck_colour_tag_labels(ck_colour_tag *t, const char *transfer, const char *primaries);

/* Write into f->meta: `transfer`, `primaries`, CK_STILL_WARNING. */
ck_status ck_colour_tag_set(const ck_colour_tag *t, ck_frame *f, ck_error *e);

#endif
