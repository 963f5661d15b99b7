/* alpha and fg without a network. */
#ifndef CK_POST_CLASSICAL_H
#define CK_POST_CLASSICAL_H

#include "stream/frame.h"

/* Add `alpha` and `fg`, both of `type` (CK_F32 or CK_F16).  alpha is the plane `hint` at the size of `rgb`, without
 * parts of fewer than `specks` pixels (0: with all).  The same as ck-matte --from hint --specks, then
 * ck_classical_unmix. */
ck_status ck_classical_key(ck_frame *f, bool blue, ck_type type, uint64_t specks, ck_error *e);

/* Replace `fg` by the plate without the screen: straight, sRGB-encoded.  The matte is the plane `coverage`, else
 * `alpha`. CK_ERR_FORMAT if its size differs from that of `rgb`. */
ck_status ck_classical_unmix(ck_frame *f, bool blue, ck_type type, ck_error *e);

#endif
