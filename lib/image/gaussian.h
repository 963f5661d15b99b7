/* Gaussian blur of 8-bit planes in fixed point, as OpenCV does it. */
#ifndef CK_IMAGE_GAUSSIAN_H
#define CK_IMAGE_GAUSSIAN_H

#include <stdint.h>

#include "base/status.h"

#define CK_MAX_BLUR 255 /* taps */

/* n weights that sum to 256, sigma 0.3 ((n-1)/2 - 1) + 0.8: rounded from the edges to the centre,
 * each one's error carried to the next.  n odd. */
void ck_gaussian_weights(int n, int *q);

/* Blur (h,w) with n x n taps; the border is reflected without repeating the edge (2 1 | 0 1 2).
 * Across to 16 bits, down to 32, rounded once.  src and dst must not overlap.  CK_ERR_ARGUMENT for
 * an even n or one outside 1 … CK_MAX_BLUR. */
ck_status ck_gaussian(const uint8_t *src, int h, int w, int n, uint8_t *dst, ck_error *e);

#endif
