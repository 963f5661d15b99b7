/* Plans: memory is shared only by tensors never alive together, errors are kept; and the team's threads. */
#include "nn/plan.h"

#include <stdatomic.h>

#include "guard.h"
#include "nn/team.h"
#include "tap.h"

/* A backend that only records its calls. */
static ck_status fake_reserve(ck_nn *dev, size_t bytes, void **out, ck_error *e)
{
    (void)dev;
    *out = bytes > ((size_t)1 << 40) ? NULL : malloc(bytes ? bytes : 1);
    return *out ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory");
}

static void fake_release(ck_nn *dev, void *p)
{
    (void)dev;
    free(p);
}

static ck_status fake_prepare(ck_nn *dev, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    (void)dev;
    *scratch = 1000;
    return s->heads == 99 ? ck_fail(e, CK_ERR_UNSUPPORTED, "99 heads") : CK_OK;
}

static ck_status fake_sync(ck_nn *dev, ck_error *e)
{
    (void)dev;
    (void)e;
    return CK_OK;
}

static const ck_nn_step *ran[64];
static int n_ran;

static void fake_run(ck_nn *dev, const ck_nn_step *s)
{
    (void)dev;
    ran[n_ran++] = s;
}

static const ck_nn_backend fake_ops = {.name = "fake",
                                       .reserve = fake_reserve,
                                       .release = fake_release,
                                       .prepare = fake_prepare,
                                       .sync = fake_sync,
                                       .run = {[CK_NN_OP_POOL] = fake_run, [CK_NN_OP_LINEAR] = fake_run}};
static ck_nn fake = {.ops = &fake_ops};

typedef struct life {
    ck_nn_tensor t;
    int first, last;
} life;

static size_t bytes_of(const ck_nn_tensor *t)
{
    return ck_nn_pixels(t) * (size_t)t->c * sizeof(float);
}

/* Random networks: each step reads some earlier tensors and writes a new one. */
static void layouts(void)
{
    uint32_t seed = 3;
    bool apart = true, inside = true, shared = true;
    for (int round = 0; round < 200; round++) {
        ck_nn_plan *p;
        ck_error e;
        life all[40];
        int n = rnd_int(&seed, 2, 40);
        size_t total = 0;
        ck_nn_plan_new(&fake, &p, &e);
        for (int i = 0; i < n; i++) {
            all[i] = (life){ck_nn_plan_f32(p, rnd_int(&seed, 1, 9), rnd_int(&seed, 1, 90), rnd_int(&seed, 1, 7)), i - 1,
                            i - 1};
            total += bytes_of(&all[i].t);
            if (i == 0) {
                ck_nn_plan_input(p, &all[0].t);
                continue;
            }
            int from = rnd_int(&seed, i > 4 ? i - 4 : 0, i - 1);
            all[from].last = i - 1 > all[from].last ? i - 1 : all[from].last;
            ck_nn_plan_add(p, "g", "s", (ck_nn_step){.kind = CK_NN_OP_POOL, .x = {all[from].t}, .y = all[i].t});
        }
        ck_nn_plan_output(p, &all[n - 1].t);
        all[n - 1].last = 1 << 30;
        if (ck_nn_plan_finish(p, &e) != CK_OK) {
            ok(false, "a plan is laid out: %s", e.text);
            return;
        }
        char *base = NULL;
        for (int i = 0; i < n; i++) {
            all[i].t = ck_nn_plan_placed(p, &all[i].t);
            base = !base || (char *)all[i].t.data < base ? all[i].t.data : base;
        }
        for (int i = 0; i < n; i++) {
            char *a = all[i].t.data, *end = a + bytes_of(&all[i].t);
            inside = inside && (size_t)(end - base) <= ck_nn_plan_bytes(p) - 1000;
            for (int j = 0; j < i; j++) {
                char *b = all[j].t.data;
                if (all[i].first <= all[j].last && all[j].first <= all[i].last)
                    apart = apart && (b >= end || b + bytes_of(&all[j].t) <= a);
            }
        }
        shared = shared && (n < 20 || ck_nn_plan_bytes(p) - 1000 < total);
        ck_nn_plan_free(p);
    }
    ok(apart, "tensors that are alive together lie apart");
    ok(inside, "all lie inside the arena, scratch is on top");
    ok(shared, "others share memory");
}

