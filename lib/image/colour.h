/* The sRGB transfer curve (IEC 61966-2-1), sample by sample in float32.
 *
 * Negative values become 0, nothing is clamped above 1, NaN stays NaN.  src == dst is allowed.  The power is within
 * 0.5005 ULP of the exact value: all but one sample in 10,000 equal a correctly rounded float32 pow(), the others
 * differ by 1 ULP. */
#ifndef CK_IMAGE_COLOUR_H
#define CK_IMAGE_COLOUR_H

#include <stddef.h>
#include <stdint.h>

void ck_srgb_to_linear(const float *src, float *dst, size_t n); /* x<=0.04045: x/12.92, else ((x+0.055)/1.055)^2.4 */
/* Codes 0 ... 255: the value of ck_srgb_to_linear at v/255, from a table. */
void ck_srgb8_to_linear(const uint8_t *src, float *dst, size_t n);
/* Halves, likewise. */
void ck_srgb_half_to_linear(const uint16_t *src, float *dst, size_t n);
void ck_linear_to_srgb(const float *src, float *dst, size_t n); /* x<=0.0031308: 12.92x, else 1.055x^(1/2.4)-0.055 */
/* Codes 0 ... 255 of the same: clamped, fractions discarded, NaN 0.  From a table, with the same result. */
void ck_linear_to_srgb8(const float *src, uint8_t *dst, size_t n);

/* The same with negative values kept: f(-x) = -f(x).  They are colours outside the primaries' gamut. */
void ck_srgb_to_linear_mirrored(const float *src, float *dst, size_t n);
void ck_linear_to_srgb_mirrored(const float *src, float *dst, size_t n);

#endif
