/* Exchange of green and blue, for networks trained on green screens only: such a network sees a blue screen as green,
 * and its foreground must be swapped back. */
#ifndef CK_GREENFORMER_CHANNEL_SWAP_H
#define CK_GREENFORMER_CHANNEL_SWAP_H

#include "stream/frame.h"

/* A copy of a plane's first three channels with the second and third exchanged; *hold owns its memory. */
ck_status ck_channel_swap_copy(const ck_plane *p, ck_plane *copy, ck_buffer **hold, ck_error *e);

/* The same in place; the plane's data must be writable. */
void ck_channel_swap_here(ck_plane *p);

#endif
