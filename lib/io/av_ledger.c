#include "io/av_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Packets: above what any decoder holds back through threads and reordering. */
#define LONGEST_DELAY 256
/* Frames: references of a picture are output at most a decoded picture buffer after it. */
#define REORDERED 16

/* Damage recorded for a group.  Groups count from 2, so zeroed entries match none. */
static ck_group_damage damage_of(const ck_ledger *l, long group)
{
    ck_group_damage d = l->damage[group % CK_LEDGER_GROUPS];
    return d.group == group ? d : (ck_group_damage){.group = group};
}

static void record(ck_ledger *l, long group, bool leading, int64_t id)
{
    ck_group_damage d = damage_of(l, group);
    int64_t *first = leading ? &d.leading : &d.other;
    if (!*first || id < *first)
        *first = id;
    l->damage[group % CK_LEDGER_GROUPS] = d;
}

void ck_ledger_restart(ck_ledger *l)
{
    l->start = l->group += 2; /* +2: damage does not spread across the cut */
}

static void enter_group(ck_ledger *l, int64_t pts, bool key)
{
    if (!l->group)
        ck_ledger_restart(l);
    if (!key)
        return;
    l->group++;
    l->key_pts = pts;
    if (l->group == l->start + 1)
        l->head = l->last_id + 1;
}

void ck_ledger_hidden(ck_ledger *l, int64_t pts, bool key)
{
    enter_group(l, pts, key);
    l->last_orphan = l->last_id + 1;
}

int64_t ck_ledger_sent(ck_ledger *l, int64_t pts, bool key, bool reference)
{
    ck_note *notes = ck_grown(l->notes, (size_t)l->n, &l->cap, sizeof *notes);
    if (!notes)
        return -1;
    l->notes = notes;
    enter_group(l, pts, key);
    bool first = l->group == l->start + 1, timed = pts != CK_NO_PTS, key_timed = l->key_pts != CK_NO_PTS;
    /* Pictures shown before the first key packet have no time in Matroska, which cannot store negative times. */
    bool leading = !key && l->group > l->start && key_timed && (timed ? pts < l->key_pts : first);
    reference |= !timed || pts >= l->latest_pts || l->last_id == 0;
    l->latest_pts = timed && (pts > l->latest_pts || l->last_id == 0) ? pts : l->latest_pts;
    l->notes[l->n++] = (ck_note){.id = ++l->last_id,
                                 .pts = pts,
                                 .group = l->group,
                                 .key = key,
                                 .reference = reference,
                                 .leading = leading,
                                 .orphan = !l->intra && (l->group == l->start || (first && leading))};
    if (l->notes[l->n - 1].orphan)
        l->last_orphan = l->last_id;
    return l->last_id;
}

void ck_ledger_begin(ck_ledger *l, const ck_note *note)
{
    if (l->start == note->group)
        l->start--;
    for (int i = 0; i < l->n; i++)
        if (l->notes[i].group == note->group && l->notes[i].id > note->id)
            l->notes[i].orphan = false;
}

ck_status ck_ledger_bad(ck_ledger *l, int64_t id, const char *why, ck_error *e)
{
    for (int i = 0; i < l->n; i++) {
        ck_note *note = &l->notes[i];
        if (note->id != id)
            continue;
        ck_ledger_spoil(l, note);
        if (!note->error && !(note->error = strdup(why)))
            return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    }
    return CK_OK;
}

void ck_ledger_gap(ck_ledger *l)
{
    if (l->last_id)
        record(l, l->group, false, l->last_id);
}

void ck_ledger_spoil(ck_ledger *l, const ck_note *note)
{
    if (note->reference && !note->orphan)
        record(l, note->group, note->leading, note->id);
}

void ck_ledger_refresh(ck_ledger *l, const ck_note *note)
{
    if (damage_of(l, note->group - 1).other)
        record(l, note->group, false, note->id - 1);
}

bool ck_ledger_suspect(const ck_ledger *l, const ck_note *note)
{
    if (l->intra || !note->id)
        return false;
    ck_group_damage own = damage_of(l, note->group);
    if (own.other && own.other < note->id)
        return true;
    return note->leading && ((own.leading && own.leading < note->id) || damage_of(l, note->group - 1).other);
}

bool ck_ledger_waiting(const ck_ledger *l, int64_t id)
{
    for (int i = 0; i < l->n && !l->intra; i++)
        if (l->notes[i].id < id && l->notes[i].id >= id - REORDERED && !l->notes[i].orphan)
            return true;
    return false;
}

static void take(ck_ledger *l, int i, ck_note *out)
{
    *out = l->notes[i];
    memmove(l->notes + i, l->notes + i + 1, (size_t)(--l->n - i) * sizeof *l->notes);
}

/* True if `note` is shown before a frame with this id and pts.  Without times: sent more than `delay` packets
 * earlier. */
static bool before(const ck_note *note, int64_t id, int64_t pts, int delay)
{
    return note->pts != CK_NO_PTS && pts != CK_NO_PTS ? note->pts < pts : note->id < id - delay;
}

bool ck_ledger_overdue(ck_ledger *l, int64_t id, int64_t pts, ck_note *out)
{
    int first = -1;
    for (int i = 0; i < l->n; i++) {
        const ck_note *note = &l->notes[i];
        bool timed = note->pts != CK_NO_PTS && pts != CK_NO_PTS;
        if (note->id == id || !before(note, id, pts, l->delay))
            continue;
        bool lost = timed && note->id < id && !note->key && ck_ledger_suspect(l, note);
        if (note->error || ((l->strict || note->orphan) && timed) || lost) {
            if (first < 0 || before(note, l->notes[first].id, l->notes[first].pts, 0))
                first = i;
        } else if (!l->strict && (note->id < id - LONGEST_DELAY || (timed && note->id < id))) {
            ck_note gone;
            take(l, i--, &gone);
            first -= first > i;
        }
    }
    if (first >= 0)
        take(l, first, out);
    return first >= 0;
}

bool ck_ledger_frame(ck_ledger *l, int64_t id, ck_note *out)
{
    for (int i = 0; i < l->n; i++) {
        if (l->notes[i].id != id)
            continue;
        take(l, i, out);
        if (out->key)
            l->shown = out->group;
        /* Without times, a picture output before its group's key frame is a leading one. */
        else if (out->pts == CK_NO_PTS && !out->leading && out->group > l->shown && out->group > l->start) {
            out->leading = true;
            out->orphan = !l->intra && out->group == l->start + 1;
        }
        return true;
    }
    return false;
}

bool ck_ledger_rest(ck_ledger *l, ck_note *out)
{
    int first = -1;
    for (int i = 0; i < l->n; i++)
        if ((l->notes[i].error || l->notes[i].orphan || l->strict) &&
            (first < 0 || before(&l->notes[i], l->notes[first].id, l->notes[first].pts, 0)))
            first = i;
    if (first < 0)
        return false;
    take(l, first, out);
    /* Without times: leading pictures follow the key packet, and decoders drop them silently. */
    if (out->pts == CK_NO_PTS && !out->error && !l->intra && out->id == l->head + 1) {
        out->orphan = true;
        l->head++;
    }
    return true;
}

void ck_ledger_free(ck_ledger *l)
{
    for (int i = 0; i < l->n; i++)
        free(l->notes[i].error);
    free(l->notes);
    *l = (ck_ledger){0};
}
