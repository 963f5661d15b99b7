/* Gaussian blur of 8-bit planes in fixed point, bit-exact with OpenCV's GaussianBlur. */
#ifndef CK_IMAGE_GAUSSIAN_H
#define CK_IMAGE_GAUSSIAN_H

#include <stdint.h>

#include "base/status.h"

#define CK_MAX_BLUR 255 /* taps */

/* n weights (n odd) that sum to 256, for sigma = 0.3 ((n-1)/2 - 1) + 0.8.  Rounded from the edges to the centre; each
 * rounding error is carried to the next weight. */
void ck_gaussian_weights(int n, int *q);

/* Blur src [h, w] with n x n taps.  The border is reflected without repeating the edge (2 1 | 0 1 2).  Sums take 16
 * bits horizontally and 32 vertically and are rounded once.  src and dst must not overlap.  CK_ERR_ARGUMENT if n is
 * even or outside 1 ... CK_MAX_BLUR. */
ck_status ck_gaussian(const uint8_t *src, int h, int w, int n, uint8_t *dst, ck_error *e);

#endif
