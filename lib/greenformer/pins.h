/* Ring slots that a device reaches by itself: each is pinned when the first plane in it is seen, and stays so. */
#ifndef CK_GREENFORMER_PINS_H
#define CK_GREENFORMER_PINS_H

#include <pthread.h>

#include "nn/frames.h"
#include "stream/frame.h"

#define CK_PINS_MAX 256

typedef struct ck_pins {
    pthread_mutex_t lock;
    struct {
        ck_ring *ring; /* a reference: the memory stays mapped */
        int slot;
        bool pinned; /* false: it cannot be */
    } all[CK_PINS_MAX];
    int n;
} ck_pins;

void ck_pins_open(ck_pins *p);
/* Nothing may be on its way from or to the device. */
void ck_pins_close(ck_pins *p, ck_nn *dev);

/* True if the plane lies in a slot that is pinned by now.  Planes in memory of the process's own are not: that may be
 * freed at any time. */
bool ck_pins_has(ck_pins *p, ck_nn *dev, const ck_plane *plane, bool read_only);

/* Slots seen so far. */
void ck_pins_count(ck_pins *p, int *pinned, int *refused);

#endif
