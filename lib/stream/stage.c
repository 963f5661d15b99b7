/* The frame loop, called from ck_stage_main; stage.h describes it.
 *
 *     read HEAD, first frame -> open -> write HEAD
 *     [ produce | read ] -> admit -> frame (threads) -> consume -> write        until END
 *     finish -> write END          or, after a failure, ABORT
 *     close */
#include "stream/stage.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/help.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/stdio_guard.h"
#include "base/thread.h"
#include "base/trace.h"
#include "stream/run.h"

/* A frame failed.  With --keep-going it becomes an error frame and the run goes on, unless the disk is full. */
static ck_status fail_frame(ck_run *r, ck_frame *f, ck_status s, ck_error *e)
{
    if (s == CK_ERR_CLOSED)
        return s;
    if (!ck_run_is_source(r)) {
        char where[40];
        snprintf(where, sizeof where, "frame %ld", ck_frame_number(f));
        ck_fail_in(e, s, where);
    }
    if (!r->common->keep_going || s == CK_ERR_FULL) {
        ck_run_lost(r, f, e);
        return s;
    }
    ck_log_frame_error(ck_frame_number(f), e->text);
    ck_status set = ck_frame_set_error(f, e->text, e);
    return set == CK_OK ? ck_meta_set(&f->meta, "said", "1", e) : set;
}

/* Take a ring slot for the planes that will be added.  Not for the first frame: its size decides the slots' size. */
static ck_status make_room(ck_run *r, ck_frame *f, ck_error *e)
{
    if (!r->writer || !r->made)
        return CK_OK;
    uint64_t since = ck_trace_now();
    ck_status s = ck_writer_take_slot(r->writer, f, e);
    if (s == CK_OK && ck_trace_now() - since > 1000)
        ck_trace_span(CK_TRACE_WAIT_OUT, "reader", since, (long)r->made);
    return s;
}

static ck_status fetch(ck_run *r, ck_frame *f, ck_error *e)
{
    if (r->have_first) {
        *f = r->first;
        r->have_first = false;
        return CK_OK;
    }
    f->spent = 0;
    ck_status s = make_room(r, f, e);
    uint64_t since = ck_trace_now();
    if (s == CK_OK)
        s = ck_run_is_source(r) ? r->stage->produce(r->state, f, e) : ck_reader_next(r->reader, f, e);
    if (s == CK_OK && ck_run_is_source(r))
        f->spent = ck_trace_now() - since;
    if (s == CK_OK)
        ck_trace_span(ck_run_is_source(r) ? CK_TRACE_COMPUTE : CK_TRACE_WAIT_IN, "reader", since, (long)r->made);
    return s;
}

static ck_status produce(void *ctx, void *item, ck_error *e)
{
    ck_run *r = ctx;
    ck_frame *f = item;
    ck_status s = fetch(r, f, e);
    f->seq = r->made;
    r->made += s == CK_OK;
    if (s == CK_OK && r->stage->admit && !ck_frame_error(f)) {
        s = r->stage->admit(r->state, f, e);
        if (s != CK_OK)
            s = fail_frame(r, f, s, e);
    }
    if (s != CK_OK)
        ck_frame_free(f);
    if (s != CK_OK && s != CK_END)
        ck_run_fail(r, s, e);
    return s;
}

static ck_status work(void *ctx, void *item, ck_error *e)
{
    ck_run *r = ctx;
    ck_frame *f = item;
    if (!r->stage->frame || ck_frame_error(f))
        return CK_OK;
    uint64_t since = ck_trace_now();
    ck_status s = r->stage->frame(r->state, f, e);
    ck_trace_span(CK_TRACE_COMPUTE, "worker", since, (long)f->seq);
    f->spent += ck_trace_now() - since;
    if (s != CK_OK)
        s = fail_frame(r, f, s, e);
    if (s != CK_OK)
        ck_run_fail(r, s, e);
    return s;
}

static ck_status add_time(const ck_run *r, ck_frame *f, ck_error *e)
{
    char key[64];
    snprintf(key, sizeof key, "ms.%s", r->stage->program->name);
    return ck_meta_setf(&f->meta, e, key, "%.3f", (double)f->spent / 1000);
}

