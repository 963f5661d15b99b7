/* Several workers behind one stage: each frame is made by the one that has waited longest, and all leave in order.
 *
 * A worker is a stage's own state, opened with the program's options, of which one names the worker: a device. */
#ifndef CK_STREAM_WORKER_POOL_H
#define CK_STREAM_WORKER_POOL_H

#include "stream/stage.h"

typedef struct ck_worker_pool_spec {
    const ck_stage *one; /* its open, admit, frame, finish, close and threads are those of a worker */
    size_t name_at;      /* of the option, a const char *, in the program's options */
    int n;               /* from 1 */
    const char *const *names;
} ck_worker_pool_spec;

/* For a stage's open; errors name the worker where there are several.  The rest are a stage's callbacks. */
ck_status ck_worker_pool_open(const ck_worker_pool_spec *of, const void *opts, const ck_list *args, ck_meta *head,
                              ck_frame *first, void **state, ck_error *e);
/* Every worker admits the frame, since the one that will make it is not known yet. */
ck_status ck_worker_pool_admit(void *state, ck_frame *f, ck_error *e);
ck_status ck_worker_pool_frame(void *state, ck_frame *f, ck_error *e);
ck_status ck_worker_pool_finish(void *state, ck_error *e);
void ck_worker_pool_close(void *state);

#endif
