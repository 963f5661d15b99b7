/* TIFF and BigTIFF through libtiff, strictly: any error that it reports makes the file damaged. */
#ifndef CK_IO_TIFF_H
#define CK_IO_TIFF_H

#include "io/still.h"

/* See ck_still_read.  The first page; strips or tiles, interleaved or planar, any compression of libtiff.
 *
 *     unsigned 8, 16 bits, palettes   u8, u16: the codes
 *     other unsigned                  f32: code / (2^n - 1)
 *     signed                          f32: code / (2^(n-1) - 1)
 *     half; float, double             f16; f32: the values, linear unless an ICC profile names a curve
 *     YCbCr                           JPEG: RGB by libtiff, u8
 *
 * Encoding and primaries by the ICC profile, else by the labels of our own files in ImageDescription; upright by the
 * orientation tag.  CMYK, Lab, LogLuv, complex samples and
 * YCbCr without JPEG are refused with their name. */
ck_status ck_tiff_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

/* Width and height in pixels, upright. */
ck_status ck_tiff_size(const char *path, int *w, int *h, ck_error *e);

typedef struct ck_tiff_picture {
    int w, h, c;        /* c: 1, 3, or 2 and 4 with alpha */
    ck_type type;       /* CK_U8, CK_U16, CK_F32 */
    const void *planes; /* [c, h, w] */
    bool associated;    /* colour is multiplied by alpha */
    bool deflate;       /* with a predictor; else not compressed */
} ck_tiff_picture;

/* Write strips of interleaved samples; the file appears complete or not at all.  `about` (may be NULL) becomes Software
 * and lines of ImageDescription. */
ck_status ck_tiff_write(const char *path, const ck_tiff_picture *p, const ck_meta *about, ck_error *e);

#endif
