/* A folder in $TMPDIR for the files of a run: the stages' traces, the pictures of `ck bench`.  The run locks it, so
 * that the next run can tell the folder of a killed run, and removes it. */
#ifndef CK_CK_WATCH_FOLDER_H
#define CK_CK_WATCH_FOLDER_H

#include <limits.h>

#include "base/status.h"

typedef struct ck_watch_folder {
    char path[PATH_MAX]; /* "" = none */
    int lock;            /* the open folder */
} ck_watch_folder;

ck_status ck_watch_folder_make(ck_watch_folder *w, ck_error *e);

/* Remove the folder, which contains only files. */
void ck_watch_folder_remove(ck_watch_folder *w);

#endif
