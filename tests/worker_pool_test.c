/* Lists of devices, the slot pool, and the workers behind a stage. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/slot_pool.h"
#include "nn/devices.h"
#include "stream/worker_pool.h"
#include "tap.h"

static void test_devices(void)
{
    static const char *const wrong[] = {"cuda:0,",
                                        "cuda:,0",
                                        "cuda:0,,1",
                                        "cuda:0,x",
                                        "cuda:0, 1",
                                        "cuda:0,123456789",
                                        "cuda:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"};
    ck_nn_devices d;
    ck_error e;
    ok(ck_nn_devices_named("auto", &d, &e) == CK_OK && d.n == 1 && !strcmp(d.name[0], "auto"), "one device");
    ok(ck_nn_devices_named("cuda:3", &d, &e) == CK_OK && d.n == 1 && !strcmp(d.name[0], "cuda:3"), "one by number");
    ok(ck_nn_devices_named("cuda:2,0,11", &d, &e) == CK_OK && d.n == 3 && !strcmp(d.name[0], "cuda:2") &&
           !strcmp(d.name[1], "cuda:0") && !strcmp(d.name[2], "cuda:11"),
       "three");
    ok(ck_nn_devices_named("cpu,ref", &d, &e) == CK_OK && d.n == 1, "what is no list of GPUs is left to others");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(ck_nn_devices_named(wrong[i], &d, &e) == CK_ERR_ARGUMENT, "no list: %s", wrong[i]);
    ok(ck_nn_devices_named("cuda:1,0,1", &d, &e) == CK_ERR_ARGUMENT && strstr(e.text, "cuda:1 appears twice"), "%s",
       e.text);
    ok(ck_nn_devices_count("cuda:2,0,11") == 3 && ck_nn_devices_count("cuda:0,,1") == 1, "how many");
}

/* ---- slot pool ---- */

static ck_slot_pool *slots;
static int there[2], most, both;

static void *sit(void *unused)
{
    for (int i = 0; i < 300; i++) {
        int at = ck_slot_pool_take(slots);
        int n = __atomic_add_fetch(&there[at], 1, __ATOMIC_SEQ_CST);
        if (n > __atomic_load_n(&most, __ATOMIC_SEQ_CST))
            __atomic_store_n(&most, n, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&there[!at], __ATOMIC_SEQ_CST))
            __atomic_store_n(&both, 1, __ATOMIC_SEQ_CST);
        usleep(20);
        __atomic_sub_fetch(&there[at], 1, __ATOMIC_SEQ_CST);
        ck_slot_pool_release(slots, at);
    }
    return unused;
}

static void test_slots(void)
{
    pthread_t t[4];
    ck_error e;
    ok(ck_slot_pool_new(2, &slots, &e) == CK_OK, "two places");
    ok(ck_slot_pool_take(slots) == 0 && ck_slot_pool_take(slots) == 1, "in order");
    ck_slot_pool_release(slots, 1);
    ck_slot_pool_release(slots, 0);
    ok(ck_slot_pool_take(slots) == 1, "the one that has been free for longest");
    ck_slot_pool_release(slots, 1);
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, sit, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    ok(most == 1, "never two in one");
    ok(both, "but two at once");
    ck_slot_pool_free(slots);
}

/* ---- workers ---- */

typedef struct options {
    ck_common common;
    const char *name;
} options;

static const ck_program program = {.name = "ck-test", .options_size = sizeof(options)};
static int closed, finished;

static ck_status open_one(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                          ck_error *e)
{
    (void)args;
    (void)head;
    (void)first;
    const options *o = opts;
    *state = strdup(o->name);
    return strcmp(o->name, "lazy") ? CK_OK : ck_fail(e, CK_ERR_ARGUMENT, "does not come");
}

static ck_status frame_one(void *state, ck_frame *f, ck_error *e)
{
    if (!strcmp(state, "ill"))
        return ck_fail(e, CK_ERR_IO, "cannot");
    return ck_meta_set(&f->meta, "by", state, e);
}

static ck_status finish_one(void *state, ck_error *e)
{
    (void)state;
    (void)e;
    finished++;
    return CK_OK;
}

static void close_one(void *state)
{
    closed++;
    free(state);
}

static int two_frames(const void *opts, int cores)
{
    (void)opts;
    (void)cores;
    return 2;
}

static const ck_stage one = {.program = &program,
                             .open = open_one,
                             .frame = frame_one,
                             .finish = finish_one,
                             .close = close_one,
                             .threads = two_frames};

static ck_status pool(const char *const *names, int n, void **state, ck_error *e)
{
    options o = {.name = "all of them"};
    ck_worker_pool_spec of = {&one, offsetof(options, name), n, names};
    *state = NULL;
    return ck_worker_pool_open(&of, &o, NULL, NULL, NULL, state, e);
}

static void test_pool(void)
{
    static const char *const good[] = {"a", "b"}, *const bad[] = {"a", "ill"}, *const none[] = {"a", "lazy", "c"};
    ck_error e;
    void *c;
    char by[8] = "";
    ok(pool(good, 2, &c, &e) == CK_OK, "two workers");
    for (int i = 0; i < 4; i++) {
        ck_frame f = {0};
        if (ck_worker_pool_frame(c, &f, &e) == CK_OK)
            strcat(by, ck_meta_get(&f.meta, "by"));
        ck_frame_free(&f);
    }
    ok(!strcmp(by, "abab"), "take turns: %s", by);
    ok(ck_worker_pool_finish(c, &e) == CK_OK && finished == 2, "both finish");
    ck_worker_pool_close(c);
    ok(closed == 2, "both close");

    ck_frame f = {0}, g = {0};
    ok(pool(bad, 2, &c, &e) == CK_OK && ck_worker_pool_frame(c, &f, &e) == CK_OK, "one well, one ill");
    ok(ck_worker_pool_frame(c, &g, &e) == CK_ERR_IO && !strcmp(e.text, "ill: cannot"), "an error says whose: %s",
       e.text);
    ck_frame_free(&f);
    ck_frame_free(&g);
    ck_worker_pool_close(c);
    ok(pool(bad + 1, 1, &c, &e) == CK_OK && ck_worker_pool_frame(c, &g, &e) == CK_ERR_IO && !strcmp(e.text, "cannot"),
       "not where there is one only");
    ck_frame_free(&g);
    ck_worker_pool_close(c);
    closed = 0;
    ok(pool(none, 3, &c, &e) == CK_ERR_ARGUMENT && !strcmp(e.text, "lazy: does not come"), "one does not open: %s",
       e.text);
    ck_worker_pool_close(c);
    ok(closed == 2, "what was opened is closed");
}

int main(void)
{
    test_devices();
    test_slots();
    test_pool();
    return done_testing();
}
