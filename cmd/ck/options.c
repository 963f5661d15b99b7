#include "ck/options.h"

#include <stdio.h>

static const ck_option rows[] = {
    {'n', "dry-run", CK_FLAG, offsetof(ck_key_options, dry), NULL, NULL, 0, 0, NULL, 0,
     "print the pipeline instead of running it", CK_IN_KEY | CK_RUN_ONLY},
    {0, "quality", CK_CHOICE, offsetof(ck_key_options, quality), NULL, "auto", 0, 0, "auto|draft|good|best", 0,
     "network at 512, at 1024, or in full", CK_IN_KEY},
    {0, "profile", CK_FLAG, offsetof(ck_key_options, profile), NULL, NULL, 0, 0, NULL, 0,
     "report busy times, waits and the bottleneck", CK_IN_KEY | CK_RUN_ONLY},
    {0, "progress", CK_CHOICE, offsetof(ck_key_options, progress), NULL, "auto", 0, 0, "auto|json", 0,
     "progress line, or JSON on stdout", CK_IN_ALL | CK_RUN_ONLY},
    {0, "progress-fd", CK_INT, offsetof(ck_key_options, progress_fd), "N", NULL, 1, 1 << 20, NULL, 0,
     "write JSON events to descriptor N", CK_IN_ALL | CK_RUN_ONLY},
    {0, "resume", CK_FLAG, offsetof(ck_key_options, resume), NULL, NULL, 0, 0, NULL, 0,
     "skip frames that an earlier run has finished", CK_IN_KEY | CK_RUN_ONLY},
    {0, "chunk", CK_STRING, offsetof(ck_key_options, chunk), "I/N", NULL, 0, 0, NULL, 0,
     "part I of N equal parts of the frames", CK_IN_ALL | CK_RUN_ONLY},
    {0, "report", CK_STRING, offsetof(ck_key_options, report), "FILE", NULL, 0, 0, NULL, 0,
     "write an HTML page: frames to look at, curves, pictures", CK_IN_ALL | CK_RUN_ONLY},
    {0, "jobs", CK_STRING, offsetof(ck_key_options, jobs), "LIST", NULL, 0, 0, NULL, 0,
     "key several shots: file (-: stdin) of lines INPUT OUT [OPTION...]", CK_IN_ALL | CK_RUN_ONLY},
    {'j', "shots", CK_INT, offsetof(ck_key_options, shots), "N", "1", 1, 1024, NULL, 0,
     "shots of --jobs that run at once", CK_IN_ALL | CK_RUN_ONLY},
    {0},
};

ck_status ck_chunk_parse(const char *text, long *i, long *n, ck_error *e)
{
    int end = 0;
    if (sscanf(text, "%9ld/%9ld%n", i, n, &end) == 2 && !text[end] && *i >= 1 && *i <= *n)
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "--chunk '%s' is not I/N, such as 2/4 for the second quarter", text);
}

static ck_status check(const void *opts, ck_error *e)
{
    const ck_key_options *o = opts;
    long i, n;
    return o->chunk ? ck_chunk_parse(o->chunk, &i, &n, e) : CK_OK;
}

const ck_program ck_key_program = {
    .name = "ck key",
    .summary = "key footage: build, run and watch the whole pipeline",
    .page = "ck",
    .usage = "INPUT OUT",
    .options = rows,
    .options_size = sizeof(ck_key_options),
    .check = check,
    .examples = "ck key --screen blue --frames 100-200 --comp mp4 shot.mov out/\n"
                "ck key -n 'plates/shot.####.exr' out/\n"
                "ck key --encode:threads 4 shot.mov out/\n"
                "ck key -j 2 --jobs shots.txt",
};
