/* alpha and fg without a network. */
#ifndef CK_POST_CLASSICAL_H
#define CK_POST_CLASSICAL_H

#include "stream/frame.h"

/* Add `alpha`, the plane `hint` at the size of `rgb` without parts of fewer than `specks` pixels (0: with all), and
 * `fg` by the hint.  Both of `type`, CK_F32 or CK_F16.  As ck-matte --from hint --specks and ck_classical_unmix. */
ck_status ck_classical_key(ck_frame *f, bool blue, ck_type type, uint64_t specks, ck_error *e);

/* Replace `fg` by the plate with the screen taken out: straight, sRGB-encoded.  The matte is the plane `coverage`, else
 * `alpha`.  CK_ERR_FORMAT if that has not the size of `rgb`. */
ck_status ck_classical_unmix(ck_frame *f, bool blue, ck_type type, ck_error *e);

#endif
