#include "ck-decode/source.h"

#include <libavutil/frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/cores.h"
#include "image/finite.h"
#include "io/av_comb.h"
#include "io/av_pixels.h"
#include "io/av_still.h"
#include "shared/inputs.h"

static void say(const void *whose, bool asked, const char *text)
{
    const ck_source *s = whose;
    if (asked)
        ck_log_info("%s: %s", s->name, text);
    else
        ck_log_notice("%s: %s", s->name, text);
}

/* Set the frames that will be asked for: those of --frames, or the indices of INPUT's frames for another plane. */
static void want_frames(const ck_source *s, ck_video_how *how)
{
    const ck_ranges *all = s->pairs ? s->pairs : &s->keep;
    how->first = ck_ranges_next(all, 0);
    how->last = ck_ranges_last(all);
    how->skips = how->first > 0 || all->n > 1 || (all->n && all->r[0].step > 1);
    how->first = how->first < 0 ? 0 : how->first;
    for (int i = 0; i < all->n; i++) {
        long cover = all->r[i].step > 1 ? all->r[i].last : all->r[i].first;
        how->cover = cover > how->cover ? cover : how->cover;
    }
}

static ck_status open_video(ck_source *s, const char *path, const char *frames, ck_error *e)
{
    const ck_common *c = &s->opts->common;
    ck_video_how how = {.threads = c->threads ? c->threads : ck_cores(),
                        .timeout = c->timeout,
                        .keep_going = c->keep_going,
                        .stream = s->stream,
                        .say = say,
                        .whose = s};
    ck_status status = frames ? ck_ranges_parse(frames, &s->keep, e) : CK_OK;
    if (status == CK_OK && s->keep.n && s->keep.r[0].first < 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: --frames %ld: frames of a video are counted from 0", path,
                       s->keep.r[0].first);
    if (status == CK_OK)
        status = ck_inputs_refuse_stream(path, e);
    if (status != CK_OK)
        return status;
    want_frames(s, &how);
    how = ck_fields_how(&how, s->mode);
    status = ck_video_open(path, &how, &s->video, e);
    if (status == CK_OK)
        ck_av_labels(s->video, &s->labels);
    if (status == CK_OK)
        status = ck_fields_open(s->video, s->mode, how.threads, &s->fields, e);
    if (status == CK_ERR_FORMAT && !strcmp(path, "-") && strncmp(e->text, "no data", strlen("no data")) != 0) {
        ck_error why = *e;
        ck_fail(e, status,
                "%.500s: to read a still, or an MP4 or MOV with its index at the end, name the file instead of -",
                why.text);
    }
    return status == CK_OK ? status : ck_fail_in(e, status, path);
}

static ck_status open_stills(ck_source *s, const char *const *inputs, int n, const char *frames, ck_error *e)
{
    ck_ranges keep = {0};
    ck_status status = ck_sequence_open(inputs, n, &s->files, e);
    if (status == CK_OK && frames)
        status = ck_ranges_parse(frames, &keep, e);
    if (status == CK_OK && (status = ck_sequence_select(&s->files, &keep, s->missing, e)) != CK_OK)
        ck_fail_in(e, status, inputs[0]);
    ck_ranges_free(&keep);
    return status;
}

/* Refuse an OpenEXR file on standard input: libav would read it, but converts linear light differently from ck. */
static ck_status refuse_exr(ck_error *e)
{
    ck_still_kind kind;
    struct stat st;
    if (fstat(STDIN_FILENO, &st) || !S_ISREG(st.st_mode) || ck_still_probe("/dev/stdin", &kind, NULL) != CK_OK ||
        kind != CK_STILL_EXR)
        return CK_OK;
    return ck_fail(e, CK_ERR_UNSUPPORTED,
                   "standard input: OpenEXR cannot be read from a pipe: name the file instead of -");
}

/* Of several inputs every one must be a still; a single one may be anything. */
static ck_status probe(const char *const *inputs, int n, bool *video, ck_error *e)
{
    *video = n == 1 && !strcmp(inputs[0], "-");
    if (*video)
        return refuse_exr(e);
    for (int i = 0; i < n && !*video; i++) {
        ck_still_kind kind;
        struct stat st;
        if (stat(inputs[i], &st) || S_ISDIR(st.st_mode))
            continue; /* a pattern, a folder, or a missing file, which ck_sequence_open reports */
        ck_status s = ck_still_probe(inputs[i], &kind, e);
        if (s != CK_OK)
            return ck_fail_in(e, s, inputs[i]);
        *video = kind == CK_STILL_NONE || kind == CK_STILL_ANIMATED;
        if (*video && n > 1)
            return ck_fail(e, CK_ERR_ARGUMENT, "%s: not a still: several inputs must all be stills", inputs[i]);
    }
    return CK_OK;
}

