#include "ck-encode/outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/outfile.h"
#include "io/display.h"

enum { WORD = sizeof CK_OUT_WORDS }; /* bytes: no word is longer than all of them */

static const char *format_word(ck_out_format f, char buf[WORD])
{
    const char *s = CK_OUT_WORDS;
    for (int i = 0; i < (int)f; i++)
        s = strchr(s, '|') + 1;
    snprintf(buf, WORD, "%.*s", (int)strcspn(s, "|"), s);
    return buf;
}

static int format_index(const char *word)
{
    char buf[WORD];
    for (int i = 0; i <= CK_OUT_OFF; i++)
        if (!strcmp(format_word((ck_out_format)i, buf), word))
            return i;
    return -1;
}

/* Plan an output from "NAME=FORMAT" of --plane.  The plane's name is also that of its folder. */
static ck_status plan_plane(ck_output *o, const char *text, ck_error *e)
{
    const char *eq = strrchr(text, '=');
    size_t n = eq ? (size_t)(eq - text) : 0;
    int format = eq ? format_index(eq + 1) : -1;
    if (!n || format <= CK_OUT_AUTO)
        return ck_fail(e, CK_ERR_ARGUMENT, "--plane '%s' is not NAME=FORMAT, FORMAT one of %s", text,
                       strchr(CK_OUT_WORDS, '|') + 1);
    if (n >= sizeof o->plane || text[0] == '.' || !ck_name_valid(text, n))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "--plane '%s' is not a plane name: use a-z 0-9 _ . - (ck-info lists the planes)", text);
    snprintf(o->plane, sizeof o->plane, "%.*s", (int)n, text);
    memcpy(o->name, o->plane, sizeof o->name);
    memcpy(o->layer, o->plane, sizeof o->layer);
    memcpy(o->place, o->plane, sizeof o->place);
    o->format = (ck_out_format)format;
    o->asked = true;
    return CK_OK;
}

static void plan_sets(ck_outputs *o, const ck_encode_options *opts, bool out)
{
    const struct {
        const char *plane, *name, *layer;
        int format;
    } sets[] = {{"fg", "fg", "FG", opts->fg},
                {"alpha", "matte", "Matte", opts->matte},
                {"processed", "processed", "Processed", opts->processed},
                {"comp", "comp", "Comp", opts->comp}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        ck_output *p = &o->items[o->n++];
        snprintf(p->plane, sizeof p->plane, "%s", sets[i].plane);
        snprintf(p->name, sizeof p->name, "%s", sets[i].name);
        snprintf(p->layer, sizeof p->layer, "%s", sets[i].layer);
        memcpy(p->place, p->layer, sizeof p->place);
        p->format = (ck_out_format)sets[i].format;
        p->asked = p->format != CK_OUT_AUTO;
        if (p->format == CK_OUT_AUTO)
            p->format = !out ? CK_OUT_OFF : strcmp(p->plane, "comp") ? CK_OUT_EXR : CK_OUT_PNG;
    }
}

static bool same_place(const ck_output *a, const ck_output *b)
{
    if (a->format == CK_OUT_STREAM || b->format == CK_OUT_STREAM)
        return a->format == b->format;
    bool still = ck_format_is_still(a->format);
    return still == ck_format_is_still(b->format) &&
           !strcmp(ck_format_suffix(a->format), ck_format_suffix(b->format)) &&
           !strcmp(still ? a->layer : a->name, still ? b->layer : b->name);
}

