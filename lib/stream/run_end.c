#include "stream/run.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tempfiles.h"
#include "base/log.h"
#include "base/trace.h"

/* Seconds that a failed run may go on, so that frames in hand are finished.  In a pipeline the failure
 * goes from stage to stage, and each may take as long; the last one has files to finish. */
#define GRACE 0.2
#define GRACE_LAST 0.8

void ck_run_cancel(ck_run *r)
{
    if (r->reader)
        ck_reader_cancel(r->reader);
    if (r->writer)
        ck_writer_cancel(r->writer);
    if (r->stage->cancel)
        r->stage->cancel(r->state);
}

/* The run cannot succeed any more. */
void ck_run_fail(ck_run *r, ck_status s, const ck_error *e)
{
    pthread_mutex_lock(&r->lock);
    if (r->verdict == CK_OK) {
        r->verdict = s;
        r->why = *e;
    }
    pthread_mutex_unlock(&r->lock);
    ck_ending_hurry(r->ending);
}

bool ck_run_output_closed(ck_run *r)
{
    pthread_mutex_lock(&r->lock);
    bool closed = r->verdict == CK_ERR_CLOSED;
    pthread_mutex_unlock(&r->lock);
    return closed;
}

/* Tell the downstream programs which failed first.  One that never got HEAD gets it now. */
void ck_run_abort(ck_run *r, ck_status s, const ck_error *e)
{
    if (r->sink || s == CK_ERR_CLOSED)
        return;
    if (!r->writer) {
        ck_meta_free(&r->head);
        if (r->reader && ck_meta_copy(&r->head, ck_reader_head_view(r->reader), NULL) != CK_OK)
            return;
        if (isatty(STDOUT_FILENO) || ck_head_add_program(&r->head, r->argc, r->argv, NULL) != CK_OK ||
            ck_writer_open(STDOUT_FILENO, r->common->timeout, &r->head, &r->writer, NULL) != CK_OK)
            return;
    }
    if (s == CK_ERR_UPSTREAM)
        ck_writer_abort(r->writer, ck_reader_victim_view(r->reader), ck_reader_reason_view(r->reader));
    else
        ck_writer_abort(r->writer, r->stage->program->name, e->text);
}

/* If our output is no pipe, no downstream program names the one that failed first. */
static bool last(const ck_run *r)
{
    struct stat st;
    return r->sink || fstat(STDOUT_FILENO, &st) || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static void explain(const ck_run *r, ck_status s, const ck_error *e)
{
    if (s == CK_ERR_CLOSED)
        return;
    if (s == CK_ERR_UPSTREAM && last(r))
        ck_log_error("stopped: %s", e->text);
    else if (s == CK_ERR_UPSTREAM)
        ck_log_info("stopped: %s", e->text);
    else
        ck_log_error("%s", e->text);
}

int ck_run_conclude(const ck_run *r, ck_status s, const ck_error *e)
{
    ck_log_progress_end();
    if (s != CK_OK) {
        explain(r, s, e);
        return s == CK_ERR_ARGUMENT ? 2 : 1;
    }
    if (r->failed && last(r))
        ck_log_error("%llu of %llu frames failed; the first: %s", (unsigned long long)r->failed,
                     (unsigned long long)r->done, r->first_failure.text);
    return r->failed ? 3 : 0;
}

void ck_run_die_of_closed_output(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

/* Look ahead now: the frames before the break may keep our threads busy for long before anybody reads up to it. */
static bool input_closed(void *ctx)
{
    ck_run *r = ctx;
    ck_error e;
    atomic_store(&r->writer_gone, true);
    if (!atomic_load(&r->running))
        return false; /* run_frames comes back to it */
    ck_status s = ck_reader_peek_end(r->reader, &e);
    if (s != CK_OK)
        ck_run_fail(r, s, &e);
    return s != CK_OK;
}

/* The reader of our output is gone: nobody wants the frames.  Called by the thread that watches for it. */
static void output_closed(void *ctx)
{
    ck_run *r = ctx;
    ck_error e = {"the reader of standard output is gone"};
    ck_run_fail(r, CK_ERR_CLOSED, &e);
    if (atomic_load(&r->running))
        ck_run_cancel(r);
}

/* The run has failed but does not end: other threads are in the middle of a frame. */
static void end_now(void *ctx)
{
    ck_run *r = ctx;
    pthread_mutex_lock(&r->lock);
    ck_run_abort(r, r->verdict, &r->why);
    int code = ck_run_conclude(r, r->verdict, &r->why);
    /* The neighbours need not wait until the system has freed our memory. */
    close(STDIN_FILENO);
    if (r->verdict != CK_ERR_CLOSED)
        close(STDOUT_FILENO);
    ck_tempfiles_remove();
    (void)ck_trace_close(NULL);
    if (r->verdict == CK_ERR_CLOSED)
        ck_run_die_of_closed_output();
    _exit(code);
}

static bool is_pipe(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

ck_status ck_run_watch(ck_run *r, ck_error *e)
{
    static const ck_ending_events events = {input_closed, output_closed, end_now};
    int in = !ck_run_is_source(r) && is_pipe(STDIN_FILENO) ? STDIN_FILENO : -1;
    int out = !r->sink && is_pipe(STDOUT_FILENO) ? STDOUT_FILENO : -1;
    return ck_ending_start(in, out, r->sink ? GRACE_LAST : GRACE, &events, r, &r->ending, e);
}

void ck_run_begins(ck_run *r)
{
    atomic_store(&r->running, true);
    if (atomic_load(&r->writer_gone))
        input_closed(r);
}
