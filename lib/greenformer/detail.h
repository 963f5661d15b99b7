/* Detail lost at inference size, taken from the key (or a keyed hint) at the plate's size: hair, above all.  Either is
 * called the hint here.
 *
 *     seen  = the hint as a network that believed every bit of it would give it back, at the plate's size
 *     agree = clamp(3/2 - 2 |alpha - seen|, 0, 1)
 *     alpha = clamp(alpha + agree (hint - seen), 0, 1)
 *
 * The network decides where the subject is.  Where the two agree, the hint adds its detail; a sketched or blurred hint
 * adds nothing. */
#ifndef CK_GREENFORMER_DETAIL_H
#define CK_GREENFORMER_DETAIL_H

#include "stream/frame.h"

/* alpha: float plane of c = 1, finite, made by a network of h x w (multiples of 32): changed in place.  `coarse`: the
 * network gave back its coarse matte, whose logits are means over 4 x 4 pixels, enlarged (scale 0); then `seen` goes
 * the same way, clamped to 1/256 … 255/256 for the logit.  `hint` has any size and type that the network takes. */
ck_status ck_detail_add(const ck_plane *hint, int h, int w, bool coarse, ck_plane *alpha, ck_error *e);

/* Bytes of scratch, besides the hint as float32, for a matte of matte_h x matte_w. */
size_t ck_detail_bytes(int h, int w, int matte_h, int matte_w);

#endif
