#include "ck/remaining.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck-encode/options.h"
#include "ck-refine/options.h"
#include "ck/finished.h"
#include "ck/plan_inside.h"
#include "ck/settings.h"
#include "io/ranges.h"
#include "stream/stage.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the job's frames");
}

static size_t common_multiple(size_t a, size_t b)
{
    size_t x = a, y = b;
    while (y) {
        size_t r = x % y;
        x = y;
        y = r;
    }
    return a / x * b;
}

/* --refresh of a refiner that carries state from frame to frame, else 1. */
static ck_status refresh_of(const ck_plan *p, size_t *unit, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; i < p->n && s == CK_OK; i++) {
        ck_refine_options o;
        if (p->stages[i].program != &ck_refine_program)
            continue;
        s = ck_args_parse(&p->stages[i], &o, e);
        if (s == CK_OK && o.mode == CK_REFINE_SPARSE && !o.refresh)
            s = ck_fail(e, CK_ERR_ARGUMENT,
                        "--mode sparse depends on earlier frames: with --resume or --chunk it needs --refresh K");
        if (s == CK_OK && o.mode == CK_REFINE_SPARSE)
            *unit = common_multiple(*unit, (size_t)o.refresh);
        ck_options_free(&ck_refine_program, &o);
    }
    return s;
}

static ck_status unit_of(const ck_plan *p, size_t *unit, ck_error *e)
{
    ck_encode_options o;
    ck_status s = ck_args_parse(&p->stages[p->n - 1], &o, e);
    *unit = s == CK_OK && ck_encode_video(&o, true) ? CK_SEGMENT_FRAMES : 1;
    ck_options_free(&ck_encode_program, &o);
    return s == CK_OK ? refresh_of(p, unit, e) : s;
}

/* A chunk is a contiguous run of blocks.  Chunks are as equal as possible, and the same on every machine. */
static ck_status cut_chunk(const char *text, ck_remaining *t, ck_error *e)
{
    long i = 1, n = 1;
    ck_status s = text ? ck_chunk_parse(text, &i, &n, e) : CK_OK;
    size_t blocks = (t->shot.n + t->unit - 1) / t->unit;
    t->from = blocks * (size_t)(i - 1) / (size_t)n * t->unit;
    t->to = blocks * (size_t)i / (size_t)n * t->unit;
    t->to = t->to < t->shot.n ? t->to : t->shot.n;
    t->run.chunks = n;
    return s;
}

/* If one frame of a block is left to do, the whole block is. */
static void complete_blocks(ck_remaining *t)
{
    for (size_t from = t->from; from < t->to; from += t->unit) {
        size_t to = from + t->unit < t->to ? from + t->unit : t->to;
        bool any = false;
        for (size_t i = from; i < to; i++)
            any |= t->left[i];
        for (size_t i = from; i < to; i++)
            t->left[i] = any;
        t->n_left += any ? to - from : 0;
    }
}

/* Without --resume the whole chunk is left, but what the job has finished must still fit its input. */
static ck_status find_left(ck_remaining *t, const ck_job *job, const char *out, bool resume, ck_error *e)
{
    bool *finished = calloc(t->shot.n + 1, sizeof *finished);
    ck_status s = finished ? ck_finished_find(out, job, t->run.id, &t->shot, finished, e) : no_memory(e);
    for (size_t i = t->from; i < t->to && s == CK_OK; i++)
        t->left[i] = !(finished[i] && resume);
    free(finished);
    complete_blocks(t);
    return s;
}

/* Number of frames of the video, if the last run counted them, else 0.  Counting may mean decoding the whole video. */
static long counted(const ck_plan *p, const ck_job *job)
{
    const ck_job_run *last = job->n_runs ? &job->runs[job->n_runs - 1] : NULL;
    const char *was = last ? ck_meta_get(&last->pairs, "input") : NULL;
    char *is = was ? ck_settings_input(p) : NULL;
    long length = is && !strcmp(was, is) ? last->length : 0;
    free(is);
    return length;
}

static ck_status compare(const ck_plan *p, const ck_remaining *t, const ck_job *job, ck_error *e)
{
    const char *out = p->args.items[1];
    const ck_job_run *last = job->n_runs ? &job->runs[job->n_runs - 1] : NULL;
    ck_status s = last ? ck_settings_same(last, &t->run, out, e) : CK_OK;
    if (s == CK_OK && last && last->chunks > 1 && t->run.chunks > 1 && strcmp(last->frames, t->run.frames))
        s = ck_fail(e, CK_ERR_ARGUMENT, "%s: other chunks are parts of frames %.300s, not of %.300s", out, last->frames,
                    t->run.frames);
    return s;
}

ck_status ck_remaining_make(const ck_plan *p, ck_remaining *t, ck_error *e)
{
    *t = (ck_remaining){0};
    ck_job job = {0};
    ck_status s = unit_of(p, &t->unit, e);
    if (s == CK_OK)
        s = ck_job_read(p->args.items[1], &job, e);
    if (s == CK_OK)
        s = ck_shot_open(p, counted(p, &job), &t->shot, e);
    t->run.length = t->shot.length;
    if (s == CK_OK && !(t->run.frames = ck_numbers_text(t->shot.numbers, t->shot.n)))
        s = no_memory(e);
    /* --frames decides which frames --refresh refines whole, so here it is a setting that changes pixels. */
    if (s == CK_OK && t->unit % CK_SEGMENT_FRAMES && t->unit > 1 && ck_plan_decode_has(p, "frames"))
        s = ck_meta_set(&t->run.pairs, "frames.refreshed", t->run.frames, e);
    if (s == CK_OK)
        s = ck_settings_of(p, &t->run, e);
    if (s == CK_OK)
        s = cut_chunk(p->own.chunk, t, e);
    if (s == CK_OK)
        s = compare(p, t, &job, e);
    if (s == CK_OK && !(t->left = calloc(t->shot.n + 1, sizeof *t->left)))
        s = no_memory(e);
    if (s == CK_OK)
        s = find_left(t, &job, p->args.items[1], p->own.resume, e);
    ck_job_free(&job);
    return s;
}

void ck_remaining_free(ck_remaining *t)
{
    ck_job_run_free(&t->run);
    ck_shot_free(&t->shot);
    free(t->left);
    *t = (ck_remaining){0};
}

/* Replace --frames of ck-decode. */
static ck_status set_frames(ck_plan *p, const char *list, ck_error *e)
{
    char *before = NULL;
    ck_status s = ck_args_take(&p->stages[DECODE], "frames", &before, e);
    free(before);
    return s == CK_OK ? ck_args_first(&p->stages[DECODE], "--frames=", list, e) : s;
}

ck_status ck_remaining_apply(const ck_remaining *t, ck_plan *p, ck_error *e)
{
    long *numbers = calloc(t->n_left + 1, sizeof *numbers);
    size_t n = 0;
    for (size_t i = t->from; numbers && i < t->to; i++)
        if (t->left[i])
            numbers[n++] = t->shot.numbers[i];
    char *list = numbers ? ck_numbers_text(numbers, n) : NULL, *job = ck_job_run_text(&t->run);
    ck_status s = list && job ? set_frames(p, list, e) : no_memory(e);
    if (s == CK_OK &&
        (setenv(CK_JOB_ENV, job, 1) || setenv(CK_JOB_SEGMENTS_ENV, "1", 1) || setenv(CK_FRAME_TIMES_ENV, "1", 1)))
        s = no_memory(e);
    free(numbers);
    free(list);
    free(job);
    return s;
}
