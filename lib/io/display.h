/* A plane as shown by screens, PNG and video: straight, in [0, 1], sRGB instead of linear.
 *
 *     1 channel    matte or map: unchanged values
 *     3 channels   linear light gets the sRGB curve; other encodings are unchanged
 *     4 channels   the same; premultiplied colour is first divided by alpha, and is black where alpha is 0 or less
 *
 * With a delivery, colours are converted as it says instead.  Then all values are clamped to [0, 1], NaN to 0.  Four
 * channels of encoding "linear" are premultiplied (ck-frame(5); also `processed` in any other curve), others are
 * straight.
 *
 * Premultiplied output is the file's colour, after its curve, times alpha.  Where nothing but linear changes are made,
 * premultiplied planes are never divided, so colour where alpha is 0 stays. */
#ifndef CK_IO_DISPLAY_H
#define CK_IO_DISPLAY_H

#include <stdbool.h>

#include "io/delivery.h"

typedef enum ck_alpha { CK_ALPHA_AUTO, CK_ALPHA_STRAIGHT, CK_ALPHA_PREMULTIPLIED } ck_alpha;
#define CK_ALPHAS "auto|straight|premultiplied" /* for an option table */

typedef struct ck_display {
    const ck_plane *plane; /* borrowed; may be replaced by another of the same shape and type */
    const ck_delivery *to; /* the file's colour space; NULL: none was asked for; borrowed */
    bool linear;           /* the plane is linear light */
    bool premultiplied;    /* the plane is premultiplied */
    ck_alpha alpha;        /* of the output; set after ck_display_init if it is not CK_ALPHA_AUTO */
    const char *encoding;  /* of the output: "srgb", the plane's own or the delivery's curve; "" if none applies */
} ck_display;

/* Fails for other channel counts and unknown types.  A delivery counts for colour only. */
ck_status ck_display_init(ck_display *d, const ck_plane *p, const ck_delivery *to, ck_error *e);

/* Row y as planar floats [c, w]. */
void ck_display_row(const ck_display *d, int y, float *out);

/* Bits for integer output: 8 for a u8 plane whose codes stay, else 16. */
int ck_display_bits(const ck_plane *p, const ck_delivery *to);

/* The whole plane as f32, planar, in a new buffer: not clamped, and without a delivery in the plane's own encoding. */
ck_status ck_display_floats(const ck_display *d, ck_buffer **out, ck_error *e);

/* True if the output is premultiplied.  floats: of ck_display_floats, else of all others.  CK_ALPHA_AUTO: linear floats
 * stay premultiplied, all else is straight. */
bool ck_display_multiplies(const ck_display *d, bool floats);

/* The whole plane as u8 (bits = 8) or u16 (16, or 10: 0 to 1023), planar [c, h, w], in a new buffer.  Rounded to
 * nearest, half to even. */
ck_status ck_display_planar(const ck_display *d, int bits, ck_buffer **out, ck_error *e);

#endif
