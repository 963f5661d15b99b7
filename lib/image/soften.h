/* Gaussian blur of a matte in float32. */
#ifndef CK_IMAGE_SOFTEN_H
#define CK_IMAGE_SOFTEN_H

#include "base/status.h"

#define CK_MAX_SOFTEN 50 /* sigma, pixels */

/* Blur with a Gaussian of standard deviation `sigma` pixels, cut off at 3 sigma and normalised; edges are repeated.
 * Equal samples within reach give exactly that sample.  Nothing is clamped; sigma 0 copies.
 *
 * src and dst are [h, w] f32, finite, and must not overlap.  CK_ERR_ARGUMENT unless sigma is 0 ... CK_MAX_SOFTEN. */
ck_status ck_soften(const float *src, int h, int w, double sigma, float *dst, ck_error *e);

#endif
