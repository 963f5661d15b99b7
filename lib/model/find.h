/* Which checkpoint a program is to use. */
#ifndef CK_MODEL_FIND_H
#define CK_MODEL_FIND_H

#include <stddef.h>

#include "base/status.h"

/* *path (free() it) is `given` if that is not NULL, else $CK_MODEL, else the only .safetensors or .pth file in the
 * user's folder, else NULL.  Several files there are an error that asks for --model.  Opening the file shows if it is a
 * checkpoint. */
ck_status ck_model_find(const char *given, char **path, ck_error *e);

/* The user's folder for checkpoints, $XDG_DATA_HOME/ck or ~/.local/share/ck; empty if it has no name, or one that is
 * longer than n. */
void ck_model_folder(char *folder, size_t n);

#endif
