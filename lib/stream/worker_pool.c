#include "stream/worker_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/slot_pool.h"
#include "base/cores.h"

typedef struct worker {
    void *opts;
    char *name;
    void *state;
} worker;

typedef struct pool {
    const ck_stage *one;
    int n;
    worker *all;
    ck_slot_pool *slots; /* slot i belongs to worker i % n; a worker may have several */
} pool;

static ck_status said_by(const pool *c, const worker *w, ck_status s, ck_error *e)
{
    return s == CK_OK || c->n == 1 ? s : ck_fail_in(e, s, w->name);
}

static ck_status open_worker(const pool *c, worker *w, const ck_worker_pool_spec *of, const char *name,
                             const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, ck_error *e)
{
    size_t size = of->one->program->options_size;
    w->opts = malloc(size);
    w->name = strdup(name);
    if (!w->opts || !w->name)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %s", name);
    memcpy(w->opts, opts, size);
    *(const char **)((char *)w->opts + of->name_at) = w->name;
    return said_by(c, w, of->one->open(w->opts, args, head, first, &w->state, e), e);
}

ck_status ck_worker_pool_open(const ck_worker_pool_spec *of, const void *opts, const ck_list *args, ck_meta *head,
                              ck_frame *first, void **state, ck_error *e)
{
    pool *c = calloc(1, sizeof *c);
    if (!c)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = c;
    c->one = of->one;
    c->all = calloc((size_t)of->n, sizeof *c->all);
    if (!c->all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    int each = of->one->threads ? of->one->threads(opts, ck_cores()) : 1;
    ck_status s = ck_slot_pool_new(of->n * each, &c->slots, e);
    c->n = of->n;
    for (int i = 0; i < of->n && s == CK_OK; i++)
        s = open_worker(c, &c->all[i], of, of->names[i], opts, args, head, first, e);
    return s;
}

ck_status ck_worker_pool_admit(void *state, ck_frame *f, ck_error *e)
{
    pool *c = state;
    ck_status s = CK_OK;
    for (int i = 0; i < c->n && s == CK_OK && c->one->admit; i++)
        s = said_by(c, &c->all[i], c->one->admit(c->all[i].state, f, e), e);
    return s;
}

ck_status ck_worker_pool_frame(void *state, ck_frame *f, ck_error *e)
{
    pool *c = state;
    int slot = ck_slot_pool_take(c->slots);
    worker *w = &c->all[slot % c->n];
    ck_status s = said_by(c, w, c->one->frame(w->state, f, e), e);
    ck_slot_pool_release(c->slots, slot);
    return s;
}

ck_status ck_worker_pool_finish(void *state, ck_error *e)
{
    pool *c = state;
    ck_status s = CK_OK;
    for (int i = 0; i < c->n && s == CK_OK && c->one->finish; i++)
        s = said_by(c, &c->all[i], c->one->finish(c->all[i].state, e), e);
    return s;
}

void ck_worker_pool_close(void *state)
{
    pool *c = state;
    for (int i = 0; i < c->n; i++) {
        if (c->all[i].state)
            c->one->close(c->all[i].state);
        free(c->all[i].opts);
        free(c->all[i].name);
    }
    ck_slot_pool_free(c->slots);
    free(c->all);
    free(c);
}
