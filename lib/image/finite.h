/* Detection and repair of NaN and infinite samples in f16 and f32 planes. */
#ifndef CK_IMAGE_FINITE_H
#define CK_IMAGE_FINITE_H

#include "stream/frame.h"

/* True if none of n samples of that type is NaN or infinite. */
bool ck_finite(const void *samples, ck_type t, size_t n);

/* CK_ERR_FORMAT if plane `p` holds bad samples.  The text gives their number, the position of the first (in rows from
 * the top left, in the first channel with one) and the remedy.  Planes of other types always pass. */
ck_status ck_finite_check(const ck_plane *p, ck_error *e);

/* Replace bad samples, channel by channel: each becomes the mean of its good neighbours among eight, from the edge of a
 * gap inwards.  A channel without any good sample becomes 0.  The plane's data must be writable (ck_frame_edit).
 * *filled: number of samples replaced. */
ck_status ck_finite_repair(const ck_plane *p, size_t *filled, ck_error *e);

#endif
