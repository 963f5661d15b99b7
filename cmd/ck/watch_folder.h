/* The folder in $TMPDIR where the stages of a run write their times.  Its holder locks it: what a killed one has left
 * is removed by the next. */
#ifndef CK_CK_WATCH_FOLDER_H
#define CK_CK_WATCH_FOLDER_H

#include <limits.h>

#include "base/status.h"

typedef struct ck_watch_folder {
    char path[PATH_MAX]; /* "" = none */
    int lock;            /* the open folder */
} ck_watch_folder;

ck_status ck_watch_folder_make(ck_watch_folder *w, ck_error *e);

/* Only files are in it. */
void ck_watch_folder_remove(ck_watch_folder *w);

#endif
