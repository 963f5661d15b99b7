/* A plate, whatever its samples and encoding, as display-referred sRGB. */
#ifndef CK_IMAGE_PLATE_H
#define CK_IMAGE_PLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/frame.h"

/* True if `rgb` has an encoding that the functions below know: "linear" is converted; "", "srgb", "bt709" and "bt601"
 * are taken for sRGB-encoded display values, as is everything else. */
bool ck_plate_known(const ck_plane *rgb);

/* The encoding of what is made of the plate in its own codes: "srgb", but "pq", "hlg", "log" and so on stay those. */
const char *ck_plate_codes(const ck_plane *rgb);

/* The plane's c*h*w samples sRGB-encoded in float32.  From "linear": negative to 0, nothing clamped
 * above.  `out` must not overlap it. */
void ck_plate_to_f32(const ck_plane *p, float *out);
/* Likewise n of the samples, from sample `at` on. */
void ck_plate_part(const ck_plane *p, size_t at, float *out, size_t n);

/* n samples of channel c in row y, from column x on, as float32; `out` must not overlap them.
 * ck_plate_row: sRGB-encoded, as ck_plate_to_f32 gives them.
 * ck_plate_row_linear: linear light, negative to 0, NaN kept. */
void ck_plate_row(const ck_plane *p, size_t c, int y, int x, size_t n, float *out);
void ck_plate_row_linear(const ck_plane *p, size_t c, int y, int x, size_t n, float *out);

/* As 8 bits: clamped to 0…1 and rounded.  An 8-bit sRGB plane is not copied: *view points into it
 * and *hold is NULL; else *hold owns what *view points to: ck_buffer_unref. */
ck_status ck_plate_u8(const ck_plane *p, const uint8_t **view, ck_buffer **hold, ck_error *e);

#endif
