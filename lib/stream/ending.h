/* A thread that watches the neighbours and ends a failed run soon.  Needed because a frame may take minutes, and a
 * write may wait for a neighbour that is busy with one. */
#ifndef CK_STREAM_ENDING_H
#define CK_STREAM_ENDING_H

#include <stdbool.h>

#include "base/status.h"

typedef struct ck_ending ck_ending;

typedef struct ck_ending_events {
    /* The writer of `in` is gone; called once.  Returns true if this means that the run has failed, false if the data
     * left in the pipe may be complete. */
    bool (*in_closed)(void *ctx);
    void (*out_closed)(void *ctx); /* the reader of `out` is gone */
    void (*late)(void *ctx);       /* `grace` is over: must end the process */
} ck_ending_events;

/* Watch the read end `in` and the write end `out` of pipes (-1: not watched).  All callbacks run in the new thread,
 * maybe before this returns; *result is set by then.  A run has failed when in_closed returns true, after out_closed,
 * or after ck_ending_hurry.  `grace` seconds later late(ctx) is called, unless ck_ending_stop came first. */
ck_status ck_ending_start(int in, int out, double grace, const ck_ending_events *events, void *ctx, ck_ending **result,
                          ck_error *e);
/* Report that the run has failed.  Any thread, any number of times. */
void ck_ending_hurry(ck_ending *n);
/* Stop watching, since the run has ended without a failure.  NULL is fine. */
void ck_ending_stop(ck_ending *n);

#endif
