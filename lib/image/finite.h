/* Samples that are no numbers: NaN and infinity, which f16 and f32 have. */
#ifndef CK_IMAGE_FINITE_H
#define CK_IMAGE_FINITE_H

#include "stream/frame.h"

/* CK_ERR_FORMAT when plane `p` holds any: the text counts them, says where the first is (row by row, from the top
 * left, in the first channel that has one) and names the remedy.  Planes of other types have none. */
ck_status ck_finite_check(const ck_plane *p, ck_error *e);

/* Fill them, channel by channel: each becomes the mean of those of its eight neighbours that are numbers, from the
 * edge of a gap inwards; a channel without any number becomes 0.  The plane's data must be writable (ck_frame_edit).
 * *filled: how many there were. */
ck_status ck_finite_repair(const ck_plane *p, size_t *filled, ck_error *e);

#endif
