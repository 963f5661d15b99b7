/* A ring: slots of shared memory that one program fills and its neighbours read.  ck-ring(7) is the protocol.
 *
 * The owner takes a free slot, fills it and hands references to it down the pipe.  A slot is free when nobody holds a
 * reference.  The memory is a sealed memfd without a name: it goes with its last process.
 *
 * Thread-safe, but for ck_ring_take, which belongs to one thread. */
#ifndef CK_STREAM_RING_H
#define CK_STREAM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

#define CK_RING_MAX_SLOTS 64
#define CK_RING_CONTROL 8192 /* bytes before the first slot */
#define CK_RING_PAGE 4096    /* the size of a slot is a multiple of it */

/* A ring's place and identity, for a neighbour: as in the RING record. */
typedef struct ck_ring_id {
    uint32_t fd;    /* the sender's */
    uint32_t slots; /* 0: the owner has no slots of its own and only passes on planes in upstream rings */
    uint64_t dev, ino, bytes, slot_bytes;
    uint8_t nonce[16];
    uint64_t zero;
} ck_ring_id;

_Static_assert(sizeof(ck_ring_id) == 64, "no padding");

typedef struct ck_ring ck_ring;

/* False if $CK_RING is "off". */
bool ck_ring_wanted(void);

ck_status ck_ring_new(int slots, size_t slot_bytes, ck_ring **out, ck_error *e);
/* Open process pid's.  false, with the reason in e: a neighbour may lie, die or be out of reach. */
bool ck_ring_map(pid_t pid, const ck_ring_id *id, ck_ring **out, ck_error *e);
ck_ring *ck_ring_ref(ck_ring *r);
void ck_ring_unref(ck_ring *r); /* NULL is fine */

/* With this process's own descriptor. */
const ck_ring_id *ck_ring_id_view(const ck_ring *r);

/* The reader: confirm that all rings of the record are mapped.  Only the first confirmation counts. */
void ck_ring_attach(ck_ring *r);
/* The owner: true once a reader has. */
bool ck_ring_attached(const ck_ring *r);

/* The owner: leave the reason for its end, for a reader that finds the stream cut.  An ABORT record cannot follow half
 * a frame that nobody takes out of the pipe.  said: a program has said it on standard error.  Texts are cut to the
 * control page's room. */
void ck_ring_set_failure(ck_ring *r, const char *origin, const char *text, bool said);
/* False if there is none.  Both get a NUL. */
bool ck_ring_failure(const ck_ring *r, char *origin, size_t origin_n, char *text, size_t text_n, bool *said);

/* The owner: a free slot, with one reference, the lowest there is, so that memory follows use.  Waits for one; timeout
 * in seconds, 0 = none. */
ck_status ck_ring_take(ck_ring *r, double timeout, int *slot, ck_error *e);
/* Make a ck_ring_take that waits in another thread return CK_ERR_CLOSED, now and for ever. */
void ck_ring_cancel(ck_ring *r);

/* One more reference to a slot that the caller holds one to. */
void ck_ring_keep(ck_ring *r, int slot);
/* Give one back. */
void ck_ring_drop(ck_ring *r, int slot);

/* True if the slot is held and its generation is `gen`: checks a reference that came through the pipe. */
bool ck_ring_holds(const ck_ring *r, int slot, uint64_t gen);
uint64_t ck_ring_generation(const ck_ring *r, int slot);

/* First byte of a slot: the owner writes there, everybody else can only read. */
unsigned char *ck_ring_slot(const ck_ring *r, int slot);

/* The owner: slots that somebody holds, and bytes of memory that the ring takes up. */
int ck_ring_in_use(const ck_ring *r);
size_t ck_ring_resident(const ck_ring *r);

#endif
