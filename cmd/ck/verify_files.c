/* The files of a job, decoded. */
#include <libavutil/frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/thread.h"
#include "ck/join.h"
#include "ck/pieces.h"
#include "ck/verify.h"
#include "io/av_read.h"
#include "io/exr.h"
#include "io/ranges.h"
#include "io/still.h"

/* ---- stills ---- */

/* The size of an output's pictures, from the first one that can be read. */
typedef struct size {
    int c, h, w;
} size;

typedef struct checking {
    ck_verify *v;
    size_t next;     /* row */
    bool one_by_one; /* stills of different sizes, keyed one by one */
    size sizes[64];  /* c 0: not known yet; by the file's place in its row, which lists the outputs in one order */
} checking;

/* A row of a frame, and what is wrong with its files. */
typedef struct item {
    const ck_job_frame *row;
    struct file {
        ck_error why;
        bool bad;
        int c, h, w;
    } * files;
} item;

static ck_status produce(void *ctx, void *p, ck_error *e)
{
    checking *c = ctx;
    item *i = p;
    const ck_job *job = &c->v->job;
    while (c->next < job->n_frames && strcmp(job->frames[c->next].id, c->v->run->id))
        c->next++;
    if (c->next == job->n_frames)
        return CK_END;
    i->row = &job->frames[c->next++];
    i->files = calloc((size_t)i->row->n + 1, sizeof *i->files);
    return i->files ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a frame");
}

static ck_status decode(const char *path, struct file *f, ck_error *e)
{
    ck_frame frame = {0};
    ck_status s = ck_still_read(path, CK_WANT_ALL, "rgb", &frame, e);
    const ck_plane *p = s == CK_OK ? ck_frame_plane(&frame, "rgb") : NULL;
    if (p) {
        f->c = p->c;
        f->h = p->h;
        f->w = p->w;
    }
    ck_frame_free(&frame);
    return s == CK_OK ? ck_exr_check_parts(path, e) : s;
}

