/* A plate of any sample type and encoding, as display-referred sRGB. */
#ifndef CK_IMAGE_PLATE_H
#define CK_IMAGE_PLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/frame.h"

/* The encoding of a plane inside a program: linear light of Rec. 709 that was converted from other primaries
 * (image/gamut.h).  Values below 0 are colours outside Rec. 709. */
#define CK_LINEAR_WIDE "linear-wide"

/* True if the functions below know the encoding of `rgb`: "linear" and CK_LINEAR_WIDE are converted; "", "srgb",
 * "bt709" and "bt601" are treated as sRGB.  Unknown encodings are treated as sRGB too. */
bool ck_plate_known(const ck_plane *rgb);

bool ck_plate_linear(const ck_plane *rgb); /* one of the two */

/* The encoding of planes made from the plate's codes: an unknown one stays; else "srgb". */
const char *ck_plate_codes(const ck_plane *rgb);

/* All c*h*w samples as sRGB-encoded float32.  Linear light is encoded by ck_linear_to_srgb_mirrored: nothing is
 * clamped. `out` must not overlap the plane. */
void ck_plate_to_f32(const ck_plane *p, float *out);
/* As above for n samples from index `at`. */
void ck_plate_part(const ck_plane *p, size_t at, float *out, size_t n);

/* n samples of channel c, row y, from column x on, as float32; `out` must not overlap them. ck_plate_row: sRGB-encoded,
 * as ck_plate_to_f32. ck_plate_row_linear: linear light, negative values become 0, NaN stays. */
void ck_plate_row(const ck_plane *p, size_t c, int y, int x, size_t n, float *out);
void ck_plate_row_linear(const ck_plane *p, size_t c, int y, int x, size_t n, float *out);

/* The samples as 8 bits, clamped to [0, 1] and rounded.  An 8-bit sRGB plane is not copied: *view points into it and
 * *hold is NULL.  Otherwise *hold owns the samples: release it by ck_buffer_unref. */
ck_status ck_plate_u8(const ck_plane *p, const uint8_t **view, ck_buffer **hold, ck_error *e);

#endif
