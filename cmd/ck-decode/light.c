#include "ck-decode/light.h"

#include <stdio.h>
#include <string.h>

#include "image/colour.h"
#include "image/convert.h"
#include "image/gamut.h"
#include "image/plate.h"

#define BLOCK 4096

void ck_light_for_added(const char *stream_primaries, ck_light *out)
{
    out->added = true;
    snprintf(out->working, sizeof out->working, "%s", stream_primaries ? stream_primaries : "bt709");
}

ck_status ck_light_open(ck_light *l, const ck_decode_options *o, ck_error *e)
{
    const char *space = l->space;
    ck_error builtin;
    if (!space)
        return CK_OK;
    ck_status s = ck_scene_open(o->ocio_config, &l->scene, e);
    if (s == CK_OK && !ck_ocio_has(l->scene.config, space) && ck_light_from_space(space, l, &builtin) == CK_OK)
        l->space = NULL; /* the config does not have it, but ck does */
    else if (s == CK_OK)
        s = ck_ocio_between(l->scene.config, space, CK_SCENE_LINEAR, &l->to_scene, e);
    if (s == CK_OK && l->to_scene && !*l->primaries)
        snprintf(l->primaries, sizeof l->primaries, "%s", *l->scene.primaries ? l->scene.primaries : "unknown");
    l->curved = true;
    return s == CK_OK ? s : ck_fail_in(e, s, "--input-space");
}

void ck_light_close(ck_light *l)
{
    ck_ocio_transform_free(l->to_scene);
    ck_scene_close(&l->scene);
    l->to_scene = NULL;
}

static bool linear(const ck_plane *p)
{
    return !strcmp(p->encoding, "linear");
}

/* Put the user's curve in the place of the file's. */
static ck_status override(const ck_light *l, ck_plane *p, ck_frame *f, ck_error *e)
{
    if (!l->curved || l->to_scene)
        return CK_OK;
    snprintf(p->encoding, sizeof p->encoding, "%s", ck_curve_display(&l->curve) ? "srgb" : l->curve.name);
    return ck_meta_set(&f->meta, "transfer", strcmp(l->curve.name, "srgb") ? l->curve.name : "iec61966-2-1", e);
}

/* Replace the plane by an f32 one in linear light.  curve: of its codes; NULL: as the encoding says, sRGB or linear. */
static ck_status to_linear(const char *name, const ck_curve *curve, ck_frame *f, ck_error *e)
{
    ck_plane from = *ck_frame_plane(f, name), *to;
    size_t n = from.bytes / from.elem;
    ck_buffer_ref(from.buf);
    ck_status s = ck_frame_add(f, name, CK_F32, from.c, from.h, from.w, "linear", &to, e);
    for (size_t i = 0; i < n && s == CK_OK; i += BLOCK) {
        size_t k = n - i < BLOCK ? n - i : BLOCK;
        float *out = (float *)ck_plane_data(to) + i;
        ck_to_f32((const uint8_t *)from.data + i * from.elem, from.type, out, k);
        if (curve)
            ck_curve_decode(curve, out, out, k);
        else if (!linear(&from))
            ck_srgb_to_linear_mirrored(out, out, k);
    }
    ck_buffer_unref(from.buf);
    return s;
}

/* Take the samples through the config. */
static ck_status by_config(const ck_light *l, const char *name, ck_frame *f, ck_error *e)
{
    ck_curve as_they_are;
    ck_plane *p;
    ck_curve_named("linear", &as_they_are);
    ck_status s = to_linear(name, &as_they_are, f, e);
    if (s == CK_OK)
        s = ck_frame_edit(f, name, &p, e);
    if (s != CK_OK || p->c != 3)
        return s;
    size_t n = (size_t)p->h * (size_t)p->w;
    float *v = ck_plane_data(p);
    ck_ocio_apply(l->to_scene, v, v + n, v + 2 * n, n);
    s = ck_meta_set(&f->meta, "transfer", "linear", e);
    return s == CK_OK ? ck_meta_set(&f->meta, CK_SOURCE_SPACE, l->space, e) : s;
}

