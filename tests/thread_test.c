/* ck_flow_run: order, bounds, failures. */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "tap.h"

typedef struct ctx {
    int n, fail_produce, fail_work, fail_consume; /* item numbers, -1 = never */
    int next, consumed;
    bool ordered;
    atomic_int alive, most;
} ctx;

static ck_status produce(void *c, void *item, ck_error *e)
{
    ctx *x = c;
    if (x->next == x->fail_produce)
        return ck_fail(e, CK_ERR_IO, "produce %d", x->next);
    if (x->next == x->n)
        return CK_END;
    *(int *)item = x->next++;
    int alive = atomic_fetch_add(&x->alive, 1) + 1;
    if (alive > x->most)
        x->most = alive;
    return CK_OK;
}

static ck_status work(void *c, void *item, ck_error *e)
{
    ctx *x = c;
    int i = *(int *)item;
    usleep((useconds_t)(i * 37 % 5) * 200); /* finish out of order */
    return i == x->fail_work ? ck_fail(e, CK_ERR_FORMAT, "work %d", i) : CK_OK;
}

static ck_status consume(void *c, void *item, ck_error *e)
{
    ctx *x = c;
    int i = *(int *)item;
    x->ordered &= i == x->consumed++;
    return i == x->fail_consume ? ck_fail(e, CK_ERR_CLOSED, "consume %d", i) : CK_OK;
}

static void drop(void *c, void *item)
{
    (void)item;
    atomic_fetch_sub(&((ctx *)c)->alive, 1);
}

static ck_status run(ctx *x, int threads, ck_error *e)
{
    x->ordered = true;
    ck_flow f = {.ctx = x,
                 .item_size = sizeof(int),
                 .threads = threads,
                 .produce = produce,
                 .work = work,
                 .consume = consume,
                 .drop = drop};
    return ck_flow_run(&f, e);
}

int main(void)
{
    ck_error e;
    for (int threads = 1; threads <= 5; threads += 2) {
        ctx a = {.n = 100, .fail_produce = -1, .fail_work = -1, .fail_consume = -1};
        ok(run(&a, threads, &e) == CK_OK && a.consumed == 100 && a.ordered, "%d threads: all, in order", threads);
        ok(a.most <= threads + 2 && a.alive == 0, "%d threads: at most %d at once (%d), all dropped", threads,
           threads + 2, a.most);
        ctx b = {.n = 100, .fail_produce = 50, .fail_work = -1, .fail_consume = -1};
        ok(run(&b, threads, &e) == CK_ERR_IO && b.consumed == 50 && b.ordered && !strcmp(e.text, "produce 50"),
           "%d threads: what came before a failed read is consumed", threads);
        ctx c = {.n = 100, .fail_produce = 60, .fail_work = 50, .fail_consume = -1};
        ok(run(&c, threads, &e) == CK_ERR_FORMAT && c.consumed == 50 && !strcmp(e.text, "work 50") && c.alive == 0,
           "%d threads: the first failure in order counts", threads);
        ctx d = {.n = 100, .fail_produce = -1, .fail_work = -1, .fail_consume = 50};
        ok(run(&d, threads, &e) == CK_ERR_CLOSED && d.consumed == 51 && d.alive == 0,
           "%d threads: a failed consumer ends the run", threads);
    }
    ctx none = {.n = 0, .fail_produce = -1, .fail_work = -1, .fail_consume = -1};
    ok(run(&none, 2, &e) == CK_OK && none.consumed == 0, "nothing to do");
    return done_testing();
}
