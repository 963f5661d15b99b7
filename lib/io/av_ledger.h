/* The packets sent to a decoder, and the fate of each.  A packet leaves the ledger when its frame is output, or when it
 * is clear that none will be.  Frames are output in presentation order, so a bad one has its place: before the first
 * frame shown after it. */
#ifndef CK_IO_AV_LEDGER_H
#define CK_IO_AV_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_NO_PTS INT64_MIN /* as AV_NOPTS_VALUE */

typedef struct ck_note {
    int64_t id, pts;
    bool key;
    bool suspect; /* what it depends on was bad */
    char *error;  /* owned; why it is bad, or NULL */
} ck_note;

typedef struct ck_ledger {
    ck_note *notes; /* owned */
    int n;
    size_t cap;
    int64_t last_id;
    bool intra;         /* every packet stands alone */
    bool strict;        /* every packet is a frame: one that gives none is bad */
    int delay;          /* without times: frames that may come out between a packet and its own */
    bool dirty;         /* a packet was bad and no key packet came since */
    bool leading_dirty; /* one was when the last key packet came: frames shown before that depend on it */
    int64_t key_pts;
} ck_ledger; /* all zero = empty */

/* A packet is about to be sent: its id, from 1, or -1 when out of memory. */
int64_t ck_ledger_sent(ck_ledger *l, int64_t pts, bool key);

/* That packet is bad; what is sent after it and before the next key packet is suspect.  The first reason stays. */
ck_status ck_ledger_bad(ck_ledger *l, int64_t id, const char *why, ck_error *e);

/* The frame of that packet came out damaged, though nothing had been said of the packet: the same for what was
 * sent after it. */
void ck_ledger_spoil(ck_ledger *l, int64_t id);

/* Take out a bad note that belongs before a frame with this id and pts: true, and *out is the caller's.
 * Unless strict, notes of packets that cannot give a frame any more are forgotten along the way. */
bool ck_ledger_overdue(ck_ledger *l, int64_t id, int64_t pts, ck_note *out);

/* The frame of packet `id` came: take its note out.  False when there is none. */
bool ck_ledger_frame(ck_ledger *l, int64_t id, ck_note *out);

/* No frame will come any more: take out what is bad, first shown first; false when there is nothing left. */
bool ck_ledger_rest(ck_ledger *l, ck_note *out);

void ck_ledger_free(ck_ledger *l);

#endif
