/* Grow or shrink a matte by a fraction of a pixel or more. */
#ifndef CK_IMAGE_GROW_H
#define CK_IMAGE_GROW_H

#include "base/status.h"

#define CK_MAX_GROW 50 /* pixels */

/* The largest value (radius > 0) or the smallest (radius < 0) that the matte, bilinear between pixel centres, takes in
 * a disc of |radius| pixels, looked for at the pixels inside and at points of the circle less than a pixel apart. An
 * edge moves by the radius in every direction, to within 0.15 pixels where it is antialiased; where the matte has one
 * value all over the disc it keeps that exactly; growing is -shrinking(-matte), and never lowers a pixel.
 * Pixels outside the image never win.  Nothing is clamped; radius 0 copies.
 * src and dst are (h,w), finite, and must not overlap.  CK_ERR_ARGUMENT for a radius beyond CK_MAX_GROW. */
ck_status ck_grow(const float *src, int h, int w, double radius, float *dst, ck_error *e);

#endif
