#include "io/exr_crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "io/exr_core.h"

#define MAX_HELPERS 64 /* started in one run */

static atomic_int decoding; /* threads that decode now, in the whole process */

typedef struct run {
    const ck_exr_crew *crew;
    atomic_long next;
    atomic_bool failed;
    pthread_mutex_t lock;
    long bad; /* the first item that failed */
    exr_result_t code;
    char message[CK_EXR_MESSAGE];
} run;

static void fail(run *r, long item, exr_result_t code)
{
    pthread_mutex_lock(&r->lock);
    if (!r->code || item < r->bad) {
        r->bad = item;
        r->code = code;
        snprintf(r->message, sizeof r->message, "%s", ck_exr_heard());
    }
    pthread_mutex_unlock(&r->lock);
    atomic_store(&r->failed, true);
}

/* Run one item; false if none is left. */
static bool step(run *r, void *thread)
{
    if (atomic_load(&r->failed))
        return false;
    long item = atomic_fetch_add(&r->next, 1);
    if (item >= r->crew->items)
        return false;
    exr_result_t code = r->crew->run(thread, r->crew->job, item);
    if (code)
        fail(r, item, code);
    return !code;
}

static void *help(void *of)
{
    run *r = of;
    ck_exr_listen();
    void *thread = r->crew->start(r->crew->job);
    while (thread && atomic_load(&decoding) <= r->crew->threads && step(r, thread))
        continue;
    if (thread)
        r->crew->end(thread);
    atomic_fetch_sub(&decoding, 1);
    return NULL;
}

/* Start a helper if a core is idle and there is work left for it. */
static void call_help(run *r, pthread_t helpers[MAX_HELPERS], int *n)
{
    if (*n == MAX_HELPERS || atomic_load(&decoding) >= r->crew->threads || atomic_load(&r->next) + 2 > r->crew->items)
        return;
    atomic_fetch_add(&decoding, 1);
    if (pthread_create(&helpers[*n], NULL, help, r))
        atomic_fetch_sub(&decoding, 1);
    else
        ++*n;
}

exr_result_t ck_exr_crew_run(const ck_exr_crew *c)
{
    run r = {.crew = c, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t helpers[MAX_HELPERS];
    int n = 0;
    atomic_fetch_add(&decoding, 1);
    void *thread = c->start(c->job);
    do
        call_help(&r, helpers, &n);
    while (step(&r, thread));
    c->end(thread);
    for (int i = 0; i < n; i++)
        pthread_join(helpers[i], NULL);
    atomic_fetch_sub(&decoding, 1);
    if (r.code)
        ck_exr_repeat(r.message);
    return r.code;
}
