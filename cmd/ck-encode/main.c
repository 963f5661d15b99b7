/* ck-encode: planes out, as stills and video.
 *
 *     open      plan from the command line
 *     admit     first good frame: folders, videos, the stream's header; names claimed, in order
 *     frame     stills compressed and written, pictures for video made     (any thread)
 *     consume   pictures to the encoders, in order
 *     finish    videos completed */
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "base/trace.h"
#include "ck-encode/guard.h"
#include "ck-encode/leftovers.h"
#include "ck-encode/outputs.h"
#include "ck-encode/preview.h"
#include "ck-encode/recorder.h"
#include "ck-encode/sound.h"
#include "ck-encode/space.h"
#include "ck-encode/stems.h"
#include "ck-encode/still.h"
#include "shared/inputs.h"
#include "stream/stage.h"

typedef struct encode {
    ck_outputs_run run;
    ck_still_how still;
    ck_outputs outputs;
    pthread_mutex_t lock; /* protects the members that follow and the outputs' counts */
    bool started;
    ck_status broken; /* error that `start` returned; all later frames fail with it */
    ck_error why;
    ck_stems stems;
    ck_guard guard;
    ck_recorder recorder;
    ck_preview *preview; /* NULL: none */
    char *numbers;       /* HEAD's; owned, or NULL */
    struct gap {
        ck_av_stamp at;
        double pts;
        char timecode[CK_TIMECODE];
    } * gaps; /* error frames whose black pictures are not written yet */
    size_t n_gaps, cap_gaps;
    double from; /* seconds: when frame 0 is shown */
    bool timed, time_said;
    bool measured; /* free space has been compared with the first frame's size */
    bool fixed;    /* the user gave videos a rate */
} encode;

/* Passed from `frame` to `consume`: an item per output. */
typedef struct job {
    char *stem; /* of the stills' files, if there are any */
    ck_still_name name;
    bool skipped; /* a file exists, and was left as it is */
    ck_figures figures;
    int n;
    struct {
        ck_picture picture; /* of a video */
        bool written;       /* a still: its file is complete */
    } items[];
} job;

static void free_job(void *p)
{
    job *j = p;
    for (int i = 0; i < j->n; i++)
        ck_picture_free(&j->items[i].picture);
    ck_figures_free(&j->figures);
    free(j->stem);
    free(j);
}

static ck_status read_rate(encode *s, const ck_meta *head, ck_error *e)
{
    const char *asked = s->run.opts->rate, *given = ck_meta_get(head, "rate");
    s->run.rated = true;
    if (strcmp(asked, "auto")) {
        s->fixed = true;
        if (ck_rate_parse(asked, &s->run.rate))
            return CK_OK;
        return ck_fail(e, CK_ERR_ARGUMENT, "--rate '%s' is not a frame rate such as 25 or 30000/1001", asked);
    }
    if (given && ck_rate_parse(given, &s->run.rate))
        return CK_OK;
    s->run.rated = false;
    s->run.rate = (ck_rate){24, 1};
    ck_log_info("the stream has no frame rate: 24/1 is used (--rate)");
    return CK_OK;
}

/* Read pixel aspect ratio and plate size from HEAD; outputs of the plate's size get the same aspect ratio. */
static void read_shape(encode *s, const ck_meta *head)
{
    const char *sar = ck_meta_get(head, "sar");
    if (!sar || !ck_rate_parse(sar, &s->run.sar))
        s->run.sar = (ck_rate){1, 1};
    s->run.plate_w = (int)ck_meta_int(head, "width", 1, CK_MAX_SIDE, 0);
    s->run.plate_h = (int)ck_meta_int(head, "height", 1, CK_MAX_SIDE, 0);
}

/* Add the source, without its folder, and the programs.  Neither depends on the range, the threads or the host. */
static ck_status read_provenance(ck_meta *m, const ck_meta *head, ck_error *e)
{
    const char *source = ck_meta_get(head, "source"), *program = ck_meta_get(head, "program");
    char *base = source ? ck_option_base_name(source) : NULL;
    if (source && !base)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    ck_status st = ck_meta_set(m, "ck:source", base, e);
    free(base);
    return st == CK_OK ? ck_meta_setf(m, e, "ck:program", "%s%sck-encode", program ? program : "", program ? " | " : "")
                       : st;
}

