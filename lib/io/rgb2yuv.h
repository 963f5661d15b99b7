/* RGB to YCbCr codes, a row at a time, in float32 and rounded to the nearest code.
 *
 * The formulas are those of yuv_matrix.h.  A code differs from the correctly rounded one only
 * where the exact value lies within 2^-21 of full scale of a half; neutral grey gives exactly neutral
 * chroma.  Rows are separate arrays of n samples, 0…1, transfer-encoded; anything else is the
 * caller's to clamp.  Codes are uint8_t for 8 bits, uint16_t beyond; they must not overlap the input. */
#ifndef CK_IO_RGB2YUV_H
#define CK_IO_RGB2YUV_H

#include <stddef.h>

#include "io/yuv_matrix.h"

typedef struct ck_rgb2yuv {
    float row[3][3]; /* Y, Cb, Cr from R, G, B, in codes */
    float offset[3]; /* in codes, with the half that rounds */
    float top;       /* the largest code */
    int bits;
} ck_rgb2yuv;

/* bits 8 to 16. */
void ck_rgb2yuv_init(ck_rgb2yuv *k, const ck_yuv_matrix *m, int bits, bool full);

/* plane 0 Y, 1 Cb, 2 Cr. */
void ck_rgb2yuv_row(const ck_rgb2yuv *k, int plane, const float *r, const float *g, const float *b, size_t n,
                    void *codes);

/* The colour of 4:2:0 chroma samples, for ck_rgb2yuv_row: rows a and b of 2n samples become n.
 * Chroma lies on the even columns, midway between the rows ("left", what H.264 assumes):
 * weights 1 2 1 across, 1 1 down; beyond the left edge the first sample is repeated. */
void ck_rgb2yuv_halve(const float *a, const float *b, size_t n, float *half);

#endif
