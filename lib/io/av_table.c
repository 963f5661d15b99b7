#include "io/av_table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "io/av_ledger.h"
#include "io/av_queue.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a table of packets");
}

ck_status ck_av_table_add(ck_av_table *t, const ck_av_row *packet, int64_t dts, ck_error *e)
{
    ck_av_row *rows = ck_grown(t->rows, (size_t)t->n, &t->cap, sizeof *rows);
    if (!rows)
        return no_memory(e);
    t->rows = rows;
    if (t->n == 0)
        t->first = -1;
    if (t->first < 0 && packet->key)
        t->first = t->n;
    const ck_av_row *last = t->n ? &rows[t->n - 1] : NULL;
    bool counted = last && t->first >= 0 && t->first < t->n && last->shown && last->pts >= rows[t->first].pts;
    long shown_after = last ? last->shown_after + counted : 0;
    rows[t->n] = *packet;
    rows[t->n].frame = -1;
    rows[t->n++].shown_after = shown_after;
    t->reordered |= packet->pts != dts;
    if (packet->pts == CK_NO_PTS)
        t->unfit = "packets have no times";
    return CK_OK;
}

bool ck_av_table_covers(const ck_av_table *t, long last)
{
    if (last >= LONG_MAX - 1 || !t->n || !t->rows[t->n - 1].key)
        return false;
    long before = t->n - 2;
    while (before >= 0 && !t->rows[before].key)
        before--;
    return before >= 0 && t->rows[before].shown_after > last + 1;
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const ck_av_row *rows = ctx, *x = &rows[*(const long *)a], *y = &rows[*(const long *)b];
    return (x->pts > y->pts) - (x->pts < y->pts);
}

/* The first contradiction within the groups of pictures, or NULL.  The packets of a group must be shown after the key
 * packet of the previous group, and before that of the next. */
static const char *contradiction(const ck_av_table *t)
{
    const ck_av_row *r = t->rows;
    int64_t before = INT64_MIN, key = r[t->first].pts, latest = INT64_MIN;
    for (long i = 0; i < t->first; i++)
        if (r[i].shown && r[i].pts >= key)
            return "frames before the first key frame are shown after it";
    for (long i = t->first + 1; i < t->n; i++) {
        if (r[i].key && (r[i].pts <= key || r[i].pts <= latest))
            return "key frames are out of order";
        if (r[i].key) {
            before = key;
            key = r[i].pts;
        } else if (r[i].pts <= before) {
            return "frames are out of order";
        }
        latest = r[i].pts > latest ? r[i].pts : latest;
    }
    return NULL;
}

ck_status ck_av_table_settle(ck_av_table *t, ck_error *e)
{
    if (!t->unfit && (t->n == 0 || t->first < 0))
        t->unfit = "it has no key frame";
    if (t->unfit)
        return CK_OK;
    t->order = malloc((size_t)t->n * sizeof *t->order);
    if (!t->order)
        return no_memory(e);
    for (long i = 0; i < t->n; i++)
        t->order[i] = i;
    qsort_r(t->order, (size_t)t->n, sizeof *t->order, by_time, t->rows);
    for (long i = 1; i < t->n && !t->unfit; i++)
        if (t->rows[t->order[i]].pts == t->rows[t->order[i - 1]].pts)
            t->unfit = "several packets have one time";
    if (!t->unfit)
        t->unfit = contradiction(t);
    if (t->unfit)
        return CK_OK;
    for (long i = 0; i < t->n; i++)
        t->led |= t->rows[i].shown && t->rows[i].pts < t->rows[t->first].pts;
    if (t->led && !t->rows[t->first].shown)
        t->unfit = "it starts with hidden frames";
    return CK_OK;
}

void ck_av_table_number(ck_av_table *t, long base, double unit, double rate)
{
    long at = ck_av_table_place(t, t->first), frame = base - 1, row;
    double last = 0;
    for (bool any = false; (row = ck_av_table_next(t, &at)) >= 0; any = true) {
        double time = (double)t->rows[row].pts * unit;
        long gap = any && rate > 0 ? lround((time - last) * rate) - 1 : 0;
        frame += 1 + (gap > 0 && gap <= CK_MOST_MISSING ? gap : 0);
        t->rows[row].frame = frame;
        last = time;
    }
}

long ck_av_table_place(const ck_av_table *t, long row)
{
    long from = 0, to = t->n;
    while (to - from > 1) {
        long middle = from + (to - from) / 2;
        if (t->rows[t->order[middle]].pts <= t->rows[row].pts)
            from = middle;
        else
            to = middle;
    }
    return from;
}

long ck_av_table_find(const ck_av_table *t, int64_t pts)
{
    long from = 0, to = t->n;
    while (to - from > 1) {
        long middle = from + (to - from) / 2;
        if (t->rows[t->order[middle]].pts <= pts)
            from = middle;
        else
            to = middle;
    }
    return t->n && t->rows[t->order[from]].pts == pts ? t->order[from] : -1;
}

long ck_av_table_next(const ck_av_table *t, long *at)
{
    while (*at < t->n) {
        long row = t->order[(*at)++];
        if (t->rows[row].shown)
            return row;
    }
    return -1;
}

/* The last row shown whose frame is not after `frame`; a frame between two rows repeats the earlier one. */
static long row_of(const ck_av_table *t, long frame)
{
    long from = ck_av_table_place(t, t->first), to = t->n, best = t->first;
    while (from < to) {
        long middle = from + (to - from) / 2, at = middle, row = ck_av_table_next(t, &at);
        if (row < 0 || t->rows[row].frame > frame) {
            to = middle;
        } else {
            best = row;
            from = at;
        }
    }
    return best;
}

long ck_av_table_start(const ck_av_table *t, long frame)
{
    long row = row_of(t, frame), start = row;
    while (start > t->first && !(t->rows[start].key && t->rows[start].pts <= t->rows[row].pts))
        start--;
    return start;
}

void ck_av_table_free(ck_av_table *t)
{
    free(t->rows);
    free(t->order);
    *t = (ck_av_table){0};
}
