#include "nn/plan.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/plan_inside.h"

static const int forever = 1 << 30;

ck_status ck_nn_plan_new(ck_nn *dev, ck_nn_plan **out, ck_error *e)
{
    ck_nn_plan *p = calloc(1, sizeof *p);
    if (!p)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a plan");
    p->dev = dev;
    *out = p;
    return CK_OK;
}

void ck_nn_plan_free(ck_nn_plan *p)
{
    if (!p)
        return;
    if (p->graph)
        p->dev->ops->forget(p->dev, p->graph);
    p->dev->ops->release(p->dev, p->arena);
    if (p->spill)
        ck_spill_free(p->spill);
    else
        p->dev->ops->release(p->dev, p->maps);
    free(p->all);
    free(p->mem);
    free(p->steps);
    free(p->ms);
    free(p->total_ms);
    free(p);
}

void ck_nn_plan_fail(ck_nn_plan *p, ck_status s, const ck_error *e)
{
    if (p->failed != CK_OK)
        return;
    p->failed = s;
    p->error = *e;
}

/* Make room for one more element; a failure is kept as the plan's error. */
static bool grow(ck_nn_plan *p, void **array, int n, int *cap, size_t size)
{
    if (n < *cap)
        return true;
    void *q = realloc(*array, (size_t)(*cap + 128) * size);
    if (!q) {
        ck_error e;
        ck_nn_plan_fail(p, ck_fail(&e, CK_ERR_MEMORY, "out of memory for a plan"), &e);
        return false;
    }
    *array = q;
    *cap += 128;
    return true;
}

static ck_nn_tensor tensor(ck_nn_plan *p, ck_nn_type type, bool planar, int h, int w, int c)
{
    ck_nn_tensor t = {.type = type, .planar = planar, .h = h, .w = w, .c = c, .ld = c, .id = -1};
    size_t bytes = ck_nn_type_size(type);
    if (bytes == 2 && !planar && c < INT_MAX - 8)
        t.ld = (c + 7) / 8 * 8;
    if (h < 1 || w < 1 || c < 1 || !ck_mul(bytes, (size_t)h, &bytes) || !ck_mul(bytes, (size_t)w, &bytes) ||
        !ck_mul(bytes, (size_t)t.ld, &bytes) || bytes > SIZE_MAX / 2) {
        ck_error e;
        ck_nn_plan_fail(p, ck_fail(&e, CK_ERR_ARGUMENT, "a tensor of %d x %d x %d is impossible", h, w, c), &e);
        return t;
    }
    if (!grow(p, (void **)&p->mem, p->n_mem, &p->cap_mem, sizeof *p->mem))
        return t;
    t.id = p->n_mem++;
    p->mem[t.id] = (ck_nn_plan_memory){.bytes = ck_pad(bytes), .first = forever, .last = -1};
    return t;
}

ck_nn_tensor ck_nn_plan_act(ck_nn_plan *p, int h, int w, int c)
{
    return tensor(p, p->dev->act, false, h, w, c);
}

ck_nn_tensor ck_nn_plan_map(ck_nn_plan *p, int h, int w, int c)
{
    ck_nn_tensor t = ck_nn_plan_act(p, h, w, c);
    if (t.id >= 0)
        p->mem[t.id].map = true;
    return t;
}

ck_nn_tensor ck_nn_plan_f32(ck_nn_plan *p, int h, int w, int c)
{
    return tensor(p, CK_NN_F32, false, h, w, c);
}

ck_nn_tensor ck_nn_plan_planar(ck_nn_plan *p, int c, int h, int w)
{
    return tensor(p, CK_NN_F32, true, h, w, c);
}

ck_nn_tensor ck_nn_plan_f64(ck_nn_plan *p, int h, int w, int c)
{
    return tensor(p, CK_NN_F64, false, h, w, c);
}

ck_nn_tensor ck_nn_plan_view(const ck_nn_tensor *t, int from, int n)
{
    ck_nn_tensor v = *t;
    v.at += (size_t)from * ck_nn_type_size(t->type) * (t->planar ? ck_nn_pixels(t) : 1);
    v.c = n;
    return v;
}

ck_nn_tensor ck_nn_plan_rows(const ck_nn_tensor *t, int from, int n)
{
    ck_nn_tensor v = *t;
    v.at += (size_t)from * (size_t)t->w * (size_t)t->ld * ck_nn_type_size(t->type);
    v.h = n;
    return v;
}

void ck_nn_plan_bound(ck_nn_plan *p, size_t bytes, int rows)
{
    p->limit = bytes;
    p->band = rows / CK_NN_BLOCK;
}

