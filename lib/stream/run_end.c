#include "stream/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/tempfiles.h"
#include "base/log.h"
#include "base/trace.h"

/* Seconds a failed run may continue, to finish frames in hand.  A failure passes from stage to stage, and each may take
 * this long; the last one has files to finish. */
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

void ck_run_lost(ck_run *r, const ck_frame *f, const ck_error *e)
{
    pthread_mutex_lock(&r->lock);
    if (!r->lost || f->seq < r->lost_seq) {
        r->lost = true;
        r->lost_seq = f->seq;
        r->lost_number = ck_frame_number(f);
        r->lost_text = *e;
    }
    pthread_mutex_unlock(&r->lock);
}

bool ck_run_output_closed(ck_run *r)
{
    pthread_mutex_lock(&r->lock);
    bool closed = r->verdict == CK_ERR_CLOSED;
    pthread_mutex_unlock(&r->lock);
    return closed;
}

static ck_status add_program(const ck_run *r, ck_meta *head, ck_error *e)
{
    const ck_program *p = r->stage->program;
    char *options = ck_options_text(p, r->common);
    ck_status s = options ? ck_head_add_program(head, p->name, options, e)
                          : ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    free(options);
    return s;
}

ck_status ck_run_open_writer(ck_run *r, ck_error *e)
{
    pthread_mutex_lock(&r->opening);
    ck_status s = r->writer ? ck_fail(e, CK_ERR_CLOSED, "the stream has ended") : CK_OK;
    if (s == CK_OK)
        s = add_program(r, &r->head, e);
    if (s == CK_OK)
        s = ck_writer_open(STDOUT_FILENO, r->common->timeout, &r->head, &r->writer, e);
    pthread_mutex_unlock(&r->opening);
    return s;
}

/* Send HEAD to downstream programs that never got it.  Not from r->head, which the main thread may be changing. */
static void open_for_abort(ck_run *r)
{
    ck_meta head = {0};
    bool have = atomic_load(&r->reading);
    if (!isatty(STDOUT_FILENO) && (!have || ck_meta_copy(&head, ck_reader_head_view(r->reader), NULL) == CK_OK) &&
        add_program(r, &head, NULL) == CK_OK)
        (void)ck_writer_open(STDOUT_FILENO, r->common->timeout, &head, &r->writer, NULL);
    ck_meta_free(&head);
}

/* A failure upstream is ours to report if no program has reported it and no program of ours reads our output. */
static bool to_report(ck_run *r)
{
    return r->reader && !ck_reader_said(r->reader) && ck_run_last(r);
}

void ck_run_abort(ck_run *r, ck_status s, const ck_error *e)
{
    if (r->sink || s == CK_ERR_CLOSED)
        return;
    pthread_mutex_lock(&r->opening);
    if (!r->writer)
        open_for_abort(r);
    pthread_mutex_unlock(&r->opening);
    if (!r->writer)
        return;
    if (s == CK_ERR_UPSTREAM && r->reader)
        ck_writer_abort(r->writer, ck_reader_victim_view(r->reader), ck_reader_reason_view(r->reader),
                        ck_reader_said(r->reader) || to_report(r));
    else
        ck_writer_abort(r->writer, r->stage->program->name, e->text, true);
}

/* A downstream program may have started but not locked its pipe yet: wait up to 0.2 s. */
static bool wait_for_reader(void)
{
    bool ours = ck_stream_read_by_us(STDOUT_FILENO);
    for (int i = 0; i < 20 && !ours; i++) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        ours = ck_stream_read_by_us(STDOUT_FILENO);
    }
    return ours;
}

bool ck_run_last(ck_run *r)
{
    struct stat st;
    if (!r->sink && getenv(CK_UPSTREAM))
        return false;
    if (r->sink || fstat(STDOUT_FILENO, &st) || !S_ISFIFO(st.st_mode))
        return true;
    if (!atomic_load(&r->last))
        atomic_store(&r->last, wait_for_reader() ? -1 : 1);
    return atomic_load(&r->last) > 0;
}

/* The exit status after a failure. */
static int failure(const ck_run *r, ck_status s)
{
    bool watched = getenv(CK_UPSTREAM) != NULL;
    if (watched && r->reader && s == CK_ERR_STARVED)
        return CK_EXIT_STARVED;
    if (watched && !r->sink && s == CK_ERR_BLOCKED)
        return CK_EXIT_BLOCKED;
    return s == CK_ERR_ARGUMENT ? 2 : 1;
}

static void explain(ck_run *r, ck_status s, const ck_error *e)
{
    if (s == CK_ERR_CLOSED)
        return;
    if (failure(r, s) > 3)
        ck_log_info("%s", e->text);
    else if (s == CK_ERR_UPSTREAM && to_report(r))
        ck_log_error("stopped: %s", e->text);
    else if (s == CK_ERR_UPSTREAM)
        ck_log_info("stopped: %s", e->text);
    else if (r->lost && !strcmp(r->lost_text.text, e->text))
        ck_log_frame_error(r->lost_number, e->text);
    else
        ck_log_error("%s", e->text);
}

/* Report how many frames failed, and the first failure unless a program has reported it. */
static void report_failed(const ck_run *r)
{
    unsigned long long failed = r->failed - r->absent, done = r->done - r->absent;
    if (failed)
        ck_log_error("%llu of %llu frames failed%s%s", failed, done,
                     r->first_said ? "" : "; the first: ", r->first_said ? "" : r->first_failure.text);
    else if (!r->first_said)
        ck_log_error("%s", r->first_failure.text);
}

int ck_run_conclude(ck_run *r, ck_status s, const ck_error *e)
{
    ck_log_progress_end();
    if (s != CK_OK) {
        explain(r, s, e);
        return failure(r, s);
    }
    if (r->failed && ck_run_last(r))
        report_failed(r);
    return r->failed ? 3 : 0;
}

void ck_run_die_of_closed_output(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

/* Look ahead at once: our threads may be busy for minutes with the frames before the cut. */
static bool input_closed(void *ctx)
{
    ck_run *r = ctx;
    ck_error e;
    atomic_store(&r->writer_gone, true);
    if (!atomic_load(&r->reading))
        return false; /* ck_run_reads calls this again */
    ck_status s = ck_reader_peek_end(r->reader, &e);
    if (s != CK_OK)
        ck_run_fail(r, s, &e);
    return s != CK_OK;
}

/* Called by the watching thread: no frame is wanted any more. */
static void output_closed(void *ctx)
{
    ck_run *r = ctx;
    ck_error e = {"the downstream program is gone"};
    ck_run_fail(r, CK_ERR_CLOSED, &e);
    if (atomic_load(&r->running))
        ck_run_cancel(r);
}

/* The run failed but has not ended: other threads are inside a frame.  Ends the process. */
static void end_now(void *ctx)
{
    ck_run *r = ctx;
    pthread_mutex_lock(&r->lock);
    ck_run_abort(r, r->verdict, &r->why);
    int code = ck_run_conclude(r, r->verdict, &r->why);
    /* Close now: the neighbours need not wait until the system has freed our memory. */
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

void ck_run_reads(ck_run *r)
{
    atomic_store(&r->reading, true);
    if (atomic_load(&r->writer_gone))
        (void)input_closed(r);
}

void ck_run_begins(ck_run *r)
{
    atomic_store(&r->running, true);
}
