/* ck verify OUT */
#include "ck/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cores.h"
#include "base/log.h"
#include "base/outfile.h"
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

/* Print the frames that are missing or damaged, as --frames takes them. */
static ck_status print_bad(const ck_verify *v, ck_error *e)
{
    long *bad = calloc(v->shot.n + 1, sizeof *bad);
    size_t n = 0;
    for (size_t i = 0; bad && i < v->shot.n; i++)
        if (v->bad[i])
            bad[n++] = v->shot.numbers[i];
    char *text = bad ? ck_numbers_text(bad, n) : NULL;
    if (text && n)
        printf("%s\n", text);
    ck_status s = text ? CK_OK : no_memory(e);
    free(text);
    free(bad);
    return s;
}

static ck_status join(ck_verify *v, ck_error *e)
{
    ck_job_run run = *v->run;
    ck_outfile_sync(true); /* segments are removed afterwards */
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
        ck_fail(e, CK_ERR_IO, "%s", ""); /* the faults have been reported */
        s = CK_ERR_IO;
    }
    ck_verify_close(&v);
    return s;
}

int ck_command_verify(int argc, char **argv)
{
    return ck_tool_main(&ck_verify_program, verify, argc, argv);
}