static ck_status check_file(const checking *c, const ck_job_file *of, struct file *f, ck_error *e)
{
    char *path;
    struct stat st;
    if (asprintf(&path, "%s/%s", c->v->out, of->name) < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
    ck_status s = CK_OK;
    if (stat(path, &st))
        s = ck_fail_errno(&f->why, "missing");
    else if ((uint64_t)st.st_size != of->size)
        s = ck_fail(&f->why, CK_ERR_FORMAT, "has %lld bytes, was written with %llu", (long long)st.st_size,
                    (unsigned long long)of->size);
    else if (!ck_job_file_is(c->v->out, of))
        s = ck_fail(&f->why, CK_ERR_FORMAT, "was changed after it was written");
    else
        s = decode(path, f, &f->why);
    f->bad = s != CK_OK;
    free(path);
    return s == CK_ERR_MEMORY ? ck_fail(e, s, "%s", f->why.text) : CK_OK;
}

static ck_status work(void *ctx, void *p, ck_error *e)
{
    item *i = p;
    ck_status s = CK_OK;
    for (int k = 0; k < i->row->n && s == CK_OK; k++)
        s = check_file(ctx, &i->row->files[k], &i->files[k], e);
    return s;
}

/* Compare file k of a row with the size of the output's other pictures. */
static void check_size(checking *c, int k, struct file *f)
{
    if (k >= (int)(sizeof c->sizes / sizeof *c->sizes))
        return;
    size *d = &c->sizes[k];
    if (!d->c)
        *d = (size){.c = f->c, .h = f->h, .w = f->w};
    f->bad = d->c != f->c || d->h != f->h || d->w != f->w;
    if (f->bad)
        ck_fail(&f->why, CK_ERR_FORMAT, "is %d x %d, %d channels, the others are %d x %d, %d", f->w, f->h, f->c, d->w,
                d->h, d->c);
}

static ck_status consume(void *ctx, void *p, ck_error *e)
{
    checking *c = ctx;
    item *i = p;
    (void)e;
    long at = ck_shot_position(&c->v->shot, i->row->number);
    for (int k = 0; k < i->row->n; k++) {
        struct file *f = &i->files[k];
        if (!f->bad && !c->one_by_one)
            check_size(c, k, f);
        if (f->bad)
            ck_verify_fault(c->v, "%s/%s: %s", c->v->out, i->row->files[k].name, f->why.text);
        c->v->bad[at] |= f->bad;
    }
    return CK_OK;
}

static void drop(void *ctx, void *p)
{
    (void)ctx;
    free(((item *)p)->files);
    *(item *)p = (item){0};
}

/* Report frames that have no row in the record. */
static void find_missing(ck_verify *v)
{
    for (size_t i = 0; i < v->shot.n; i++)
        if (!ck_job_frame_of(&v->job, v->shot.numbers[i], v->run->id)) {
            ck_verify_fault(v, "%s: frame %ld is missing", v->out, v->shot.numbers[i]);
            v->bad[i] = true;
        }
}

ck_status ck_verify_stills(ck_verify *v, int threads, ck_error *e)
{
    find_missing(v);
    checking c = {.v = v, .one_by_one = !strcmp(v->run->frames, CK_JOB_ONE_BY_ONE)};
    ck_flow flow = {.ctx = &c,
                    .item_size = sizeof(item),
                    .threads = threads,
                    .produce = produce,
                    .work = work,
                    .consume = consume,
                    .drop = drop};
    return ck_flow_run(&flow, e);
}

/* ---- videos ---- */

static void all_bad(ck_verify *v)
{
    for (size_t i = 0; i < v->shot.n; i++)
        v->bad[i] = true;
}

/* Decode the video; it must have as many good frames as the job. */
static ck_status decode_video(ck_verify *v, const char *name, int threads, ck_error *e)
{
    char *path;
    ck_video *in = NULL;
    ck_video_how how = {.threads = threads, .stream = -1};
    ck_video_frame f;
    size_t n = 0;
    if (asprintf(&path, "%s/%s", v->out, name) < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
    ck_error why = {{0}};
    ck_status s = ck_video_open(path, &how, &in, &why);
    while (s == CK_OK && (s = ck_video_next(in, &f, &why)) == CK_OK) {
        if (f.error)
            s = ck_fail(&why, CK_ERR_FORMAT, "frame %zu: %s", n, f.error);
        n++;
        ck_video_frame_free(&f);
    }
    if (s == CK_END && n != v->shot.n)
        s = ck_fail(&why, CK_ERR_FORMAT, "has %zu frames, not %zu", n, v->shot.n);
    if (s != CK_END) {
        ck_verify_fault(v, "%s: %s: remove it, and run ck key --resume", path, why.text);
        all_bad(v);
    }
    ck_video_free(in);
    free(path);
    return CK_OK;
}

/* Report the frames that a video still in segments lacks, or that its segments are not joined yet. */
static ck_status check_pieces(ck_verify *v, const char *name, ck_error *e)
{
    ck_pieces p;
    ck_status s = ck_pieces_load(v->out, name, v->run->id, &v->shot, &p, e);
    size_t lacks = 0;
    for (size_t i = 0; i < v->shot.n && s == CK_OK; i++)
        if (!p.there[i] || p.failed[i]) {
            v->bad[i] = true;
            lacks++;
        }
    if (s == CK_OK && lacks)
        ck_verify_fault(v, "%s/%s: %zu of %zu frames are missing", v->out, name, lacks, v->shot.n);
    else if (s == CK_OK)
        ck_verify_fault(v, "%s/%s: its segments are not joined yet: give --join", v->out, name);
    ck_pieces_free(&p);
    return s;
}

static ck_status check_video(ck_verify *v, const char *name, int threads, ck_error *e)
{
    const ck_job_video *row = ck_job_video_of(&v->job, name, v->run->id);
    if (!row)
        return check_pieces(v, name, e);
    if (!ck_job_file_is(v->out, &row->file)) {
        ck_verify_fault(v, "%s/%s: missing, or changed after it was written", v->out, name);
        all_bad(v);
        return CK_OK;
    }
    if (*row->failed) {
        ck_verify_fault(v, "%s/%s: black pictures stand for frames %s, which failed", v->out, name, row->failed);
        return CK_OK;
    }
    return decode_video(v, name, threads, e);
}

ck_status ck_verify_videos(ck_verify *v, int threads, ck_error *e)
{
    /* All frames of a job go to the same videos, so any row names them. */
    const ck_job_frame *row = NULL;
    for (size_t i = 0; i < v->job.n_frames && !row; i++)
        if (!strcmp(v->job.frames[i].id, v->run->id))
            row = &v->job.frames[i];
    ck_status s = CK_OK;
    for (int i = 0; row && i < row->n_videos && s == CK_OK; i++)
        s = check_video(v, row->videos[i], threads, e);
    return s;
}