ck_status ck_source_open(const char *const *inputs, int n, const ck_decode_options *opts, const char *plane,
                         const ck_ranges *pairs, const char *primaries, ck_source *s, ck_error *e)
{
    bool video, plate = !strcmp(plane, "rgb");
    struct stat st;
    const char *frames = plate ? opts->frames : NULL;
    *s = (ck_source){.opts = opts, .plane = plane, .name = inputs[0], .stream = plate ? opts->stream : -1};
    s->select.threads = opts->common.threads ? opts->common.threads : ck_cores();
    s->select.layer = ck_decode_value_for(&opts->layers, plane);
    s->select.part = ck_decode_value_for(&opts->parts, plane);
    s->pairs = pairs;
    s->missing = plate ? (ck_missing)opts->missing : CK_MISSING_ERROR;
    s->camera = plate || !strcmp(plane, "clean");
    ck_status status = CK_OK;
    if (s->camera) {
        s->mode = ck_decode_fields(opts);
        s->colour = opts->colour;
        status = ck_light_of(opts, &s->light, e);
        if (status == CK_OK)
            status = ck_light_open(&s->light, opts, e);
    }
    if (!plate)
        ck_light_for_added(primaries, &s->light);
    if (status == CK_OK)
        status = probe(inputs, n, &video, e);
    if (status != CK_OK)
        return status;
    if (!video && s->stream >= 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: not a video: leave --stream out", inputs[0]);
    if (!video && plate && s->mode != CK_FIELDS_KEEP)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: not a video: leave --deinterlace%s out", inputs[0],
                       s->mode == CK_FIELDS_FIELD ? "-fields" : "");
    if (video && (s->select.layer || s->select.part))
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: not an OpenEXR file: leave --%s out", inputs[0],
                       s->select.layer ? "layer" : "part");
    s->listed = n > 1;
    s->single = !video && n == 1 && stat(inputs[0], &st) == 0 && !S_ISDIR(st.st_mode);
    status = video ? open_video(s, inputs[0], frames, e) : open_stills(s, inputs, n, frames, e);
    s->pairs = NULL;
    return status;
}

static ck_status next_file(ck_source *s, ck_item *item)
{
    if (s->next_file == s->files.n)
        return CK_END;
    item->file = &s->files.files[s->next_file++];
    item->index = item->file->index;
    item->number = s->files.numbered ? item->file->number : CK_NO_NUMBER;
    item->black = item->file->black;
    return CK_OK;
}

/* List the frames of --frames that lie past the end. */
static ck_status find_absent(ck_source *s, ck_error *e)
{
    s->absent.r = calloc((size_t)s->keep.n + 1, sizeof *s->absent.r);
    if (!s->absent.r)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of frames");
    for (int i = 0; i < s->keep.n; i++) {
        ck_range r = s->keep.r[i];
        if (r.first < s->next_index && r.last != CK_RANGE_OPEN)
            r.first += (s->next_index - r.first + r.step - 1) / r.step * r.step;
        if (r.last == CK_RANGE_OPEN)
            r.last = r.first;
        if (r.first <= r.last && r.first >= s->next_index)
            s->absent.r[s->absent.n++] = r;
    }
    s->absent_index = s->absent.n ? s->absent.r[0].first : 0;
    return CK_OK;
}

/* One error item for all absent frames: video keeps its real length, and the run ends with status 3. */
static ck_status report_absent(ck_source *s, ck_item *item, ck_error *e)
{
    char list[200];
    ck_ranges_format(&s->absent, list, sizeof list);
    bool one = ck_ranges_count(&s->absent, 2) == 1;
    if (asprintf(&item->video.error, "%s: frame%s %s of --frames %s not exist: the video has %ld, counted from 0: %s",
                 s->name, one ? "" : "s", list, one ? "does" : "do", s->next_index,
                 "correct --frames or add --missing") < 0) {
        item->video.error = NULL;
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    }
    item->index = s->absent_index;
    item->absent = true;
    s->absent.n = 0;
    return CK_OK;
}