static ck_status consume(void *ctx, void *item, ck_error *e)
{
    ck_run *r = ctx;
    ck_frame *f = item;
    if (ck_frame_error(f) && r->failed++ == 0) {
        ck_frame_error_line(f, &r->first_failure);
        (void)ck_run_last(r); /* ask while the downstream program still runs */
    }
    uint64_t since = ck_trace_now();
    ck_status s = r->stage->consume ? r->stage->consume(r->state, f, e) : CK_OK;
    if (r->stage->consume)
        ck_trace_span(CK_TRACE_COMPUTE, "main", since, (long)f->seq);
    f->spent += ck_trace_now() - since;
    r->absent += ck_frame_error(f) && ck_meta_get(&f->meta, "missing");
    if (ck_frame_error(f) && r->failed == 1)
        r->first_said = ck_meta_get(&f->meta, "said") != NULL;
    if (s == CK_OK && r->writer && ck_frame_error(f) && ck_meta_get(&f->meta, "said"))
        s = ck_stream_set_said(&f->meta, STDOUT_FILENO, e);
    if (s == CK_OK && r->writer && r->times)
        s = add_time(r, f, e);
    since = ck_trace_now();
    if (s == CK_OK && r->writer) {
        s = ck_writer_frame(r->writer, f, e);
        ck_trace_span(CK_TRACE_WAIT_OUT, "main", since, (long)f->seq);
    }
    if (s != CK_OK)
        ck_run_fail(r, s, e);
    if (s == CK_OK && r->writer && !r->done && *ck_writer_inline_view(r->writer))
        ck_log_warning("frames are sent inline: %s", ck_writer_inline_view(r->writer));
    ck_trace_count(r->writer ? ck_writer_slots(r->writer) : 0, r->writer ? ck_writer_resident(r->writer) : 0);
    r->done += s == CK_OK;
    if (r->sink)
        ck_log_progress((long)r->done, r->total);
    if (r->sink && s == CK_OK && !ck_frame_error(f))
        ck_log_progress_frame(ck_frame_number(f));
    return s;
}

static void drop(void *ctx, void *item)
{
    const ck_run *r = ctx;
    ck_frame *f = item;
    bool first = f->seq == 0;
    ck_frame_free(f);
    /* Its planes were private; those of later frames go into the ring. */
    if (first && r->writer && ck_writer_has_slots(r->writer))
        ck_pool_trim();
}

static void cancel(void *ctx)
{
    ck_run_cancel(ctx);
}

int ck_stage_workers(const void *opts)
{
    int threads = ((const ck_common *)opts)->threads;
    return threads ? threads : ck_cores();
}

static int workers(const ck_run *r)
{
    return r->stage->threads ? r->stage->threads(r->common, ck_cores()) : ck_stage_workers(r->common);
}

/* Read HEAD and the first frame, so that `open` can decide by the actual planes. */
static ck_status read_first(ck_run *r, ck_error *e)
{
    uint64_t since = ck_trace_now();
    if (r->sink)
        ck_log_progress_first(0);
    ck_status s = ck_reader_open(STDIN_FILENO, r->stage->program->name, r->common->timeout, &r->reader, e);
    if (s == CK_OK)
        ck_run_reads(r);
    if (s == CK_OK)
        s = ck_meta_copy(&r->head, ck_reader_head_view(r->reader), e);
    if (s == CK_OK && r->sink)
        ck_log_progress_first(ck_meta_int(&r->head, "frames", 1, 1L << 40, 0));
    if (s == CK_OK)
        s = ck_reader_next(r->reader, &r->first, e);
    r->have_first = s == CK_OK;
    if (r->have_first)
        ck_trace_span(CK_TRACE_WAIT_IN, "main", since, (long)r->first.seq);
    if (*ck_reader_inline_view(r->reader))
        ck_log_info("frames arrive inline: %s", ck_reader_inline_view(r->reader));
    return s == CK_END ? CK_OK : s;
}

static ck_status open_stage(ck_run *r, const ck_list *args, ck_error *e)
{
    if (!r->sink && isatty(STDOUT_FILENO))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "standard output is a terminal: pipe the stream on, as in ... | ck-encode OUT, or into a file");
    ck_status s = ck_run_is_source(r) ? CK_OK : read_first(r, e);
    r->state = r->stage->open ? NULL : ck_drop_const(r->common);
    if (s == CK_OK && r->stage->open)
        s = r->stage->open(r->common, args, &r->head, r->have_first ? &r->first : NULL, &r->state, e);
    if (s == CK_OK && !r->sink)
        s = ck_run_open_writer(r, e);
    if (s == CK_OK && r->writer)
        ck_writer_share(r->writer, r->reader, r->common->ring_bytes);
    r->total = ck_meta_int(&r->head, "frames", 1, 1L << 40, 0);
    return s;
}

static ck_status run_frames(ck_run *r, ck_error *e)
{
    ck_flow flow = {.ctx = r,
                    .item_size = sizeof(ck_frame),
                    .threads = workers(r),
                    .slots = r->stage->frames ? r->stage->frames(r->common) : 0,
                    .produce = produce,
                    .work = work,
                    .consume = consume,
                    .drop = drop,
                    .cancel = cancel};
    ck_run_begins(r);
    ck_status s = ck_flow_run(&flow, e);
    if (s == CK_OK && r->stage->finish)
        s = r->stage->finish(r->state, e);
    if (s == CK_OK && r->writer)
        s = ck_writer_end(r->writer, e);
    return s;
}

