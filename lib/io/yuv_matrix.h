/* YCbCr coefficients and quantisation, for both directions.
 *
 *     Y  = Kr R + Kg G + Kb B,   Kg = 1 - Kr - Kb        R G B, Y in [0, 1], transfer-encoded
 *     Cb = (B - Y) / (2 (1 - Kb)),  Cr = (R - Y) / (2 (1 - Kr))               in [-0.5, 0.5]
 *     code = y_scale Y + y_offset,  c_scale C + c_offset          not rounded, not clamped
 *
 * Source: ITU-T H.273, clause 8.3 (matrix coefficients; their numbers are those used here and by libav). */
#ifndef CK_IO_YUV_MATRIX_H
#define CK_IO_YUV_MATRIX_H

#include <stdbool.h>

typedef struct ck_yuv_matrix {
    const char *name; /* option word: "601", "709", "2020", "240m", "fcc" */
    int code;         /* H.273 MatrixCoefficients = AVColorSpace; 601 is 6 */
    double kr, kb;
} ck_yuv_matrix;

#define CK_YUV_MATRICES "601|709|2020|240m|fcc" /* for an option table, in the order of ck_yuv_matrix_at */

/* The matrix at index 0 ... 4 in that order, else NULL. */
const ck_yuv_matrix *ck_yuv_matrix_at(int i);
const ck_yuv_matrix *ck_yuv_matrix_by_name(const char *name); /* NULL if unknown */
/* By H.273 number; 5 counts as 601.  NULL for numbers other than the five (identity, YCgCo, constant luminance). */
const ck_yuv_matrix *ck_yuv_matrix_by_code(int code);

/* Default for untagged video: 709 from 720 lines on, else 601. */
const ck_yuv_matrix *ck_yuv_matrix_guess(int lines);

typedef struct ck_yuv_range {
    double y_scale, y_offset, c_scale, c_offset;
} ck_yuv_range;

/* bits: 8 ... 16.  Limited: 219, 16, 224, 128, each times 2^(bits-8).  Full: 2^bits-1, 0, 2^bits-1, 2^(bits-1). */
ck_yuv_range ck_yuv_range_of(int bits, bool full);

#endif
