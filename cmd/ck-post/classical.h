/* alpha and fg without a network. */
#ifndef CK_POST_CLASSICAL_H
#define CK_POST_CLASSICAL_H

#include "stream/frame.h"

/* Add `alpha`, the plane `hint` at the size of `rgb` (bilinear), and `fg`, the plate with the screen
 * taken out: straight, sRGB-encoded.  Both of `type`, CK_F32 or CK_F16. */
ck_status ck_classical_key(ck_frame *f, bool blue, ck_type type, ck_error *e);

/* Replace `fg` likewise, with the plane `alpha` as the matte.  CK_ERR_FORMAT if that has not the size of `rgb`. */
ck_status ck_classical_unmix(ck_frame *f, bool blue, ck_type type, ck_error *e);

#endif
