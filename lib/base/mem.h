/* Overflow-checked sizes, reference-counted buffers, the pool they come from, and available memory.
 *
 * A fresh 4K frame costs 30 to 50 ms of page faults, many times the cost of copying it.  So large buffers are not freed
 * between frames: the last unref returns a buffer to the pool, and the next frame of that size takes it again. */
#ifndef CK_BASE_MEM_H
#define CK_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_ALIGN 64 /* bytes: alignment of every buffer, record and inline plane */

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

/* Drop `const` for foreign interfaces that only read through a pointer but do not declare it const. */
static inline void *ck_drop_const(const void *p)
{
    return (void *)(uintptr_t)p;
}

/* Room for one more item in an array of *cap items of `size` bytes, of which n are used.  Returns the array, perhaps
 * moved, with *cap doubled.  NULL when out of memory; then nothing has changed. */
void *ck_grown(void *items, size_t n, size_t *cap, size_t size);

typedef struct ck_buffer {
    void *data;                          /* CK_ALIGN-aligned */
    size_t size;                         /* usable bytes */
    int refs;                            /* atomic */
    bool once;                           /* its size will not recur: freed at the last unref, not kept in the pool */
    void (*release)(struct ck_buffer *); /* called at the last unref; NULL: back to the pool */
    void *owner;                         /* for `release` */
    struct ck_buffer *next;              /* the pool's free list */
} ck_buffer;

/* A buffer of at least `size` bytes with undefined contents; NULL when out of memory.  Thread-safe.  One process-wide
 * pool serves all frames and reuses exact sizes only: scratch whose size follows the picture should ask for the largest
 * size it can need, or for a power of two. */
ck_buffer *ck_buffer_new(size_t size);
/* A buffer over memory owned by something else.  release(b) is called at the last unref and also frees b. */
ck_buffer *ck_buffer_view(void *data, size_t size, void (*release)(ck_buffer *b), void *owner);
ck_buffer *ck_buffer_ref(ck_buffer *b);
void ck_buffer_unref(ck_buffer *b);        /* NULL is fine */
bool ck_buffer_shared(const ck_buffer *b); /* others hold references too */

/* Free the pool's unused buffers (end of a run, tests). */
void ck_pool_trim(void);

/* Bytes available without swapping, within the container's limit; 0 if unknown. */
size_t ck_memory_available(void);

#endif
