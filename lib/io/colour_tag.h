/* The colour of a still, as its file states it: one result for PNG's chunks, ICC profiles and header codes. */
#ifndef CK_IO_COLOUR_TAG_H
#define CK_IO_COLOUR_TAG_H

#include <stddef.h>
#include <stdint.h>

#include "io/primaries.h"
#include "stream/frame.h"

typedef struct ck_colour_tag {
    char encoding[CK_PLANE_TAG];       /* of the plane: "srgb", "linear", "pq", "hlg", "log", "gamma1.8" */
    char transfer[32];                 /* libav's name of the curve, or as `encoding`; "" = not stated */
    char primaries[CK_PRIMARIES_TEXT]; /* "" = not stated */
    char warning[200];                 /* "" = none */
} ck_colour_tag;

/* From the codes of ITU-T H.273 (cICP, nclx). */
void ck_colour_tag_h273(ck_colour_tag *t, int primaries, int transfer);

/* Samples are light to the power of 1/gamma.  A gamma that is neither sRGB's 2.2 nor 1 becomes the encoding
 * "gammaN", which no program decodes: its codes are kept, and the warning says so. */
void ck_colour_tag_gamma(ck_colour_tag *t, double gamma);

/* From an ICC profile: its columns and curves are compared with those that have names.  Curves of any other kind leave
 * the encoding as it is, columns of any other kind make the primaries "unknown", each with a warning. */
void ck_colour_tag_icc(ck_colour_tag *t, const uint8_t *profile, size_t n);

/* Into f->meta: `transfer`, `primaries`, CK_STILL_WARNING. */
ck_status ck_colour_tag_set(const ck_colour_tag *t, ck_frame *f, ck_error *e);

#endif
