#include "base/thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* Items live in a ring of `slots`; item i is in slot i % slots.  Three counters only grow: produced, taken (next to
 * work on) and consumed. */
typedef struct flow {
    const ck_flow *f;
    pthread_mutex_t lock;
    pthread_cond_t change;
    int slots;
    long produced, taken, consumed;
    bool ended;    /* produce has returned something else than CK_OK */
    bool stop;     /* consume failed or reached a failure */
    ck_status end; /* produce's last status */
    ck_error end_error;
    unsigned char *items;
    bool *done;        /* [slots] `work` has returned */
    ck_status *status; /* [slots] its status */
    ck_error *error;   /* [slots] */
} flow;

static void *item(flow *w, long i)
{
    return w->items + (size_t)(i % w->slots) * w->f->item_size;
}

static void *produce_loop(void *arg)
{
    flow *w = arg;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        while (!w->stop && w->produced - w->consumed >= w->slots)
            pthread_cond_wait(&w->change, &w->lock);
        bool stop = w->stop;
        long i = w->produced;
        pthread_mutex_unlock(&w->lock);
        if (stop)
            return NULL;
        ck_error e = {{0}};
        ck_status s = w->f->produce(w->f->ctx, item(w, i), &e);
        pthread_mutex_lock(&w->lock);
        if (s == CK_OK) {
            w->done[i % w->slots] = false;
            w->produced++;
        } else {
            w->ended = true;
            w->end = s;
            w->end_error = e;
        }
        pthread_cond_broadcast(&w->change);
        pthread_mutex_unlock(&w->lock);
        if (s != CK_OK)
            return NULL;
    }
}

static void *work_loop(void *arg)
{
    flow *w = arg;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        while (!w->stop && w->taken == w->produced && !w->ended)
            pthread_cond_wait(&w->change, &w->lock);
        if (w->stop || w->taken == w->produced) {
            pthread_mutex_unlock(&w->lock);
            return NULL;
        }
        long i = w->taken++;
        pthread_mutex_unlock(&w->lock);
        int k = (int)(i % w->slots);
        w->error[k].text[0] = 0;
        ck_status s = w->f->work ? w->f->work(w->f->ctx, item(w, i), &w->error[k]) : CK_OK;
        pthread_mutex_lock(&w->lock);
        w->status[k] = s;
        w->done[k] = true;
        pthread_cond_broadcast(&w->change);
        pthread_mutex_unlock(&w->lock);
    }
}

/* Runs in the caller's thread. */
static ck_status consume_loop(flow *w, ck_error *e)
{
    for (;;) {
        pthread_mutex_lock(&w->lock);
        long i = w->consumed;
        int k = (int)(i % w->slots);
        while (!(i < w->produced && w->done[k]) && !(w->ended && i == w->produced))
            pthread_cond_wait(&w->change, &w->lock);
        bool last = i == w->produced;
        pthread_mutex_unlock(&w->lock);
        if (last) {
            if (e)
                *e = w->end_error;
            return w->end == CK_END ? CK_OK : w->end;
        }
        ck_status s = w->status[k];
        if (s != CK_OK) {
            if (e)
                *e = w->error[k];
            return s;
        }
        s = w->f->consume(w->f->ctx, item(w, i), e);
        w->f->drop(w->f->ctx, item(w, i));
        pthread_mutex_lock(&w->lock);
        w->consumed++;
        pthread_cond_broadcast(&w->change);
        pthread_mutex_unlock(&w->lock);
        if (s != CK_OK)
            return s;
    }
}

static bool allocate(flow *w)
{
    size_t n = (size_t)w->slots;
    w->items = calloc(n, w->f->item_size);
    w->done = calloc(n, sizeof *w->done);
    w->status = calloc(n, sizeof *w->status);
    w->error = calloc(n, sizeof *w->error);
    return w->items && w->done && w->status && w->error;
}

static void release(flow *w)
{
    free(w->items);
    free(w->done);
    free(w->status);
    free(w->error);
}

ck_status ck_flow_run(const ck_flow *f, ck_error *e)
{
    int threads = f->threads < 1 ? 1 : f->threads;
    flow w = {.f = f,
              .slots = f->slots > 0 ? f->slots : threads + 2,
              .lock = PTHREAD_MUTEX_INITIALIZER,
              .change = PTHREAD_COND_INITIALIZER};
    pthread_t *ids = calloc((size_t)threads + 1, sizeof *ids);
    if (!ids || !allocate(&w)) {
        free(ids);
        release(&w);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %d threads", threads);
    }
    ck_status s = CK_OK;
    int started = 0;
    for (; started <= threads; started++) {
        if (pthread_create(&ids[started], NULL, started ? work_loop : produce_loop, &w)) {
            s = ck_fail(e, CK_ERR_MEMORY, "cannot start thread %d of %d: use fewer with --threads", started, threads);
            break;
        }
    }
    if (s == CK_OK)
        s = consume_loop(&w, e);
    pthread_mutex_lock(&w.lock);
    w.stop = true;
    pthread_cond_broadcast(&w.change);
    pthread_mutex_unlock(&w.lock);
    if (s != CK_OK && f->cancel)
        f->cancel(f->ctx);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (; w.consumed < w.produced; w.consumed++)
        f->drop(f->ctx, item(&w, w.consumed));
    free(ids);
    release(&w);
    return s;
}
