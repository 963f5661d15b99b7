/* teststage ROLE [OPTION...]: a stage that does one thing, for tests and bench/ring_bench.sh.
 *
 *     fill    a source: one RGBA half plane, every byte written        sum    a sink that reads every byte
 *     hand    the same, written only once                              drop   a sink that reads nothing
 *     pass    passes frames on                                         fail   a sink that fails at frame --skip
 *     edit    adds 1 to every byte, in place
 *     sleep, spin, slow   as pass, after --ms of sleeping, of computing, of sleeping from the second frame on
 *
 * At the end prints "ROLE FRAMES SECONDS CPU" on stderr; SECONDS and CPU, in seconds, count from frame --skip on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "stream/stage.h"

typedef struct options {
    ck_common common;
    ck_size size;
    int frames, skip;
    double ms;
} options;

#define AT(field) offsetof(options, field)
static const ck_option rows[] = {
    {'g', "size", CK_SIZE, AT(size), "WxH", "4096x2160", 16, 16384, NULL, 0, "size of the plane in pixels", CK_IN_ALL},
    {'n', "frames", CK_INT, AT(frames), "FRAMES", "60", 1, 1000000, NULL, 0, "how many frames a source makes",
     CK_IN_ALL},
    {0, "skip", CK_INT, AT(skip), "FRAMES", "20", 0, 1000000, NULL, 0, "frames before the clocks start", CK_IN_ALL},
    {0, "ms", CK_FLOAT, AT(ms), "MS", "0", 0, 1e6, NULL, 0, "milliseconds that a frame takes", CK_IN_ALL},
    {0},
};
static const ck_program program = {
    .name = "teststage", .summary = "does one thing", .usage = "", .options = rows, .options_size = sizeof(options)};

typedef struct bench {
    const options *o;
    const char *role;
    int made, seen;
    double start, start_cpu;
    uint64_t sum;
} bench;

static const char *role;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static ck_status open_bench(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                            ck_error *e)
{
    (void)args;
    (void)head;
    (void)first;
    (void)e;
    bench *b = *state = calloc(1, sizeof *b);
    *b = (bench){.o = opts, .role = role};
    return CK_OK;
}

/* `hand` measures the transport only: slots, once filled, are sent again unchanged. */
static ck_status make(void *state, ck_frame *f, ck_error *e)
{
    bench *b = state;
    if (b->made == b->o->frames)
        return CK_END;
    ck_plane *p;
    ck_status s = ck_frame_add(f, "rgba", CK_F16, 4, b->o->size.h, b->o->size.w, "linear", &p, e);
    b->made++;
    return s;
}

static ck_status edit(ck_frame *f, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_edit(f, "rgba", &p, e);
    unsigned char *v = s == CK_OK ? ck_plane_data(p) : NULL;
    for (size_t i = 0; v && i < p->bytes; i++)
        v[i]++;
    return s;
}

static ck_status work(void *state, ck_frame *f, ck_error *e)
{
    const bench *b = state;
    if (!strcmp(b->role, "edit"))
        return edit(f, e);
    if (*b->role == 'f' || (*b->role == 'h' && f->seq < (uint64_t)b->o->skip))
        memset(ck_plane_data(&f->planes[0]), (int)(f->seq & 255), f->planes[0].bytes);
    double wait = b->o->ms * 1e-3;
    if (!strcmp(b->role, "sleep") || (!strcmp(b->role, "slow") && f->seq > 0))
        nanosleep(&(struct timespec){(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)}, NULL);
    for (double end = seconds(CLOCK_MONOTONIC) + b->o->ms * 1e-3;
         !strcmp(b->role, "spin") && seconds(CLOCK_MONOTONIC) < end;)
        ;
    return CK_OK;
}

static ck_status count(void *state, ck_frame *f, ck_error *e)
{
    bench *b = state;
    if (!strcmp(b->role, "fail") && b->seen == b->o->skip)
        return ck_fail(e, CK_ERR_IO, "asked to fail");
    if (!strcmp(b->role, "sum")) {
        const uint64_t *p = f->planes[0].data;
        for (size_t i = 0; i < f->planes[0].bytes / sizeof *p; i++)
            b->sum += p[i];
    }
    if (b->seen++ == b->o->skip) {
        b->start = seconds(CLOCK_MONOTONIC);
        b->start_cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    return CK_OK;
}

static ck_status report(void *state, ck_error *e)
{
    (void)e;
    const bench *b = state;
    fprintf(stderr, "%s %d %.6f %.6f %llu\n", b->role, b->seen - b->o->skip - 1, seconds(CLOCK_MONOTONIC) - b->start,
            seconds(CLOCK_PROCESS_CPUTIME_ID) - b->start_cpu, (unsigned long long)b->sum);
    return CK_OK;
}

static bool sink(const void *opts)
{
    (void)opts;
    return !strcmp(role, "sum") || !strcmp(role, "drop") || !strcmp(role, "fail");
}

static int threads(const void *opts, int cores)
{
    (void)cores;
    const options *o = opts;
    return o->common.threads ? o->common.threads : 1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    role = argv[1];
    bool source = !strcmp(role, "fill") || !strcmp(role, "hand");
    ck_stage stage = {.program = &program,
                      .open = open_bench,
                      .produce = source ? make : NULL,
                      .frame = work,
                      .consume = count,
                      .finish = report,
                      .close = free,
                      .sink = sink,
                      .threads = threads};
    return ck_stage_main(&stage, argc - 1, argv + 1);
}
