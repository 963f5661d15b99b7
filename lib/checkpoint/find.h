/* Selection of the checkpoint that a program uses. */
#ifndef CK_CHECKPOINT_FIND_H
#define CK_CHECKPOINT_FIND_H

#include <stddef.h>

#include "base/status.h"

/* *path (owned by the caller) is `given` if not NULL, else $CK_MODEL, else the only .safetensors or .pth file in the
 * user's folder, else NULL.  Several files in the folder are an error that asks for --model.  The file is not
 * opened. */
ck_status ck_checkpoint_find(const char *given, char **path, ck_error *e);

/* The user's folder for checkpoints: $XDG_DATA_HOME/ck or ~/.local/share/ck.  Empty if neither variable is set or the
 * path does not fit n bytes. */
void ck_checkpoint_folder(char *folder, size_t n);

#endif
