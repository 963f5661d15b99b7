#include "io/av_queue.h"

#include <libavutil/frame.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
}

void ck_av_queue_init(ck_av_queue *q, double rate, bool repeats)
{
    *q = (ck_av_queue){.rate = rate, .repeats = repeats, .start = NAN};
}

/* Append a frame; takes ownership of av, copies `error`. */
static ck_status append(ck_av_queue *q, AVFrame *av, double at, const ck_note *note, const char *error, ck_error *e)
{
    if (q->first == q->n)
        q->first = q->judged = q->n = 0;
    ck_queued *all = ck_grown(q->all, (size_t)q->n, &q->cap, sizeof *all);
    char *copy = error ? strdup(error) : NULL;
    q->all = all ? all : q->all;
    if (!all || (error && !copy)) {
        free(copy);
        av_frame_free(&av);
        return no_memory(e);
    }
    q->all[q->n] = (ck_queued){.av = av, .pts = at, .error = copy, .index = q->shown};
    if (note)
        q->all[q->n].note = *note;
    q->all[q->n++].note.error = NULL;
    q->shown++;
    q->last = at;
    return CK_OK;
}

ck_status ck_av_queue_repeat(ck_av_queue *q, ck_error *e)
{
    const ck_queued *p = &q->previous;
    AVFrame *av = p->av ? av_frame_clone(p->av) : NULL;
    if (p->av && !av)
        return no_memory(e);
    q->repeated++;
    return append(q, av, q->last + 1 / q->rate, &p->note, p->error, e);
}

static void empty(ck_queued *f)
{
    av_frame_free(&f->av);
    free(f->error);
    f->error = NULL;
}

static ck_status remember(ck_av_queue *q, ck_error *e)
{
    const ck_queued *last = &q->all[q->n - 1];
    empty(&q->previous);
    q->previous = *last;
    q->previous.av = last->av ? av_frame_clone(last->av) : NULL;
    q->previous.error = last->error ? strdup(last->error) : NULL;
    bool short_of = (last->av && !q->previous.av) || (last->error && !q->previous.error);
    return short_of ? no_memory(e) : CK_OK;
}

ck_status ck_av_queue_put(ck_av_queue *q, AVFrame *av, double pts, const ck_note *note, const char *error, ck_error *e)
{
    double next = q->shown ? q->last + 1 / q->rate : 0;
    if (isnan(q->start) && !isnan(pts))
        q->start = pts - next;
    double at = isnan(pts) || (q->shown && pts - q->start <= q->last) ? next : pts - q->start;
    long gap = q->repeats && q->shown ? lround((at - q->last) * q->rate) - 1 : 0;
    ck_status s = CK_OK;
    for (long i = 0; s == CK_OK && i < gap && gap <= CK_MOST_MISSING; i++)
        s = ck_av_queue_repeat(q, e);
    if (s != CK_OK) {
        av_frame_free(&av);
        return s;
    }
    s = append(q, av, at, note, error, e);
    return s == CK_OK && q->repeats ? remember(q, e) : s;
}

void ck_av_queue_drop(ck_av_queue *q)
{
    empty(&q->all[q->first++]);
    q->judged = q->judged < q->first ? q->first : q->judged;
}

void ck_av_queue_restart(ck_av_queue *q, long shown, double at, double start)
{
    while (q->first < q->n)
        empty(&q->all[q->first++]);
    empty(&q->previous);
    q->first = q->judged = q->n = 0;
    q->shown = shown;
    q->last = at - 1 / q->rate; /* no gap before it */
    q->start = isnan(q->start) ? start : q->start;
}

void ck_av_queue_free(ck_av_queue *q)
{
    while (q->first < q->n)
        empty(&q->all[q->first++]);
    empty(&q->previous);
    free(q->all);
}
