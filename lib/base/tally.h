/* Counts of frames in memory that `ck key` shares with its stages, by a descriptor in $CK_PROGRESS_TALLY. */
#ifndef CK_BASE_TALLY_H
#define CK_BASE_TALLY_H

#include <stdatomic.h>

#include "base/status.h"

typedef struct ck_tally {
    atomic_long done;   /* frames whose outputs are complete */
    atomic_long failed; /* frames whose failure was reported */
} ck_tally;

/* Make one for this process and those that it starts.  Never freed. */
ck_status ck_tally_make(ck_tally **out, ck_error *e);

/* The parent's, or NULL. */
ck_tally *ck_tally_inherited(void);

#endif
