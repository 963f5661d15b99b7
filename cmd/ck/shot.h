/* The frames of a job: those of INPUT that --frames keeps. */
#ifndef CK_CK_SHOT_H
#define CK_CK_SHOT_H

#include "ck/plan.h"
#include "io/sequence.h"

typedef struct ck_shot {
    long *numbers; /* ascending: files' numbers, or indices in a video; owned */
    size_t n;
    long length;       /* frames of a video, 0 for a sequence */
    ck_sequence files; /* of a sequence: the files in the same order; empty for a video */
} ck_shot;

/* List the frames.  length: of the video, if an earlier run has counted it, else 0.  CK_ERR_ARGUMENT if INPUT cannot be
 * read again, or its files have no numbers. */
ck_status ck_shot_open(const ck_plan *p, long length, ck_shot *shot, ck_error *e);
void ck_shot_free(ck_shot *shot);

/* Position of a frame in the job, or -1. */
long ck_shot_position(const ck_shot *shot, long number);

#endif
