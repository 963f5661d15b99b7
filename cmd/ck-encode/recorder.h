/* The record of a run of `ck key`: which frames are finished (shared/job.h), and videos in segments.
 *
 *     ck_recorder_open      from the environment
 *     ck_recorder_start     when outputs are known, before the first file
 *     ck_recorder_stamp     before a frame goes to the videos, in order; begins new segments
 *     ck_recorder_frame     after the frame has been written
 *     ck_recorder_finish    after the videos are finished */
#ifndef CK_ENCODE_RECORDER_H
#define CK_ENCODE_RECORDER_H

#include "ck-encode/figures.h"
#include "ck-encode/outputs.h"
#include "io/numbers.h"
#include "shared/job.h"

typedef struct ck_recorder {
    bool on; /* `ck key` runs us, and OUT is a folder */
    bool segmented;
    const char *out; /* borrowed */
    ck_job_run run;
    bool counted;            /* the job's frames were known from the start */
    ck_numbers job;          /* the job's frames, ascending; if segmented */
    long at;                 /* position of the last frame in the segments; -1 */
    long first, last;        /* numbers of the first and last frame in the segments that are open */
    ck_numbers seen, failed; /* frames of this run */
    bool started;            /* the record has the run */
    struct waiting {
        long number;
        char *text; /* owned */
    } * waiting;    /* failures before that; owned */
    size_t n_waiting, cap_waiting;
    const char *command; /* of a run that wants pictures for a report, else NULL; borrowed */
    char *pictures;      /* their file, relative to OUT; owned, NULL: none yet */
    int fd;              /* of that file */
    uint64_t used;       /* bytes in it */
} ck_recorder;

/* $CK_JOB, $CK_JOB_SEGMENTS and $CK_JOB_REPORT; without the first, all other functions do nothing. */
ck_status ck_recorder_open(ck_recorder *r, const char *out, ck_error *e);

/* Write that the run begins.  numbers: HEAD's, or NULL. */
ck_status ck_recorder_start(ck_recorder *r, const ck_outputs *o, const char *numbers, ck_error *e);

/* If videos are written in segments: begin new segments if the frame needs them, and set at->time to the frame's time
 * in the shot.  pts: that time in seconds, or NAN if it follows from the frame's position and the rate.  timecode: the
 * frame's, or NULL. */
ck_status ck_recorder_stamp(ck_recorder *r, ck_outputs *o, ck_rate rate, double pts, const char *timecode,
                            ck_av_stamp *at, ck_error *e);

/* Record a frame, whose files and pictures have been written, with its figures, which may be changed. */
ck_status ck_recorder_frame(ck_recorder *r, const ck_outputs *o, const ck_frame *f, const ck_still_name *name,
                            ck_figures *figures, ck_error *e);
/* Record a frame that failed, and why. */
ck_status ck_recorder_failed(ck_recorder *r, long number, const char *text, ck_error *e);

/* Record why the run has ended early.  Errors are ignored: the run has failed already. */
void ck_recorder_stopped(const ck_recorder *r, const char *text);

/* Record the videos. */
ck_status ck_recorder_finish(ck_recorder *r, const ck_outputs *o, ck_error *e);
void ck_recorder_close(ck_recorder *r);

#endif
