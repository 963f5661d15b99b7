/* Running a plan: step by step, and band by band where it is bounded. */
#include <time.h>

#include "nn/plan_inside.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Rows y0 … y1-1 of a map among the maps. */
static bool range(const ck_plan *p, const ck_nn_tensor *t, int y0, int y1, size_t *at, size_t *n)
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

/* What rows y0 … y1-1 of a step's result are made from and where they go. */
static ck_status fetch(ck_plan *p, const ck_nn_step *s, int y0, int y1, ck_error *e)
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

/* Put aside what the next band does not reach. */
static ck_status leave(ck_plan *p, const ck_nn_step *s, int y0, int y1, ck_error *e)
{
    size_t at, n;
    int end = y1 < s->y.h ? y1 - s->dilation : s->y.h + s->dilation;
    ck_status st = range(p, &s->y, y0, y1, &at, &n) ? ck_spill_idle(p->spill, at, n, e) : CK_OK;
    for (int i = 0; i < CK_NN_INPUTS && st == CK_OK; i++)
        if (range(p, &s->x[i], y0 - s->dilation, end, &at, &n))
            st = ck_spill_idle(p->spill, at, n, e);
    return st;
}

static ck_status run_bands(ck_plan *p, const ck_nn_step *s, ck_error *e)
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
            st = leave(p, s, y0, y1, e);
    }
    return st;
}

static ck_status run_step(ck_plan *p, const ck_nn_step *s, ck_error *e)
{
    if (ck_nn_in_part(s) && s->part->n == 0)
        return CK_OK;
    if (ck_plan_in_bands(p, s))
        return run_bands(p, s, e);
    p->dev->ops->run[s->kind](p->dev, s);
    return CK_OK;
}

ck_status ck_plan_run(ck_plan *p, bool timed, ck_error *e)
{
    ck_nn *d = p->dev;
    for (int i = 0; i < p->n_steps; i++) {
        double start = timed ? now_ms() : 0;
        ck_status s = run_step(p, &p->steps[i], e);
        if (s == CK_OK && !timed)
            continue;
        s = s == CK_OK ? d->ops->sync(d, e) : s;
        if (s != CK_OK)
            return s;
        p->ms[i] = now_ms() - start;
        p->total_ms[i] += p->ms[i];
    }
    p->timed += timed;
    return d->ops->sync(d, e);
}

double ck_plan_ms(const ck_plan *p, int i)
{
    return p->ms[i];
}

double ck_plan_mean_ms(const ck_plan *p, int i)
{
    return p->timed ? p->total_ms[i] / (double)p->timed : 0;
}
