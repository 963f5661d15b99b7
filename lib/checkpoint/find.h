/* Selection of the checkpoint that a program uses. */
#ifndef CK_CHECKPOINT_FIND_H
#define CK_CHECKPOINT_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Find the checkpoint at `given`, else at $CK_MODEL if that is not empty, else in the user's folder.  A file is taken
 * as it is.  Of a folder's .safetensors and .pth files, those with "blue" in their names are for blue screens, all
 * others for green ones: the one for the screen is taken, or the one for the other screen if that is all there is.  Two
 * for one screen are CK_ERR_ARGUMENT, and so is a given folder or $CK_MODEL without any.
 *
 * *path is owned by the caller; NULL if the user's folder has none.  The file is not opened. */
ck_status ck_checkpoint_find(const char *given, bool blue, char **path, ck_error *e);

/* True if the file's name says that the checkpoint is for blue screens. */
bool ck_checkpoint_is_blue(const char *path);

/* The user's folder for checkpoints: $XDG_DATA_HOME/ck or ~/.local/share/ck.  Empty if neither variable is set or the
 * path does not fit n bytes. */
void ck_checkpoint_folder(char *folder, size_t n);

#endif
