/* What a network with a refiner makes of a frame: matte and foreground. */
#ifndef CK_MODEL_FINALS_H
#define CK_MODEL_FINALS_H

#include "stream/frame.h"

/* A coverage: NaN and what is below is 0, what is above 1. */
static inline float ck_unit(float x)
{
    return !(x > 0) ? 0 : x < 1 ? x : 1;
}

/* Before the run: add `alpha` and `fg` of h x w, f16 or f32, with undefined contents, replacing those there are. */
ck_status ck_finals_add(ck_frame *f, int h, int w, bool half, ck_error *e);

/* After it, to `alpha` as a network of h x w made it.  With `detail`: what the frame's key, or without one its hint,
 * shows finer (detail.h), clamped to 0 … 1; `coarse`: it is a coarse matte, of scale 0.  Then with `correct` above 0:
 * made a correction of the key by at most that, or of the hint where there is no key (correct.h).  CK_ERR_FORMAT for
 * a frame without what is asked for, or with one that has more than one channel. */
ck_status ck_finals_finish(ck_frame *f, int h, int w, bool coarse, bool detail, float correct, ck_error *e);

#endif
