/* A picture in the layout of video encoders and raw streams, made from a plane.
 *
 * Components (or one packed plane) follow each other in one buffer, rows without padding: the payload of a raw
 * frame. */
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
    size_t offset[4], size[4]; /* bytes; components in the format's order; size 0 = not present */
    int stride[4];             /* bytes per row */
} ck_picture;

typedef enum ck_sampling {
    CK_PACKED,       /* gray, rgb or rgba of 8 or 16 bits, little-endian */
    CK_BGRA,         /* the same, but 8 bits are bgr0 or bgra */
    CK_ARGB_8,       /* rgb or argb of 8 bits; grey becomes rgb */
    CK_420_8,        /* YCbCr 4:2:0, 8 bits; width and height must be even */
    CK_420_8_ALPHA,  /* the same with alpha (full range) */
    CK_420_10,       /* the same, 10 bits, without alpha */
    CK_444_8,        /* YCbCr 4:4:4, 8 bits */
    CK_444_10,       /* YCbCr 4:4:4, 10 bits */
    CK_444_10_ALPHA, /* the same with alpha (full range) if the plane has it */
} ck_sampling;

/* True for RGB and grey: one packed component. */
bool ck_sampling_packed(ck_sampling s);

/* Format and layout for a plane of c channels; without a buffer. */
ck_picture ck_picture_shape(ck_sampling s, int c, int w, int h, int bits);

/* Make a picture.  bits: 8 or 16, for CK_PACKED and CK_BGRA.  matrix: for YCbCr, which uses limited range.  Grey
 * becomes YCbCr with neutral chroma.  Alpha is dropped by samplings without it; a caller that needs it must refuse
 * them. */
ck_status ck_picture_make(ck_picture *out, const ck_display *d, ck_sampling s, int bits, const ck_yuv_matrix *matrix,
                          ck_error *e);

/* A black picture in the shape of `p`, transparent if it has alpha. */
ck_status ck_picture_black(ck_picture *out, const ck_picture *p, ck_error *e);

void ck_picture_free(ck_picture *p); /* leaves it empty */

#endif
