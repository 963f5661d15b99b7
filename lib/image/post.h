/* Outputs for a compositor: the premultiplied element and a preview of it over a checkerboard. */
#ifndef CK_IMAGE_POST_H
#define CK_IMAGE_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "image/despill.h"
#include "stream/frame.h"

typedef struct ck_post_options {
    double despill; /* 0…1 */
    ck_despill_mode mode;
    bool blue;
    bool codes; /* fg is of a curve that is not known here (PQ, HLG, log): its codes are mixed as they are */
    const ck_plane *background; /* (3,h,w), of any of the four types, for comp; NULL: a checkerboard */
} ck_post_options;

/* alpha (h,w) float32, as it is to be used: despeckled.  fg (3,h,w), straight and sRGB-encoded, of
 * any of the four types.
 * processed (4,h,w) CK_F32 or CK_F16: to_linear(despilled fg) * alpha and alpha, unclamped.
 * comp (3,h,w): the same over the background, or over a checkerboard of 128 px squares, sRGB 0.15 (top
 * left) and 0.55, mixed in linear light, encoded, clamped, 8 bits by dropping the fraction.  NULL: none.
 * With `codes` nothing is made linear or encoded. */
void ck_post_frame(const ck_post_options *o, const float *alpha, const void *fg, ck_type fg_type, int h, int w,
                   void *processed, ck_type processed_type, uint8_t *comp);

#endif
