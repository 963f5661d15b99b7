#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

void *ck_grown(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t more = *cap ? 2 * *cap : 16;
    void *p = reallocarray(items, more, size);
    if (p)
        *cap = more;
    return p;
}

/* Buffers kept for reuse; older ones are freed.  A pipeline needs the planes of a few frames. */
#define KEEP 64
/* Smaller buffers are not kept: malloc(3) reuses their pages itself. */
#define SMALL (128 << 10)

static struct {
    pthread_mutex_t lock;
    ck_buffer *free;
    int n;
} pool = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

static void destroy(ck_buffer *b)
{
    free(b->data);
    free(b);
}

/* Only an exact fit is reused.  Sizes recur exactly from frame to frame, and a large buffer lent to a small plane would
 * be missed by the next frame. */
static ck_buffer *take(size_t size)
{
    pthread_mutex_lock(&pool.lock);
    ck_buffer **at = &pool.free;
    while (*at && (*at)->size != size)
        at = &(*at)->next;
    ck_buffer *b = *at;
    if (b) {
        *at = b->next;
        pool.n--;
    }
    pthread_mutex_unlock(&pool.lock);
    return b;
}

#define PAGE ((uintptr_t)4096)
#define HUGE ((size_t)8 << 20) /* bytes from which huge pages pay: four of them */

/* Ask for huge pages: a 4K frame then costs tens of page faults, not thousands.  A refusal is no failure. */
static void ask_for_huge_pages(void *data, size_t size)
{
    uintptr_t from = ((uintptr_t)data + PAGE - 1) / PAGE * PAGE, to = ((uintptr_t)data + size) / PAGE * PAGE;
    if (size >= HUGE)
        (void)madvise((char *)data + (from - (uintptr_t)data), to - from, MADV_HUGEPAGE);
}

ck_buffer *ck_buffer_new(size_t size)
{
    if (size > SIZE_MAX - CK_ALIGN)
        return NULL;
    size_t padded = ck_pad(size ? size : 1);
    ck_buffer *b = padded < SMALL ? NULL : take(padded);
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
        ask_for_huge_pages(b->data, padded);
    }
    b->next = NULL;
    __atomic_store_n(&b->refs, 1, __ATOMIC_RELAXED);
    return b;
}

ck_buffer *ck_buffer_view(void *data, size_t size, void (*release)(ck_buffer *b), void *owner)
{
    ck_buffer *b = calloc(1, sizeof *b);
    if (b)
        *b = (ck_buffer){.data = data, .size = size, .refs = 1, .release = release, .owner = owner};
    return b;
}

ck_buffer *ck_buffer_ref(ck_buffer *b)
{
    __atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
    return b;
}

bool ck_buffer_shared(const ck_buffer *b)
{
    return __atomic_load_n(&b->refs, __ATOMIC_ACQUIRE) > 1;
}

void ck_buffer_unref(ck_buffer *b)
{
    if (!b || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (b->release) {
        b->release(b);
        return;
    }
    if (b->size < SMALL || b->once) {
        destroy(b);
        return;
    }
    ck_buffer *oldest = NULL;
    pthread_mutex_lock(&pool.lock);
    b->next = pool.free;
    pool.free = b;
    /* Sizes that no longer occur sink to the end of the list: the last buffer is freed. */
    if (++pool.n > KEEP) {
        ck_buffer **at = &pool.free;
        while ((*at)->next)
            at = &(*at)->next;
        oldest = *at;
        *at = NULL;
        pool.n--;
    }
    pthread_mutex_unlock(&pool.lock);
    if (oldest)
        destroy(oldest);
}

void ck_pool_trim(void)
{
    pthread_mutex_lock(&pool.lock);
    ck_buffer *b = pool.free;
    pool.free = NULL;
    pool.n = 0;
    pthread_mutex_unlock(&pool.lock);
    while (b) {
        ck_buffer *next = b->next;
        destroy(b);
        b = next;
    }
}
