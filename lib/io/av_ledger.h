/* A ledger of the packets sent to a decoder and their fate.  A packet leaves the ledger when its frame is output, or
 * when it is certain that none will be.  Frames are output in presentation order.  A bad frame is placed before the
 * first one that is shown after it.
 *
 * Damage spreads within groups of pictures.  A group starts at a key packet.  Of the packets after it, leading ones are
 * shown before it (open GOP, RASL) and may refer to the previous group; the others may not.
 *
 *     damaged          suspect
 *     leading picture  later leading pictures of the group
 *     any other        all later packets of the group, leading pictures of the next
 *
 * A stream may also start inside a group: at a cut, or where two streams were joined.  Pictures that refer to the
 * missing part, up to the first key packet and its leading pictures, are orphans: cut off, not damaged. */
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
    bool leading;   /* shown before the key packet of its group */
    bool orphan;
    char *error; /* owned; the reason why it is bad, or NULL */
} ck_note;

/* IDs of the first damaged packets of a group; 0 = none. */
typedef struct ck_group_damage {
    long group;
    int64_t leading, other;
} ck_group_damage;

typedef struct ck_ledger {
    ck_note *notes; /* owned */
    int n;
    size_t cap;
    int64_t last_id;
    bool intra;  /* all packets are intra-coded */
    bool strict; /* every packet must give a frame, else it is bad */
    int delay;   /* without times: frames that may be output between a packet and its frame */
    long group;  /* of the last packet sent */
    long shown;  /* of the last key frame output */
    long start;  /* packets up to this group precede the first key packet after a cut */
    int64_t key_pts, latest_pts;
    int64_t last_orphan; /* ID of the last orphan, or of the packet after a hidden one */
    int64_t head; /* ID of the first key packet after a cut, or of the last leading picture found missing after it */
    ck_group_damage damage[CK_LEDGER_GROUPS];
} ck_ledger; /* all zero = empty */

/* Enter a packet about to be sent.  Returns its ID, from 1; -1 when out of memory.  reference = false (nothing refers
 * to it) is believed only if the packet is shown out of order: damage can also cause it. */
int64_t ck_ledger_sent(ck_ledger *l, int64_t pts, bool key, bool reference);

/* The same for a packet whose frame is not to be shown.  It gets no note. */
void ck_ledger_hidden(ck_ledger *l, int64_t pts, bool key);

/* A new stream begins: later packets refer to none before. */
void ck_ledger_restart(ck_ledger *l);

/* The frame of this note, an orphan that is not a leading picture, proved to be intra-coded: the stream starts
 * there. */
void ck_ledger_begin(ck_ledger *l, const ck_note *note);

/* Mark a packet as bad.  The first reason is kept. */
ck_status ck_ledger_bad(ck_ledger *l, int64_t id, const char *why, ck_error *e);

/* Packets are missing before the next one. */
void ck_ledger_gap(ck_ledger *l);

/* The frame of this note was output damaged although its packet was not known to be. */
void ck_ledger_spoil(ck_ledger *l, const ck_note *note);

/* The frame of this key packet refers to others (periodic intra refresh), so damage spreads past it. */
void ck_ledger_refresh(ck_ledger *l, const ck_note *note);

/* True if a packet known to be bad may be a reference of this one. */
bool ck_ledger_suspect(const ck_ledger *l, const ck_note *note);

/* True while the fate of a packet sent shortly before `id` is unknown. */
bool ck_ledger_waiting(const ck_ledger *l, int64_t id);

/* Take out a note whose packet precedes the frame with this id and pts, and will give no frame.  True: *out is the
 * caller's.
 * Unless strict, notes of packets that can no longer give a frame are discarded on the way. */
bool ck_ledger_overdue(ck_ledger *l, int64_t id, int64_t pts, ck_note *out);

/* The frame of packet `id` was output: take out its note.  False if it is not listed. */
bool ck_ledger_frame(ck_ledger *l, int64_t id, ck_note *out);

/* After the last frame: take out a remaining bad note, the first shown first.  False if none is left. */
bool ck_ledger_rest(ck_ledger *l, ck_note *out);

void ck_ledger_free(ck_ledger *l);

#endif
