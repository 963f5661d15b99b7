/* Ring slots pinned for direct access by a device.  A slot is pinned when the first plane in it is seen, and stays
 * pinned. */
#ifndef CK_GREENFORMER_PINS_H
#define CK_GREENFORMER_PINS_H

#include <pthread.h>

#include "nn/frames.h"
#include "stream/frame.h"
#include "stream/lease.h"

#define CK_PINS_MAX 256

typedef struct ck_pins {
    pthread_mutex_t lock;
    struct {
        ck_ring *ring; /* a reference, which keeps the memory mapped */
        int slot;
        bool pinned; /* false: pinning failed */
    } all[CK_PINS_MAX];
    int n;
} ck_pins;

void ck_pins_open(ck_pins *p);
/* Unpin all; no copy may be running. */
void ck_pins_close(ck_pins *p, ck_nn *dev);

/* True if the plane lies in a pinned slot; pins it if possible.  Private memory is never pinned: it may be freed at any
 * time. */
bool ck_pins_has(ck_pins *p, ck_nn *dev, const ck_plane *plane, bool read_only);

/* Count the slots seen so far. */
void ck_pins_count(ck_pins *p, int *pinned, int *refused);

#endif
