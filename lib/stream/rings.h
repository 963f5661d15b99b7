/* The RING record: the rings that a program can reach, offered to the downstream program, which opens them through
 * /proc/PID/fd. ck-ring(7) is the protocol. */
#ifndef CK_STREAM_RINGS_H
#define CK_STREAM_RINGS_H

#include "stream/ring.h"

#define CK_RINGS_MAX 16
#define CK_RINGS_VERSION 1

/* The rings of a record in its order, the sender's own last.  References are owned. */
typedef struct ck_rings {
    ck_ring *ring[CK_RINGS_MAX];
    int n;
} ck_rings; /* all zero = none */

/* The body of the record. */
typedef struct ck_rings_body {
    uint32_t version, pid, rings, zero1;
    uint64_t dev, ino; /* the sender's standard output: whoever reads another pipe does not attach */
    uint8_t zero2[32];
    ck_ring_id id[CK_RINGS_MAX];
} ck_rings_body;

_Static_assert(sizeof(ck_rings_body) == 64 + 64 * CK_RINGS_MAX, "no padding");

/* Fill the body of a record to be written to fd; its bytes, 0 if fd is no pipe. */
size_t ck_rings_offer(const ck_rings *r, int fd, ck_rings_body *to);

/* Map all rings of a record of n bytes that came from fd and tell the sender.  False, with nothing mapped and the
 * reason in `why`, if one of them cannot be reached: frames then come inline.  `r` must be empty. */
bool ck_rings_attach(ck_rings *r, int fd, const ck_rings_body *body, size_t n, ck_error *why);

/* Its place in the record, or -1. */
int ck_rings_index(const ck_rings *r, const ck_ring *ring);
void ck_rings_free(ck_rings *r); /* leaves it empty */

#endif
