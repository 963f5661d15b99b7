/* A network's matte as a correction of the key, for a small network: it sees what a key gets wrong over areas, veils
 * and marks above all, but nothing that is finer than its logits, and now and then it takes a shirt for the screen
 * although hint and key both know better.
 *
 *     d      = alpha - key
 *     d      = open(max(d, 0)) - open(max(-d, 0))      of each sign only what is wider than a cell of the logits
 *     t      = d / (hint - key)
 *     d      = (hint - key) clamp((t - 0.25) / 0.5)     where 0 < t < 1: near one of the two it is that one
 *     alpha  = clamp(key + d, lo - 4 most lo (1 - lo), hi + 4 most hi (1 - hi))
 *
 * open is the morphological opening by a rectangle as large as a cell on the plate, lo and hi are the smaller and the
 * larger of hint and key: where both say nothing or everything that stands, where they say a half the network may
 * change it by `most`, where they contradict each other it decides between them. */
#ifndef CK_MODEL_CORRECT_H
#define CK_MODEL_CORRECT_H

#include "stream/frame.h"

/* alpha: float plane of c = 1, finite, made by a network of h x w: changed in place.  hint: of any size and type that
 * the network takes; key: likewise, or NULL where the hint is one. */
ck_status ck_correct(const ck_plane *hint, const ck_plane *key, int h, int w, float most, ck_plane *alpha, ck_error *e);

/* What that takes meanwhile for a matte of h x w. */
size_t ck_correct_bytes(int h, int w);

#endif
