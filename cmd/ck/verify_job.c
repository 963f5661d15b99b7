/* The frames that a job's record promises. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ck/verify.h"
#include "io/ranges.h"

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
        ck_log_error("more faults were found: standard output lists all frames concerned");
}

/* Add the frames of a run.  A run that did not know its frames has an open list, and adds none. */
static ck_status add_run(ck_numbers *all, const ck_job_run *run, ck_error *e)
{
    ck_ranges r = {0};
    ck_numbers list = {0};
    bool known = *run->frames && strcmp(run->frames, CK_JOB_ONE_BY_ONE) != 0;
    ck_status s = known ? ck_ranges_parse(run->frames, &r, e) : CK_OK;
    if (s == CK_OK && r.n && ck_ranges_last(&r) != CK_RANGE_OPEN)
        s = ck_ranges_numbers(&r, &list, e);
    for (size_t i = 0; i < list.n && s == CK_OK; i++)
        s = ck_numbers_add(all, list.v[i], e);
    free(list.v);
    ck_ranges_free(&r);
    return s;
}

/* List the frames of all runs with the settings of the last one, and the finished frames with these settings. */
static ck_status find_frames(ck_verify *v, ck_error *e)
{
    ck_numbers all = {0};
    ck_status s = CK_OK;
    for (size_t i = 0; i < v->job.n_runs && s == CK_OK; i++)
        if (!strcmp(v->job.runs[i].id, v->run->id))
            s = add_run(&all, &v->job.runs[i], e);
    for (size_t i = 0; i < v->job.n_frames && s == CK_OK; i++)
        if (!strcmp(v->job.frames[i].id, v->run->id))
            s = ck_numbers_add(&all, v->job.frames[i].number, e);
    ck_numbers_sort(&all);
    v->shot = (ck_shot){.numbers = all.v, .n = all.n};
    v->bad = calloc(all.n + 1, sizeof *v->bad);
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
    size_t n = strlen(v->run->frames);
    if (n && v->run->frames[n - 1] == '-')
        ck_verify_fault(v, "%s: the last run did not finish, and it did not know its last frame: run it again", out);
    return find_frames(v, e);
}

void ck_verify_close(ck_verify *v)
{
    ck_job_free(&v->job);
    ck_shot_free(&v->shot);
    free(v->bad);
}
