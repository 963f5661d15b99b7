/* Ends a failed run soon, whatever its threads are doing: a frame may take minutes, and a write may wait for a
 * neighbour that is busy with one. */
#ifndef CK_STREAM_ENDING_H
#define CK_STREAM_ENDING_H

#include <stdbool.h>

#include "base/status.h"

typedef struct ck_ending ck_ending;

typedef struct ck_ending_events {
    /* The writer of `in` is gone; called once.  True if the run has failed by that: what is left to read may end well.
     */
    bool (*in_closed)(void *ctx);
    void (*out_closed)(void *ctx); /* the reader of `out` is gone */
    void (*late)(void *ctx);       /* ends the process */
} ck_ending_events;

/* Watch the read end and the write end of pipes; -1 = none.  All calls come from another thread, maybe before this
 * returns; *result is there by then.  late(ctx) is called
 * `grace` seconds after the run has failed, by in_closed, by out_closed or by ck_ending_hurry, if ck_ending_stop has
 * not been called. */
ck_status ck_ending_start(int in, int out, double grace, const ck_ending_events *events, void *ctx, ck_ending **result,
                          ck_error *e);
/* The run has failed.  Any thread, any number of times. */
void ck_ending_hurry(ck_ending *n);
/* The run has ended by itself.  NULL is fine. */
void ck_ending_stop(ck_ending *n);

#endif
