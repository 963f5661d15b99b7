#include "ck/finished.h"

#include <stdlib.h>
#include <string.h>

#include "ck/join.h"
#include "ck/pieces.h"
#include "shared/inputs.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the job's frames");
}

typedef struct search {
    const char *out, *id;
    const ck_job *job;
    const ck_shot *shot;
    struct video {
        char *name;
        bool *frames; /* per position */
    } * videos;
    int n;
} search;

/* *frames: per position, whether the video has the frame.  Computed once per video. */
static ck_status frames_of_video(search *d, const char *name, const bool **frames, ck_error *e)
{
    for (int i = 0; i < d->n; i++)
        if (!strcmp(d->videos[i].name, name)) {
            *frames = d->videos[i].frames;
            return CK_OK;
        }
    struct video *grown = realloc(d->videos, (size_t)(d->n + 1) * sizeof *grown);
    if (!grown)
        return no_memory(e);
    d->videos = grown;
    size_t n = d->shot->n;
    struct video v = {.name = strdup(name), .frames = calloc(n + 1, sizeof *v.frames)};
    grown[d->n++] = v;
    if (!v.name || !v.frames)
        return no_memory(e);
    bool whole = ck_video_is_whole(d->out, d->job, name, d->id, d->shot);
    ck_pieces p = {0};
    ck_status s = whole ? CK_OK : ck_pieces_load(d->out, name, d->id, d->shot, &p, e);
    for (size_t i = 0; i < n && s == CK_OK; i++)
        v.frames[i] = whole || (p.there[i] && !p.failed[i]);
    ck_pieces_free(&p);
    *frames = v.frames;
    return s;
}

/* *yes: every output of the frame is finished. */
static ck_status check_frame(search *d, size_t at, bool *yes, ck_error *e)
{
    const ck_job_frame *row = ck_job_frame_of(d->job, d->shot->numbers[at], d->id);
    const ck_sequence *files = &d->shot->files;
    bool stale = row && !*row->input && at < files->n && !files->files[at].black; /* black stood for it */
    *yes = row && !stale;
    ck_status s = CK_OK;
    for (int i = 0; *yes && i < row->n; i++)
        *yes = ck_job_file_is(d->out, &row->files[i]);
    for (int i = 0; *yes && i < row->n_videos && s == CK_OK; i++) {
        const bool *frames = NULL;
        s = frames_of_video(d, row->videos[i], &frames, e);
        *yes = s == CK_OK && frames[at];
    }
    return s;
}

/* A finished frame must have been made of the file that is there now.  Its stills may be removed, to be done again
 * (`yes` is then false); its picture in a video may not. */
static ck_status check_input(const search *d, size_t at, bool yes, ck_error *e)
{
    const ck_shot *shot = d->shot;
    const ck_job_frame *row = ck_job_frame_of(d->job, shot->numbers[at], d->id);
    char state[64];
    if (!row || !*row->input || at >= shot->files.n || shot->files.files[at].black || (!yes && !row->n_videos) ||
        !ck_inputs_state(shot->files.files[at].path, state, sizeof state) || !strcmp(row->input, state))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "%s: has changed since frame %ld was finished: %schoose another OUT",
                   shot->files.files[at].path, shot->numbers[at],
                   row->n_videos ? "" : "remove that frame's files in OUT, or ");
}

ck_status ck_finished_find(const char *out, const ck_job *job, const char *id, const ck_shot *shot, bool *finished,
                           ck_error *e)
{
    search d = {.out = out, .id = id, .job = job, .shot = shot};
    ck_status s = CK_OK;
    for (size_t i = 0; i < shot->n && s == CK_OK; i++) {
        s = check_frame(&d, i, &finished[i], e);
        if (s == CK_OK)
            s = check_input(&d, i, finished[i], e);
    }
    for (int i = 0; i < d.n; i++) {
        free(d.videos[i].name);
        free(d.videos[i].frames);
    }
    free(d.videos);
    return s;
}
