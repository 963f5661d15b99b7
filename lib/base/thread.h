/* Items in order, work in parallel.
 *
 *     produce  -->  work  work  work  -->  consume
 *     (one thread)  (any order)            (caller's thread, in the order produced)
 *
 * Reading, computing and writing overlap.  At most `slots` items exist at once, so memory does not grow with the clip's
 * length.  Each item is worked on by one thread, so results do not depend on the number of threads. */
#ifndef CK_BASE_THREAD_H
#define CK_BASE_THREAD_H

#include <stddef.h>

#include "base/status.h"

typedef struct ck_flow {
    void *ctx;
    size_t item_size; /* bytes per item; zeroed once at the start, then reused */
    int threads;      /* workers, at least 1 */
    int slots;        /* items in existence; 1: nothing overlaps; 0 = threads + 2 */

    /* Fill the item; CK_END after the last.  Any other status ends the run once every earlier item has been
     * consumed. */
    ck_status (*produce)(void *ctx, void *item, ck_error *e);
    /* May be NULL.  A failure ends the run when the item's turn to be consumed comes. */
    ck_status (*work)(void *ctx, void *item, ck_error *e);
    ck_status (*consume)(void *ctx, void *item, ck_error *e);
    /* Release the item's contents.  Called for every produced item, consumed or not. */
    void (*drop)(void *ctx, void *item);
    /* Unblock a waiting `produce`.  Called from the consuming thread after a failure.  May be NULL. */
    void (*cancel)(void *ctx);
} ck_flow;

/* Run until produce returns CK_END and all items are consumed: CK_OK.  Else the first failure, in item order. */
ck_status ck_flow_run(const ck_flow *f, ck_error *e);

#endif
