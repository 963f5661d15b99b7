/* A ring: slots of shared memory that one program fills and its neighbours read.  The protocol is ck-ring(7).
 *
 * The owner takes a free slot, fills it and sends references to it down the pipe.  A slot is free when no process holds
 * a reference.  The memory is a sealed memfd without a name, released with the last process that maps it.
 *
 * Thread-safe, except ck_ring_take, which belongs to one thread. */
#ifndef CK_STREAM_RING_H
#define CK_STREAM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

#define CK_RING_MAX_SLOTS 64
#define CK_RING_CONTROL 8192 /* bytes before the first slot */
#define CK_RING_PAGE 4096    /* bytes; slot sizes are multiples of it */

/* Place and identity of a ring, as in the RING record. */
typedef struct ck_ring_id {
    uint32_t fd;    /* descriptor number in the sender's process */
    uint32_t slots; /* 0: the owner only passes on planes in upstream rings */
    uint64_t dev, ino, bytes, slot_bytes;
    uint8_t nonce[16];
    uint64_t zero;
} ck_ring_id;

_Static_assert(sizeof(ck_ring_id) == 64, "no padding");

typedef struct ck_ring ck_ring;

/* False if $CK_RING is "off": then nothing is shared. */
bool ck_ring_wanted(void);

/* Make a ring of `slots` slots, or of none (control pages only).  slot_bytes: a multiple of CK_RING_PAGE. */
ck_status ck_ring_new(int slots, size_t slot_bytes, ck_ring **out, ck_error *e);
/* Map a ring of process `pid`.  False, with the reason in e, if it cannot be reached or does not match `id`. */
bool ck_ring_map(pid_t pid, const ck_ring_id *id, ck_ring **out, ck_error *e);
ck_ring *ck_ring_ref(ck_ring *r);
void ck_ring_unref(ck_ring *r); /* NULL is fine */

/* The ring's identity with this process's own descriptor. */
const ck_ring_id *ck_ring_id_view(const ck_ring *r);

/* Reader: confirm that all rings of the record are mapped.  Only the first confirmation counts. */
void ck_ring_attach(ck_ring *r);
/* Owner: true once a reader has confirmed. */
bool ck_ring_attached(const ck_ring *r);

/* Owner: leave the reason for an early end, for a reader that finds the stream cut.  Needed because an ABORT record
 * cannot follow half a frame in a full pipe.  said: a program has printed it on standard error.  Texts are cut to fit
 * the control page. */
void ck_ring_set_failure(ck_ring *r, const char *origin, const char *text, bool said);
/* The failure left by the owner, as NUL-terminated texts; false without one. */
bool ck_ring_failure(const ck_ring *r, char *origin, size_t origin_n, char *text, size_t text_n, bool *said);

/* Owner: take a free slot, with one reference.  The lowest number first, so that memory follows use.  Waits if all are
 * held; timeout in seconds, 0 = none. */
ck_status ck_ring_take(ck_ring *r, double timeout, int *slot, ck_error *e);
/* Make ck_ring_take in another thread, and every later call, return CK_ERR_CLOSED. */
void ck_ring_cancel(ck_ring *r);

/* Add a reference to a slot of which the caller holds one. */
void ck_ring_keep(ck_ring *r, int slot);
/* Give a reference back. */
void ck_ring_drop(ck_ring *r, int slot);

/* True if the slot is held and its generation is `gen`: validates a reference that came through the pipe. */
bool ck_ring_holds(const ck_ring *r, int slot, uint64_t gen);
/* Number of times that the slot was given back. */
uint64_t ck_ring_generation(const ck_ring *r, int slot);

/* The slot's first byte.  Writable in the owner, read-only elsewhere. */
unsigned char *ck_ring_slot(const ck_ring *r, int slot);

/* Owner: slots that are held, and bytes of memory in use. */
int ck_ring_in_use(const ck_ring *r);
size_t ck_ring_resident(const ck_ring *r);

#endif
