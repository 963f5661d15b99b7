/* ck report OUT */
#include "ck/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/outfile.h"
#include "base/quote.h"
#include "base/tool.h"
#include "ck/args.h"
#include "ck/commands.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the report");
}

static int by_number(const void *a, const void *b)
{
    const ck_job_failure *x = *(const ck_job_failure *const *)a, *y = *(const ck_job_failure *const *)b;
    int d = (x->number > y->number) - (x->number < y->number);
    return d ? d : (x->order < y->order) - (x->order > y->order);
}

/* Of each frame that is not finished, the failure that was written last. */
static ck_status find_failures(ck_report *r, ck_error *e)
{
    const ck_job *job = &r->v.job;
    r->failures = calloc(job->n_failures + 1, sizeof(ck_job_failure *));
    if (!r->failures)
        return no_memory(e);
    size_t n = 0;
    for (size_t i = 0; i < job->n_failures; i++)
        if (!strcmp(job->failures[i].id, r->v.run->id) && ck_job_failed(job, &job->failures[i]))
            r->failures[n++] = &job->failures[i];
    if (n)
        qsort(r->failures, n, sizeof(ck_job_failure *), by_number);
    for (size_t i = 0; i < n; i++)
        if (!r->n_failures || r->failures[r->n_failures - 1]->number != r->failures[i]->number)
            r->failures[r->n_failures++] = r->failures[i];
    return CK_OK;
}

static bool has_failed(const ck_report *r, long number)
{
    size_t lo = 0, hi = r->n_failures;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->failures[mid]->number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < r->n_failures && r->failures[lo]->number == number;
}

static ck_status find_left(ck_report *r, ck_error *e)
{
    const ck_shot *shot = &r->v.shot;
    r->left = calloc(shot->n + 1, sizeof *r->left);
    if (!r->left)
        return no_memory(e);
    for (size_t i = 0; i < shot->n; i++) {
        bool done = ck_job_frame_of(&r->v.job, shot->numbers[i], r->v.run->id) && !has_failed(r, shot->numbers[i]);
        r->done += done;
        if (!done)
            r->left[r->n_left++] = shot->numbers[i];
    }
    r->n = shot->n;
    return CK_OK;
}

/* Of stills, only those that are finished are known. */
static void count_stills(ck_report *r)
{
    r->stills = true;
    r->n_left = r->done = 0;
    for (size_t i = 0; i < r->v.job.n_frames; i++)
        r->done += !strcmp(r->v.job.frames[i].id, r->v.run->id);
    r->n = r->done;
}

ck_status ck_report_open(const char *out, ck_report *r, ck_error *e)
{
    *r = (ck_report){0};
    ck_status s = ck_verify_open(out, &r->v, e);
    if (s == CK_OK)
        s = ck_outliers_find(&r->v.job, r->v.run->id, &r->outliers, e);
    if (s == CK_OK)
        s = find_failures(r, e);
    if (s == CK_OK)
        s = find_left(r, e);
    if (s == CK_OK && !strcmp(r->v.run->frames, CK_JOB_ONE_BY_ONE))
        count_stills(r);
    return s;
}

void ck_report_close(ck_report *r)
{
    ck_outliers_free(&r->outliers);
    ck_verify_close(&r->v);
    free(r->failures);
    free(r->left);
}

static ck_status write_page(const char *out, FILE *f, ck_error *e)
{
    ck_report r;
    ck_status s = ck_report_open(out, &r, e);
    if (s == CK_OK)
        s = ck_report_page(&r, f, e);
    ck_report_close(&r);
    return s;
}

ck_status ck_report_write(const char *out, const char *path, ck_error *e)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    ck_status s = f ? write_page(out, f, e) : no_memory(e);
    if (f && fclose(f) && s == CK_OK)
        s = no_memory(e);
    ck_outfile o = {.fd = -1};
    if (s == CK_OK) {
        s = ck_outfile_open(&o, path, e);
        if (s == CK_OK)
            s = ck_outfile_write(&o, text, n, e);
        if (s == CK_OK)
            s = ck_outfile_commit(&o, e);
        if (s != CK_OK)
            ck_fail_in(e, s, path);
        ck_outfile_discard(&o);
    }
    free(text);
    return s;
}

/* ---- the command of a run ---- */

/* Options that concern one run only, and --existing, which --resume excludes. */
static const struct passing {
    const char *name;
    bool flag;
} passing[] = {{"resume", true},  {"chunk", false}, {"progress", false}, {"progress-fd", false},    {"profile", true},
               {"preview", true}, {"trace", false}, {"existing", false}, {"encode:existing", false}};

static const struct passing *find_passing(const char *name)
{
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (!strcmp(passing[i].name, name))
            return &passing[i];
    return NULL;
}

static void put_words(FILE *f, const ck_plan *p)
{
    for (int i = 0; i < p->n_given; i++) {
        const char *word = p->given[i];
        char name[64];
        (void)ck_args_name(word, name, sizeof name);
        const struct passing *skip = find_passing(name);
        if (skip) {
            i += !skip->flag && !strchr(word, '=');
            continue;
        }
        fputc(' ', f);
        ck_quote_print(f, word);
    }
    for (int i = 0; i < p->args.n; i++) {
        fputc(' ', f);
        ck_quote_print(f, p->args.items[i]);
    }
}

char *ck_report_command(const ck_plan *p)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return NULL;
    fputs("ck key --resume", f);
    put_words(f, p);
    if (!fclose(f))
        return text;
    free(text);
    return NULL;
}

/* ---- ck report ---- */

typedef struct options {
    ck_common common;
} options;

static const ck_option rows[] = {{0}};

const ck_program ck_report_program = {
    .name = "ck report",
    .summary = "write a page about a job: figures, pictures, frames to look at",
    .page = "ck",
    .usage = "OUT",
    .options = rows,
    .options_size = sizeof(options),
    .without = "threads keep-going timeout ring-bytes trace",
    .examples = "ck report out/ > report.html",
};

static ck_status report(const void *opts, const ck_list *args, ck_error *e)
{
    (void)opts;
    if (args->n != 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "one argument is needed, not %d: ck report OUT > FILE.html", args->n);
    if (isatty(STDOUT_FILENO))
        return ck_fail(e, CK_ERR_ARGUMENT, "standard output is a terminal: ck report OUT > FILE.html");
    return write_page(args->items[0], stdout, e);
}

int ck_command_report(int argc, char **argv)
{
    return ck_tool_main(&ck_report_program, report, argc, argv);
}
