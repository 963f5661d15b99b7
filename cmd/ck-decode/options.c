#include "ck-decode/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "io/sequence.h"
#include "io/still.h"

#define AT(field) offsetof(ck_decode_options, field)
static const ck_option rows[] = {
    {0, "input", CK_LIST, AT(inputs), "NAME=FILE", NULL, 0, 0, NULL, 0,
     "add plane NAME from a still (for every frame), a sequence or a video; repeatable; the next five are short for it",
     CK_IN_HELP},
    {0, "hint", CK_STRING, AT(hint), "FILE", NULL, 0, 0, NULL, 0, "add a hint: a coarse matte", CK_IN_KEY},
    {0, "clean", CK_STRING, AT(clean), "FILE", NULL, 0, 0, NULL, 0, "add a clean plate: the screen without the subject",
     CK_IN_HELP},
    {0, "garbage", CK_STRING, AT(garbage), "FILE", NULL, 0, 0, NULL, 0,
     "add a garbage matte: 1 where there is no subject", CK_IN_KEY},
    {0, "holdout", CK_STRING, AT(holdout), "FILE", NULL, 0, 0, NULL, 0, "add a holdout matte: 1 where all is subject",
     CK_IN_HELP},
    {0, "background", CK_STRING, AT(background), "FILE", NULL, 0, 0, NULL, 0, "add a background for the composite",
     CK_IN_KEY},
    {0, "plate-alpha", CK_FLAG, AT(plate_alpha), NULL, NULL, 0, 0, NULL, 0,
     "add a garbage matte made from INPUT's alpha: 1 where INPUT is transparent", CK_IN_ALL},
    {0, "hint-channel", CK_CHOICE, AT(hint_channel), NULL, "auto", 0, 0, CK_HINT_CHANNELS, 0,
     "channel of the hint's files; auto: alpha where it varies, else luminance", CK_IN_ALL},
    {0, "frames", CK_STRING, AT(frames), "LIST", NULL, 0, 0, NULL, 0,
     "file numbers, or video indices: 1,5,10-20,50-99x2", CK_IN_KEY | CK_RUN_ONLY},
    {0, "missing", CK_CHOICE, AT(missing), NULL, "error", 0, 0, CK_MISSING_WORDS, 0,
     "frames that do not exist: an error if --frames asks for them, left out, black, or a copy of the nearest",
     CK_IN_HELP},
    {0, "stream", CK_INT, AT(stream), "N", "auto", 0, INT_MAX, "auto", -1,
     "index of the video stream, as --verbose lists them; auto: the best one", CK_IN_ALL},
    {0, "deinterlace", CK_FLAG, AT(deinterlace), NULL, NULL, 0, 0, NULL, 0, "make whole frames of an interlaced video",
     CK_IN_HELP},
    {0, "deinterlace-fields", CK_FLAG, AT(deinterlace_fields), NULL, NULL, 0, 0, NULL, 0,
     "make one whole frame of every field: twice the frame rate", CK_IN_ALL},
    {0, "layer", CK_LIST, AT(layers), "[PLANE=]NAME", NULL, 0, 0, NULL, 0,
     "layer or channel of INPUT (OpenEXR), or of the file of PLANE; -v lists them (default: the one with R, G, B)",
     CK_IN_ALL},
    {0, "part", CK_LIST, AT(parts), "[PLANE=]N|NAME", NULL, 0, 0, NULL, 0,
     "part of INPUT (OpenEXR), or of the file of PLANE: number from 0, or name (default: the first with R, G, B)",
     CK_IN_ALL},
    {0, "linear", CK_FLAG, AT(linear), NULL, NULL, 0, 0, NULL, 0, "treat samples as linear light, overriding the file",
     CK_IN_HELP},
    {0, "srgb", CK_FLAG, AT(srgb), NULL, NULL, 0, 0, NULL, 0, "treat samples as sRGB-encoded, overriding the file",
     CK_IN_HELP},
    {0, "transfer", CK_STRING, AT(transfer), "CURVE", NULL, 0, 0, NULL, 0,
     "transfer curve of INPUT, overriding the file: srgb, bt709, linear, pq, hlg, logc3, logc4, slog3, ...",
     CK_IN_HELP},
    {0, "primaries", CK_STRING, AT(primaries), "NAME", NULL, 0, 0, NULL, 0,
     "primaries of INPUT, overriding the file: bt709, bt2020, ap1, arri-wg4, s-gamut3.cine, ... or eight x,y",
     CK_IN_HELP},
    {0, "input-space", CK_STRING, AT(input_space), "NAME", NULL, 0, 0, NULL, 0,
     "both at once: CURVE/PRIMARIES, a space such as acescg, or a space of the OpenColorIO config", CK_IN_HELP},
    CK_OCIO_ROW(ck_decode_options, ocio_config),
    {0, "working", CK_STRING, AT(working), "NAME", NULL, 0, 0, NULL, 0,
     "primaries to convert to, in linear light (default: those of INPUT)", CK_IN_ALL},
    {0, "repair", CK_FLAG, AT(repair), NULL, NULL, 0, 0, NULL, 0,
     "fill NaN and infinite samples from their neighbours (default: an error)", CK_IN_ALL},
    {0, "matrix", CK_CHOICE, AT(colour.matrix), NULL, "auto", 0, 0, CK_AV_MATRICES, 0,
     "YCbCr matrix; auto: the file's, else 709 from 720 lines on and 601 below", CK_IN_ALL},
    {0, "code-range", CK_CHOICE, AT(colour.range), NULL, "auto", 0, 0, CK_AV_RANGES, 0,
     "code range; auto: the file's, else limited for YCbCr", CK_IN_ALL},
    {0, "range", CK_RENAMED, 0, NULL, NULL, 0, 0, "code-range", 0, NULL, CK_IN_ALL},
    {0, "chroma-location", CK_CHOICE, AT(colour.chroma), NULL, "auto", 0, 0, CK_AV_CHROMAS, 0,
     "position of chroma samples; auto: the file's, else center in JPEG, WebP and AVIF, else left", CK_IN_ALL},
    {0},
};

