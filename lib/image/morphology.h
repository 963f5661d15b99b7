/* Erosion and dilation of 8-bit planes by an ellipse, bit-exact with OpenCV. */
#ifndef CK_IMAGE_MORPHOLOGY_H
#define CK_IMAGE_MORPHOLOGY_H

#include <stdint.h>

#include "base/status.h"

#define CK_MAX_RADIUS 255

/* Half widths of the ellipse of size 2r+1, from the top row down: row dy covers |dx| <= half[r + dy] = rint(sqrt(r^2 -
 * dy^2)), ties to even. */
void ck_ellipse_rows(int radius, int *half);

/* Minimum (erode) or maximum (dilate) under the ellipse; pixels outside the image are ignored.  src and dst are [h, w]
 * and must not overlap.  CK_ERR_ARGUMENT unless radius is 0 ... CK_MAX_RADIUS.  Cost per pixel grows with the radius,
 * not with its square. */
ck_status ck_erode(const uint8_t *src, int h, int w, int radius, uint8_t *dst, ck_error *e);
ck_status ck_dilate(const uint8_t *src, int h, int w, int radius, uint8_t *dst, ck_error *e);

#endif
