/* A picture as video encoders and raw streams take it, made from a plane.
 *
 * Component planes (or one packed plane) follow each other in one buffer, rows without
 * padding, so a picture is also the payload of a raw frame. */
#ifndef CK_IO_PICTURE_H
#define CK_IO_PICTURE_H

#include <libavutil/pixfmt.h>

#include "io/display.h"
#include "io/yuv_matrix.h"

typedef struct ck_picture {
    enum AVPixelFormat format;
    int w, h;
    ck_buffer *buf; /* owned; NULL = none */
    size_t bytes;
    size_t offset[4], size[4]; /* bytes of the components in buf, in the format's order; size 0 = no such component */
    int stride[4];             /* bytes of a row */
} ck_picture;

typedef enum ck_sampling {
    CK_PACKED,      /* gray, rgb, rgba of 8 or 16 bits, little-endian */
    CK_420_8,       /* YCbCr 4:2:0, 8 bits; width and height must be even */
    CK_444_8,       /* YCbCr 4:4:4, 8 bits */
    CK_444_10,      /* 10 bits */
    CK_444_10_ALPHA /* 10 bits, with alpha (full range) if the plane has one */
} ck_sampling;

/* Format and layout of what a plane of c channels becomes; no buffer. */
ck_picture ck_picture_shape(ck_sampling s, int c, int w, int h, int bits);

/* bits: 8 or 16, for CK_PACKED.  matrix: for the others; their range is limited.  Grey becomes
 * YCbCr with neutral chroma.  Alpha that the format has no place for is dropped: the caller asks
 * for CK_444_10_ALPHA or refuses. */
ck_status ck_picture_make(ck_picture *out, const ck_display *d, ck_sampling s, int bits, const ck_yuv_matrix *matrix,
                          ck_error *e);

/* Black, and transparent where there is alpha, in the shape of `p`. */
ck_status ck_picture_black(ck_picture *out, const ck_picture *p, ck_error *e);

void ck_picture_free(ck_picture *p); /* leaves it empty */

#endif
