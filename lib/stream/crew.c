#include "stream/crew.h"

#include <stdlib.h>
#include <string.h>

#include "base/seats.h"
#include "base/thread.h"

typedef struct worker {
    void *opts;
    char *name;
    void *state;
} worker;

typedef struct crew {
    const ck_stage *one;
    int n;
    worker *all;
    ck_seats *seats; /* seat i is worker i % n's, who may have several frames at work */
} crew;

static ck_status said_by(const crew *c, const worker *w, ck_status s, ck_error *e)
{
    return s == CK_OK || c->n == 1 ? s : ck_fail_in(e, s, w->name);
}

static ck_status open_worker(const crew *c, worker *w, const ck_crew_of *of, const char *name, const void *opts,
                             const ck_list *args, ck_meta *head, ck_frame *first, ck_error *e)
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

ck_status ck_crew_open(const ck_crew_of *of, const void *opts, const ck_list *args, ck_meta *head, ck_frame *first,
                       void **state, ck_error *e)
{
    crew *c = calloc(1, sizeof *c);
    if (!c)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = c;
    c->one = of->one;
    c->all = calloc((size_t)of->n, sizeof *c->all);
    if (!c->all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    int each = of->one->threads ? of->one->threads(opts, ck_cores()) : 1;
    ck_status s = ck_seats_new(of->n * each, &c->seats, e);
    c->n = of->n;
    for (int i = 0; i < of->n && s == CK_OK; i++)
        s = open_worker(c, &c->all[i], of, of->names[i], opts, args, head, first, e);
    return s;
}

ck_status ck_crew_admit(void *state, ck_frame *f, ck_error *e)
{
    crew *c = state;
    ck_status s = CK_OK;
    for (int i = 0; i < c->n && s == CK_OK && c->one->admit; i++)
        s = said_by(c, &c->all[i], c->one->admit(c->all[i].state, f, e), e);
    return s;
}

ck_status ck_crew_frame(void *state, ck_frame *f, ck_error *e)
{
    crew *c = state;
    int seat = ck_seats_take(c->seats);
    worker *w = &c->all[seat % c->n];
    ck_status s = said_by(c, w, c->one->frame(w->state, f, e), e);
    ck_seats_leave(c->seats, seat);
    return s;
}

ck_status ck_crew_finish(void *state, ck_error *e)
{
    crew *c = state;
    ck_status s = CK_OK;
    for (int i = 0; i < c->n && s == CK_OK && c->one->finish; i++)
        s = said_by(c, &c->all[i], c->one->finish(c->all[i].state, e), e);
    return s;
}

void ck_crew_close(void *state)
{
    crew *c = state;
    for (int i = 0; i < c->n; i++) {
        if (c->all[i].state)
            c->one->close(c->all[i].state);
        free(c->all[i].opts);
        free(c->all[i].name);
    }
    ck_seats_free(c->seats);
    free(c->all);
    free(c);
}
