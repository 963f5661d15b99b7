/* Timing of a program: a Chrome trace (open it in Perfetto or chrome://tracing), and sums for `ck key --profile`.
 *
 * A trace is a JSON array of events: one process per program, one track per thread, spans with the frame's number, and
 * counters.  Times come from the monotonic clock, so traces of a pipeline's programs can be joined. */
#ifndef CK_BASE_TRACE_H
#define CK_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum ck_trace_kind {
    CK_TRACE_WAIT_IN,  /* until a frame has been read, waiting included */
    CK_TRACE_COMPUTE,  /* the program's own work */
    CK_TRACE_WAIT_OUT, /* until a frame has been written, waiting included */
    CK_TRACE_KINDS
} ck_trace_kind;

/* Trace into `path`; if that is NULL and $CK_TRACE is set, into $CK_TRACE/PROGRAM.PID.json.  $CK_PROFILE, a folder made
 * by `ck key`, receives the sums.  With neither, the calls below do nothing.  An error names the file. */
ck_status ck_trace_open(const char *path, const char *program, ck_error *e);
/* Write buffered events and close.  Later events from other threads are discarded. */
ck_status ck_trace_close(ck_error *e);

/* True while spans are recorded, for a trace or for sums. */
bool ck_trace_on(void);

/* Now, in microseconds, for `since`. */
uint64_t ck_trace_now(void);

/* A span from `since` to now of the calling thread, whose track is named `role` by its first span.  frame = -1: no
 * frame. */
void ck_trace_span(ck_trace_kind kind, const char *role, uint64_t since, long frame);

/* Counters at this moment: the process's anonymous memory, slots in use of its ring, and the ring's bytes in memory. */
void ck_trace_count(int ring_slots, size_t ring_bytes);

#endif
