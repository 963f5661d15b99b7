/* The frames that a run of `ck key --resume` or `--chunk I/N` has to do.
 *
 * Frames are counted by their position in the job.  Some must be done together: the frames of a video segment if they
 * refer to each other, and the frames from one --refresh of ck-refine to the next.  Such a block begins at a multiple
 * of `unit`.  One run does it as a whole: no chunk splits it, and if one of its frames is left, all are done again. */
#ifndef CK_CK_TODO_H
#define CK_CK_TODO_H

#include "ck/shot.h"
#include "shared/job.h"

typedef struct ck_todo {
    ck_job_run run;  /* the settings and the whole job's frames */
    ck_shot shot;    /* the job's frames */
    size_t unit;     /* frames of a block */
    size_t from, to; /* the chunk: positions, `to` not included; all without --chunk */
    bool *left;      /* per position; owned */
    size_t n_left;
} ck_todo;

/* Decide what is left.  CK_ERR_ARGUMENT if the job in OUT began with other settings. */
ck_status ck_todo_make(const ck_plan *p, ck_todo *t, ck_error *e);
void ck_todo_free(ck_todo *t);

/* Restrict the plan to the frames that are left, and tell ck-encode about the job. */
ck_status ck_todo_apply(const ck_todo *t, ck_plan *p, ck_error *e);

#endif
