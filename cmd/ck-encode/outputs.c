#include "ck-encode/outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/outfile.h"
#include "ck-encode/outputs_inside.h"
#include "io/display.h"

static void list_planes(const ck_frame *f, char *buf, size_t n)
{
    size_t at = 0;
    buf[0] = 0;
    for (int i = 0; i < f->n && at + CK_PLANE_NAME + 2 < n; i++)
        at += (size_t)snprintf(buf + at, n - at, "%s%s", i ? ", " : "", f->planes[i].name);
    if (!f->n)
        snprintf(buf, n, "none");
}

const ck_delivery *ck_output_delivery(const ck_output *o)
{
    return o->converted ? &o->to : NULL;
}

/* True if files get the plane's values, not those of a display. */
static bool keeps_values(const ck_output *o)
{
    return ck_format_is_exr(o->format) || o->format == CK_OUT_TIFF32F;
}

/* NULL if it does not apply. */
static const char *alpha_word(const ck_output *o, const ck_plane *p, const ck_display *d)
{
    if (p->c == 4)
        return ck_display_multiplies(d, keeps_values(o)) ? "premultiplied" : "straight";
    return !strcmp(p->name, "fg") || !strcmp(p->name, "true_fg") ? "straight" : NULL;
}

static ck_status describe(ck_output *o, const ck_outputs_run *run, const ck_plane *p, const ck_display *d, ck_error *e)
{
    bool exr = ck_format_is_exr(o->format), values = keeps_values(o);
    bool facts = exr || o->format == CK_OUT_DPX10 || o->format == CK_OUT_DPX16;
    bool linear = !strcmp(p->encoding, "linear"), plate = p->w == run->plate_w && p->h == run->plate_h;
    const char *transfer = p->encoding;
    if (p->c == 1)
        transfer = values ? "linear" : NULL; /* coverage: PNG readers must not apply a curve to it */
    else if (o->converted)
        transfer = o->to.curve.name;
    else if (linear && !values)
        transfer = "srgb";
    else if (!*transfer)
        transfer = "unknown";
    /* Coverage has no primaries.  Colour without known ones is labelled "unknown" in EXR, since readers would otherwise
     * assume Rec. 709. */
    const char *primaries = ck_colours_primaries(&run->colours, p, ck_output_delivery(o));
    if (p->c == 1)
        primaries = NULL;
    else if (!primaries && exr)
        primaries = "unknown";
    ck_status s = ck_meta_copy(&o->about, &run->about, e);
    if (s == CK_OK)
        s = ck_meta_set(&o->about, "ck:plane", p->name, e);
    if (s == CK_OK)
        s = ck_meta_set(&o->about, "ck:transfer", transfer, e);
    if (s == CK_OK)
        s = ck_meta_set(&o->about, "ck:primaries", primaries, e);
    if (s == CK_OK && o->converted && o->to.ocio)
        s = ck_meta_set(&o->about, "ck:space", run->colours.space, e);
    if (s == CK_OK && facts && plate && run->sar.num != run->sar.den)
        s = ck_meta_setf(&o->about, e, "ck:sar", "%d/%d", run->sar.num, run->sar.den);
    if (s == CK_OK && facts && run->rated)
        s = ck_meta_setf(&o->about, e, "ck:rate", "%d/%d", run->rate.num, run->rate.den);
    for (size_t i = 0; i < run->camera.n && s == CK_OK && ck_format_is_video(o->format); i++)
        s = ck_meta_set(&o->about, run->camera.pairs[i].key, run->camera.pairs[i].value, e);
    return s == CK_OK ? ck_meta_set(&o->about, "ck:alpha", alpha_word(o, p, d), e) : s;
}

static ck_status start_still(ck_output *o, ck_error *e)
{
    ck_status s = ck_mkdirs(o->path, e);
    if (s != CK_OK)
        return ck_fail_in(e, s == CK_ERR_ARGUMENT ? CK_ERR_IO : s, o->path);
    ck_outfile_sweep(o->path);
    return CK_OK;
}

static ck_status start_video(ck_output *o, const ck_outputs_run *run, const ck_plane *p, ck_error *e)
{
    ck_status s = CK_OK;
    if (o->path) {
        s = ck_mkdirs(run->out, e);
        if (s != CK_OK)
            return ck_fail_in(e, s, run->out);
        ck_outfile_sweep(run->out);
    }
    bool plate = p->w == run->plate_w && p->h == run->plate_h, file = ck_format_is_video(o->format);
    ck_video_sink_spec spec = {.format = o->format,
                               .codec = ck_encode_codec(run->opts, o->format),
                               .args = run->opts->video_args,
                               .timecode = *run->timecode ? run->timecode : NULL,
                               .sound = file ? run->sound : NULL,
                               .sound_start = run->sound_start,
                               .stream = (ck_stream_format)run->opts->stream,
                               .y4m_matrix = run->opts->y4m_matrix,
                               .y4m_depth = run->opts->y4m_depth,
                               .path = o->path,
                               .primaries = ck_colours_primaries(&run->colours, p, ck_output_delivery(o)),
                               .to = ck_output_delivery(o),
                               .transfer = run->transfer,
                               .rate = run->rate,
                               .sar = plate ? run->sar : (ck_rate){1, 1},
                               .threads = run->threads,
                               .timeout = run->opts->common.timeout,
                               .about = &o->about,
                               .segmented = run->segmented && o->path};
    s = ck_video_sink_open(&o->video, &spec, p, e);
    if (s != CK_OK)
        return ck_fail_in(e, s == CK_ERR_ARGUMENT ? CK_ERR_UNSUPPORTED : s, o->path ? o->path : "standard output");
    ck_log_info("%s: %s", o->path ? o->path : "standard output", ck_video_sink_describe(o->video));
    if (*ck_video_sink_note(o->video))
        ck_log_notice("%s: %s", o->path, ck_video_sink_note(o->video));
    return CK_OK;
}

