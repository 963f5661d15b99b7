/* ck verify OUT */
#include "ck/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cores.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tool.h"
#include "ck/commands.h"
#include "ck/join.h"
#include "io/ranges.h"

typedef struct options {
    ck_common common;
    bool join;
} options;

static const ck_option rows[] = {
    {0, "join", CK_FLAG, offsetof(options, join), NULL, NULL, 0, 0, NULL, 0,
     "first make the videos whose segments are all there", CK_IN_HELP | CK_RUN_ONLY},
    {0},
};

const ck_program ck_verify_program = {
    .name = "ck verify",
    .summary = "check that a job's files are all there and whole",
    .page = "ck",
    .usage = "OUT",
    .options = rows,
    .options_size = sizeof(options),
    .without = "keep-going timeout ring-bytes",
    .examples = "ck verify out/ && echo complete\n"
                "ck key --frames \"$(ck verify out/)\" shot.mov out/",
};

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the job's frames");
}

void ck_verify_fault(ck_verify *v, const char *fmt, ...)
{
    enum { MOST = 20 };
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (v->faults++ < MOST)
        ck_log_error("%s", text);
    else if (v->faults == MOST + 1)
        ck_log_error("more faults are not listed here: standard output has all frames");
}

/* ---- the frames that must be there ---- */

typedef struct numbers {
    long *v;
    size_t n, cap;
} numbers;

static ck_status add(numbers *all, long number, ck_error *e)
{
    long *grown = ck_grown(all->v, all->n, &all->cap, sizeof *grown);
    if (!grown)
        return no_memory(e);
    all->v = grown;
    grown[all->n++] = number;
    return CK_OK;
}

/* Add the frames of a run.  An open list, of a run that did not know its frames, adds none. */
static ck_status add_run(numbers *all, const ck_job_run *run, ck_error *e)
{
    ck_ranges r = {0};
    long *list = NULL;
    size_t n = 0;
    ck_status s = *run->frames ? ck_ranges_parse(run->frames, &r, e) : CK_OK;
    if (s == CK_OK && r.n && ck_ranges_last(&r) != CK_RANGE_OPEN)
        s = ck_ranges_numbers(&r, &list, &n, e);
    for (size_t i = 0; i < n && s == CK_OK; i++)
        s = add(all, list[i], e);
    free(list);
    ck_ranges_free(&r);
    return s;
}

static int by_value(const void *a, const void *b)
{
    const long *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The frames of all runs with the last settings, and those that were finished. */
static ck_status find_frames(ck_verify *v, ck_error *e)
{
    numbers all = {0};
    ck_status s = CK_OK;
    for (size_t i = 0; i < v->job.n_runs && s == CK_OK; i++)
        if (!strcmp(v->job.runs[i].id, v->run->id))
            s = add_run(&all, &v->job.runs[i], e);
    for (size_t i = 0; i < v->job.n_frames && s == CK_OK; i++)
        if (!strcmp(v->job.frames[i].id, v->run->id))
            s = add(&all, v->job.frames[i].number, e);
    size_t n = 0;
    if (all.n)
        qsort(all.v, all.n, sizeof *all.v, by_value);
    for (size_t i = 0; i < all.n; i++)
        if (n == 0 || all.v[n - 1] != all.v[i])
            all.v[n++] = all.v[i];
    v->shot = (ck_shot){all.v, n};
    v->bad = calloc(n + 1, sizeof *v->bad);
    return s == CK_OK && !v->bad ? no_memory(e) : s;
}

ck_status ck_verify_open(const char *out, ck_verify *v, ck_error *e)
{
    *v = (ck_verify){.out = out};
    ck_status s = ck_job_read(out, &v->job, e);
    if (s == CK_OK && !v->job.n_runs)
        return ck_fail(e, CK_ERR_IO, "%s: no " CK_JOB_FILE " of ck key: nothing is known about what must be here", out);
    if (s != CK_OK)
        return s;
    v->run = &v->job.runs[v->job.n_runs - 1];
    return find_frames(v, e);
}

void ck_verify_close(ck_verify *v)
{
    ck_job_free(&v->job);
    ck_shot_free(&v->shot);
    free(v->bad);
}

/* ---- the command ---- */

/* Print the frames that are missing or damaged, as --frames takes them. */
static ck_status print_bad(const ck_verify *v, ck_error *e)
{
    numbers bad = {0};
    ck_status s = CK_OK;
    for (size_t i = 0; i < v->shot.n && s == CK_OK; i++)
        if (v->bad[i])
            s = add(&bad, v->shot.numbers[i], e);
    char *text = s == CK_OK && bad.n ? ck_numbers_text(bad.v, bad.n) : NULL;
    if (s == CK_OK && bad.n && !text)
        s = no_memory(e);
    if (text)
        printf("%s\n", text);
    free(text);
    free(bad.v);
    return s;
}

static ck_status join(ck_verify *v, ck_error *e)
{
    ck_job_run run = *v->run;
    run.frames = ck_numbers_text(v->shot.numbers, v->shot.n);
    ck_status s = run.frames ? ck_join_videos(v->out, &run, &v->shot, e) : no_memory(e);
    free(run.frames);
    if (s != CK_OK)
        return s;
    const char *out = v->out;
    ck_verify_close(v);
    return ck_verify_open(out, v, e);
}

static ck_status verify(const void *opts, const ck_list *args, ck_error *e)
{
    const options *o = opts;
    if (args->n != 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "one argument is needed, not %d: ck verify OUT", args->n);
    int threads = o->common.threads ? o->common.threads : ck_cores();
    ck_verify v;
    ck_status s = ck_verify_open(args->items[0], &v, e);
    if (s == CK_OK && o->join)
        s = join(&v, e);
    if (s == CK_OK)
        s = ck_verify_stills(&v, threads, e);
    if (s == CK_OK)
        s = ck_verify_videos(&v, threads, e);
    if (s == CK_OK)
        s = print_bad(&v, e);
    if (s == CK_OK && v.faults) {
        ck_fail(e, CK_ERR_IO, "%s", ""); /* all has been said */
        s = CK_ERR_IO;
    }
    ck_verify_close(&v);
    return s;
}

int ck_command_verify(int argc, char **argv)
{
    return ck_tool_main(&ck_verify_program, verify, argc, argv);
}
