#include "greenformer/pins.h"

void ck_pins_open(ck_pins *p)
{
    pthread_mutex_init(&p->lock, NULL);
}

void ck_pins_close(ck_pins *p, ck_nn *dev)
{
    for (int i = 0; i < p->n; i++) {
        if (p->all[i].pinned)
            dev->ops->frames->unpin(dev, ck_ring_slot(p->all[i].ring, p->all[i].slot));
        ck_ring_unref(p->all[i].ring);
    }
    p->n = 0;
    pthread_mutex_destroy(&p->lock);
}

static int find(const ck_pins *p, const ck_ring *ring, int slot)
{
    int i = 0;
    while (i < p->n && (p->all[i].ring != ring || p->all[i].slot != slot))
        i++;
    return i;
}

bool ck_pins_has(ck_pins *p, ck_nn *dev, const ck_plane *plane, bool read_only)
{
    ck_lease *l = plane->buf ? ck_lease_of(plane->buf) : NULL;
    if (!l)
        return false;
    ck_ring *ring = ck_lease_ring(l);
    int slot = ck_lease_slot(l);
    pthread_mutex_lock(&p->lock);
    int i = find(p, ring, slot);
    if (i == p->n && i < CK_PINS_MAX) {
        p->all[i].ring = ck_ring_ref(ring);
        p->all[i].slot = slot;
        p->all[i].pinned =
            dev->ops->frames->pin(dev, ck_ring_slot(ring, slot), (size_t)ck_ring_id_view(ring)->slot_bytes, read_only);
        p->n++;
    }
    bool pinned = i < p->n && p->all[i].pinned;
    pthread_mutex_unlock(&p->lock);
    return pinned;
}

void ck_pins_count(ck_pins *p, int *pinned, int *refused)
{
    *pinned = 0;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->n; i++)
        *pinned += p->all[i].pinned;
    *refused = p->n - *pinned;
    pthread_mutex_unlock(&p->lock);
}
