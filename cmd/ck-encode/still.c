#include "ck-encode/still.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "io/dpx.h"
#include "io/png.h"
#include "io/tiff.h"

static ck_status open_display(const ck_still_plane *s, const ck_still_how *how, ck_display *d, ck_error *e)
{
    ck_status st = ck_display_init(d, s->plane, s->to, e);
    d->alpha = how->alpha;
    return st;
}

/* True if the plane's own values go into the file. */
static bool unchanged(const ck_display *d, bool floats)
{
    bool curve = d->to ? d->to->codes : floats || !d->linear;
    return curve && (d->plane->c != 4 || ck_display_multiplies(d, floats) == d->premultiplied);
}

/* ---- EXR ---- */

typedef struct exr_plane {
    const void *data;
    ck_type type;
    ck_buffer *hold; /* owns the data, if they are not the plane's */
} exr_plane;

static ck_status load(const ck_still_plane *s, const ck_still_how *how, exr_plane *out, ck_error *e)
{
    const ck_plane *p = s->plane;
    size_t n = (size_t)p->c * (size_t)p->w * (size_t)p->h;
    ck_display d;
    *out = (exr_plane){.data = p->data, .type = p->type};
    ck_status st = open_display(s, how, &d, e);
    if (st != CK_OK)
        return st;
    if (!unchanged(&d, true)) {
        st = ck_display_floats(&d, &out->hold, e);
    } else if (p->type == CK_U8 || p->type == CK_U16) {
        out->hold = ck_buffer_new(n * sizeof(float));
        if (!out->hold)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", p->w, p->h);
        ck_to_f32(p->data, p->type, out->hold->data, n);
    }
    if (st == CK_OK && out->hold) {
        out->data = out->hold->data;
        out->type = CK_F32;
    }
    return st;
}

/* Names as compositors take them apart: LAYER.CHANNEL.  A layer of one channel is a matte: A. */
static void name_channels(const ck_still_plane *s, const exr_plane *from, bool layers, char (*names)[64],
                          ck_exr_channel *out, ck_type *stored)
{
    static const char *const colours[] = {"R", "G", "B", "A"};
    const ck_plane *p = s->plane;
    size_t plane = (size_t)p->w * (size_t)p->h * ck_type_size(from->type);
    for (int i = 0; i < p->c; i++) {
        const char *channel = p->c > 1 ? colours[i] : layers ? "A" : "Y";
        snprintf(names[i], sizeof names[i], "%s%s%s", layers ? s->layer : "", layers && *s->layer ? "." : "", channel);
        out[i] = (ck_exr_channel){
            .name = names[i], .data = (const char *)from->data + (size_t)i * plane, .type = from->type};
        stored[i] = s->format == CK_OUT_EXR ? CK_F16 : CK_F32;
    }
}

/* The labels of an EXR of layers: those of the first plane, with the names of all. */
static ck_status label_layers(const ck_still_plane *planes, int n, ck_meta *about, ck_error *e)
{
    char *names = NULL;
    size_t size;
    ck_status s = ck_meta_copy(about, planes[0].about, e);
    FILE *f = open_memstream(&names, &size);
    for (int i = 0; f && i < n; i++)
        fprintf(f, "%s%s", i ? " " : "", planes[i].plane->name);
    if (!f || fclose(f))
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    if (s == CK_OK)
        s = ck_meta_set(about, "ck:plane", names, e);
    /* Coverage has no colour labels: take those of the colour beside it. */
    static const char *const keys[] = {"ck:transfer", "ck:primaries"};
    for (int i = 1; i < n && planes[0].plane->c == 1; i++)
        for (int k = 0; k < 2 && s == CK_OK && planes[i].plane->c > 1; k++)
            s = ck_meta_set(about, keys[k], ck_meta_get(planes[i].about, keys[k]), e);
    free(names);
    return s;
}

static ck_status write_loaded(const char *path, const ck_still_plane *planes, const exr_plane *from, int n,
                              const ck_still_how *how, ck_error *e)
{
    ck_exr_channel channels[4 * CK_MAX_PLANES];
    ck_type stored[4 * CK_MAX_PLANES];
    char names[4 * CK_MAX_PLANES][64];
    ck_exr_new_part parts[CK_MAX_PLANES];
    ck_meta about = {0};
    int all = 0;
    bool layers = how->layout != CK_EXR_FILES, one = how->layout != CK_EXR_PARTS;
    for (int i = 0; i < n; i++) {
        name_channels(&planes[i], &from[i], layers, names + all, channels + all, stored + all);
        parts[i] = (ck_exr_new_part){.name = *planes[i].layer ? planes[i].layer : "rgba",
                                     .channels = channels + all,
                                     .stored = stored + all,
                                     .n = planes[i].plane->c,
                                     .attributes = planes[i].about};
        all += planes[i].plane->c;
    }
    ck_status s = layers && one ? label_layers(planes, n, &about, e) : CK_OK;
    if (one) {
        parts[0].name = NULL;
        parts[0].n = all;
        if (layers)
            parts[0].attributes = &about;
    }
    if (s == CK_OK)
        s = ck_exr_write_parts(path, planes[0].plane->w, planes[0].plane->h, parts, one ? 1 : n, &how->packing, e);
    ck_meta_free(&about);
    return s;
}

