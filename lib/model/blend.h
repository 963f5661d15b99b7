/* A hint and the key of one plate as one plane: a network that was trained on such sees both. */
#ifndef CK_MODEL_BLEND_H
#define CK_MODEL_BLEND_H

#include "stream/frame.h"

/* blend = hint + part x (key - hint), float32 of the key's size, to which the hint is resized as for the network. *hold
 * owns its memory, also after an error (NULL: none).  CK_ERR_ARGUMENT for samples that ck_input_fits refuses. */
ck_status ck_blend_key(const ck_plane *hint, const ck_plane *key, float part, ck_plane *blend, ck_buffer **hold,
                       ck_error *e);

#endif