static int run_stage(const ck_stage *stage, const ck_common *common, const ck_list *args)
{
    ck_run r = {.stage = stage,
                .common = common,
                .sink = stage->sink && stage->sink(common),
                .times = getenv(CK_FRAME_TIMES_ENV) != NULL,
                .lock = PTHREAD_MUTEX_INITIALIZER,
                .opening = PTHREAD_MUTEX_INITIALIZER};
    ck_error e = {{0}};
    /* A closed output is noticed as EPIPE: unfinished files can then be removed first. */
    signal(SIGPIPE, SIG_IGN);
    ck_status s = ck_signals_watch(&e);
    if (s == CK_OK)
        s = ck_trace_open(common->trace, stage->program->name, &e);
    if (s == CK_OK)
        s = ck_run_watch(&r, &e);
    if (s == CK_OK)
        s = open_stage(&r, args, &e);
    if (s == CK_OK)
        s = run_frames(&r, &e);
    if (s != CK_OK && ck_run_output_closed(&r))
        s = CK_ERR_CLOSED; /* later failures are consequences */
    if (s != CK_OK)
        ck_run_abort(&r, s, &e);
    ck_ending_stop(r.ending);
    if (s != CK_OK && s != CK_ERR_CLOSED && stage->failed && r.state)
        stage->failed(r.state, e.text);
    if (stage->close && r.state)
        stage->close(r.state);
    int code = ck_run_conclude(&r, s, &e);
    if (ck_trace_close(&e) != CK_OK) {
        ck_log_error("%s", e.text);
        code = code ? code : 1;
    }
    if (r.have_first)
        ck_frame_free(&r.first);
    ck_writer_free(r.writer);
    ck_reader_free(r.reader);
    ck_meta_free(&r.head);
    ck_pool_trim();
    if (s == CK_ERR_CLOSED)
        ck_run_die_of_closed_output();
    return code;
}

/* Send ABORT after wrong usage, so that downstream programs know that it has been reported. */
static void abort_unstarted(const ck_stage *s, const ck_common *common, const ck_error *e)
{
    ck_run r = {.stage = s,
                .common = common,
                .sink = s->sink && s->sink(common),
                .lock = PTHREAD_MUTEX_INITIALIZER,
                .opening = PTHREAD_MUTEX_INITIALIZER};
    signal(SIGPIPE, SIG_IGN);
    if (!ck_run_last(&r))
        ck_run_abort(&r, CK_ERR_ARGUMENT, e);
    ck_writer_free(r.writer);
}

static ck_status check_arguments(const ck_stage *s, const ck_common *opts, const ck_list *args, ck_error *e)
{
    if (args->n && !*s->program->usage)
        return ck_fail(e, CK_ERR_ARGUMENT, "unexpected argument '%s': %s", args->items[0],
                       s->produce ? "this program reads nothing"
                                  : "this program reads standard input: use ck-decode FILE | ..., or < STREAM");
    return s->check ? s->check(opts, args, e) : CK_OK;
}

/* Frames come from the pool.  Other large blocks should return to the system at once: by default glibc raises the
 * threshold with every such block, and each thread's arena then keeps its maximum.  The buffers that codecs allocate
 * for every chunk of a picture (libOpenEXR's DWA: up to 2 MiB) stay, 4 MiB of each thread: their page faults would take
 * 8 % of the time of writing DWA, and 3 % of reading it. */
static void set_malloc(void)
{
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
}

int ck_stage_main(const ck_stage *s, int argc, char **argv)
{
    ck_stdio_guard();
    set_malloc();
    const ck_program *p = s->program;
    ck_common *opts = calloc(1, p->options_size);
    ck_list args = {0};
    ck_error e = {{0}};
    ck_log_init(p->name, CK_LOG_NORMAL);
    ck_status status = opts ? ck_options_parse(p, argc, argv, opts, &args, &e) : CK_ERR_MEMORY;
    if (status == CK_OK && !opts->help && !opts->version)
        status = check_arguments(s, opts, &args, &e);
    int code = 2;
    if (status == CK_OK && (opts->help || opts->version)) {
        if (opts->help)
            ck_help_print(p, opts->help, stdout);
        else
            printf("%s %s\n", p->name, p->version ? p->version : CK_VERSION);
        code = ck_log_flush_stdout();
    } else if (status != CK_OK) {
        ck_log_error("%s", opts ? e.text : "out of memory");
        if (opts)
            abort_unstarted(s, opts, &e);
    } else {
        ck_log_init(p->name, ck_log_level_of(opts->quiet, opts->verbose));
        code = run_stage(s, opts, &args);
    }
    if (opts)
        ck_options_free(p, opts);
    free(args.items);
    free(opts);
    return code;
}
