/* Grow or shrink a matte by a distance in pixels, fractions included. */
#ifndef CK_IMAGE_GROW_H
#define CK_IMAGE_GROW_H

#include "base/status.h"

#define CK_MAX_GROW 50 /* pixels */

/* Maximum (radius > 0) or minimum (radius < 0) of the matte over a disc of |radius| pixels.  Between pixel centres the
 * matte is bilinear; the disc is sampled at its pixels and at points of its circle less than a pixel apart.
 *
 * An antialiased edge moves by the radius in every direction, to within 0.15 pixels.  Where the matte is constant over
 * the disc the value stays exact.  Growing equals -shrink(-matte) and never lowers a pixel.  Pixels outside the image
 * are ignored.  Nothing is clamped; radius 0 copies.
 *
 * src and dst are [h, w] f32, finite, and must not overlap.  CK_ERR_ARGUMENT for |radius| above CK_MAX_GROW. */
ck_status ck_grow(const float *src, int h, int w, double radius, float *dst, ck_error *e);

#endif
