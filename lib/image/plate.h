/* A plate, whatever its samples and encoding, as display-referred sRGB. */
#ifndef CK_IMAGE_PLATE_H
#define CK_IMAGE_PLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/frame.h"

/* Only "linear" is converted; everything else is taken for sRGB-encoded display values.  Warns if the first frame's
 * `rgb` has another tag (not "", "srgb", "linear", "bt709", …);  NULL: no frame. */
void ck_plate_warn(ck_frame *first);

/* The plane's c*h*w samples sRGB-encoded in float32.  From "linear": negative to 0, nothing clamped
 * above.  `out` must not overlap it. */
void ck_plate_to_f32(const ck_plane *p, float *out);

/* As 8 bits: clamped to 0…1 and rounded.  An 8-bit sRGB plane is not copied: *view points into it
 * and *hold is NULL; else *hold owns what *view points to: ck_buffer_unref. */
ck_status ck_plate_u8(const ck_plane *p, const uint8_t **view, ck_buffer **hold, ck_error *e);

#endif
