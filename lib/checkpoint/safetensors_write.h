/* Write a checkpoint as .safetensors. */
#ifndef CK_CHECKPOINT_SAFETENSORS_WRITE_H
#define CK_CHECKPOINT_SAFETENSORS_WRITE_H

#include "checkpoint/weights.h"

/* Write every tensor, row-major, and all metadata.  The file appears complete or not at all, and may be the one that
 * `w` reads from.  type: of float tensors (see ck_tensor_retype); CK_DTYPE_N keeps each tensor's own.  num_heads:
 * metadata entry to add, or NULL. */
ck_status ck_safetensors_write(const ck_weights *w, const char *path, ck_dtype type, const char *num_heads,
                               ck_error *e);

#endif