static ck_status check_plan(const ck_outputs *o, bool out, ck_error *e)
{
    int files = 0, streams = 0;
    for (int i = 0; i < o->n; i++) {
        const ck_output *p = &o->items[i];
        if (p->format == CK_OUT_OFF)
            continue;
        p->format == CK_OUT_STREAM ? streams++ : files++;
        for (int k = 0; k < i; k++)
            if (o->items[k].format != CK_OUT_OFF && same_place(&o->items[k], p))
                return p->format == CK_OUT_STREAM
                           ? ck_fail(e, CK_ERR_ARGUMENT,
                                     "planes '%s' and '%s' cannot both go to standard output: choose one",
                                     o->items[k].plane, p->plane)
                           : ck_fail(e, CK_ERR_ARGUMENT,
                                     "planes '%s' and '%s' would be written to the same %s files: leave one out",
                                     o->items[k].plane, p->plane, ck_format_suffix(p->format));
    }
    if (files && !out)
        return ck_fail(e, CK_ERR_ARGUMENT, "no output folder: ck-encode [OPTION]... OUT");
    if (!files && !streams)
        return out ? ck_fail(e, CK_ERR_ARGUMENT, "all outputs are off: leave one on, or name one with --plane")
                   : ck_fail(e, CK_ERR_ARGUMENT,
                             "no output: name a folder, or give --comp=- for a stream on standard output");
    return CK_OK;
}

ck_status ck_outputs_plan(ck_outputs *o, const ck_encode_options *opts, const char *out, ck_error *e)
{
    *o = (ck_outputs){.items = calloc((size_t)opts->planes.n + 4, sizeof *o->items)};
    if (!o->items)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the outputs");
    plan_sets(o, opts, out != NULL);
    for (int i = 0; i < opts->planes.n; i++) {
        ck_status s = plan_plane(&o->items[o->n], opts->planes.items[i], e);
        if (s != CK_OK)
            return s;
        o->n++;
    }
    ck_status s = ck_naming_parse(opts->name, &o->naming, e);
    for (int i = 0; i < o->n; i++) {
        o->items[i].naming = &o->naming;
        o->items[i].out = out;
    }
    return s == CK_OK ? check_plan(o, out != NULL, e) : s;
}

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
    char planes[300], word[WORD];
    list_planes(f, planes, sizeof planes);
    return ck_fail(e, CK_ERR_FORMAT, "no plane '%s' to write as %s (the stream has: %s): %s", o->plane,
                   format_word(o->format, word), planes, ck_plane_remedy(o->plane));
}

/* PNG and video are straight.  Colour without alpha has nothing to convert. */
static ck_status check_alpha(const ck_output *o, const ck_plane *p, const ck_display *d, ck_error *e)
{
    char word[WORD];
    bool png = ck_format_is_still(o->format) && !strcmp(ck_format_suffix(o->format), ".png");
    if (p->c != 4 || d->alpha != CK_ALPHA_PREMULTIPLIED || (ck_format_is_still(o->format) && !png))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "--alpha premultiplied: %s of plane '%s' stores straight alpha: write exr or tiff",
                   o->format == CK_OUT_STREAM ? "a stream" : format_word(o->format, word), o->plane);
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

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
}

static ck_status find_path(ck_output *o, ck_error *e)
{
    if (o->format == CK_OUT_STREAM)
        return CK_OK;
    bool still = ck_format_is_still(o->format);
    char *folder = still ? ck_naming_folder(o->naming, o->place) : NULL;
    if (still && !folder)
        return no_memory(e);
    int n = still ? asprintf(&o->path, *folder ? "%s/%s" : "%s", o->out, folder)
                  : asprintf(&o->path, "%s/%s%s", o->out, o->name, ck_format_suffix(o->format));
    free(folder);
    if (n < 0)
        o->path = NULL;
    return n < 0 ? no_memory(e) : CK_OK;
}

/* A key that must be the same for all colour in a file. */
static ck_status check_same(const ck_output *a, const ck_output *b, const char *key, ck_error *e)
{
    const char *x = ck_meta_get(&a->about, key), *y = ck_meta_get(&b->about, key);
    x = x ? x : "unknown";
    y = y ? y : "unknown";
    if (a->c == 1 || b->c == 1 || !strcmp(x, y))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "planes '%s' and '%s' cannot share an EXR: their %s are %s and %s: write one in another format",
                   a->plane, b->plane, strcmp(key, "ck:transfer") ? "primaries" : "curves", x, y);
}

