/* The frames that a run of `ck key --resume` or `--chunk I/N` has to do.
 *
 * Frames are counted by their position in the job.  Some must be done together: the frames of a video segment if they
 * refer to each other, and the frames from one --refresh of ck-refine to the next.  Such a block begins at a multiple
 * of `unit`.  One run does it as a whole: no chunk splits it, and if one of its frames is left, all are done again. */
#ifndef CK_CK_REMAINING_H
#define CK_CK_REMAINING_H

#include "ck/shot.h"
#include "shared/job.h"

typedef struct ck_remaining {
    ck_job_run run;  /* the settings and the whole job's frames */
    ck_shot shot;    /* the job's frames */
    size_t unit;     /* frames of a block */
    size_t from, to; /* the chunk: positions, `to` not included; all without --chunk */
    bool *left;      /* per position; owned */
    size_t n_left;
} ck_remaining;

/* Decide what is left.  CK_ERR_ARGUMENT if the job in OUT began with other settings. */
ck_status ck_remaining_make(const ck_plan *p, ck_remaining *t, ck_error *e);
void ck_remaining_free(ck_remaining *t);

/* Restrict the plan to the frames that are left, and tell ck-encode about the job. */
ck_status ck_remaining_apply(const ck_remaining *t, ck_plan *p, ck_error *e);

#endif