/* The next of the absent frames, after the end of a video. */
static ck_status next_absent(ck_source *s, ck_item *item, ck_error *e)
{
    *item = (ck_item){.number = CK_NO_NUMBER};
    ck_status status = s->absent.r ? CK_OK : find_absent(s, e);
    if (status != CK_OK)
        return status;
    if (s->absent_range >= s->absent.n || s->missing == CK_MISSING_SKIP)
        return CK_END;
    if (s->missing == CK_MISSING_ERROR)
        return report_absent(s, item, e);
    const ck_range *r = &s->absent.r[s->absent_range];
    const ck_video_info *info = ck_video_info_view(s->video);
    double rate = ck_fields_per_frame(s->mode) * (double)info->rate_num / info->rate_den;
    item->index = s->absent_index;
    item->black = s->missing == CK_MISSING_BLACK || !s->last;
    item->video.pts = s->last_pts + (rate > 0 ? (double)(item->index - s->last_index) / rate : 0);
    if (!item->black && !(item->video.av = av_frame_clone(s->last)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture");
    s->absent_index += r->step;
    if (s->absent_index > r->last && ++s->absent_range < s->absent.n)
        s->absent_index = s->absent.r[s->absent_range].first;
    return CK_OK;
}

static ck_status keep_last(ck_source *s, const ck_item *item, ck_error *e)
{
    s->last_pts = item->video.pts;
    s->last_index = item->index;
    if (s->missing != CK_MISSING_NEAREST || !item->video.av)
        return CK_OK;
    av_frame_free(&s->last);
    s->last = av_frame_clone(item->video.av);
    return s->last ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture");
}

/* Skip the frames before `index`. */
static ck_status skip_to(ck_source *s, long index, ck_error *e)
{
    ck_status status = index > s->next_index ? ck_fields_skip(s->fields, index, e) : CK_OK;
    return status == CK_OK ? status : ck_fail_in(e, status, s->name);
}

/* The next frame of the video, wanted or not. */
static ck_status next_picture(ck_source *s, ck_item *item, ck_error *e)
{
    ck_status status = ck_fields_next(s->fields, &item->video, e);
    if (status != CK_OK && status != CK_END)
        return ck_fail_in(e, status, s->name);
    s->ended = status == CK_END;
    item->index = s->ended ? s->next_index : item->video.index;
    item->number = CK_NO_NUMBER;
    s->next_index = s->ended ? s->next_index : item->index + 1;
    return status == CK_OK ? keep_last(s, item, e) : status;
}

ck_status ck_source_next(ck_source *s, ck_item *item, ck_error *e)
{
    *item = (ck_item){0};
    if (!s->video)
        return next_file(s, item);
    while (!s->ended && s->next_index <= ck_ranges_last(&s->keep)) {
        ck_status status = skip_to(s, ck_ranges_next(&s->keep, s->next_index), e);
        if (status == CK_OK)
            status = next_picture(s, item, e);
        if (status == CK_END)
            break;
        if (status != CK_OK || ck_ranges_has(&s->keep, item->index))
            return status;
        ck_item_free(item);
    }
    return s->ended ? next_absent(s, item, e) : CK_END;
}

ck_status ck_source_indices(const ck_source *s, ck_ranges *out, ck_error *e)
{
    if (s->video)
        return ck_ranges_copy(&s->keep, out, e);
    long *all = calloc(s->files.n + 1, sizeof *all);
    if (!all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of frames");
    for (size_t i = 0; i < s->files.n; i++)
        all[i] = s->files.files[i].index;
    ck_status status = ck_ranges_of(all, s->files.n, out, e);
    free(all);
    return status;
}

static ck_status too_short(const ck_source *s, long index, long n, ck_error *e)
{
    return ck_fail(e, CK_ERR_FORMAT, "no %s for frame %ld, counted from 0: there are only %ld", s->plane, index, n);
}

static ck_status pair_file(ck_source *s, long index, long number, ck_item *item, ck_error *e)
{
    const ck_sequence *files = &s->files;
    if (number != CK_NO_NUMBER && files->numbered) {
        item->file = ck_sequence_find(files, number);
        if (!item->file)
            return ck_fail(e, CK_ERR_FORMAT, "no %s for frame %ld: its numbers run from %ld to %ld", s->plane, number,
                           files->files[0].number, files->files[files->n - 1].number);
        return CK_OK;
    }
    if (index < 0 || index >= (long)files->n)
        return too_short(s, index, (long)files->n, e);
    item->file = &files->files[index];
    return CK_OK;
}

ck_status ck_source_pair(ck_source *s, long index, long number, ck_item *item, ck_error *e)
{
    *item = (ck_item){0};
    ck_status status = CK_OK;
    if (!s->video) {
        status = pair_file(s, index, number, item, e);
        return status == CK_OK ? status : ck_fail_in(e, status, s->name);
    }
    while (!s->ended && s->next_index <= index && status == CK_OK) {
        ck_item_free(item);
        status = skip_to(s, index, e);
        if (status == CK_OK)
            status = next_picture(s, item, e);
    }
    if (s->ended || (status == CK_OK && !item->video.av && !item->video.error)) {
        too_short(s, index, s->next_index, e);
        return ck_fail_in(e, CK_ERR_FORMAT, s->name);
    }
    return status;
}

const char *ck_source_name(const ck_source *s, const ck_item *item)
{
    return item->file ? item->file->path : s->name;
}

/* Warn once, at the first frame that two moments share. */
static void look_for_combs(const ck_source *s, const ck_item *item)
{
    ck_source *shared = ck_drop_const(s);
    if (ck_av_combing(item->video.av) >= CK_COMBED && !atomic_exchange(&shared->combed, true))
        ck_log_warning("%s: frame %ld is interlaced, its two fields differ: --deinterlace makes whole frames", s->name,
                       item->index);
}

static ck_status read_picture(const ck_source *s, const ck_item *item, ck_want want, const char *name, ck_frame *f,
                              ck_error *e)
{
    if (item->file)
        return ck_still_read_as(item->file->path, &s->colour, &s->select, want, name, f, e);
    if (item->video.error)
        return ck_fail(e, CK_ERR_FORMAT, "%s", item->video.error);
    if (s->camera && s->mode == CK_FIELDS_KEEP && !atomic_load(&s->combed))
        look_for_combs(s, item);
    ck_status status = ck_av_plane(item->video.av, &s->colour, ck_video_info_view(s->video)->orient, want, name, f, e);
    return status == CK_OK && want == CK_WANT_RGB ? ck_av_tag_frame(item->video.av, &s->labels, name, f, e) : status;
}

/* Repair or refuse NaN and infinity: the network would spread them over the frame, the classical key turns them into
 * dots. */
static ck_status make_finite(const ck_source *s, const ck_item *item, const char *name, ck_frame *f, ck_error *e)
{
    ck_plane *p;
    size_t filled = 0;
    if (ck_frame_plane(f, name)->finite || (item->video.av && ck_av_whole_numbers(item->video.av)))
        return CK_OK;
    if (!s->opts->repair)
        return ck_finite_check(ck_frame_plane(f, name), e);
    ck_status status = ck_frame_edit(f, name, &p, e);
    if (status == CK_OK)
        status = ck_finite_repair(p, &filled, e);
    if (filled)
        ck_log_info("%s: filled %zu NaN or infinite samples", ck_source_name(s, item), filled);
    return status;
}

ck_status ck_source_read(const ck_source *s, const ck_item *item, ck_want want, const char *name, ck_frame *f,
                         ck_error *e)
{
    char where[40];
    ck_status status = read_picture(s, item, want, name, f, e);
    if (status == CK_OK)
        status = make_finite(s, item, name, f, e);
    if (status == CK_OK && want == CK_WANT_RGB)
        status = ck_light_plane(&s->light, name, f, e);
    if (status == CK_OK)
        return CK_OK;
    snprintf(where, sizeof where, "frame %ld", item->index);
    if (!item->file)
        ck_fail_in(e, status, where);
    return ck_fail_in(e, status, ck_source_name(s, item));
}

long ck_source_frames(const ck_source *s)
{
    long n = ck_video_info_view(s->video)->frames;
    return n < 0 ? n : n * ck_fields_per_frame(s->mode);
}

void ck_item_free(ck_item *item)
{
    ck_video_frame_free(&item->video);
    *item = (ck_item){0};
}

void ck_source_close(ck_source *s)
{
    ck_light_close(&s->light);
    ck_sequence_free(&s->files);
    ck_ranges_free(&s->keep);
    ck_ranges_free(&s->absent);
    av_frame_free(&s->last);
    ck_fields_free(s->fields);
    ck_video_free(s->video);
    *s = (ck_source){0};
}
