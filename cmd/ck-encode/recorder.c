#include "ck-encode/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "io/ranges.h"
#include "shared/job_line.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the record of the run");
}

ck_status ck_recorder_open(ck_recorder *r, const char *out, ck_error *e)
{
    const char *text = getenv(CK_JOB_ENV);
    *r = (ck_recorder){.out = out, .at = -1, .fd = -1};
    if (!text || !out)
        return CK_OK;
    r->on = true;
    r->segmented = getenv(CK_JOB_SEGMENTS_ENV) != NULL;
    r->command = getenv(CK_JOB_REPORT_ENV);
    ck_status s = ck_job_run_parse(text, &r->run, e);
    r->counted = s == CK_OK && *r->run.frames;
    ck_ranges frames = {0};
    if (r->segmented && r->counted)
        s = ck_ranges_parse(r->run.frames, &frames, e);
    if (s == CK_OK && r->segmented)
        s = ck_ranges_numbers(&frames, &r->job, e);
    ck_ranges_free(&frames);
    return s == CK_OK ? s : ck_fail_in(e, s, "$" CK_JOB_ENV);
}

static char *segments_folder(const ck_recorder *r, const ck_output *o)
{
    char *path = NULL, *name = ck_output_name(o, NULL);
    if (name && asprintf(&path, "%s/" CK_SEGMENTS "/%s", r->out, name) < 0)
        path = NULL;
    free(name);
    return path;
}

/* Remove segments that killed runs left unfinished. */
static ck_status sweep_segments(const ck_recorder *r, const ck_outputs *o, ck_error *e)
{
    for (int i = 0; i < o->n; i++) {
        char *path = o->items[i].video && o->items[i].path ? segments_folder(r, &o->items[i]) : NULL;
        if (!path && o->items[i].video && o->items[i].path)
            return no_memory(e);
        if (path)
            ck_outfile_sweep(path);
        free(path);
    }
    return CK_OK;
}

static ck_status set_frames(ck_recorder *r, const char *frames, ck_error *e)
{
    free(r->run.frames);
    r->run.frames = strdup(frames);
    return r->run.frames ? CK_OK : no_memory(e);
}

/* Write the failures that came before the first file. */
static ck_status add_waiting(ck_recorder *r, ck_error *e)
{
    ck_status s = CK_OK;
    for (size_t i = 0; i < r->n_waiting && s == CK_OK; i++) {
        ck_job_failure f = {.number = r->waiting[i].number, .text = r->waiting[i].text};
        memcpy(f.id, r->run.id, sizeof f.id);
        s = ck_job_add_failure(r->out, &f, e);
    }
    for (size_t i = 0; i < r->n_waiting; i++)
        free(r->waiting[i].text);
    r->n_waiting = 0;
    return s;
}

static ck_status add_command(const ck_recorder *r, ck_error *e)
{
    char folder[PATH_MAX] = "";
    if (!r->command)
        return CK_OK;
    (void)!getcwd(folder, sizeof folder); /* "" if that folder was removed */
    return ck_job_add_command(r->out, r->command, folder, r->run.id, e);
}

ck_status ck_recorder_start(ck_recorder *r, const ck_outputs *o, const char *numbers, ck_error *e)
{
    if (!r->on)
        return CK_OK;
    ck_status s = r->segmented ? sweep_segments(r, o, e) : CK_OK;
    if (s == CK_OK && !r->counted && numbers) {
        s = set_frames(r, numbers, e);
        r->counted = *numbers && numbers[strlen(numbers) - 1] != '-';
    }
    if (s == CK_OK)
        s = ck_job_add_run(r->out, &r->run, e);
    if (s == CK_OK)
        s = add_command(r, e);
    r->started = s == CK_OK;
    return s == CK_OK ? add_waiting(r, e) : s;
}

/* Write an event: the open segments are complete. */
static void announce(const ck_recorder *r, const ck_outputs *o)
{
    for (int i = 0; i < o->n && r->at >= 0; i++) {
        char *name = o->items[i].video && o->items[i].path ? ck_output_name(&o->items[i], NULL) : NULL;
        if (name)
            ck_log_event_segment(name, r->first, r->last);
        free(name);
    }
}

