#include "stream/lease.h"

#include <stdatomic.h>
#include <stdlib.h>

struct ck_lease {
    atomic_int refs;
    ck_ring *ring;
    int slot;
    size_t taken; /* bytes used from the start of the slot */
};

ck_lease *ck_lease_new(ck_ring *r, int slot)
{
    ck_lease *l = calloc(1, sizeof *l);
    if (!l) {
        ck_ring_drop(r, slot);
        return NULL;
    }
    atomic_init(&l->refs, 1);
    l->ring = ck_ring_ref(r);
    l->slot = slot;
    return l;
}

void ck_lease_unref(ck_lease *l)
{
    if (!l || atomic_fetch_sub(&l->refs, 1) > 1)
        return;
    ck_ring_drop(l->ring, l->slot);
    ck_ring_unref(l->ring);
    free(l);
}

static void release(ck_buffer *b)
{
    ck_lease_unref(b->owner);
    free(b);
}

ck_buffer *ck_lease_view(ck_lease *l, size_t offset, size_t bytes)
{
    ck_buffer *b = ck_buffer_view(ck_ring_slot(l->ring, l->slot) + offset, bytes, release, l);
    if (b)
        atomic_fetch_add(&l->refs, 1);
    return b;
}

ck_buffer *ck_lease_take(ck_lease *l, size_t bytes)
{
    size_t left = ck_ring_id_view(l->ring)->slot_bytes - l->taken;
    if (bytes > left || ck_pad(bytes) > left)
        return NULL;
    ck_buffer *b = ck_lease_view(l, l->taken, ck_pad(bytes));
    if (b)
        l->taken += ck_pad(bytes);
    return b;
}

ck_lease *ck_lease_of(const ck_buffer *b)
{
    return b && b->release == release ? b->owner : NULL;
}

ck_ring *ck_lease_ring(const ck_lease *l)
{
    return l->ring;
}

int ck_lease_slot(const ck_lease *l)
{
    return l->slot;
}
