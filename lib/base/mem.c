#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

/* Buffers kept beyond this many are freed: a pipeline needs the planes of a few frames. */
#define KEEP 64
/* Smaller ones are not kept: malloc(3) reuses their pages by itself. */
#define SMALL (128 << 10)

struct ck_pool {
    pthread_mutex_t lock;
    ck_buffer *free;
    int n;
};

static ck_pool frames = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

static void destroy(ck_buffer *b)
{
    free(b->data);
    free(b);
}

/* Sizes recur exactly from frame to frame, so only an exact fit is reused: a large buffer lent to a small plane
 * would be missed by the next frame. */
static ck_buffer *take(ck_pool *p, size_t size)
{
    pthread_mutex_lock(&p->lock);
    ck_buffer **at = &p->free;
    while (*at && (*at)->size != size)
        at = &(*at)->next;
    ck_buffer *b = *at;
    if (b) {
        *at = b->next;
        p->n--;
    }
    pthread_mutex_unlock(&p->lock);
    return b;
}

ck_buffer *ck_buffer_new(size_t size)
{
    if (size > SIZE_MAX - CK_ALIGN)
        return NULL;
    size_t padded = ck_pad(size ? size : 1);
    ck_buffer *b = padded < SMALL ? NULL : take(&frames, padded);
    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b)
            return NULL;
        b->data = aligned_alloc(CK_ALIGN, padded);
        if (!b->data) {
            free(b);
            return NULL;
        }
        b->size = padded;
        b->pool = &frames;
    }
    b->next = NULL;
    __atomic_store_n(&b->refs, 1, __ATOMIC_RELAXED);
    return b;
}

ck_buffer *ck_buffer_ref(ck_buffer *b)
{
    __atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
    return b;
}

void ck_buffer_unref(ck_buffer *b)
{
    if (!b || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (b->size < SMALL) {
        destroy(b);
        return;
    }
    ck_pool *p = b->pool;
    ck_buffer *oldest = NULL;
    pthread_mutex_lock(&p->lock);
    b->next = p->free;
    p->free = b;
    /* Sizes that no longer occur sink to the end of the list; let them go. */
    if (++p->n > KEEP) {
        ck_buffer **at = &p->free;
        while ((*at)->next)
            at = &(*at)->next;
        oldest = *at;
        *at = NULL;
        p->n--;
    }
    pthread_mutex_unlock(&p->lock);
    if (oldest)
        destroy(oldest);
}

void ck_pool_trim(void)
{
    pthread_mutex_lock(&frames.lock);
    ck_buffer *b = frames.free;
    frames.free = NULL;
    frames.n = 0;
    pthread_mutex_unlock(&frames.lock);
    while (b) {
        ck_buffer *next = b->next;
        destroy(b);
        b = next;
    }
}