/* Begin a segment of the output: FOLDER/NUMBER.COUNT, with the first count that is not used yet. */
static ck_status begin(const ck_recorder *r, ck_output *o, const ck_av_stamp *at, const char *timecode, ck_error *e)
{
    char *folder = segments_folder(r, o), *path = NULL;
    ck_status s = folder ? ck_mkdirs(folder, e) : no_memory(e);
    for (int k = 0; s == CK_OK && (!path || access(path, F_OK) == 0); k++) {
        free(path);
        if (asprintf(&path, "%s/%ld.%d", folder, at->number, k) < 0) {
            path = NULL;
            s = no_memory(e);
        }
    }
    if (s == CK_OK)
        s = ck_video_sink_segment(o->video, path, r->run.id, at, timecode, e);
    if (s != CK_OK && path)
        ck_fail_in(e, s, path);
    free(path);
    free(folder);
    return s;
}

ck_status ck_recorder_stamp(ck_recorder *r, ck_outputs *o, ck_rate rate, double pts, const char *timecode,
                            ck_av_stamp *at, ck_error *e)
{
    if (!r->segmented)
        return CK_OK;
    long here = ck_numbers_find(r->job.v, r->job.n, at->number);
    if (here < 0)
        return ck_fail(e, CK_ERR_FORMAT, "frame %ld is not one of the job's", at->number);
    bool next = r->at >= 0 && here == r->at + 1 && here % CK_SEGMENT_FRAMES != 0;
    ck_status s = CK_OK;
    at->time = isnan(pts) ? (double)here * rate.den / rate.num : pts;
    for (int i = 0; i < o->n && s == CK_OK && !next; i++)
        if (o->items[i].video && o->items[i].path)
            s = begin(r, &o->items[i], at, timecode, e);
    if (s == CK_OK && !next) {
        announce(r, o);
        r->first = at->number;
    }
    r->at = here;
    r->last = at->number;
    return s;
}

/* Add a still to the frame's row. */
static ck_status add_file(const ck_recorder *r, const ck_output *o, const ck_still_name *of, ck_job_frame *f,
                          ck_error *e)
{
    ck_job_file *file = &f->files[f->n];
    file->name = ck_output_name(o, of);
    if (!file->name)
        return no_memory(e);
    f->n++;
    return ck_job_stat(r->out, file, e);
}

/* The row of a frame; its arrays have room for every output. */
static ck_status make_row(const ck_recorder *r, const ck_outputs *o, const ck_frame *of, ck_job_frame *f, ck_error *e)
{
    const char *input = ck_meta_get(&of->meta, "input-state");
    *f = (ck_job_frame){.number = ck_frame_number(of),
                        .input = strdup(input ? input : ""),
                        .files = calloc((size_t)o->n + 1, sizeof *f->files),
                        .videos = calloc((size_t)o->n + 1, sizeof *f->videos)};
    memcpy(f->id, r->run.id, sizeof f->id);
    return f->input && f->files && f->videos ? CK_OK : no_memory(e);
}

/* Create a file of this run's own, OUT/.ck-report/NUMBER.COUNT, so that runs over other chunks need no lock. */
static ck_status open_pictures(ck_recorder *r, long number, ck_error *e)
{
    char *path = NULL;
    if (asprintf(&path, "%s/" CK_REPORT_FOLDER, r->out) < 0)
        return no_memory(e);
    ck_status s = ck_mkdirs(path, e);
    for (int k = 0; s == CK_OK && r->fd < 0; k++) {
        free(path);
        free(r->pictures);
        path = r->pictures = NULL;
        if (asprintf(&r->pictures, CK_REPORT_FOLDER "/%ld.%d", number, k) < 0 ||
            asprintf(&path, "%s/%s", r->out, r->pictures) < 0)
            s = no_memory(e);
        else if ((r->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) < 0 && errno != EEXIST)
            s = ck_fail_errno(e, "%s: cannot create", path);
    }
    free(path);
    return s;
}

static ck_status add_picture(ck_recorder *r, long number, ck_figures *g, ck_error *e)
{
    if (!g->picture)
        return CK_OK;
    ck_status s = r->fd < 0 ? open_pictures(r, number, e) : CK_OK;
    if (s == CK_OK && (s = ck_write_all(r->fd, g->picture, g->size, (off_t)r->used, e)) != CK_OK)
        ck_fail_in(e, s, r->pictures);
    if (s != CK_OK)
        return s;
    snprintf(g->values.picture, sizeof g->values.picture, "%s", r->pictures);
    g->values.at = r->used;
    g->values.size = g->size;
    r->used += g->size;
    return CK_OK;
}

