/* Small pictures to look at. */
#ifndef CK_IMAGE_THUMB_H
#define CK_IMAGE_THUMB_H

#include <stdint.h>

#include "stream/frame.h"

/* Shrink a plane of one or three channels to w x h, as 8-bit sRGB: three samples in each direction for a pixel, so that
 * the cost does not depend on the plane's size.  One channel becomes grey.
 *
 * Channel c, row y, column x is written to out[c * plane + y * stride + x].  The plane's type must be u8, u16, f16 or
 * f32. */
void ck_thumb(const ck_plane *p, int w, int h, uint8_t *out, size_t stride, size_t plane);

#endif
