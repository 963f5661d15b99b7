#include "io/av_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* More than any decoder holds back: threads and reordering together. */
#define LONGEST_DELAY 256

int64_t ck_ledger_sent(ck_ledger *l, int64_t pts, bool key)
{
    ck_note *notes = ck_grown(l->notes, (size_t)l->n, &l->cap, sizeof *notes);
    if (!notes)
        return -1;
    l->notes = notes;
    if (key) {
        l->leading_dirty = l->dirty;
        l->dirty = false;
        l->key_pts = pts;
    }
    bool leading = l->leading_dirty && pts != CK_NO_PTS && l->key_pts != CK_NO_PTS && pts < l->key_pts;
    l->notes[l->n++] =
        (ck_note){.id = ++l->last_id, .pts = pts, .key = key, .suspect = !l->intra && (l->dirty || leading)};
    return l->last_id;
}

ck_status ck_ledger_bad(ck_ledger *l, int64_t id, const char *why, ck_error *e)
{
    l->dirty = true;
    for (int i = 0; i < l->n; i++) {
        ck_note *note = &l->notes[i];
        if (note->id == id && !note->error && !(note->error = strdup(why)))
            return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    }
    return CK_OK;
}

void ck_ledger_spoil(ck_ledger *l, int64_t id)
{
    if (l->intra)
        return;
    for (int i = 0; i < l->n; i++) {
        if (l->notes[i].id <= id)
            continue;
        if (l->notes[i].key)
            return;
        l->notes[i].suspect = true;
    }
    l->dirty = true;
}

static void take(ck_ledger *l, int i, ck_note *out)
{
    *out = l->notes[i];
    memmove(l->notes + i, l->notes + i + 1, (size_t)(--l->n - i) * sizeof *l->notes);
}

/* Shown before a frame with this id and pts.  Without times, sent long enough before it. */
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
        if (note->error || (l->strict && timed)) {
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
        if (l->notes[i].id == id) {
            take(l, i, out);
            return true;
        }
    }
    return false;
}

bool ck_ledger_rest(ck_ledger *l, ck_note *out)
{
    int first = -1;
    for (int i = 0; i < l->n; i++)
        if ((l->notes[i].error || l->strict) &&
            (first < 0 || before(&l->notes[i], l->notes[first].id, l->notes[first].pts, 0)))
            first = i;
    if (first >= 0)
        take(l, first, out);
    return first >= 0;
}

void ck_ledger_free(ck_ledger *l)
{
    for (int i = 0; i < l->n; i++)
        free(l->notes[i].error);
    free(l->notes);
    *l = (ck_ledger){0};
}