/* Options that are short for --input PLANE=FILE. */
static const struct {
    const char *plane;
    size_t offset;
} shorts[] = {{"hint", AT(hint)},
              {"clean", AT(clean)},
              {"garbage", AT(garbage)},
              {"holdout", AT(holdout)},
              {"background", AT(background)}};
#define SHORTS (sizeof shorts / sizeof *shorts)

bool ck_decode_option_gives_file(const char *name)
{
    for (size_t i = 0; i < SHORTS; i++)
        if (!strcmp(shorts[i].plane, name))
            return true;
    return !strcmp(name, "input");
}

typedef struct collector {
    ck_decode_file *files;
    int n;
} collector;

static ck_status twice(const char *plane, const char *a, const char *b, ck_error *e)
{
    return ck_fail(e, CK_ERR_ARGUMENT, "plane '%s' is given twice, by %s and %s: leave one out", plane, a, b);
}

/* `name` has n bytes. */
static ck_status collect(collector *c, const char *name, size_t n, const char *path, ck_error *e)
{
    ck_decode_file *f = &c->files[c->n];
    if (c->n == CK_DECODE_FILES)
        return ck_fail(e, CK_ERR_ARGUMENT, "more than %d planes from files: leave some out", CK_DECODE_FILES);
    if (n >= sizeof f->plane || !ck_name_valid(name, n))
        return ck_fail(e, CK_ERR_ARGUMENT, "'%.*s' is not a plane name: use up to %zu of a-z 0-9 _ . -", (int)n, name,
                       sizeof f->plane - 1);
    memcpy(f->plane, name, n);
    f->plane[n] = 0;
    f->path = path;
    if (!strcmp(f->plane, "rgb"))
        return ck_fail(e, CK_ERR_ARGUMENT, "--input rgb=%s: plane rgb is INPUT itself: name the file as INPUT", path);
    for (int i = 0; i < c->n; i++) {
        if (!strcmp(c->files[i].plane, f->plane))
            return twice(f->plane, c->files[i].path, path, e);
        if (!strcmp(c->files[i].path, "-") && !strcmp(path, "-"))
            return ck_fail(e, CK_ERR_ARGUMENT, "planes '%s' and '%s' cannot both come from standard input",
                           c->files[i].plane, f->plane);
    }
    c->n++;
    return CK_OK;
}

ck_status ck_decode_files(const ck_decode_options *o, ck_decode_file files[CK_DECODE_FILES], int *n, ck_error *e)
{
    collector c = {.files = files};
    ck_status s = CK_OK;
    for (size_t i = 0; i < SHORTS && s == CK_OK; i++) {
        const char *path = *(const char *const *)((const char *)o + shorts[i].offset);
        if (path)
            s = collect(&c, shorts[i].plane, strlen(shorts[i].plane), path, e);
    }
    for (int i = 0; i < o->inputs.n && s == CK_OK; i++) {
        const char *text = o->inputs.items[i], *equals = strchr(text, '=');
        if (!equals || !equals[1])
            return ck_fail(e, CK_ERR_ARGUMENT, "--input '%s' is not NAME=FILE, such as alpha=matte.exr", text);
        s = collect(&c, text, (size_t)(equals - text), equals + 1, e);
    }
    for (int i = 0; i < c.n && s == CK_OK && o->plate_alpha; i++)
        if (!strcmp(files[i].plane, "garbage"))
            s = twice("garbage", files[i].path, "--plate-alpha", e);
    *n = c.n;
    return s;
}

