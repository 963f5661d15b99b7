/* Which checkpoint a program is to use. */
#ifndef CK_MODEL_FIND_H
#define CK_MODEL_FIND_H

#include "base/status.h"

/* *path (free() it) is `given` if that is not NULL, else $CK_MODEL (NULL if that is "none"), else the one .safetensors
 * or .pth file in the first of these folders that holds any, else NULL:
 *
 *     $XDG_DATA_HOME/ck, or ~/.local/share/ck      the user's
 *     ../share/ck beside the program's folder      installed
 *     ../models beside the program's folder        bundled
 *
 * Several checkpoints in that folder are an error: which one is meant is not ours to guess.  Whether the file is one
 * and can be read shows when it is opened. */
ck_status ck_model_find(const char *given, char **path, ck_error *e);

#endif
