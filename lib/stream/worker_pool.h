/* A worker pool behind one stage, one worker per device.  A frame goes to the slot that has been free for longest;
 * frames leave in order.
 *
 * A worker is a state of the stage, opened with the program's options.  One option, a string, names the
 * worker. */
#ifndef CK_STREAM_WORKER_POOL_H
#define CK_STREAM_WORKER_POOL_H

#include "stream/stage.h"

typedef struct ck_worker_pool_spec {
    const ck_stage *one; /* its open, admit, frame, finish, close and threads serve each worker */
    size_t name_at;      /* offset of that option, a const char *, in the program's options */
    int n;               /* workers, at least 1 */
    const char *const *names;
} ck_worker_pool_spec;

/* For a stage's `open`.  With several workers, errors name the worker.  The others are the stage's callbacks. */
ck_status ck_worker_pool_open(const ck_worker_pool_spec *of, const void *opts, const ck_list *args, ck_meta *head,
                              ck_frame *first, void **state, ck_error *e);
/* Every worker admits every frame: which of them will process it is not known yet. */
ck_status ck_worker_pool_admit(void *state, ck_frame *f, ck_error *e);
ck_status ck_worker_pool_frame(void *state, ck_frame *f, ck_error *e);
ck_status ck_worker_pool_finish(void *state, ck_error *e);
void ck_worker_pool_close(void *state);

#endif
