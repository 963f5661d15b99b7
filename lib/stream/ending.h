/* See to it that a run which cannot succeed any more ends soon, whatever its threads are doing: a frame may take minutes,
 * and a write may wait for a neighbour that is busy with one. */
#ifndef CK_STREAM_ENDING_H
#define CK_STREAM_ENDING_H

#include "base/status.h"

typedef struct ck_ending ck_ending;

/* Watch `fd`, the write end of a pipe, or -1.  When its reader is gone closed(ctx) is called, from another thread.
 * `grace` seconds after that, or after ck_ending_hurry, if ck_ending_stop has not been called: late(ctx), which ends the
 * process. */
ck_status ck_ending_start(int fd, double grace, void (*closed)(void *ctx), void (*late)(void *ctx), void *ctx,
                          ck_ending **out, ck_error *e);
/* The run has failed.  Any thread, any number of times. */
void ck_ending_hurry(ck_ending *n);
/* The run has ended by itself.  NULL is fine. */
void ck_ending_stop(ck_ending *n);

#endif
