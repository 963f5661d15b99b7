/* Green and blue change places: a network that knows green screens only sees a blue one so, and gives back a foreground
 * whose channels have to change places again. */
#ifndef CK_GREENFORMER_CHANNEL_SWAP_H
#define CK_GREENFORMER_CHANNEL_SWAP_H

#include "stream/frame.h"

/* A copy of a plane's first three channels, the second and third exchanged; *hold owns its memory. */
ck_status ck_channel_swap_copy(const ck_plane *p, ck_plane *copy, ck_buffer **hold, ck_error *e);

/* The same in place, in a plane of this program's own. */
void ck_channel_swap_here(ck_plane *p);

#endif
