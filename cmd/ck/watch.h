/* Collect the stages' times for `ck key --profile` and `ck key --trace FILE`. */
#ifndef CK_CK_WATCH_H
#define CK_CK_WATCH_H

#include "ck/plan.h"
#include "ck/watch_folder.h"

typedef struct ck_watch {
    ck_watch_folder folder; /* where the stages write */
} ck_watch;

/* Before the stages start, make a folder if either option is given, and name it in the stages' environment. */
ck_status ck_watch_start(ck_watch *w, const ck_plan *p, ck_error *e);

/* After they have ended: join the traces into the user's file, print the profile on stderr, remove the folder. */
ck_status ck_watch_end(ck_watch *w, const ck_plan *p, ck_error *e);

#endif
