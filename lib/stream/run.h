/* A run of a stage, shared by the frame loop and by what ends it; see stage.h. */
#ifndef CK_STREAM_RUN_H
#define CK_STREAM_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "stream/ending.h"
#include "stream/stage.h"

typedef struct ck_run {
    const ck_stage *stage;
    const ck_common *common; /* the first member of the program's options */
    int argc;
    char **argv;
    void *state;
    ck_reader *reader; /* NULL in a source */
    ck_writer *writer; /* NULL in a sink */
    bool sink;
    ck_meta head;
    ck_frame first; /* read before `open`, not handed to produce yet */
    bool have_first;
    uint64_t made, done, failed;
    long total;             /* frames, if HEAD knows; else 0 */
    ck_error first_failure; /* of the first frame that failed */
    bool first_said;        /* a program has reported it */

    ck_ending *ending;
    atomic_bool reading;     /* `reader` is open */
    atomic_bool running;     /* the frame loop is: it can be cancelled */
    atomic_bool writer_gone; /* of our input */
    atomic_int last;         /* ck_run_last's answer: 0 not asked, 1 yes, -1 no */
    pthread_mutex_t opening; /* of `writer`, which another thread may need for ABORT */
    pthread_mutex_t lock;
    ck_status verdict; /* the first failure of any thread */
    ck_error why;
} ck_run;

static inline bool ck_run_is_source(const ck_run *r)
{
    return r->stage->produce != NULL;
}

/* Unblock all waits in the frame loop. */
void ck_run_cancel(ck_run *r);

/* Watch the neighbours, and end a failed run soon; ck_ending_stop(r->ending) once it has ended. */
ck_status ck_run_watch(ck_run *r, ck_error *e);
/* The reader is open. */
void ck_run_reads(ck_run *r);
/* The frame loop starts. */
void ck_run_begins(ck_run *r);
/* HEAD.  Once; fails if another thread has ended the stream with ABORT. */
ck_status ck_run_open_writer(ck_run *r, ck_error *e);
/* True if this program has to report failures upstream: no program of ours reads its output. */
bool ck_run_last(ck_run *r);
/* The run cannot succeed any more.  Any thread. */
void ck_run_fail(ck_run *r, ck_status s, const ck_error *e);
/* True if the first failure was that our output has no reader. */
bool ck_run_output_closed(ck_run *r);

/* Tell the downstream programs which failed first. */
void ck_run_abort(ck_run *r, ck_status s, const ck_error *e);
/* Report how the run ended.  The exit status. */
int ck_run_conclude(ck_run *r, ck_status s, const ck_error *e);
void ck_run_die_of_closed_output(void);

#endif
