/* Linear light from one set of primaries to another.
 *
 * A matrix takes RGB to XYZ by the chromaticities (SMPTE RP 177), adapts the white point by Bradford's method, and goes
 * back.  Entries and sums are double; the error is the rounding of the result to float32. */
#ifndef CK_COLOUR_MATRIX_H
#define CK_COLOUR_MATRIX_H

#include <stddef.h>

#include "colour/primaries.h"

typedef struct ck_matrix3 {
    double m[3][3]; /* rows */
} ck_matrix3;

/* RGB of `from` to RGB of `to`. */
ck_matrix3 ck_matrix_between(const ck_primaries *from, const ck_primaries *to);

/* RGB to XYZ, white adapted to `white` (X Y Z). */
ck_matrix3 ck_matrix_to_xyz(const ck_primaries *p, const double white[3]);

ck_matrix3 ck_matrix_times(const ck_matrix3 *a, const ck_matrix3 *b);
ck_matrix3 ck_matrix_inverse(const ck_matrix3 *a); /* of a matrix that is not singular */

/* n pixels in place: r[i], g[i], b[i]. */
void ck_matrix_apply(const ck_matrix3 *a, float *r, float *g, float *b, size_t n);

#endif