static void alive(ck_nn_plan *p, const ck_nn_tensor *t, int step)
{
    if (!ck_nn_has(t) || t->id < 0)
        return;
    ck_nn_plan_memory *m = &p->mem[t->id];
    m->first = step < m->first ? step : m->first;
    m->last = step > m->last ? step : m->last;
}

void ck_nn_plan_input(ck_nn_plan *p, const ck_nn_tensor *t)
{
    alive(p, t, -1);
}

void ck_nn_plan_output(ck_nn_plan *p, const ck_nn_tensor *t)
{
    alive(p, t, forever);
}

void ck_nn_plan_add(ck_nn_plan *p, const char *group, const char *name, ck_nn_step s)
{
    if (p->failed != CK_OK || !grow(p, (void **)&p->steps, p->n_steps, &p->cap_steps, sizeof *p->steps))
        return;
    snprintf(s.label, sizeof s.label, "%s %s", group, name);
    for (int i = 0; i < CK_NN_INPUTS; i++)
        alive(p, &s.x[i], p->n_steps);
    alive(p, &s.y, p->n_steps);
    alive(p, &s.stats, p->n_steps);
    p->steps[p->n_steps++] = s;
}

static bool overlap(const ck_nn_plan_memory *a, const ck_nn_plan_memory *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static int larger_first(const void *a, const void *b, void *mem)
{
    int i = *(const int *)a, j = *(const int *)b;
    size_t m = ((ck_nn_plan_memory *)mem)[i].bytes, n = ((ck_nn_plan_memory *)mem)[j].bytes;
    return m != n ? (m < n) - (m > n) : i - j;
}

/* Lowest offset at which m overlaps no tensor alive at the same time; done[n]: tensors placed so far. */
static size_t place(const ck_nn_plan *p, const int *done, int n, const ck_nn_plan_memory *m)
{
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < n; i++) {
            const ck_nn_plan_memory *o = &p->mem[done[i]];
            if (o->map == m->map && overlap(m, o) && at < o->at + o->bytes && o->at < at + m->bytes) {
                at = o->at + o->bytes;
                moved = true;
            }
        }
    }
    return at;
}

/* Largest first: large tensors decide the arena's size, small ones fill its gaps. */
static ck_status layout(ck_nn_plan *p, ck_error *e)
{
    int *order = malloc((size_t)(p->n_mem + 1) * sizeof *order);
    if (!order)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a plan");
    for (int i = 0; i < p->n_mem; i++)
        order[i] = i;
    qsort_r(order, (size_t)p->n_mem, sizeof *order, larger_first, p->mem);
    ck_status s = CK_OK;
    for (int i = 0; i < p->n_mem && s == CK_OK; i++) {
        ck_nn_plan_memory *m = &p->mem[order[i]];
        size_t end, *all = m->map ? &p->map_bytes : &p->arena_bytes;
        m->at = place(p, order, i, m);
        if (!ck_add(m->at, m->bytes, &end) || end > SIZE_MAX / 2)
            s = ck_fail(e, CK_ERR_MEMORY, "the network needs more memory than can be addressed: use a smaller --size");
        *all = end > *all ? end : *all;
    }
    free(order);
    return s;
}

static void put(const ck_nn_plan *p, ck_nn_tensor *t)
{
    if (ck_nn_has(t) && t->id >= 0)
        t->data = (char *)(p->mem[t->id].map ? p->maps : p->arena) + p->mem[t->id].at + t->at;
}

ck_nn_tensor ck_nn_plan_placed(const ck_nn_plan *p, const ck_nn_tensor *t)
{
    ck_nn_tensor u = *t;
    put(p, &u);
    return u;
}

/* Memory that one band of a step touches: in each spilled map the band's rows and its dilation's reach, in pages. */
static size_t window(const ck_nn_plan *p, const ck_nn_step *s)
{
    size_t rows = (size_t)p->band * CK_NN_BLOCK + 2 * (size_t)s->dilation, bytes = 0;
    const ck_nn_tensor *all[] = {&s->x[0], &s->x[1], &s->x[2], &s->x[3], &s->y};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const ck_nn_tensor *t = all[i];
        bool counted = !ck_nn_has(t) || t->id < 0 || !p->mem[t->id].map;
        for (size_t j = 0; j < i && !counted; j++)
            counted = ck_nn_has(all[j]) && all[j]->id == t->id && all[j]->at == t->at;
        if (!counted)
            bytes += rows * (size_t)t->w * (size_t)t->ld * ck_nn_type_size(t->type) + 2 * CK_SPILL_PAGE;
    }
    return bytes;
}