/* Add an output to the chain that `first` begins. */
static ck_status join(ck_output *first, ck_output *p, ck_error *e)
{
    ck_output *last = first;
    for (ck_output *q = first; q; q = q->next) {
        ck_status s = check_same(q, p, "ck:transfer", e);
        if (s == CK_OK)
            s = check_same(q, p, "ck:primaries", e);
        if (s != CK_OK)
            return s;
        last = q;
    }
    if (first->w != p->w || first->h != p->h)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "planes '%s' and '%s' cannot share an EXR: they are %d x %d and %d x %d: write one in another "
                       "format",
                       first->plane, p->plane, first->w, first->h, p->w, p->h);
    last->next = p;
    p->on = false;
    return CK_OK;
}

/* Chain the EXR outputs.  Processed is the first, as the main R G B A. */
static ck_status join_exrs(ck_outputs *o, ck_error *e)
{
    ck_output *first = NULL;
    ck_status s = CK_OK;
    for (int i = 0; i < o->n; i++) {
        ck_output *p = &o->items[i];
        if (p->on && ck_format_is_exr(p->format) && (!first || !strcmp(p->plane, CK_MAIN_PLANE)))
            first = p;
    }
    for (int i = 0; i < o->n && first && s == CK_OK; i++) {
        ck_output *p = &o->items[i];
        if (p->on && p != first && ck_format_is_exr(p->format))
            s = join(first, p, e);
    }
    if (first)
        snprintf(first->place, sizeof first->place, "%s", CK_EXR_FOLDER);
    return s;
}

/* Refuse names that two outputs, or all frames, would share. */
static ck_status check_names(ck_outputs *o, const ck_outputs_run *run, ck_error *e)
{
    static const ck_still_name any = {"", 0};
    bool each = ck_naming_has(&o->naming, "frame") || ck_naming_has(&o->naming, "stem");
    for (int i = 0; i < o->n; i++) {
        const ck_output *p = &o->items[i];
        if (!p->on || !ck_format_is_still(p->format))
            continue;
        if (!each && run->frames > 1)
            return ck_fail(e, CK_ERR_ARGUMENT, "--name '%s': %ld frames would have one name: add {frame} or {stem}",
                           run->opts->name, run->frames);
        for (int k = 0; k < i; k++) {
            const ck_output *q = &o->items[k];
            bool still = q->on && ck_format_is_still(q->format);
            char *a = ck_output_name(p, &any), *b = still ? ck_output_name(q, &any) : NULL;
            bool same = a && b && !strcmp(a, b);
            free(a);
            free(b);
            if (same)
                return ck_fail(e, CK_ERR_ARGUMENT, "--name '%s': planes '%s' and '%s' would have one name: add {plane}",
                               run->opts->name, q->plane, p->plane);
        }
    }
    return CK_OK;
}

/* The names and folders of the outputs that are on. */
static ck_status name_outputs(ck_outputs *o, const ck_outputs_run *run, const ck_frame *f, ck_error *e)
{
    ck_status s = ck_naming_set_shot(&o->naming, run->source, ck_meta_get(&f->meta, "stem"), e);
    if (s == CK_OK && run->opts->exr_layout != CK_EXR_FILES)
        s = join_exrs(o, e);
    if (s == CK_OK)
        s = check_names(o, run, e);
    for (int i = 0; i < o->n && s == CK_OK; i++)
        if (o->items[i].on)
            s = find_path(&o->items[i], e);
    return s;
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
        return name_outputs(o, run, f, e);
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

bool ck_outputs_video(const ck_outputs *o)
{
    for (int i = 0; i < o->n; i++)
        if (o->items[i].on && !ck_format_is_still(o->items[i].format))
            return true;
    return false;
}

char *ck_output_name(const ck_output *o, const ck_still_name *of)
{
    char *name = NULL, *still = ck_format_is_still(o->format) ? ck_naming_name(o->naming, o->place, of) : NULL;
    if (ck_format_is_still(o->format) && !still)
        return NULL;
    int n = asprintf(&name, "%s%s", still ? still : o->name, ck_format_suffix(o->format));
    free(still);
    return n < 0 ? NULL : name;
}

char *ck_output_file(const ck_output *o, const ck_still_name *of)
{
    char *path = NULL, *name = ck_output_name(o, of);
    int n = name ? asprintf(&path, "%s/%s", o->out, name) : -1;
    free(name);
    return n < 0 ? NULL : path;
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
