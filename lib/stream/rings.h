/* The RING record: all rings that a program's planes may lie in.  It is offered to the downstream program, which opens
 * the rings through /proc/PID/fd.  The protocol is ck-ring(7). */
#ifndef CK_STREAM_RINGS_H
#define CK_STREAM_RINGS_H

#include "stream/ring.h"

#define CK_RINGS_MAX 16
#define CK_RINGS_VERSION 1

/* The rings in the record's order, the sender's own last.  References are owned. */
typedef struct ck_rings {
    ck_ring *ring[CK_RINGS_MAX];
    int n;
} ck_rings; /* all zero = none */

/* The record's body as on the wire. */
typedef struct ck_rings_body {
    uint32_t version, pid, rings, zero1;
    uint64_t dev, ino; /* the sender's standard output; a reader of another pipe does not attach */
    uint8_t zero2[32];
    ck_ring_id id[CK_RINGS_MAX];
} ck_rings_body;

_Static_assert(sizeof(ck_rings_body) == 64 + 64 * CK_RINGS_MAX, "no padding");

/* Fill the body of a record for the pipe fd.  Returns its bytes, 0 if fd is not a pipe. */
size_t ck_rings_offer(const ck_rings *r, int fd, ck_rings_body *to);

/* Map all rings of a record of n bytes that came from fd, and confirm to the sender.  False if one cannot be reached:
 * then nothing is mapped, `why` holds the reason, and frames come inline.  `r` must be empty. */
bool ck_rings_attach(ck_rings *r, int fd, const ck_rings_body *body, size_t n, ck_error *why);

/* The ring's index in the record, or -1. */
int ck_rings_index(const ck_rings *r, const ck_ring *ring);
void ck_rings_free(ck_rings *r); /* leaves it empty */

#endif
