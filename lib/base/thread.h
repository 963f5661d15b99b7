/* Frames in order, work in parallel.
 *
 *     produce  -->  work  work  work  -->  consume
 *     (serial)      (any order)            (serial, in the order produced)
 *
 * Reading, computing and writing overlap; at most `slots` items exist at once,
 * so memory is bounded whatever the clip's length.  Each item is worked on by one
 * thread, so results do not depend on the number of threads. */
#ifndef CK_BASE_THREAD_H
#define CK_BASE_THREAD_H

#include <stddef.h>

#include "base/status.h"

typedef struct ck_flow {
    void *ctx;
    size_t item_size; /* bytes of one item; items are reused, zeroed once at the start */
    int threads;      /* workers, at least 1 */
    int slots;        /* items; 1: nothing overlaps; 0 = threads + 2 */

    /* Fill the item; CK_END when there are no more.  Any other status ends the run after
     * every earlier item has been consumed. */
    ck_status (*produce)(void *ctx, void *item, ck_error *e);
    /* May be NULL.  A failure ends the run when its turn to be consumed comes. */
    ck_status (*work)(void *ctx, void *item, ck_error *e);
    ck_status (*consume)(void *ctx, void *item, ck_error *e);
    /* Release what an item holds; called for every produced item, consumed or not. */
    void (*drop)(void *ctx, void *item);
    /* After a failure, from the consuming thread: unblock a `produce` that waits.  May be NULL. */
    void (*cancel)(void *ctx);
} ck_flow;

/* CK_OK when produce returned CK_END and everything was consumed; else the first failure in order. */
ck_status ck_flow_run(const ck_flow *f, ck_error *e);

/* The cores this process may use (sched_getaffinity and cgroup quota), at least 1. */
int ck_cores(void);

#endif