/* Decide how much of the maps stays in memory. */
static ck_status divide(ck_nn_plan *p, ck_error *e)
{
    size_t most = 0, least;
    p->resident = p->map_bytes;
    if (!p->limit || (ck_add(p->arena_bytes, p->map_bytes, &least) && least <= p->limit))
        return CK_OK;
    if (!p->dev->ops->host)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "device %s cannot spill maps to disk: it needs %.1f MB of memory",
                       p->dev->ops->name, (double)(p->arena_bytes + p->map_bytes) * 1e-6);
    for (int i = 0; i < p->n_steps; i++) {
        size_t n = window(p, &p->steps[i]);
        most = n > most ? n : most;
    }
    /* The band's window, plus one byte per page that may be spilled. */
    if (!ck_add(most, p->map_bytes / CK_SPILL_PAGE + 2 * CK_SPILL_PAGE, &p->window) ||
        !ck_add(p->arena_bytes, p->window, &least) || least > p->limit)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "the network cannot run in %.1f MB: it needs %.1f MB, besides its maps on disk",
                       (double)p->limit * 1e-6, (double)least * 1e-6);
    p->resident = (p->limit - least) / CK_SPILL_PAGE * CK_SPILL_PAGE;
    return CK_OK;
}

static ck_status list_blocks(ck_nn_plan *p, ck_error *e)
{
    int most = 0;
    for (int i = 0; i < p->n_steps; i++) {
        const ck_nn_tensor *y = &p->steps[i].y;
        int n = ck_nn_plan_in_bands(p, &p->steps[i]) ? ck_nn_blocks(y->h) * ck_nn_blocks(y->w) : 0;
        most = n > most ? n : most;
    }
    p->all = malloc(((size_t)most + 1) * sizeof *p->all);
    if (!p->all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a plan");
    for (int i = 0; i < most; i++)
        p->all[i] = i;
    return CK_OK;
}

static ck_status reserve(ck_nn_plan *p, ck_error *e)
{
    const ck_nn_backend *b = p->dev->ops;
    ck_status s = list_blocks(p, e);
    if (s == CK_OK)
        s = b->reserve(p->dev, p->arena_bytes, &p->arena, e);
    if (s != CK_OK || !p->map_bytes)
        return s;
    if (p->resident == p->map_bytes)
        return b->reserve(p->dev, p->map_bytes, &p->maps, e);
    s = ck_spill_new(p->map_bytes, p->resident, &p->spill, e);
    p->maps = s == CK_OK ? ck_spill_data(p->spill) : NULL;
    return s;
}

ck_status ck_nn_plan_measure(ck_nn_plan *p, ck_error *e)
{
    size_t scratch = 0;
    if (p->failed != CK_OK) {
        *e = p->error;
        return p->failed;
    }
    for (int i = 0; i < p->n_mem && !p->limit; i++)
        p->mem[i].map = false; /* nothing is spilled: maps share memory with all tensors */
    ck_status s = layout(p, e);
    for (int i = 0; i < p->n_steps && s == CK_OK; i++) {
        size_t wanted = 0;
        s = p->dev->ops->prepare(p->dev, &p->steps[i], &wanted, e);
        scratch = wanted > scratch ? wanted : scratch;
    }
    if (s != CK_OK)
        return s;
    p->scratch = ck_pad(p->arena_bytes);
    if (!ck_add(p->scratch, scratch, &p->arena_bytes))
        return ck_fail(e, CK_ERR_MEMORY, "the network needs more memory than can be addressed: use a smaller --size");
    return divide(p, e);
}

ck_status ck_nn_plan_finish(ck_nn_plan *p, ck_error *e)
{
    ck_status s = ck_nn_plan_measure(p, e);
    if (s != CK_OK)
        return s;
    p->ms = calloc((size_t)p->n_steps + 1, sizeof *p->ms);
    p->total_ms = calloc((size_t)p->n_steps + 1, sizeof *p->total_ms);
    if (!p->ms || !p->total_ms)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a plan");
    s = reserve(p, e);
    for (int i = 0; i < p->n_steps && s == CK_OK; i++) {
        ck_nn_step *q = &p->steps[i];
        for (int k = 0; k < CK_NN_INPUTS; k++)
            put(p, &q->x[k]);
        put(p, &q->y);
        put(p, &q->stats);
        q->scratch = (char *)p->arena + p->scratch;
    }
    return s;
}

size_t ck_nn_plan_bytes(const ck_nn_plan *p)
{
    return p->arena_bytes + p->resident + p->window;
}

size_t ck_nn_plan_spilled(const ck_nn_plan *p)
{
    return p->map_bytes - p->resident;
}

int ck_nn_plan_steps(const ck_nn_plan *p)
{
    return p->n_steps;
}

const ck_nn_step *ck_nn_plan_step(const ck_nn_plan *p, int i)
{
    return &p->steps[i];
}

const char *ck_nn_plan_kernel(const ck_nn_plan *p, int i, ck_error *why)
{
    return p->dev->ops->kernel ? p->dev->ops->kernel(p->dev, &p->steps[i], why) : NULL;
}
