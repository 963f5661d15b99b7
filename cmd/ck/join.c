#include "ck/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/outfile.h"
#include "ck/pieces.h"
#include "io/ranges.h"
#include "shared/lock.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for joining a video");
}

/* True if the list names exactly the frames of the job. */
static bool frames_equal(const ck_shot *shot, const char *list)
{
    ck_ranges r;
    ck_numbers numbers = {0};
    bool equal = false;
    if (ck_ranges_parse(list, &r, NULL) != CK_OK)
        return false;
    if (ck_ranges_last(&r) != CK_RANGE_OPEN && ck_ranges_numbers(&r, &numbers, NULL) == CK_OK)
        equal = numbers.n == shot->n && !memcmp(numbers.v, shot->numbers, shot->n * sizeof *numbers.v);
    free(numbers.v);
    ck_ranges_free(&r);
    return equal;
}

bool ck_video_is_whole(const char *out, const ck_job *job, const char *name, const char *id, const ck_shot *shot)
{
    const ck_job_video *v = ck_job_video_of(job, name, id);
    return v && !*v->failed && ck_job_file_is(out, &v->file) && frames_equal(shot, v->frames);
}

typedef struct joining {
    const char *out;
    const ck_job_run *run;
    const ck_shot *shot;
    bool busy; /* another run is writing, perhaps to segments: they stay, and the end of that run removes them */
} joining;

static ck_status record_video(const joining *j, const char *name, const ck_pieces *p, ck_error *e)
{
    long *failed = calloc(j->shot->n + 1, sizeof *failed);
    size_t n = 0;
    for (size_t i = 0; failed && i < j->shot->n; i++)
        if (p->failed[i])
            failed[n++] = j->shot->numbers[i];
    ck_job_video v = {.file.name = strdup(name), .frames = j->run->frames};
    v.failed = failed ? ck_numbers_text(failed, n) : NULL;
    memcpy(v.id, j->run->id, sizeof v.id);
    ck_status s = v.file.name && v.failed ? ck_job_stat(j->out, &v.file, e) : no_memory(e);
    if (s == CK_OK)
        s = ck_job_add_video(j->out, &v, e);
    if (s == CK_OK && n == 0 && !j->busy) /* with failures segments stay, and a later run may add those frames */
        ck_pieces_remove(j->out, name);
    free(v.file.name);
    free(v.failed);
    free(failed);
    return s;
}

static ck_status write_video(const joining *j, const char *name, const ck_pieces *p, ck_error *e)
{
    char *path, note[200] = "";
    if (asprintf(&path, "%s/%s", j->out, name) < 0)
        return no_memory(e);
    ck_status s = ck_av_join(p->segments, p->refs, p->n_refs, path, note, sizeof note, e);
    if (*note)
        ck_log_notice("%s: %s", path, note);
    if (s != CK_OK)
        ck_fail_in(e, s, path);
    free(path);
    return s == CK_OK ? record_video(j, name, p, e) : s;
}

/* Join the video, unless it is whole already or segments are missing. */
static ck_status join(const char *name, void *arg, ck_error *e)
{
    const joining *j = arg;
    ck_job job;
    ck_pieces p = {0};
    ck_status s = ck_job_read(j->out, &job, e);
    bool whole = s == CK_OK && ck_video_is_whole(j->out, &job, name, j->run->id, j->shot);
    if (whole && !j->busy)
        ck_pieces_remove(j->out, name);
    else if (s == CK_OK && !whole)
        s = ck_pieces_load(j->out, name, j->run->id, j->shot, &p, e);
    if (s == CK_OK && !whole && p.n_refs == j->shot->n && p.n_refs)
        s = write_video(j, name, &p, e);
    ck_pieces_free(&p);
    ck_job_free(&job);
    return s;
}

ck_status ck_join_videos(const char *out, const ck_job_run *run, const ck_shot *shot, ck_error *e)
{
    joining j = {.out = out, .run = run, .shot = shot};
    ck_lock l;
    ck_status s = ck_lock_open(&l, out, e);
    if (s == CK_OK)
        s = ck_lock_joining(&l, e);
    if (s == CK_OK) {
        j.busy = ck_lock_busy(&l);
        ck_outfile_sweep(out); /* files that a killed run left while joining */
        s = ck_pieces_videos(out, join, &j, e);
    }
    ck_lock_close(&l);
    return s;
}