const char *ck_decode_value_for(const ck_list *list, const char *plane)
{
    const char *found = NULL;
    size_t n = strlen(plane);
    for (int i = 0; i < list->n; i++) {
        const char *text = list->items[i], *equals = strchr(text, '=');
        if (equals && (size_t)(equals - text) == n && !memcmp(text, plane, n))
            found = equals + 1;
        else if (!equals && !strcmp(plane, "rgb"))
            found = text;
    }
    return found;
}

/* Refuse a layer or part of a plane that no file was given for. */
static ck_status check_planes(const ck_list *list, const char *option, const ck_decode_file *files, int n, ck_error *e)
{
    for (int i = 0; i < list->n; i++) {
        const char *text = list->items[i], *equals = strchr(text, '=');
        size_t length = equals ? (size_t)(equals - text) : 0;
        bool known = !equals || (length == 3 && !memcmp(text, "rgb", 3));
        for (int k = 0; k < n && !known; k++)
            known = strlen(files[k].plane) == length && !memcmp(text, files[k].plane, length);
        if (!known || (equals && !equals[1]))
            return ck_fail(e, CK_ERR_ARGUMENT, "--%s '%s': %s", option, text,
                           known ? "no name after '='" : "that plane has no file: give it with --input");
    }
    return CK_OK;
}

ck_fields_mode ck_decode_fields(const ck_decode_options *o)
{
    return o->deinterlace_fields ? CK_FIELDS_FIELD : o->deinterlace ? CK_FIELDS_FRAME : CK_FIELDS_KEEP;
}

ck_status ck_light_from_space(const char *name, ck_light *out, ck_error *e)
{
    ck_colour_space space;
    ck_status s = ck_colour_space_parse(name, &space, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, "--input-space");
    out->curved = true;
    out->curve = space.curve;
    snprintf(out->primaries, sizeof out->primaries, "%s", space.primaries);
    return CK_OK;
}

ck_status ck_light_of(const ck_decode_options *o, ck_light *out, ck_error *e)
{
    const char *curve = o->linear ? "linear" : o->srgb ? "srgb" : o->transfer;
    ck_status s = CK_OK;
    *out = (ck_light){0};
    if (o->linear + o->srgb + (o->transfer != NULL) + (o->input_space != NULL) > 1)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "--linear, --srgb, --transfer and --input-space contradict each other: give one of them");
    if (o->input_space && o->primaries && !ck_ocio_wanted(o->ocio_config))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "--input-space and --primaries contradict each other: give --transfer and --primaries");
    if (o->input_space && ck_ocio_wanted(o->ocio_config))
        out->space = o->input_space;
    else if (o->input_space)
        s = ck_light_from_space(o->input_space, out, e);
    if (s == CK_OK && curve) {
        out->curved = true;
        if ((s = ck_curve_check(curve, &out->curve, e)) != CK_OK)
            return ck_fail_in(e, s, "--transfer");
    }
    if (s == CK_OK && o->primaries && (s = ck_primaries_check(o->primaries, out->primaries, e)) != CK_OK)
        return ck_fail_in(e, s, "--primaries");
    if (s == CK_OK && o->working && (s = ck_primaries_check(o->working, out->working, e)) != CK_OK)
        return ck_fail_in(e, s, "--working");
    return s;
}

static ck_status check(const void *opts, ck_error *e)
{
    const ck_decode_options *o = opts;
    ck_decode_file files[CK_DECODE_FILES];
    int n;
    ck_ranges frames = {0};
    ck_light light;
    if (o->deinterlace && o->deinterlace_fields)
        return ck_fail(e, CK_ERR_ARGUMENT, "--deinterlace and --deinterlace-fields contradict each other: give one");
    ck_status s = ck_light_of(o, &light, e);
    if (s != CK_OK)
        return s;
    s = o->frames ? ck_ranges_parse(o->frames, &frames, e) : CK_OK;
    ck_ranges_free(&frames);
    if (s != CK_OK)
        return ck_fail_in(e, s, "--frames");
    s = ck_decode_files(o, files, &n, e);
    if (s == CK_OK)
        s = check_planes(&o->layers, "layer", files, n, e);
    return s == CK_OK ? check_planes(&o->parts, "part", files, n, e) : s;
}

const ck_program ck_decode_program = {
    .name = "ck-decode",
    .summary = "read video, image sequences and stills as a stream of frames",
    .usage = "INPUT...",
    .options = rows,
    .options_size = sizeof(ck_decode_options),
    .examples = "ck-decode shot.mov | ck-hint --method key | ck-post --classical |\n"
                "  ck-encode out/\n"
                "ck-decode --frames 1001-1010 plates/shot.####.exr | ck-info\n"
                "ffmpeg -v error -i shot.mov -f nut -c:v rawvideo - | ck-decode - | ck-info",
    .check = check,
};
