#include "nn/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define SPINS 1000 /* pause instructions: 20 to 60 microseconds, depending on the processor */

struct ck_team {
    int threads, started;
    pthread_t *ids;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint round; /* incremented per run; workers wait for a change */
    atomic_bool quit;
    atomic_int next, busy; /* next task; workers still in this round */
    int n;
    void (*task)(void *ctx, int i, int who);
    void *ctx;
};

typedef struct member {
    ck_team *team;
    int who;
} member;

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void work(ck_team *t, int who)
{
    for (int i; (i = atomic_fetch_add(&t->next, 1)) < t->n;)
        t->task(t->ctx, i, who);
}

static void await(ck_team *t, unsigned seen)
{
    for (int i = 0; i < SPINS; i++, relax())
        if (atomic_load(&t->round) != seen)
            return;
    pthread_mutex_lock(&t->lock);
    while (atomic_load(&t->round) == seen)
        pthread_cond_wait(&t->wake, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

static void *loop(void *arg)
{
    member m = *(member *)arg;
    free(arg);
    for (unsigned seen = 0;; seen++) {
        await(m.team, seen);
        if (atomic_load(&m.team->quit))
            return NULL;
        work(m.team, m.who);
        atomic_fetch_sub(&m.team->busy, 1);
    }
}

/* Under the lock: otherwise a worker between its last check and its sleep would miss the signal. */
static void start_round(ck_team *t)
{
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->round, 1);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void ck_team_run(ck_team *t, int n, void (*task)(void *ctx, int i, int who), void *ctx)
{
    t->n = n;
    t->task = task;
    t->ctx = ctx;
    atomic_store(&t->next, 0);
    if (n > 1 && t->started > 0) {
        atomic_store(&t->busy, t->started);
        start_round(t);
    }
    work(t, 0);
    for (int i = 0; atomic_load(&t->busy) > 0; i++)
        if (i < SPINS)
            relax();
        else
            sched_yield();
}

int ck_team_size(const ck_team *t)
{
    return t->threads;
}

ck_status ck_team_new(int threads, ck_team **out, ck_error *e)
{
    ck_team *t = calloc(1, sizeof *t);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    if (!t || !ids) {
        free(t);
        free(ids);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %d threads", threads);
    }
    *t = (ck_team){.threads = threads, .ids = ids};
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    for (int i = 1; i < threads; i++) {
        member *m = malloc(sizeof *m);
        if (m)
            *m = (member){t, i};
        if (!m || pthread_create(&ids[i - 1], NULL, loop, m)) {
            free(m);
            ck_team_free(t);
            return ck_fail(e, CK_ERR_MEMORY, "cannot start thread %d of %d: use fewer with --threads", i + 1, threads);
        }
        t->started++;
    }
    *out = t;
    return CK_OK;
}

void ck_team_free(ck_team *t)
{
    if (!t)
        return;
    atomic_store(&t->quit, true);
    start_round(t);
    for (int i = 0; i < t->started; i++)
        pthread_join(t->ids[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->ids);
    free(t);
}
