/* Fill small holes in a matte. */
#ifndef CK_IMAGE_HOLES_H
#define CK_IMAGE_HOLES_H

#include <stdint.h>

#include "base/status.h"

/* Set holes of at most `area` pixels in alpha [h, w] f32 to 1, in two passes: enclosed pixels of 0.5 or less, then
 * enclosed pixels below 1, such as the rim left by the first pass.  A hole is 4-connected and does not touch the
 * frame's edge. */
ck_status ck_holes_fill(float *alpha, int h, int w, uint64_t area, ck_error *e);

#endif
