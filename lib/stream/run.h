/* State of one run of a stage, shared by the frame loop (stage.c) and by its end (run_end.c). */
#ifndef CK_STREAM_RUN_H
#define CK_STREAM_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "stream/ending.h"
#include "stream/stage.h"

typedef struct ck_run {
    const ck_stage *stage;
    const ck_common *common; /* first member of the program's options */
    void *state;
    ck_reader *reader; /* NULL in a source */
    ck_writer *writer; /* NULL in a sink */
    bool sink;
    ck_meta head;
    ck_frame first; /* read before `open`, not yet returned by fetch */
    bool have_first;
    uint64_t made, done, failed;
    bool times;             /* frames get `ms.PROGRAM` */
    uint64_t absent;        /* of `failed`: 1 if it stands for frames past the end of the input, else 0 */
    long total;             /* frames according to HEAD, 0 = unknown */
    ck_error first_failure; /* text of the first error frame */
    bool first_said;        /* a program has printed first_failure */

    ck_ending *ending;
    atomic_bool reading;     /* `reader` is open */
    atomic_bool running;     /* the frame loop has started and can be cancelled */
    atomic_bool writer_gone; /* the writer of our input is gone */
    atomic_int last;         /* answer of ck_run_last: 0 not asked, 1 yes, -1 no */
    pthread_mutex_t opening; /* protects creation of `writer`, which the watching thread may need for ABORT */
    pthread_mutex_t lock;
    ck_status verdict; /* first failure of any thread */
    ck_error why;
    bool lost; /* a frame has failed and ends the run; the first such frame, in order: */
    uint64_t lost_seq;
    long lost_number;
    ck_error lost_text;
} ck_run;

static inline bool ck_run_is_source(const ck_run *r)
{
    return r->stage->produce != NULL;
}

/* Unblock all waits in the frame loop.  Any thread. */
void ck_run_cancel(ck_run *r);

/* Start watching the neighbours.  Call ck_ending_stop(r->ending) when the run has ended. */
ck_status ck_run_watch(ck_run *r, ck_error *e);
/* Call when the reader is open. */
void ck_run_reads(ck_run *r);
/* Call when the frame loop starts. */
void ck_run_begins(ck_run *r);
/* Write HEAD.  Called once; fails if another thread has ended the stream with ABORT. */
ck_status ck_run_open_writer(ck_run *r, ck_error *e);
/* True if no program of this project reads our output: then failures upstream are ours to report. */
bool ck_run_last(ck_run *r);
/* Record the first failure: the run must end soon.  Any thread. */
void ck_run_fail(ck_run *r, ck_status s, const ck_error *e);
/* Note which frame failed, for the report at the end.  Any thread. */
void ck_run_lost(ck_run *r, const ck_frame *f, const ck_error *e);
/* True if the first failure was that our output has no reader. */
bool ck_run_output_closed(ck_run *r);

/* Tell downstream programs which program failed first. */
void ck_run_abort(ck_run *r, ck_status s, const ck_error *e);
/* Report on stderr how the run ended; returns the exit status. */
int ck_run_conclude(ck_run *r, ck_status s, const ck_error *e);
void ck_run_die_of_closed_output(void);

#endif