static ck_status missing(const ck_output *o, const ck_frame *f, ck_error *e)
{
    char planes[300], word[CK_OUTPUT_WORD];
    list_planes(f, planes, sizeof planes);
    return ck_fail(e, CK_ERR_FORMAT, "no plane '%s' to write as %s (the stream has: %s): %s", o->plane,
                   ck_output_word(o->format, word), planes, ck_plane_remedy(o->plane));
}

/* PNG and video are straight.  Colour without alpha has nothing to convert. */
static ck_status check_alpha(const ck_output *o, const ck_plane *p, const ck_display *d, ck_error *e)
{
    char word[CK_OUTPUT_WORD];
    bool png = ck_format_is_still(o->format) && !strcmp(ck_format_suffix(o->format), ".png");
    if (p->c != 4 || d->alpha != CK_ALPHA_PREMULTIPLIED || (ck_format_is_still(o->format) && !png))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "--alpha premultiplied: %s of plane '%s' stores straight alpha: write exr or tiff",
                   o->format == CK_OUT_STREAM ? "a stream" : ck_output_word(o->format, word), o->plane);
}

/* Find the output's plane; creates no file. */
static ck_status match(ck_output *o, const ck_outputs_run *run, ck_frame *f, ck_error *e)
{
    ck_plane *p = ck_frame_plane(f, o->plane);
    if (!p)
        return o->asked ? missing(o, f, e) : CK_OK;
    ck_display d;
    ck_status s = ck_colours_of(&run->colours, p, &o->to, &o->converted, e);
    if (s == CK_OK)
        s = ck_display_init(&d, p, ck_output_delivery(o), e);
    if (s != CK_OK)
        return s;
    d.alpha = (ck_alpha)run->opts->alpha;
    s = check_alpha(o, p, &d, e);
    if (s != CK_OK)
        return s;
    o->on = true;
    o->type = p->type;
    o->c = p->c;
    o->h = p->h;
    o->w = p->w;
    return describe(o, run, p, &d, e);
}

ck_status ck_outputs_match(ck_outputs *o, const ck_outputs_run *run, ck_frame *f, ck_error *e)
{
    int on = 0;
    for (int i = 0; i < o->n; i++) {
        ck_status s = o->items[i].format == CK_OUT_OFF ? CK_OK : match(&o->items[i], run, f, e);
        if (s != CK_OK)
            return s;
        on += o->items[i].on;
    }
    if (on)
        return ck_outputs_name(o, run, f, e);
    char planes[300];
    list_planes(f, planes, sizeof planes);
    return ck_fail(
        e, CK_ERR_FORMAT,
        "no plane fg, alpha, processed or comp (the stream has: %s): add ck-post --classical upstream, or give --plane",
        planes);
}

ck_status ck_outputs_start(ck_outputs *o, const ck_outputs_run *run, ck_frame *f, ck_error *e)
{
    ck_status s = CK_OK;
    /* Video first: if its encoder refuses the plane, no empty folders for stills are left. */
    for (int videos = 1; videos >= 0; videos--) {
        for (int i = 0; i < o->n && s == CK_OK; i++) {
            ck_output *p = &o->items[i];
            if (p->on && ck_format_is_still(p->format) != videos)
                s = videos ? start_video(p, run, ck_frame_plane(f, p->plane), e) : start_still(p, e);
        }
    }
    return s;
}

ck_status ck_output_plane(const ck_output *o, ck_frame *f, ck_plane **p, ck_error *e)
{
    *p = ck_frame_plane(f, o->plane);
    if (!*p)
        return ck_fail(e, CK_ERR_FORMAT, "no plane '%s', which earlier frames have: inspect the stream with ck-info",
                       o->plane);
    const ck_plane *q = *p;
    if (q->w != o->w || q->h != o->h)
        return ck_fail(e, CK_ERR_FORMAT,
                       "frame size changed in mid-stream, plane '%s' from %d x %d to %d x %d: split the input",
                       o->plane, o->w, o->h, q->w, q->h);
    if (q->c != o->c || q->type != o->type)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane '%s' is %d x %s, but was %d x %s before: all frames must have the same planes", o->plane,
                       q->c, q->type_name, o->c, ck_type_name(o->type));
    return CK_OK;
}

static bool written(const ck_outputs *o, const char *plane)
{
    for (int i = 0; i < o->n; i++)
        for (const ck_output *p = o->items[i].on ? &o->items[i] : NULL; p; p = p->next)
            if (!strcmp(p->plane, plane))
                return true;
    return false;
}

void ck_outputs_strip(const ck_outputs *o, ck_frame *f)
{
    for (int i = f->n - 1; i >= 0; i--)
        if (!written(o, f->planes[i].name))
            ck_frame_remove(f, f->planes[i].name);
}

bool ck_outputs_video(const ck_outputs *o)
{
    for (int i = 0; i < o->n; i++)
        if (o->items[i].on && !ck_format_is_still(o->items[i].format))
            return true;
    return false;
}

void ck_outputs_free(ck_outputs *o)
{
    for (int i = 0; i < o->n; i++) {
        ck_video_sink_free(o->items[i].video);
        ck_meta_free(&o->items[i].about);
        free(o->items[i].path);
    }
    free(o->items);
    ck_naming_free(&o->naming);
    *o = (ck_outputs){0};
}
