#include "ck-encode/colours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/gamut.h"

static bool asks_for_source(const ck_encode_options *o)
{
    return o->fg_encoding == CK_FG_SOURCE || (o->output_space && !strcmp(o->output_space, CK_SPACE_OF_SOURCE));
}

static ck_status read_source(ck_colours *c, const ck_meta *head, ck_error *e)
{
    const char *curve = ck_meta_get(head, CK_SOURCE_TRANSFER), *primaries = ck_meta_get(head, CK_SOURCE_PRIMARIES);
    bool decoded = curve;
    curve = curve ? curve : ck_meta_get(head, "transfer");
    primaries = primaries ? primaries : ck_meta_get(head, "primaries");
    if (!ck_curve_named(curve ? curve : "srgb", &c->source.curve)) {
        if (asks_for_source(c->opts))
            return ck_fail(e, CK_ERR_UNSUPPORTED, "INPUT's transfer curve, %s, cannot be written: name another space",
                           curve);
        ck_curve_named("srgb", &c->source.curve);
    }
    c->display_light = decoded && ck_curve_display(&c->source.curve);
    snprintf(c->source.primaries, sizeof c->source.primaries, "%s", primaries ? primaries : "");
    return CK_OK;
}

/* A space of the config, from scene-linear light. */
static ck_status open_space(ck_colours *c, const char *name, ck_error *e)
{
    ck_primaries p;
    ck_status s = ck_ocio_between(c->scene.config, CK_SCENE_LINEAR, name, &c->to_space, e);
    if (s != CK_OK)
        return s;
    c->by_ocio = (ck_delivery_ocio){.to = c->to_space, .scene_primaries = c->scene.primaries};
    c->by_ocio.linear = ck_ocio_chromaticities(c->scene.config, name, p.xy);
    if (c->by_ocio.linear)
        ck_primaries_format(&p, c->by_ocio.primaries);
    c->space = strdup(name);
    return c->space ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for the name of a colour space");
}

static ck_status open_output(ck_colours *c, const ck_meta *head, ck_error *e)
{
    const char *name = c->opts->output_space, *own = ck_meta_get(head, CK_SOURCE_SPACE);
    if (!name)
        return CK_OK;
    if (!strcmp(name, CK_SPACE_OF_SOURCE) && !own) {
        c->output = c->source;
        return CK_OK;
    }
    name = strcmp(name, CK_SPACE_OF_SOURCE) ? name : own;
    ck_status s = ck_scene_open(c->opts->ocio_config, &c->scene, e);
    if (s != CK_OK)
        return s;
    if (c->scene.config) {
        bool builtin = !ck_ocio_has(c->scene.config, name) && ck_colour_space_parse(name, &c->output, e) == CK_OK;
        return builtin ? CK_OK : open_space(c, name, e);
    }
    if (name == own)
        return ck_fail(e, CK_ERR_ARGUMENT, "INPUT is in %s of an OpenColorIO config: give --ocio-config here too", own);
    return ck_colour_space_parse(name, &c->output, e);
}

ck_status ck_colours_open(ck_colours *c, const ck_encode_options *o, const ck_meta *head, ck_error *e)
{
    const char *primaries = ck_meta_get(head, "primaries");
    *c = (ck_colours){.opts = o};
    snprintf(c->stream, sizeof c->stream, "%s", primaries ? primaries : "");
    ck_status s = read_source(c, head, e);
    if (s != CK_OK)
        return s;
    s = open_output(c, head, e);
    return s == CK_OK ? s : ck_fail_in(e, s, "--output-space");
}

void ck_colours_close(ck_colours *c)
{
    ck_ocio_transform_free(c->to_space);
    ck_scene_close(&c->scene);
    free(c->space);
    *c = (ck_colours){0};
}

static const char *stream_primaries(const ck_colours *c)
{
    return *c->stream ? c->stream : NULL;
}

/* True if fg is written into an EXR that it shares: all colour in it is then of one curve. */
static bool shares_exr(const ck_encode_options *o)
{
    return o->exr_layout != CK_EXR_FILES && (o->fg == CK_OUT_AUTO || ck_format_is_exr((ck_out_format)o->fg));
}

/* The curve that --fg-encoding asks for: NULL if none. */
static const char *fg_curve(const ck_colours *c, const ck_plane *p)
{
    switch (strcmp(p->name, "fg") ? CK_FG_AUTO : c->opts->fg_encoding) {
    case CK_FG_SRGB:
        return "srgb";
    case CK_FG_LINEAR:
        return "linear";
    case CK_FG_SOURCE:
        return c->source.curve.name;
    default:
        return !strcmp(p->name, "fg") && !c->opts->output_space && shares_exr(c->opts) ? "linear" : NULL;
    }
}

ck_status ck_colours_of(const ck_colours *c, const ck_plane *p, ck_delivery *out, bool *given, ck_error *e)
{
    const char *curve = fg_curve(c, p);
    bool colour = p->c > 1 && *p->encoding && strcmp(p->name, "comp") != 0;
    *given = colour && (c->opts->output_space || curve);
    if (!*given)
        return CK_OK;
    if (c->to_space && !curve) {
        ck_delivery_by_ocio(&c->by_ocio, p, stream_primaries(c), out);
        return CK_OK;
    }
    ck_colour_space space = c->output;
    if (curve) {
        ck_curve_named(curve, &space.curve);
        if (!c->opts->output_space && c->opts->fg_encoding == CK_FG_SOURCE)
            space = c->source;
    }
    return ck_delivery_of(&space, p, stream_primaries(c), c->display_light, out, e);
}

const char *ck_colours_primaries(const ck_colours *c, const ck_plane *p, const ck_delivery *d)
{
    if (d)
        return *d->primaries ? d->primaries : NULL;
    if (!strcmp(p->encoding, "display")) /* by --view of ck-post */
        return NULL;
    /* The preview of other primaries is made in Rec. 709. */
    return !strcmp(p->name, "comp") && ck_gamut_wide(stream_primaries(c)) ? "bt709" : stream_primaries(c);
}