static ck_status write_exr(const char *path, const ck_still_plane *planes, int n, const ck_still_how *how, ck_error *e)
{
    exr_plane from[CK_MAX_PLANES] = {0};
    ck_status s = CK_OK;
    for (int i = 0; i < n && s == CK_OK; i++)
        s = load(&planes[i], how, &from[i], e);
    if (s == CK_OK)
        s = write_loaded(path, planes, from, n, how, e);
    for (int i = 0; i < n; i++)
        ck_buffer_unref(from[i].hold);
    return s;
}

/* ---- the rest ---- */

/* The codes of 8, 10 or 16 bits that d shows: the plane's own, or *hold has them. */
static ck_status codes_of(const ck_display *d, int bits, const void **codes, ck_buffer **hold, ck_error *e)
{
    *hold = NULL;
    *codes = d->plane->data;
    if (bits != 10 && d->plane->type == (bits == 8 ? CK_U8 : CK_U16) && unchanged(d, false))
        return CK_OK;
    ck_status s = ck_display_planar(d, bits, hold, e);
    if (s == CK_OK)
        *codes = (*hold)->data;
    return s;
}

static int bits_of(const ck_still_plane *s)
{
    switch (s->format) {
    case CK_OUT_PNG8:
    case CK_OUT_TIFF8:
        return 8;
    case CK_OUT_PNG16:
    case CK_OUT_TIFF16:
    case CK_OUT_DPX16:
        return 16;
    case CK_OUT_DPX10:
        return 10;
    default:
        return ck_display_bits(s->plane, s->to);
    }
}

static ck_status write_float_tiff(const char *path, const ck_still_plane *s, const ck_display *d,
                                  const ck_still_how *how, ck_error *e)
{
    const ck_plane *p = s->plane;
    ck_buffer *hold;
    ck_status st = ck_display_floats(d, &hold, e);
    ck_tiff_picture out = {
        p->w, p->h, p->c, CK_F32, NULL, ck_display_multiplies(d, true), how->packing.compression != CK_EXR_NONE};
    if (st != CK_OK)
        return st;
    out.planes = hold->data;
    st = ck_tiff_write(path, &out, s->about, e);
    ck_buffer_unref(hold);
    return st;
}

static ck_status write_codes(const char *path, const ck_still_plane *s, const ck_display *d, const ck_still_how *how,
                             ck_error *e)
{
    const ck_plane *p = s->plane;
    const void *codes;
    ck_buffer *hold;
    int bits = bits_of(s);
    ck_type type = bits == 8 ? CK_U8 : CK_U16;
    ck_tiff_picture tiff = {
        p->w, p->h, p->c, type, NULL, ck_display_multiplies(d, false), how->packing.compression != CK_EXR_NONE};
    ck_status st = codes_of(d, bits, &codes, &hold, e);
    tiff.planes = codes;
    if (st == CK_OK && s->format >= CK_OUT_DPX10)
        st = ck_dpx_write(path, &(ck_dpx_picture){p->w, p->h, p->c, bits, codes}, s->about, e);
    else if (st == CK_OK && s->format >= CK_OUT_TIFF)
        st = ck_tiff_write(path, &tiff, s->about, e);
    else if (st == CK_OK)
        st = ck_png_write(path, p->w, p->h, p->c, codes, type, s->about, e);
    ck_buffer_unref(hold);
    return st;
}

ck_status ck_still_write(const char *path, const ck_still_plane *planes, int n, const ck_still_how *how, ck_error *e)
{
    ck_display d;
    if (ck_format_is_exr(planes[0].format))
        return write_exr(path, planes, n, how, e);
    ck_status s = open_display(planes, how, &d, e);
    if (s != CK_OK)
        return s;
    return planes[0].format == CK_OUT_TIFF32F ? write_float_tiff(path, planes, &d, how, e)
                                              : write_codes(path, planes, &d, how, e);
}