static void order(void)
{
    ck_nn_plan *p;
    ck_error e;
    ck_nn_plan_new(&fake, &p, &e);
    ck_nn_tensor a = ck_nn_plan_f32(p, 2, 3, 8), b = ck_nn_plan_f32(p, 2, 3, 4), half = ck_nn_plan_view(&a, 4, 4);
    ck_nn_tensor planes = ck_nn_plan_planar(p, 3, 2, 5), second = ck_nn_plan_view(&planes, 1, 1);
    ck_nn_plan_input(p, &a);
    ck_nn_plan_add(p, "one", "pool", (ck_nn_step){.kind = CK_NN_OP_POOL, .x = {half}, .y = b});
    ck_nn_plan_add(p, "two", "linear", (ck_nn_step){.kind = CK_NN_OP_LINEAR, .x = {b}, .y = second});
    n_ran = 0;
    ok(ck_nn_plan_finish(p, &e) == CK_OK && ck_nn_plan_run(p, true, &e) == CK_OK && ck_nn_plan_steps(p) == 2,
       "a plan of two steps");
    ck_nn_tensor a2 = ck_nn_plan_placed(p, &a), planes2 = ck_nn_plan_placed(p, &planes);
    ok(n_ran == 2 && ran[0]->kind == CK_NN_OP_POOL && ran[1]->kind == CK_NN_OP_LINEAR, "they run in order");
    ok(!strcmp(ck_nn_plan_step(p, 0)->label, "one pool") && ck_nn_plan_ms(p, 0) >= 0, "with label and time");
    ok(ran[0]->x[0].data == (float *)a2.data + 4 && ran[0]->x[0].ld == 8 && ran[0]->x[0].c == 4, "a view of channels");
    ok(ran[1]->y.data == (float *)planes2.data + 10, "a view of planes");
    ok(ran[0]->scratch == ran[1]->scratch && (uintptr_t)ran[0]->scratch % sizeof(double) == 0, "one scratch for all");
    ck_nn_plan_free(p);
}

static void failures(void)
{
    ck_nn_plan *p;
    ck_error e, other;
    ck_nn_plan_new(&fake, &p, &e);
    ck_nn_plan_f32(p, 1 << 30, 1 << 30, 1 << 30);
    ck_nn_plan_f32(p, 0, 1, 1);
    ok(ck_nn_plan_finish(p, &e) == CK_ERR_ARGUMENT && strstr(e.text, "1073741824"),
       "the first bad size is reported: %s", e.text);
    ck_nn_plan_free(p);
    ck_nn_plan_new(&fake, &p, &e);
    ck_nn_plan_fail(p, ck_fail(&other, CK_ERR_FORMAT, "first"), &other);
    ck_nn_plan_fail(p, ck_fail(&other, CK_ERR_MEMORY, "second"), &other);
    ok(ck_nn_plan_finish(p, &e) == CK_ERR_FORMAT && !strcmp(e.text, "first"), "the first failure stays");
    ck_nn_plan_free(p);
    ck_nn_plan_new(&fake, &p, &e);
    ck_nn_tensor t = ck_nn_plan_f32(p, 1, 1, 1);
    ck_nn_plan_add(p, "a", "b", (ck_nn_step){.kind = CK_NN_OP_POOL, .x = {t}, .y = t, .heads = 99});
    ok(ck_nn_plan_finish(p, &e) == CK_ERR_UNSUPPORTED, "a step that the backend cannot do: %s", e.text);
    ck_nn_plan_free(p);
    ck_nn_plan_new(&fake, &p, &e);
    t = ck_nn_plan_f32(p, 1 << 15, 1 << 15, 1 << 12);
    ck_nn_plan_output(p, &t);
    ck_nn_plan_input(p, &t);
    ok(ck_nn_plan_finish(p, &e) == CK_ERR_MEMORY, "more memory than there is: %s", e.text);
    ck_nn_plan_free(p);
    ck_nn *dev;
    ok(ck_nn_open("abacus", 1, &dev, &e) == CK_ERR_ARGUMENT && strstr(e.text, "abacus"), "unknown device: %s", e.text);
    ok(ck_nn_open("cpu", -1, &dev, &e) == CK_ERR_ARGUMENT, "negative threads: %s", e.text);
    ok(ck_nn_open("ref", 1, &dev, &e) == CK_OK &&
           ck_nn_set_precision(dev, CK_NN_PRECISION_F16, &e) == CK_ERR_ARGUMENT && strstr(e.text, "f16 on device ref"),
       "a precision that the device has not: %s", e.text);
    ok(ck_nn_set_precision(dev, CK_NN_PRECISION_AUTO, &e) == CK_OK && dev->precision == CK_NN_PRECISION_F32,
       "auto on ref: f32");
    ck_nn_close(dev);
}

typedef struct tally {
    atomic_int done[1000], who[8];
} tally;

static void count(void *ctx, int i, int who)
{
    tally *t = ctx;
    atomic_fetch_add(&t->done[i], 1);
    atomic_fetch_add(&t->who[who], 1);
}

static void teams(void)
{
    for (int threads = 1; threads <= 8; threads += threads < 4 ? 1 : 4) {
        ck_team *team;
        ck_error e;
        static tally t;
        bool once = true;
        memset(&t, 0, sizeof t);
        if (ck_team_new(threads, &team, &e) != CK_OK) {
            ok(false, "%s", e.text);
            continue;
        }
        for (int round = 0; round < 300; round++)
            ck_team_run(team, round % 7 ? round : 1000, count, &t);
        for (int i = 0; i < 1000; i++) {
            int want = 0;
            for (int round = 0; round < 300; round++)
                want += i < (round % 7 ? round : 1000);
            once = once && atomic_load(&t.done[i]) == want;
        }
        for (int i = threads; i < 8; i++)
            once = once && atomic_load(&t.who[i]) == 0;
        ok(once && ck_team_size(team) == threads, "%d threads: every task once a run", threads);
        ck_team_free(team);
    }
    ck_team_free(NULL);
}

int main(void)
{
    layouts();
    order();
    failures();
    teams();
    return done_testing();
}
