/* Overflow-checked sizes, reference-counted buffers and the pool they come from; how much memory there is.
 *
 * A fresh 4K frame costs 30 to 50 ms of page faults, many times what moving it costs,
 * so big buffers are never freed between frames: the last reference hands a buffer
 * back to its pool, and the next frame of that size takes it again. */
#ifndef CK_BASE_MEM_H
#define CK_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_ALIGN 64 /* of every buffer, record and inline plane */

static inline bool ck_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool ck_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/* n rounded up to CK_ALIGN; n must be at most SIZE_MAX - 63. */
static inline size_t ck_pad(size_t n)
{
    return (n + CK_ALIGN - 1) & ~(size_t)(CK_ALIGN - 1);
}

/* For interfaces of others that only read through a pointer and do not declare it const. */
static inline void *ck_drop_const(const void *p)
{
    return (void *)(uintptr_t)p;
}

/* An array of *cap items of `size` bytes, n of them used, with room for one more: `items`, perhaps moved and *cap
 * doubled.  NULL when out of memory: then nothing has changed. */
void *ck_grown(void *items, size_t n, size_t *cap, size_t size);

typedef struct ck_buffer {
    void *data;                          /* CK_ALIGN-aligned */
    size_t size;                         /* bytes usable */
    int refs;                            /* atomic */
    void (*release)(struct ck_buffer *); /* at the last reference; NULL: back to the pool */
    void *owner;                         /* release's */
    struct ck_buffer *next;              /* the pool's free list */
} ck_buffer;

/* One process-wide pool serves all frames; it reuses exact sizes, so scratch whose size follows the
 * picture should ask for the most it can need, or for a power of two.  Thread-safe.  Contents are undefined.
 * NULL when out of memory. */
ck_buffer *ck_buffer_new(size_t size);
/* A view of memory that something else owns: release(b), which frees b too, is called at the last reference. */
ck_buffer *ck_buffer_view(void *data, size_t size, void (*release)(ck_buffer *b), void *owner);
ck_buffer *ck_buffer_ref(ck_buffer *b);
void ck_buffer_unref(ck_buffer *b);        /* NULL is fine */
bool ck_buffer_shared(const ck_buffer *b); /* more than the caller's reference */

/* Free every buffer that nobody references (end of a run, tests). */
void ck_pool_trim(void);

/* Bytes available without swapping, within the container's limit; 0 if unknown. */
size_t ck_memory_available(void);

#endif