static ck_status read_camera(ck_meta *m, const ck_meta *head, ck_error *e)
{
    size_t n = strlen(CK_CAMERA);
    ck_status s = CK_OK;
    for (size_t i = 0; i < head->n && s == CK_OK; i++)
        if (!strncmp(head->pairs[i].key, CK_CAMERA, n))
            s = ck_meta_set(m, head->pairs[i].key + n, head->pairs[i].value, e);
    return s;
}

static ck_status read_head(encode *s, const ck_meta *head, ck_error *e)
{
    ck_meta *m = &s->run.about;
    read_shape(s, head);
    const char *transfer = ck_meta_get(head, "transfer"), *numbers = ck_meta_get(head, "numbers");
    const char *source = ck_meta_get(head, "source");
    s->run.frames = ck_meta_int(head, "frames", 1, LONG_MAX, 0);
    if ((transfer && !(s->run.transfer = strdup(transfer))) || (numbers && !(s->numbers = strdup(numbers))) ||
        (source && !(s->run.source = strdup(source))))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    ck_status st = ck_meta_set(m, "software", "ck-encode " CK_VERSION, e);
    if (st == CK_OK)
        st = ck_meta_set(m, "ck:primaries", ck_meta_get(head, "primaries"), e);
    if (st == CK_OK)
        st = ck_colours_open(&s->run.colours, s->run.opts, head, e);
    if (st == CK_OK && s->run.opts->provenance)
        st = read_provenance(m, head, e);
    if (st == CK_OK && s->run.opts->provenance)
        st = read_camera(&s->run.camera, head, e);
    if (st == CK_OK)
        st = read_rate(s, head, e);
    return st == CK_OK && ck_encode_video(s->run.opts, false) ? ck_sound_choose(&s->run, head, e) : st;
}

/* The timecode of the first frame of the stream, from that of the first good one. */
static void find_timecode(encode *s, const ck_frame *f)
{
    const char *text = ck_meta_get(&f->meta, "timecode");
    if (!text || !ck_timecode_add(text, s->run.rate.num, s->run.rate.den, -(long)f->seq, s->run.timecode))
        *s->run.timecode = 0;
}

static ck_status start(encode *s, ck_frame *f, ck_error *e)
{
    pthread_mutex_lock(&s->lock);
    if (!s->started && s->broken == CK_OK) {
        find_timecode(s, f);
        s->broken = ck_outputs_match(&s->outputs, &s->run, f, &s->why);
        if (s->broken == CK_OK)
            s->broken = ck_guard_start(&s->guard, &s->outputs, f, &s->why);
        if (s->broken == CK_OK)
            s->broken = ck_outputs_start(&s->outputs, &s->run, f, &s->why);
        if (s->broken == CK_OK)
            s->broken = ck_recorder_start(&s->recorder, &s->outputs, s->numbers, &s->why);
        s->started = s->broken == CK_OK;
    }
    if (s->broken != CK_OK && e)
        *e = s->why;
    ck_status st = s->broken;
    pthread_mutex_unlock(&s->lock);
    return st;
}

/* Check the command line before the stream is read, so that no upstream program is blamed for it. */
static ck_status check(const void *opts, const ck_list *args, ck_error *e)
{
    ck_outputs o;
    if (args->n > 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "unexpected argument '%s': ck-encode takes one folder", args->items[1]);
    ck_status st = ck_outputs_plan(&o, opts, args->n ? args->items[0] : NULL, e);
    ck_outputs_free(&o);
    return st == CK_OK && ((const ck_encode_options *)opts)->preview ? ck_preview_check(e) : st;
}

