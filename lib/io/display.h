/* A plane as screens, PNG and video show it: 0…1, straight, sRGB instead of linear.
 *
 *     1 channel    a matte or a map: the values as they are
 *     3 channels   linear light gets the sRGB curve; other encodings stay what they are
 *     4 channels   the same; premultiplied colour is divided by its alpha first, and is
 *                  black where alpha is not above 0
 *
 * Then everything is clamped to 0…1, NaN to 0.  Four channels of encoding "linear" are premultiplied (ck-frame(5):
 * `processed`, which may be of another curve than those of light and sRGB), others straight. */
#ifndef CK_IO_DISPLAY_H
#define CK_IO_DISPLAY_H

#include <stdbool.h>

#include "stream/frame.h"

typedef struct ck_display {
    const ck_plane *plane; /* borrowed; may be replaced by another of the same kind */
    bool linear;           /* colour is linear light in the plane */
    bool premultiplied;    /* in the plane */
    const char *encoding;  /* of the output: "srgb", or the plane's own; "" where it means nothing */
} ck_display;

/* Fails for planes of other channel counts or of a type we do not know. */
ck_status ck_display_init(ck_display *d, const ck_plane *p, ck_error *e);

/* Row y, planar: (c, w) floats. */
void ck_display_row(const ck_display *d, int y, float *out);

/* 8 for a plane of u8, else 16: what integers hold it well. */
int ck_display_bits(const ck_plane *p);

/* The whole plane as u8 (bits 8) or u16 samples, planar (c,h,w), in a new buffer: round to
 * nearest, half to even. */
ck_status ck_display_planar(const ck_display *d, int bits, ck_buffer **out, ck_error *e);

#endif
