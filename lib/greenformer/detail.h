/* Detail lost at inference size, mostly hair, taken from the key (or a keyed hint) at the plate's size.  Both are
 * called hint here.
 *
 *     seen  = the hint reduced to inference size and enlarged again: the matte of a network that reproduces its hint
 *     agree = clamp(3/2 - 2 |alpha - seen|, 0, 1)
 *     alpha = clamp(alpha + agree (hint - seen), 0, 1)
 *
 * The network decides where the subject is.  Where alpha and `seen` agree, the hint adds its detail; a sketched or
 * blurred hint adds nothing. */
#ifndef CK_GREENFORMER_DETAIL_H
#define CK_GREENFORMER_DETAIL_H

#include "stream/frame.h"

/* Change alpha [1, H, W] in place: f16 or f32, finite, made by a network of h x w (multiples of 32).  coarse: alpha is
 * the coarse matte (scale 0), whose logits are means over 4 x 4 pixels, enlarged; `seen` is then made in the same way,
 * clamped to 1/256 … 255/256 for the logit.  hint: any size and type that the network accepts. */
ck_status ck_detail_add(const ck_plane *hint, int h, int w, bool coarse, ck_plane *alpha, ck_error *e);

/* Bytes of scratch for a matte of matte_h x matte_w, excluding the hint as float32. */
size_t ck_detail_bytes(int h, int w, int matte_h, int matte_w);

#endif