static ck_status open_encode(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                             ck_error *e)
{
    encode *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    pthread_mutex_init(&s->lock, NULL);
    s->guard.lock.fd = -1;
    s->run.opts = opts;
    s->run.out = args->n ? args->items[0] : NULL;
    ck_outfile_sync(s->run.opts->fsync);
    s->still = (ck_still_how){.alpha = (ck_alpha)s->run.opts->alpha, .layout = (ck_exr_layout)s->run.opts->exr_layout};
    (void)ck_exr_packing_parse(s->run.opts->compression, &s->still.packing, NULL); /* was checked with the options */
    s->run.threads = s->run.opts->common.threads ? s->run.opts->common.threads : ck_cores();
    ck_status st = ck_outputs_plan(&s->outputs, opts, s->run.out, e);
    if (st == CK_OK)
        st = ck_recorder_open(&s->recorder, s->run.out, e);
    s->run.segmented = s->recorder.segmented;
    if (st == CK_OK)
        st = read_head(s, head, e);
    if (st == CK_OK && s->run.sound) /* no output may replace it */
        st = ck_inputs_add(head, s->run.sound, e);
    if (st == CK_OK)
        st = ck_guard_init(&s->guard, head, s->run.out, (ck_existing)s->run.opts->existing, s->run.segmented, e);
    if (st == CK_OK && !first)
        return ck_fail(e, CK_ERR_FORMAT, "the stream has no frames: nothing to write");
    if (st == CK_OK && s->run.opts->preview)
        st = ck_preview_new(ck_meta_get(head, "rate"), first, &s->preview, e);
    return st == CK_OK && !ck_frame_error(first) ? start(s, first, e) : st;
}

/* Report a failed write with its path and a remedy. */
static ck_status failed_at(const char *path, ck_status st, ck_error *e)
{
    size_t n = e ? strlen(e->text) : 0;
    if (e && (st == CK_ERR_IO || st == CK_ERR_FULL))
        snprintf(e->text + n, sizeof e->text - n, ": make room or choose another OUT; finished files are complete");
    ck_fail_in(e, st, path ? path : "standard output");
    /* An unusable path is a failure (status 1), not wrong usage (status 2). */
    return st == CK_ERR_ARGUMENT ? CK_ERR_IO : st;
}

/* A plane of a still, with the labels of its frame. */
static ck_status still_plane(const ck_output *o, ck_frame *f, ck_still_plane *out, ck_meta *about, ck_error *e)
{
    ck_plane *p = NULL;
    ck_status st = ck_output_plane(o, f, &p, e);
    if (st == CK_OK)
        st = ck_meta_copy(about, &o->about, e);
    if (st == CK_OK)
        st = ck_meta_set(about, "ck:number", ck_meta_get(&f->meta, "number"), e);
    if (st == CK_OK)
        st = ck_meta_set(about, "ck:timecode", ck_meta_get(&f->meta, "timecode"), e);
    *out = (ck_still_plane){.plane = p,
                            .to = ck_output_delivery(o),
                            .format = o->format,
                            .layer = strcmp(o->plane, CK_MAIN_PLANE) ? o->layer : "",
                            .about = about};
    return st;
}

/* Write the file of an output: its plane, and those that share the file. */
static ck_status write_planes(const encode *s, const ck_output *o, ck_frame *f, const char *path, ck_error *e)
{
    ck_still_plane planes[CK_MAX_PLANES] = {0};
    ck_meta about[CK_MAX_PLANES] = {0};
    int n = 0;
    ck_status st = CK_OK;
    for (const ck_output *q = o; q && st == CK_OK && n < CK_MAX_PLANES; q = q->next, n++)
        st = still_plane(q, f, &planes[n], &about[n], e);
    if (st == CK_OK)
        st = ck_still_write(path, planes, n, &s->still, e);
    for (int i = 0; i < n; i++)
        ck_meta_free(&about[i]);
    return st;
}

