/* Timing of a program: a Chrome trace for people, sums for `ck key --profile`.  A trace is a JSON array of events
 * (Perfetto and chrome://tracing open it): a process per program, a track per thread, spans with the frame's number,
 * counters.  Times are the monotonic clock's, so that the joined traces of a pipeline are aligned. */
#ifndef CK_BASE_TRACE_H
#define CK_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum ck_trace_kind {
    CK_TRACE_WAIT_IN,  /* until a frame has been read, waiting included */
    CK_TRACE_COMPUTE,  /* what the program is for */
    CK_TRACE_WAIT_OUT, /* until a frame has been written, waiting included */
    CK_TRACE_KINDS
} ck_trace_kind;

/* Into `path`, or, if that is NULL and $CK_TRACE is set, into $CK_TRACE/PROGRAM.PID.json; $CK_PROFILE, a folder that
 * `ck key` makes, gets the sums.  Without any of them nothing is kept.  An error names the file. */
ck_status ck_trace_open(const char *path, const char *program, ck_error *e);
/* Write buffered events and close; later events of other threads are lost. */
ck_status ck_trace_close(ck_error *e);

bool ck_trace_on(void);

/* Microseconds, for `since`. */
uint64_t ck_trace_now(void);

/* The calling thread's track is called `role` from its first span on.  A span that ends now; frame -1: none. */
void ck_trace_span(ck_trace_kind kind, const char *role, uint64_t since, long frame);

/* Counters as they are now: anonymous memory, and of the program's ring the slots in use and the bytes it takes up. */
void ck_trace_count(int ring_slots, size_t ring_bytes);

#endif
