/* How far a matte may go from what hint and key agree on: for a small network, which now and then takes a shirt for the
 * screen, or the screen for a shirt, although both know better.
 *
 *     lo, hi = the smaller and the larger of hint and key
 *     alpha  = clamp(alpha, lo - 4 most lo (1 - lo), hi + 4 most hi (1 - hi))
 *
 * Where both say nothing or everything, that stands; where they say a half, the network may differ by `most`; where
 * they contradict each other it decides. */
#ifndef CK_MODEL_BOUND_H
#define CK_MODEL_BOUND_H

#include "stream/frame.h"

/* alpha: float plane of c = 1, changed in place.  hint: of any size and type that the network takes; key: likewise, or
 * NULL where there is only a hint. */
ck_status ck_bound(const ck_plane *hint, const ck_plane *key, float most, ck_plane *alpha, ck_error *e);

/* What that takes meanwhile for a matte of h x w. */
size_t ck_bound_bytes(int h, int w);

#endif
