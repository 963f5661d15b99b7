#include "base/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *const names[CK_TRACE_KINDS] = {"wait-in", "compute", "wait-out"};

static struct {
    pthread_mutex_t lock;
    const char *program;
    char path[PATH_MAX], sums[PATH_MAX];
    FILE *f;
    atomic_bool on;
    bool started; /* an event has been written: a comma comes first */
    uint64_t first, last, total[CK_TRACE_KINDS];
    uint64_t busiest; /* longest compute time of any thread, us */
    uint64_t blocked; /* longest time any thread waited for its output, us */
    long frames, peak_kib;
} trace = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool named;
static _Thread_local uint64_t own[CK_TRACE_KINDS]; /* this thread's share of `total` */

uint64_t ck_trace_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool ck_trace_on(void)
{
    return trace.on;
}

static long thread_id(void)
{
    return (long)syscall(SYS_gettid);
}

/* Append one event; call under the lock.  A write error shows when the file is closed. */
static void event(const char *name, char phase, uint64_t at, const char *rest)
{
    if (!trace.f)
        return;
    fprintf(trace.f, "%s\n{\"name\":\"%s\",\"ph\":\"%c\",\"ts\":%" PRIu64 ",\"pid\":%d,\"tid\":%ld%s}",
            trace.started ? "," : "[", name, phase, at, (int)getpid(), thread_id(), rest);
    trace.started = true;
}

static ck_status open_file(const char *path, const char *program, ck_error *e)
{
    trace.f = fopen(path, "w");
    if (!trace.f)
        return ck_fail(e, CK_ERR_IO, "%s: cannot write the trace: %s", path, strerror(errno));
    char rest[128];
    snprintf(rest, sizeof rest, ",\"args\":{\"name\":\"%s\"}", program);
    event("process_name", 'M', 0, rest);
    return CK_OK;
}

ck_status ck_trace_open(const char *path, const char *program, ck_error *e)
{
    const char *folder = getenv("CK_TRACE"), *sums = getenv("CK_PROFILE");
    trace.program = program;
    if (path)
        snprintf(trace.path, sizeof trace.path, "%s", path);
    else if (folder && *folder)
        snprintf(trace.path, sizeof trace.path, "%s/%s.%d.json", folder, program, (int)getpid());
    if (sums && *sums)
        snprintf(trace.sums, sizeof trace.sums, "%s/%s", sums, program);
    trace.on = *trace.path || *trace.sums;
    return *trace.path ? open_file(trace.path, program, e) : CK_OK;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void ck_trace_span(ck_trace_kind kind, const char *role, uint64_t since, long frame)
{
    if (!trace.on)
        return;
    uint64_t now = ck_trace_now();
    char rest[96];
    pthread_mutex_lock(&trace.lock);
    if (!named) {
        snprintf(rest, sizeof rest, ",\"args\":{\"name\":\"%s\"}", role);
        event("thread_name", 'M', 0, rest);
        named = true;
    }
    snprintf(rest, sizeof rest, ",\"dur\":%" PRIu64 ",\"args\":{\"frame\":%ld}", now - since, frame);
    event(names[kind], 'X', since, rest);
    trace.first = trace.first && trace.first < since ? trace.first : since;
    trace.last = now;
    trace.total[kind] += now - since;
    own[kind] += now - since;
    trace.busiest = most(trace.busiest, own[CK_TRACE_COMPUTE]);
    trace.blocked = most(trace.blocked, own[CK_TRACE_WAIT_OUT]);
    /* Counted by compute spans: reads and waits for a slot occur once more than there are frames. */
    if (kind == CK_TRACE_COMPUTE && frame >= trace.frames)
        trace.frames = frame + 1;
    pthread_mutex_unlock(&trace.lock);
}

static long anonymous_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static void counter(const char *name, const char *unit, double value)
{
    char rest[64];
    snprintf(rest, sizeof rest, ",\"args\":{\"%s\":%.1f}", unit, value);
    event(name, 'C', ck_trace_now(), rest);
}

void ck_trace_count(int ring_slots, size_t ring_bytes)
{
    if (!trace.on)
        return;
    long kib = anonymous_kib(), ring_kib = (long)(ring_bytes / 1024);
    pthread_mutex_lock(&trace.lock);
    counter("anonymous memory", "MB", (double)kib / 1024);
    counter("ring", "MB", (double)ring_kib / 1024);
    counter("slots in use", "slots", ring_slots);
    trace.peak_kib = kib + ring_kib > trace.peak_kib ? kib + ring_kib : trace.peak_kib;
    pthread_mutex_unlock(&trace.lock);
}

static bool write_sums(void)
{
    FILE *f = fopen(trace.sums, "w");
    if (!f)
        return false;
    fprintf(f, "%ld %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %ld\n", trace.frames,
            trace.last - trace.first, trace.total[CK_TRACE_WAIT_IN], trace.total[CK_TRACE_COMPUTE], trace.busiest,
            trace.blocked, trace.peak_kib);
    return !fclose(f);
}

ck_status ck_trace_close(ck_error *e)
{
    ck_status s = CK_OK;
    pthread_mutex_lock(&trace.lock);
    if (trace.f) {
        fputs("\n]\n", trace.f);
        bool bad = ferror(trace.f);
        if (fclose(trace.f) || bad)
            s = ck_fail(e, CK_ERR_IO, "%s: cannot write the trace: %s", trace.path, strerror(errno));
        trace.f = NULL;
    }
    if (*trace.sums && !write_sums() && s == CK_OK)
        s = ck_fail(e, CK_ERR_IO, "%s: cannot write the profile: %s", trace.sums, strerror(errno));
    trace.on = false;
    pthread_mutex_unlock(&trace.lock);
    return s;
}
