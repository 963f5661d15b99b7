/* A lease: this process's reference to one slot of a ring, shared by all buffers in that slot.
 *
 * The reference is given back when the frame that took the slot and the last buffer in it are gone. */
#ifndef CK_STREAM_LEASE_H
#define CK_STREAM_LEASE_H

#include "base/mem.h"
#include "stream/ring.h"

/* Smaller planes are sent inline: sharing them saves nothing. */
#define CK_LEASE_LEAST ((size_t)64 << 10)

typedef struct ck_lease ck_lease;

/* A lease that takes over the caller's reference to the slot, even if it fails: NULL when out of memory. */
ck_lease *ck_lease_new(ck_ring *r, int slot);
void ck_lease_unref(ck_lease *l); /* NULL is fine */

/* A buffer in the next free part of the slot; NULL if `bytes` do not fit or when out of memory.  One thread only. */
ck_buffer *ck_lease_take(ck_lease *l, size_t bytes);
/* A buffer at `offset`, which the caller has checked; NULL when out of memory. */
ck_buffer *ck_lease_view(ck_lease *l, size_t offset, size_t bytes);

/* The lease that a buffer lies in; NULL for private memory. */
ck_lease *ck_lease_of(const ck_buffer *b);
ck_ring *ck_lease_ring(const ck_lease *l);
int ck_lease_slot(const ck_lease *l);

#endif
