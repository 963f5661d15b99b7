/* Checks of a finished job, by its files alone. */
#ifndef CK_CK_VERIFY_H
#define CK_CK_VERIFY_H

#include "ck/shot.h"
#include "shared/job.h"

typedef struct ck_verify {
    const char *out; /* borrowed */
    ck_job job;
    const ck_job_run *run; /* the last one: its settings count */
    ck_shot shot;          /* the frames of all runs with these settings */
    bool *bad;             /* per frame of the job; owned */
    long faults;           /* number of faults so far */
} ck_verify;

/* Read OUT/ck-job.json. */
ck_status ck_verify_open(const char *out, ck_verify *v, ck_error *e);

/* Check that every frame's stills are there, whole and of one size: decode them all. */
ck_status ck_verify_stills(ck_verify *v, int threads, ck_error *e);

/* Check that every video is there and whole. */
ck_status ck_verify_videos(ck_verify *v, int threads, ck_error *e);

/* Count a fault, and report it on stderr if it is one of the first 20. */
void ck_verify_fault(ck_verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void ck_verify_close(ck_verify *v);

#endif
