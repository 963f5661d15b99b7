/* The packets sent to a decoder, and the fate of each.  A packet leaves the ledger when its frame is output, or when it
 * is clear that none will be.  Frames are output in presentation order, so a bad one has its place: before the first
 * frame shown after it.
 *
 * Damage spreads within groups of pictures.  A group starts at a key packet; of the packets that follow it, the leading
 * ones are shown before it (open GOP, RASL) and may refer to the group before, the others may not:
 *
 *     damaged          suspect
 *     leading picture  later leading pictures of the group
 *     any other        all later packets of the group, leading pictures of the next
 *
 * A stream may also start inside a group: at a cut, or where two streams were joined.  What refers to the part that is
 * not there, up to the first key packet and its leading pictures, is an orphan: nothing was damaged, it was cut off. */
#ifndef CK_IO_AV_LEDGER_H
#define CK_IO_AV_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_NO_PTS INT64_MIN  /* as AV_NOPTS_VALUE */
#define CK_LEDGER_GROUPS 512 /* more than any decoder has in flight */

typedef struct ck_note {
    int64_t id, pts;
    long group;
    bool key;
    bool reference; /* other packets may refer to it */
    bool leading;   /* shown before its group's key packet */
    bool orphan;
    char *error; /* owned; why it is bad, or NULL */
} ck_note;

/* Ids of the first damaged packets of a group, 0 = none. */
typedef struct ck_group_damage {
    long group;
    int64_t leading, other;
} ck_group_damage;

typedef struct ck_ledger {
    ck_note *notes; /* owned */
    int n;
    size_t cap;
    int64_t last_id;
    bool intra;  /* every packet stands alone */
    bool strict; /* every packet is a frame: one that gives none is bad */
    int delay;   /* without times: frames that may come out between a packet and its own */
    long group;  /* of the packet sent last */
    long shown;  /* of the key frame output last */
    long start;  /* packets up to this group came before the first key packet after a cut */
    int64_t key_pts, latest_pts;
    int64_t last_orphan; /* or where hidden packets were */
    int64_t head; /* the first key packet after a cut, or the last of the leading pictures that were missing after it */
    ck_group_damage damage[CK_LEDGER_GROUPS];
} ck_ledger; /* all zero = empty */

/* A packet is about to be sent: its id, from 1, or -1 when out of memory.  One that says that nothing refers to it is
 * believed only if it is shown out of order: what it says may be damage. */
int64_t ck_ledger_sent(ck_ledger *l, int64_t pts, bool key, bool reference);

/* The same for a packet whose frame is not to be shown: it gets no note. */
void ck_ledger_hidden(ck_ledger *l, int64_t pts, bool key);

/* What is sent from now on has nothing before it. */
void ck_ledger_restart(ck_ledger *l);

/* The frame of this note, an orphan that is no leading picture, was coded by itself: the stream starts there. */
void ck_ledger_begin(ck_ledger *l, const ck_note *note);

/* That packet is bad.  The first reason stays. */
ck_status ck_ledger_bad(ck_ledger *l, int64_t id, const char *why, ck_error *e);

/* Packets are missing before the next one. */
void ck_ledger_gap(ck_ledger *l);

/* The frame of this note came out damaged, though nothing had been said of its packet. */
void ck_ledger_spoil(ck_ledger *l, const ck_note *note);

/* The frame of this key packet refers to others (periodic intra refresh): damage goes on past it. */
void ck_ledger_refresh(ck_ledger *l, const ck_note *note);

/* True if a packet that this one may refer to was bad, as far as that is known by now. */
bool ck_ledger_suspect(const ck_ledger *l, const ck_note *note);

/* True while the fate of a packet that was sent shortly before `id` is not known. */
bool ck_ledger_waiting(const ck_ledger *l, int64_t id);

/* Take out a note that belongs before a frame with this id and pts and will give no frame: true, and *out is the
 * caller's.  Unless strict, notes of packets that cannot give a frame any more are forgotten along the way. */
bool ck_ledger_overdue(ck_ledger *l, int64_t id, int64_t pts, ck_note *out);

/* The frame of packet `id` came: take its note out.  False when there is none. */
bool ck_ledger_frame(ck_ledger *l, int64_t id, ck_note *out);

/* No frame will come any more: take out what is bad, first shown first; false when there is nothing left. */
bool ck_ledger_rest(ck_ledger *l, ck_note *out);

void ck_ledger_free(ck_ledger *l);

#endif