/* Decode a curve that is neither of displays nor linear. */
static ck_status decode(const char *name, ck_frame *f, ck_error *e)
{
    ck_plane *p = ck_frame_plane(f, name);
    ck_curve curve;
    if (!ck_curve_named(p->encoding, &curve) || ck_curve_display(&curve) || ck_curve_linear(&curve))
        return CK_OK;
    ck_status s = to_linear(name, &curve, f, e);
    if (s == CK_OK)
        s = ck_meta_set(&f->meta, "transfer", "linear", e);
    return s == CK_OK ? ck_meta_set(&f->meta, CK_SOURCE_TRANSFER, curve.name, e) : s;
}

static void convert(const ck_matrix3 *m, const ck_plane *p)
{
    size_t plane = (size_t)p->h * (size_t)p->w;
    float *v = ck_plane_data(p);
    ck_matrix_apply(m, v, v + plane, v + 2 * plane, plane);
}

/* Primaries that are not stated: those of sRGB for display values and, as OpenEXR has it, for linear light.  NULL: not
 * known. */
static const char *primaries_of(const ck_frame *f)
{
    const char *stated = ck_meta_get(&f->meta, "primaries");
    return stated ? stated : ck_meta_get(&f->meta, CK_SOURCE_TRANSFER) ? NULL : "bt709";
}

static ck_status to_working(const ck_light *l, const char *name, ck_frame *f, ck_error *e)
{
    const char *from = primaries_of(f);
    const char *transfer = ck_meta_get(&f->meta, "transfer");
    char encoding[CK_PLANE_TAG];
    ck_primaries known;
    ck_matrix3 m;
    ck_plane *p = ck_frame_plane(f, name);
    snprintf(encoding, sizeof encoding, "%s", p->encoding);
    if (!*l->working || p->c != 3 || !ck_plate_known(p))
        return CK_OK;
    if (l->added &&
        (!from || !ck_primaries_parse(from, &known) || (!ck_gamut_wide(from) && !ck_gamut_wide(l->working))))
        return CK_OK;
    if (!from || !ck_primaries_parse(from, &known))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "its primaries are %s, so it cannot be converted to %s: name them with --primaries",
                       from ? from : "not stated", l->working);
    if (!ck_primaries_matrix(from, l->working, &m))
        return ck_meta_set(&f->meta, "primaries", l->working, e);
    ck_status s = to_linear(name, NULL, f, e);
    if (s == CK_OK)
        s = ck_frame_edit(f, name, &p, e);
    if (s != CK_OK)
        return s;
    convert(&m, p);
    s = ck_meta_set(&f->meta, CK_SOURCE_PRIMARIES, from, e);
    if (s == CK_OK && strcmp(encoding, "linear") && !ck_meta_get(&f->meta, CK_SOURCE_TRANSFER))
        s = ck_meta_set(&f->meta, CK_SOURCE_TRANSFER, transfer ? transfer : "srgb", e);
    if (s == CK_OK)
        s = ck_meta_set(&f->meta, "transfer", "linear", e);
    return s == CK_OK ? ck_meta_set(&f->meta, "primaries", l->working, e) : s;
}

ck_status ck_light_plane(const ck_light *l, const char *name, ck_frame *f, ck_error *e)
{
    ck_status s = override(l, ck_frame_plane(f, name), f, e);
    if (s == CK_OK && *l->primaries)
        s = ck_meta_set(&f->meta, "primaries", l->primaries, e);
    if (s == CK_OK)
        s = l->to_scene ? by_config(l, name, f, e) : decode(name, f, e);
    if (s == CK_OK)
        s = to_working(l, name, f, e);
    if (s == CK_OK && linear(ck_frame_plane(f, name)) && !ck_meta_get(&f->meta, "transfer"))
        s = ck_meta_set(&f->meta, "transfer", "linear", e);
    return s;
}

const char *ck_light_usual_primaries(const char *curve)
{
    static const struct {
        const char *curve, *primaries;
    } usual[] = {{"pq", "bt2020"},
                 {"hlg", "bt2020"},
                 {"logc3", "arri-wg3"},
                 {"logc4", "arri-wg4"},
                 {"slog3", "s-gamut3.cine or s-gamut3"},
                 {"vlog", "v-gamut"},
                 {"clog2", "cinema-gamut"},
                 {"clog3", "cinema-gamut"},
                 {"log3g10", "redwidegamut"},
                 {"flog2", "bt2020"},
                 {"acescct", "ap1"},
                 {"acescc", "ap1"},
                 {"intermediate", "davinci-wg"}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (!strncmp(curve, usual[i].curve, strlen(usual[i].curve)))
            return usual[i].primaries;
    return NULL;
}
