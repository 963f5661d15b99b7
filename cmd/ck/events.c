#include "ck/events.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/event.h"
#include "base/tally.h"

static ck_tally *tally;       /* NULL: events are off */
static struct timespec start; /* time of ck_events_start */

ck_status ck_events_check(const ck_key_options *o, ck_error *e)
{
    if (!o->progress_fd)
        return CK_OK;
    if (o->progress == CK_PROGRESS_JSON)
        return ck_fail(e, CK_ERR_ARGUMENT, "--progress json and --progress-fd exclude each other: choose one");
    int mode = fcntl(o->progress_fd, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY)
        return ck_fail(e, CK_ERR_ARGUMENT, "--progress-fd %d: not open for writing: redirect it, as in %d>FILE",
                       o->progress_fd, o->progress_fd);
    return CK_OK;
}

/* Name the descriptor for this process and the stages.  Standard output is duplicated, because the stages' own is a
 * pipe. */
static ck_status name_descriptor(const ck_key_options *o, ck_error *e)
{
    int fd = o->progress_fd ? o->progress_fd : dup(STDOUT_FILENO);
    char text[16];
    if (fd < 0)
        return ck_fail_errno(e, "cannot duplicate standard output");
    snprintf(text, sizeof text, "%d", fd);
    return setenv("CK_PROGRESS_FD", text, 1) ? ck_fail(e, CK_ERR_MEMORY, "out of memory for the environment") : CK_OK;
}

ck_status ck_events_start(const ck_key_options *o, ck_error *e)
{
    ck_status s = CK_OK;
    if (o->progress_fd || o->progress == CK_PROGRESS_JSON)
        s = name_descriptor(o, e);
    if (s != CK_OK || !ck_event_on())
        return s;
    signal(SIGPIPE, SIG_IGN); /* a reader of events that goes away does not end the run */
    clock_gettime(CLOCK_MONOTONIC, &start);
    return ck_tally_make(&tally, e);
}

void ck_events_pipeline(const ck_plan *p)
{
    const char *names[CK_STAGES];
    for (int i = 0; i < p->n; i++)
        names[i] = p->stages[i].program->name;
    ck_event v;
    ck_event_begin(&v, "start");
    ck_event_texts(&v, "stages", names, p->n);
    ck_event_int(&v, "total", p->total);
    ck_event_send(&v);
}

void ck_events_stage(const char *program, int status, int sig)
{
    ck_event v;
    ck_event_begin(&v, "stage");
    ck_event_text(&v, "program", program);
    ck_event_int(&v, "status", status);
    ck_event_int(&v, "signal", sig);
    ck_event_send(&v);
}

void ck_events_done(int status)
{
    if (!tally)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - start.tv_sec) + 1e-9 * (double)(now.tv_nsec - start.tv_nsec);
    long frames = atomic_load(&tally->done);
    ck_event v;
    ck_event_begin(&v, "done");
    ck_event_int(&v, "status", status);
    ck_event_int(&v, "frames", frames);
    ck_event_int(&v, "failed", atomic_load(&tally->failed));
    ck_event_real(&v, "seconds", seconds);
    ck_event_real(&v, "rate", seconds > 0 ? (double)frames / seconds : 0);
    ck_event_send(&v);
}
