/* Use the plate's own colour inside the subject. */
#ifndef CK_IMAGE_PASSTHROUGH_H
#define CK_IMAGE_PASSTHROUGH_H

#include "stream/frame.h"

/* Blend the plate `rgb` in its codes (ck_plate_to_f32) into `fg`, whose data must be writable (ck_frame_edit).  A pixel
 * is pure where the matte is at least 0.99 and the plate's screen channel exceeds the other two by at most 0.04.  The
 * plate's weight is 1 where all pixels within 15 are pure, and 0 where the pixel or one next to it is not.
 *
 * fg: [3, h, w] f32 or f16; rgb: [3, h, w] u8, u16, f16 or f32; matte: [h, w]. */
ck_status ck_passthrough(const ck_plane *rgb, const float *matte, bool blue, const ck_plane *fg, ck_error *e);

/* The same in two steps: the plate's weights [h, w], 255 is all of it, which the caller releases; then row y of fg,
 * (3,w) float32. */
ck_status ck_passthrough_weights(const ck_plane *rgb, const float *matte, bool blue, ck_buffer **out, ck_error *e);
void ck_passthrough_row(const ck_plane *rgb, const ck_buffer *weights, int y, float *row);

#endif
