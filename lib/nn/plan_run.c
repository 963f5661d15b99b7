/* Running a plan: step by step, and band by band where it is bounded. */
#include <time.h>

#include "nn/plan_inside.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Rows y0 … y1-1 of a map are done with for now. */
static void rest(const ck_plan *p, const ck_nn_tensor *t, int y0, int y1)
{
    if (!ck_nn_has(t) || t->id < 0 || !p->mem[t->id].map)
        return;
    y0 = y0 < 0 ? 0 : y0;
    y1 = y1 > t->h ? t->h : y1;
    size_t row = (size_t)t->w * (size_t)t->ld * ck_plan_type_size(t->type), at = (size_t)((char *)t->data - p->maps);
    size_t from = at + (size_t)y0 * row, end = at + (size_t)(y1 > y0 ? y1 : y0) * row;
    from = from < p->resident ? p->resident : from;
    if (end > from)
        p->dev->ops->idle(p->dev, p->maps + from, end - from);
}

/* Band by band; a band's memory is given back when the next one no longer reaches it. */
static void run_bands(ck_plan *p, const ck_nn_step *s)
{
    int across = ck_nn_blocks(s->y.w), down = ck_nn_blocks(s->y.h), at = 0;
    bool some = ck_nn_in_part(s);
    const int *list = some ? s->part->block : p->all;
    int n = some ? s->part->n : across * down;
    for (int b = 0; b < down; b += p->band) {
        int end = at, y0 = b * CK_NN_BLOCK, y1 = y0 + p->band * CK_NN_BLOCK;
        while (end < n && list[end] < (b + p->band) * across)
            end++;
        ck_nn_part part = {list + at, end - at};
        ck_nn_step t = *s;
        t.part = &part;
        if (end > at)
            p->dev->ops->run[s->kind](p->dev, &t);
        at = end;
        for (int i = 0; p->resident < p->map_bytes && i < CK_NN_INPUTS; i++)
            rest(p, &s->x[i], y0 - s->dilation, b + p->band < down ? y1 - s->dilation : s->x[i].h);
        if (p->resident < p->map_bytes)
            rest(p, &s->y, y0, y1);
    }
}

static void run_step(ck_plan *p, const ck_nn_step *s)
{
    if (ck_nn_in_part(s) && s->part->n == 0)
        return;
    if (ck_plan_in_bands(p, s))
        run_bands(p, s);
    else
        p->dev->ops->run[s->kind](p->dev, s);
}

ck_status ck_plan_run(ck_plan *p, bool timed, ck_error *e)
{
    ck_nn *d = p->dev;
    for (int i = 0; i < p->n_steps; i++) {
        double start = timed ? now_ms() : 0;
        run_step(p, &p->steps[i]);
        if (!timed)
            continue;
        ck_status s = d->ops->sync(d, e);
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