ck_status ck_recorder_frame(ck_recorder *r, const ck_outputs *o, const ck_frame *f, const ck_still_name *name,
                            ck_figures *figures, ck_error *e)
{
    if (!r->on)
        return CK_OK;
    ck_job_frame row;
    ck_status s = make_row(r, o, f, &row, e);
    if (s == CK_OK)
        s = ck_numbers_add(&r->seen, row.number, e);
    for (int i = 0; i < o->n && s == CK_OK; i++) {
        const ck_output *p = &o->items[i];
        if (!p->on || !p->path)
            continue;
        if (!p->video)
            s = add_file(r, p, name, &row, e);
        else if ((row.videos[row.n_videos] = ck_output_name(p, NULL)))
            row.n_videos++;
        else
            s = no_memory(e);
    }
    if (s == CK_OK)
        s = add_picture(r, row.number, figures, e);
    row.values = &figures->values;
    if (s == CK_OK)
        s = ck_job_add_frame(r->out, &row, e);
    row.values = NULL;
    ck_job_frame_free(&row);
    return s;
}

static ck_status wait_with(ck_recorder *r, long number, const char *text, ck_error *e)
{
    struct waiting *grown = ck_grown(r->waiting, r->n_waiting, &r->cap_waiting, sizeof *grown);
    if (!grown)
        return no_memory(e);
    r->waiting = grown;
    grown[r->n_waiting] = (struct waiting){number, strdup(text)};
    return grown[r->n_waiting++].text ? CK_OK : no_memory(e);
}

ck_status ck_recorder_failed(ck_recorder *r, long number, const char *text, ck_error *e)
{
    if (!r->on)
        return CK_OK;
    ck_status s = ck_numbers_add(&r->seen, number, e);
    if (s == CK_OK)
        s = ck_numbers_add(&r->failed, number, e);
    if (s == CK_OK)
        s = wait_with(r, number, text, e);
    return s == CK_OK && r->started ? add_waiting(r, e) : s;
}

void ck_recorder_stopped(const ck_recorder *r, const char *text)
{
    if (r->started)
        (void)ck_job_add_stopped(r->out, text, r->run.id, NULL);
}

static ck_status record_video(const ck_recorder *r, const ck_output *o, char *seen, char *failed, ck_error *e)
{
    ck_job_video v = {.frames = seen, .failed = failed, .file.name = ck_output_name(o, NULL)};
    memcpy(v.id, r->run.id, sizeof v.id);
    ck_status s = v.file.name ? ck_job_stat(r->out, &v.file, e) : no_memory(e);
    if (s == CK_OK)
        s = ck_job_add_video(r->out, &v, e);
    free(v.file.name);
    return s;
}

ck_status ck_recorder_finish(ck_recorder *r, const ck_outputs *o, ck_error *e)
{
    if (!r->on)
        return CK_OK;
    if (r->segmented)
        announce(r, o);
    char *seen = ck_numbers_text(r->seen.v, r->seen.n), *failed = ck_numbers_text(r->failed.v, r->failed.n);
    ck_status s = seen && failed ? CK_OK : no_memory(e);
    if (s == CK_OK && !r->counted) {
        s = set_frames(r, seen, e);
        if (s == CK_OK)
            s = ck_job_add_run(r->out, &r->run, e);
    }
    for (int i = 0; i < o->n && s == CK_OK && !r->segmented; i++)
        if (o->items[i].on && o->items[i].video && o->items[i].path)
            s = record_video(r, &o->items[i], seen, failed, e);
    free(seen);
    free(failed);
    return s;
}

void ck_recorder_close(ck_recorder *r)
{
    ck_job_run_free(&r->run);
    free(r->job.v);
    free(r->seen.v);
    free(r->failed.v);
    for (size_t i = 0; i < r->n_waiting; i++)
        free(r->waiting[i].text);
    free(r->waiting);
    free(r->pictures);
    if (r->fd >= 0)
        close(r->fd);
}
