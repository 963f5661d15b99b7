/* Checkpoints out, as .safetensors. */
#ifndef CK_CHECKPOINT_SAFETENSORS_WRITE_H
#define CK_CHECKPOINT_SAFETENSORS_WRITE_H

#include "checkpoint/weights.h"

/* Every tensor in its own type, row-major; every metadata text.  The file appears complete or not at all,
 * and may be the one that `w` is read from.  num_heads: NULL, or what the metadata shall say. */
ck_status ck_safetensors_write(const ck_weights *w, const char *path, const char *num_heads, ck_error *e);

#endif
