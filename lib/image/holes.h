/* Fill small holes of a matte. */
#ifndef CK_IMAGE_HOLES_H
#define CK_IMAGE_HOLES_H

#include <stdint.h>

#include "base/status.h"

/* Set to 1, in alpha (h,w): pixels of at most 0.5 that something more solid encloses, then pixels below 1 that
 * something solid encloses, such as the rim that the first left; each where they are `area` at most.  Corners do not
 * join pixels of a hole, and what touches the frame's edge is no hole. */
ck_status ck_holes_fill(float *alpha, int h, int w, uint64_t area, ck_error *e);

#endif
