/* A lease: this process's hold on one slot of a ring, shared by all buffers that lie in it.
 *
 * The reference in shared memory is given back when the last buffer of the slot, and the frame that took it, are gone.
 */
#ifndef CK_STREAM_LEASE_H
#define CK_STREAM_LEASE_H

#include "base/mem.h"
#include "stream/ring.h"

/* Smaller planes travel inline: a hop by reference saves nothing on them. */
#define CK_LEASE_LEAST ((size_t)64 << 10)

typedef struct ck_lease ck_lease;

/* Takes over the caller's reference to the slot, also when it fails: NULL when out of memory. */
ck_lease *ck_lease_new(ck_ring *r, int slot);
void ck_lease_unref(ck_lease *l); /* NULL is fine */

/* The next free part of the slot; NULL when `bytes` do not fit any more, or when out of memory.  One thread. */
ck_buffer *ck_lease_take(ck_lease *l, size_t bytes);
/* The part from `offset` on, which the caller has checked; NULL when out of memory. */
ck_buffer *ck_lease_view(ck_lease *l, size_t offset, size_t bytes);

/* The lease a buffer lies in, NULL for private memory. */
ck_lease *ck_lease_of(const ck_buffer *b);
ck_ring *ck_lease_ring(const ck_lease *l);
int ck_lease_slot(const ck_lease *l);

#endif
