/* The plate's own colour inside the subject. */
#ifndef CK_IMAGE_PASSTHROUGH_H
#define CK_IMAGE_PASSTHROUGH_H

#include "stream/frame.h"

/* Blend `fg`, whose data must be writable (ck_frame_edit), into the plate `rgb` in its codes (ck_plate_to_f32).  A
 * pixel is pure where the matte is at least 0.99 and the plate's screen channel exceeds the other two by at most 0.04:
 * the plate has all the weight where all within 15 pixels are pure, and none where a pixel or one next to it is not. fg
 * (3,h,w) is CK_F32 or CK_F16, rgb (3,h,w) of any of the four types, matte (h,w). */
ck_status ck_passthrough(const ck_plane *rgb, const float *matte, bool blue, const ck_plane *fg, ck_error *e);

#endif
