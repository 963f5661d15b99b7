/* Running a plan: step by step; a bounded plan band by band. */
#include <time.h>

#include "nn/plan_inside.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Byte range of rows y0 … y1 - 1 of a map; false if the tensor is not a spilled map or the range is empty. */
static bool range(const ck_nn_plan *p, const ck_nn_tensor *t, int y0, int y1, size_t *at, size_t *n)
{
    if (!p->spill || !ck_nn_has(t) || t->id < 0 || !p->mem[t->id].map)
        return false;
    size_t row = (size_t)t->w * (size_t)t->ld * ck_nn_type_size(t->type);
    y0 = y0 < 0 ? 0 : y0;
    y1 = y1 > t->h ? t->h : y1;
    *at = (size_t)((char *)t->data - (char *)p->maps) + (size_t)y0 * row;
    *n = y1 > y0 ? (size_t)(y1 - y0) * row : 0;
    return *n > 0;
}

/* Bring into memory the input rows needed for rows y0 … y1 - 1 of y, and those rows of y. */
static ck_status fetch(ck_nn_plan *p, const ck_nn_step *s, int y0, int y1, ck_error *e)
{
    size_t at, n;
    ck_status st = CK_OK;
    for (int i = 0; i < CK_NN_INPUTS && st == CK_OK; i++)
        if (range(p, &s->x[i], y0 - s->dilation, y1 + s->dilation, &at, &n))
            st = ck_spill_need(p->spill, at, n, CK_SPILL_READ, e);
    if (st == CK_OK && range(p, &s->y, y0, y1, &at, &n))
        st = ck_spill_need(p->spill, at, n, CK_SPILL_WRITE, e);
    return st;
}

/* Spill the rows that the next band does not need. */
static ck_status spill(ck_nn_plan *p, const ck_nn_step *s, int y0, int y1, ck_error *e)
{
    size_t at, n;
    int end = y1 < s->y.h ? y1 - s->dilation : s->y.h + s->dilation;
    ck_status st = range(p, &s->y, y0, y1, &at, &n) ? ck_spill_idle(p->spill, at, n, e) : CK_OK;
    for (int i = 0; i < CK_NN_INPUTS && st == CK_OK; i++)
        if (range(p, &s->x[i], y0 - s->dilation, end, &at, &n))
            st = ck_spill_idle(p->spill, at, n, e);
    return st;
}

static ck_status run_bands(ck_nn_plan *p, const ck_nn_step *s, ck_error *e)
{
    int across = ck_nn_blocks(s->y.w), down = ck_nn_blocks(s->y.h), at = 0;
    bool some = ck_nn_in_part(s);
    const int *list = some ? s->part->block : p->all;
    int n = some ? s->part->n : across * down;
    ck_status st = CK_OK;
    for (int b = 0; b < down && st == CK_OK; b += p->band) {
        int end = at, y0 = b * CK_NN_BLOCK, y1 = y0 + p->band * CK_NN_BLOCK;
        while (end < n && list[end] < (b + p->band) * across)
            end++;
        ck_nn_part part = {list + at, end - at};
        ck_nn_step t = *s;
        t.part = &part;
        at = end;
        st = part.n ? fetch(p, s, y0, y1, e) : CK_OK;
        if (st == CK_OK && part.n)
            p->dev->ops->run[s->kind](p->dev, &t);
        if (st == CK_OK)
            st = spill(p, s, y0, y1, e);
    }
    return st;
}

static ck_status run_step(ck_nn_plan *p, const ck_nn_step *s, ck_error *e)
{
    if ((ck_nn_in_part(s) && s->part->n == 0) || (s->rows && s->rows->n == 0))
        return CK_OK;
    if (ck_nn_plan_in_bands(p, s))
        return run_bands(p, s, e);
    p->dev->ops->run[s->kind](p->dev, s);
    return CK_OK;
}

static ck_status run_all(ck_nn_plan *p, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; i < p->n_steps && s == CK_OK; i++)
        s = run_step(p, &p->steps[i], e);
    return s;
}

static ck_status run_timed(ck_nn_plan *p, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; i < p->n_steps && s == CK_OK; i++) {
        double start = now_ms();
        s = run_step(p, &p->steps[i], e);
        if (s == CK_OK)
            s = p->dev->ops->sync(p->dev, e);
        p->ms[i] = now_ms() - start;
        p->total_ms[i] += p->ms[i];
    }
    p->timed++;
    return s;
}

/* ---- recorded steps ---- */

/* Hash of the steps that have something to do, never 0.  0 if blocks or tokens are listed: such lists belong to one
 * frame. */
static uint64_t shape_of(const ck_nn_plan *p)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, one bit per round */
    for (int i = 0; i < p->n_steps; i++) {
        bool some = ck_nn_in_part(&p->steps[i]), empty = some && p->steps[i].part->n == 0;
        if (p->band || p->steps[i].rows || (some && !empty))
            return 0;
        hash = (hash ^ empty) * 0x100000001b3;
    }
    return hash | 1;
}

/* Record the steps without running them.  CK_END: recording failed. */
static ck_status record(ck_nn_plan *p, ck_error *e)
{
    ck_nn *d = p->dev;
    ck_status s = d->ops->record(d, &d->unrecorded);
    if (s != CK_OK)
        return CK_END;
    ck_status ran = run_all(p, e);
    s = d->ops->recorded(d, &p->graph, &d->unrecorded);
    return ran != CK_OK ? ran : s == CK_OK ? CK_OK : CK_END;
}

ck_status ck_nn_plan_queue(ck_nn_plan *p, ck_error *e)
{
    ck_nn *d = p->dev;
    uint64_t shape = d->ops->record && !*d->unrecorded.text ? shape_of(p) : 0;
    if (!shape)
        return run_all(p, e);
    if (shape != p->shape) { /* First run of this shape: libraries initialise lazily here, outside a recording */
        d->ops->forget(d, p->graph);
        p->graph = NULL;
        p->shape = shape;
        return run_all(p, e);
    }
    ck_status s = p->graph ? CK_OK : record(p, e);
    if (s == CK_END)
        return run_all(p, e);
    if (s == CK_OK)
        d->ops->replay(d, p->graph);
    return s;
}

ck_status ck_nn_plan_run(ck_nn_plan *p, bool timed, ck_error *e)
{
    ck_status s = timed ? run_timed(p, e) : ck_nn_plan_queue(p, e);
    return s == CK_OK ? p->dev->ops->sync(p->dev, e) : s;
}

double ck_nn_plan_ms(const ck_nn_plan *p, int i)
{
    return p->ms[i];
}

double ck_nn_plan_mean_ms(const ck_nn_plan *p, int i)
{
    return p->timed ? p->total_ms[i] / (double)p->timed : 0;
}
