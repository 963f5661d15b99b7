/* Rows of the plate in linear light with less grain: the linear estimate of least squares from the mean and variance of
 * the 5x5 pixels around (Lee 1980).  What varies by no more than the grain becomes its mean, what varies by much more
 * stays. */
#ifndef CK_KEY_QUIET_H
#define CK_KEY_QUIET_H

#include "key/part.h"

typedef struct ck_key_quiet {
    const ck_plane *rgb;
    const ck_key_screen *s;
    float share;              /* of the grain that is looked for, 0…1; 0: rows stay as they are */
    float left;               /* part of the grain's standard deviation that stays */
    int kept;                 /* rows */
    int (*held)[3];           /* [kept] which of the plate's rows it is, and the columns that are in it: from, to */
    float *rows;              /* (kept,3,w) */
    float *sum, *square, *bg; /* sums of a column's five pixels, (3,w+4) and (w+4); (3,w) the screen */
    ck_buffer *buf;
} ck_key_quiet;

/* Rows are asked for `band` at a time, each band in any order.  CK_ERR_MEMORY.  ck_key_quiet_free in any case. */
ck_status ck_key_quiet_new(ck_key_quiet *q, const ck_plane *rgb, const ck_key_screen *s, int band, ck_error *e);
void ck_key_quiet_free(ck_key_quiet *q);

/* n pixels of row y from column x on, linear: channel c at out + c * stride, stride >= n. */
void ck_key_quiet_row(ck_key_quiet *q, int y, int x, size_t n, float *out, size_t stride);

#endif
