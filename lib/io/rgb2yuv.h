/* RGB to YCbCr codes, one row at a time, in float32, rounded to the nearest code.
 *
 * The formulas are in yuv_matrix.h.  A code may differ from the correctly rounded one only if the exact value is within
 * 2^-21 of full scale of a tie.  Neutral grey gives exactly neutral chroma.  Input rows are separate arrays of n
 * samples in [0, 1], transfer-encoded; the caller clamps.  Codes are uint8_t for 8 bits, else uint16_t; they must not
 * overlap the input. */
#ifndef CK_IO_RGB2YUV_H
#define CK_IO_RGB2YUV_H

#include <stddef.h>

#include "io/yuv_matrix.h"

typedef struct ck_rgb2yuv {
    float row[3][3]; /* Y, Cb, Cr from R, G, B, in codes */
    float offset[3]; /* in codes, including 0.5 for rounding */
    float top;       /* largest code */
    int bits;
} ck_rgb2yuv;

/* bits: 8 to 16. */
void ck_rgb2yuv_init(ck_rgb2yuv *k, const ck_yuv_matrix *m, int bits, bool full);

/* plane: 0 Y, 1 Cb, 2 Cr. */
void ck_rgb2yuv_row(const ck_rgb2yuv *k, int plane, const float *r, const float *g, const float *b, size_t n,
                    void *codes);

/* Colours at the 4:2:0 chroma sites, for ck_rgb2yuv_row: rows a and b of 2n samples give n.  Sites are on even columns,
 * midway between the rows ("left", as H.264 assumes): weights 1 2 1 horizontally, 1 1 vertically.  The first sample is
 * repeated beyond the left edge. */
void ck_rgb2yuv_halve(const float *a, const float *b, size_t n, float *half);

#endif