/* A pattern may have folders that depend on the frame. */
static ck_status make_folder(const ck_output *o, const char *path, ck_error *e)
{
    if (ck_naming_is_default(o->naming))
        return CK_OK;
    char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    ck_status st = folder ? ck_mkdirs(folder, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
    free(folder);
    return st;
}

static ck_status write_still(encode *s, ck_output *o, ck_frame *f, job *j, ck_error *e)
{
    char *path = ck_output_file(o, &j->name);
    if (!path)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
    bool there = access(path, F_OK) == 0, skip = there && s->guard.existing == CK_EXISTING_SKIP;
    ck_status st = skip ? CK_OK : make_folder(o, path, e);
    if (st == CK_OK && !skip)
        st = write_planes(s, o, f, path, e);
    if (st != CK_OK)
        st = failed_at(path, st, e);
    free(path);
    pthread_mutex_lock(&s->lock);
    o->written += st == CK_OK && !skip;
    o->replaced += st == CK_OK && there && !skip;
    o->skipped += st == CK_OK && skip;
    j->skipped |= skip;
    pthread_mutex_unlock(&s->lock);
    return st;
}

static bool has_stills(const encode *s)
{
    for (int i = 0; i < s->outputs.n; i++)
        if (s->outputs.items[i].on && ck_format_is_still(s->outputs.items[i].format))
            return true;
    return false;
}

static ck_status claim(encode *s, const char *name, const char *kind, const ck_frame *f, ck_error *e)
{
    bool unused;
    long taken;
    ck_status st = ck_stems_claim(&s->stems, name, f, &unused, &taken, e);
    if (st != CK_OK || unused)
        return st;
    return ck_fail(e, CK_ERR_FORMAT, "its %s '%s' is also that of frame %ld: %s", kind, name, taken,
                   ck_naming_is_default(&s->outputs.naming) ? "encode them into separate folders"
                                                            : "add {frame}, {stem} or {plane} to --name");
}

/* Equal stems are equal names, if names have the default pattern. */
static ck_status claim_names(encode *s, const ck_frame *f, job *j, ck_error *e)
{
    ck_status st = ck_stem_make(f, &j->stem, e);
    j->name = (ck_still_name){j->stem, ck_frame_number(f)};
    if (st != CK_OK)
        return st;
    pthread_mutex_lock(&s->lock);
    bool stems = ck_naming_is_default(&s->outputs.naming);
    if (stems)
        st = claim(s, j->stem, "stem", f, e);
    for (int i = 0; i < s->outputs.n && st == CK_OK && !stems; i++) {
        const ck_output *o = &s->outputs.items[i];
        if (!o->on || !ck_format_is_still(o->format))
            continue;
        char *name = ck_output_name(o, &j->name);
        st = name ? claim(s, name, "file", f, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        free(name);
    }
    pthread_mutex_unlock(&s->lock);
    return st;
}

/* Claim names in frame order, so that of two frames with one name the second fails in every run. */
static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    encode *s = state;
    job *j = calloc(1, sizeof *j + (size_t)s->outputs.n * sizeof *j->items);
    if (!j)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    j->n = s->outputs.n;
    f->job = j;
    f->job_free = free_job;
    ck_status st = start(s, f, e);
    if (st == CK_OK && has_stills(s))
        st = claim_names(s, f, j, e);
    if (st == CK_OK)
        st = ck_guard_frame(&s->guard, &s->outputs, f, j->stem ? &j->name : NULL, e);
    if (st == CK_OK && !s->recorder.on) /* else once the frame is measured */
        ck_outputs_strip(&s->outputs, f);
    return st;
}

static ck_status encode_frame(void *state, ck_frame *f, ck_error *e)
{
    encode *s = state;
    job *j = f->job;
    ck_status st = CK_OK;
    if (s->recorder.on) {
        st = ck_figures_make(f, s->recorder.command != NULL, &j->figures, e);
        ck_outputs_strip(&s->outputs, f);
    }
    for (int i = 0; i < s->outputs.n && st == CK_OK; i++) {
        ck_output *o = &s->outputs.items[i];
        ck_plane *p;
        if (!o->on)
            continue;
        st = ck_output_plane(o, f, &p, e);
        if (st == CK_OK)
            st = o->video ? ck_video_sink_picture(o->video, p, &j->items[i].picture, e) : write_still(s, o, f, j, e);
        j->items[i].written = !o->video && st == CK_OK;
    }
    return st;
}

/* The frame's time in videos, relative to frame 0; NAN if it has none. */
static double time_of(encode *s, const ck_frame *f)
{
    const char *text = ck_meta_get(&f->meta, "pts");
    double pts = text ? strtod(text, NULL) : (double)NAN, rate = (double)s->run.rate.num / s->run.rate.den;
    if (isnan(pts))
        return pts;
    if (!s->timed) {
        s->timed = true;
        s->from = pts - (double)f->seq / rate;
    }
    return pts - s->from;
}

/* Warn once about a frame whose own time differs from its time at a constant rate. */
static void check_time(encode *s, const ck_frame *f, double time)
{
    double rate = (double)s->run.rate.num / s->run.rate.den, shown = (double)f->seq / rate;
    bool untimed = false;
    for (int i = 0; i < s->outputs.n; i++)
        untimed |= s->outputs.items[i].video && (s->fixed || !ck_video_sink_timed(s->outputs.items[i].video));
    if (!untimed || s->time_said || isnan(time) || fabs(time - shown) * rate < 1.5)
        return;
    s->time_said = true;
    ck_log_warning("frame %ld belongs at %.3f s, but %d/%d frames a second put it at %.3f s: %s", ck_frame_number(f),
                   time + s->from, s->run.rate.num, s->run.rate.den, shown + s->from,
                   s->fixed ? "video is written at a constant rate (--rate)"
                            : "y4m and rawvideo have a constant rate: write mov, mp4 or nut");
}

/* Write a picture to every video, black if there is no job. */
static ck_status feed(encode *s, const job *j, ck_av_stamp at, double pts, const char *timecode, ck_error *e)
{
    if (s->fixed)
        at.time = pts = (double)NAN;
    /* Without times of their own, frames follow each other from time 0 on. */
    at.from = s->timed ? s->from : isnan(pts) && !at.failed ? 0 : (double)NAN;
    ck_status st = ck_recorder_stamp(&s->recorder, &s->outputs, s->run.rate, pts, timecode, &at, e);
    for (int i = 0; i < s->outputs.n && st == CK_OK; i++) {
        ck_output *o = &s->outputs.items[i];
        if (!o->video)
            continue;
        st = ck_video_sink_write(o->video, j ? &j->items[i].picture : NULL, &at, e);
        if (st != CK_OK)
            return failed_at(o->path, st, e);
    }
    return st;
}

/* Remember a frame that failed, until its black picture can be written. */
static ck_status add_gap(encode *s, const ck_av_stamp *at, double pts, const char *timecode, ck_error *e)
{
    struct gap *grown = ck_grown(s->gaps, s->n_gaps, &s->cap_gaps, sizeof *grown);
    if (!grown)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the frames that failed");
    s->gaps = grown;
    grown[s->n_gaps] = (struct gap){.at = *at, .pts = pts};
    snprintf(grown[s->n_gaps++].timecode, CK_TIMECODE, "%s", timecode ? timecode : "");
    return CK_OK;
}

/* Write the black pictures of frames that failed. */
static ck_status fill_gaps(encode *s, ck_error *e)
{
    ck_status st = CK_OK;
    for (size_t i = 0; i < s->n_gaps && st == CK_OK; i++) {
        const struct gap *g = &s->gaps[i];
        st = feed(s, NULL, g->at, g->pts, *g->timecode ? g->timecode : NULL, e);
    }
    s->n_gaps = 0;
    return st;
}

/* True if another frame has the file's name. */
static bool taken_by_other(const encode *s, const ck_output *o, const ck_still_name *of, const ck_frame *f)
{
    bool stems = ck_naming_is_default(o->naming);
    char *name = stems ? NULL : ck_output_name(o, of);
    const char *key = stems ? of->stem : name;
    const struct ck_stem_slot *owner = key ? ck_stems_find(&s->stems, key, strlen(key)) : NULL;
    free(name);
    return owner && owner->seq != f->seq;
}

/* Report that an error frame's files are not written, and files of an earlier run that could be mistaken for them. */
static void report_error(encode *s, ck_frame *f)
{
    const job *j = f->job;
    if (!ck_meta_get(&f->meta, "said")) {
        ck_error line;
        ck_frame_error_line(f, &line);
        ck_log_frame_error(ck_frame_number(f), line.text);
        (void)ck_meta_set(&f->meta, "said", "1", NULL);
    }
    char *stem;
    if (ck_stem_make(f, &stem, NULL) != CK_OK)
        return;
    ck_still_name name = {stem, ck_frame_number(f)};
    for (int i = 0; i < s->outputs.n && s->started; i++) {
        const ck_output *o = &s->outputs.items[i];
        if (!o->on || o->video || (j && j->items[i].written) || taken_by_other(s, o, &name, f))
            continue;
        char *path = ck_output_file(o, &name);
        if (path && access(path, F_OK) == 0)
            ck_log_warning("%s: left by an earlier run, and this frame failed: remove it", path);
        free(path);
    }
    free(stem);
}

/* Record a frame unless some of its files were left as they were.  since: when its pictures went to the encoders. */
static ck_status record(encode *s, const ck_frame *f, uint64_t since, ck_error *e)
{
    job *j = f->job;
    ck_figures_times(f, ck_encode_program.name, f->spent + ck_trace_now() - since, &j->figures);
    return j->skipped ? CK_OK
                      : ck_recorder_frame(&s->recorder, &s->outputs, f, j->stem ? &j->name : NULL, &j->figures, e);
}

/* Compare free space with the frames to come, once the first frame is written. */
static ck_status check_space(encode *s, const ck_frame *f, ck_error *e)
{
    const job *j = f->job;
    uint64_t total = (uint64_t)ck_meta_int(&s->guard.head, "frames", 1, 1L << 40, 0);
    ck_space_rest rest = {.out = s->run.out,
                          .name = j->stem ? &j->name : NULL,
                          .numbers = &s->guard.numbers,
                          .segmented = s->run.segmented,
                          .frames = total > f->seq ? total - f->seq - 1 : 0};
    s->measured = true;
    return s->run.out ? ck_space_check(&s->outputs, &rest, e) : CK_OK;
}

static ck_status consume(void *state, ck_frame *f, ck_error *e)
{
    encode *s = state;
    bool failed = ck_frame_error(f) != NULL;
    pthread_mutex_lock(&s->lock);
    if (failed)
        report_error(s, f);
    bool started = s->started;
    pthread_mutex_unlock(&s->lock);
    const char *text = ck_meta_get(&f->meta, "pts"), *timecode = ck_meta_get(&f->meta, "timecode");
    double pts = text ? strtod(text, NULL) : (double)NAN;
    ck_av_stamp at = {.time = time_of(s, f), .number = ck_frame_number(f), .failed = failed};
    ck_status st = CK_OK;
    /* Frames past the end of the input (`missing`) get no picture. */
    if (failed && !ck_meta_get(&f->meta, "missing")) {
        st = add_gap(s, &at, pts, timecode, e);
        if (st == CK_OK)
            st = ck_recorder_failed(&s->recorder, at.number, ck_frame_error(f), e);
    } else if (!failed) {
        check_time(s, f, at.time);
    }
    if (st == CK_OK && started)
        st = fill_gaps(s, e);
    if (st != CK_OK || failed)
        return st;
    uint64_t since = ck_trace_now();
    st = feed(s, f->job, at, pts, timecode, e);
    if (st == CK_OK)
        st = record(s, f, since, e);
    if (st == CK_OK && s->preview)
        st = ck_preview_frame(s->preview, f, e);
    return st == CK_OK && !s->measured ? check_space(s, f, e) : st;
}

static ck_status finish(void *state, ck_error *e)
{
    encode *s = state;
    for (int i = 0; i < s->outputs.n; i++) {
        ck_output *o = &s->outputs.items[i];
        if (!o->on)
            continue;
        ck_status st = o->video ? ck_video_sink_finish(o->video, e) : CK_OK;
        if (st != CK_OK)
            return failed_at(o->path, st, e);
        o->written += o->video != NULL;
        if (!o->video && ck_log_verbose())
            ck_leftovers_log(o, &s->stems);
    }
    return ck_recorder_finish(&s->recorder, &s->outputs, e);
}

static void failed(void *state, const char *text)
{
    const encode *s = state;
    ck_recorder_stopped(&s->recorder, text);
}

static void close_encode(void *state)
{
    encode *s = state;
    ck_preview_free(s->preview);
    ck_guard_log(&s->guard, &s->outputs);
    ck_outputs_free(&s->outputs);
    ck_guard_free(&s->guard); /* after unfinished videos have been removed: it unlocks their names */
    ck_meta_free(&s->run.about);
    ck_meta_free(&s->run.camera);
    free(s->run.sound);
    ck_colours_close(&s->run.colours);
    free(s->run.transfer);
    free(s->run.source);
    free(s->numbers);
    free(s->gaps);
    ck_recorder_close(&s->recorder);
    ck_stems_free(&s->stems);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static bool sink(const void *opts)
{
    (void)opts;
    return true;
}

/* Frames are large: one waits beside those of the workers. */
static int frames_at_once(const void *opts)
{
    return ck_stage_workers(opts) + 1;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_encode_program,
                                   .check = check,
                                   .open = open_encode,
                                   .admit = admit,
                                   .frame = encode_frame,
                                   .consume = consume,
                                   .finish = finish,
                                   .failed = failed,
                                   .close = close_encode,
                                   .sink = sink,
                                   .frames = frames_at_once};
    return ck_stage_main(&stage, argc, argv);
}
