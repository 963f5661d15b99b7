#include "base/slot_pool.h"

#include <pthread.h>
#include <stdlib.h>

struct ck_slot_pool {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int n, first, count; /* n: slots; first, count: the free ones, a circular queue in `line` */
    int line[];
};

ck_status ck_slot_pool_new(int n, ck_slot_pool **out, ck_error *e)
{
    ck_slot_pool *s = n > 0 ? malloc(sizeof *s + (size_t)n * sizeof *s->line) : NULL;
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %d slots", n);
    *s = (ck_slot_pool){.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER, .n = n, .count = n};
    for (int i = 0; i < n; i++)
        s->line[i] = i;
    *out = s;
    return CK_OK;
}

void ck_slot_pool_free(ck_slot_pool *s)
{
    if (!s)
        return;
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int ck_slot_pool_take(ck_slot_pool *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->count)
        pthread_cond_wait(&s->freed, &s->lock);
    int i = s->line[s->first];
    s->first = (s->first + 1) % s->n;
    s->count--;
    pthread_mutex_unlock(&s->lock);
    return i;
}

void ck_slot_pool_release(ck_slot_pool *s, int i)
{
    pthread_mutex_lock(&s->lock);
    s->line[(s->first + s->count++) % s->n] = i;
    pthread_cond_signal(&s->freed);
    pthread_mutex_unlock(&s->lock);
}
