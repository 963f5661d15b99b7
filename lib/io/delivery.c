#include "io/delivery.h"

#include <stdio.h>
#include <string.h>

#include "image/colour.h"
#include "image/plate.h"

ck_status ck_delivery_of(const ck_colour_space *space, const ck_plane *p, const char *stream_primaries,
                         bool display_light, ck_delivery *out, ck_error *e)
{
    ck_primaries known;
    const char *to = *space->primaries ? space->primaries : stream_primaries;
    const char *from = stream_primaries ? stream_primaries : "bt709"; /* as sRGB and OpenEXR have it */
    if (!ck_plate_known(p))
        return ck_fail(e, CK_ERR_UNSUPPORTED, "plane '%s' is encoded as '%s', which cannot be converted to %s", p->name,
                       p->encoding, space->curve.name);
    if (*space->primaries && !ck_primaries_parse(from, &known))
        return ck_fail(
            e, CK_ERR_UNSUPPORTED,
            "the primaries of plane '%s' are %s, which cannot be converted to %s: name them by --primaries of "
            "ck-decode",
            p->name, from, space->primaries);
    *out = (ck_delivery){.curve = space->curve, .from_linear = !strcmp(p->encoding, "linear")};
    out->moved = *space->primaries && ck_primaries_matrix(from, space->primaries, &out->m);
    snprintf(out->primaries, sizeof out->primaries, "%s", to ? to : "");
    out->to_srgb = (!out->from_linear || display_light) && ck_curve_display(&out->curve);
    out->codes =
        !out->moved && ((out->to_srgb && !out->from_linear) || (out->from_linear && ck_curve_linear(&out->curve)));
    return CK_OK;
}

void ck_delivery_by_ocio(const ck_delivery_ocio *space, const ck_plane *p, const char *stream_primaries,
                         ck_delivery *out)
{
    *out = (ck_delivery){.from_linear = !strcmp(p->encoding, "linear"), .ocio = space->to};
    ck_curve_named("linear", &out->curve);
    if (!space->linear) /* the config does not say what it is */
        snprintf(out->curve.name, sizeof out->curve.name, "unknown");
    snprintf(out->primaries, sizeof out->primaries, "%s", space->linear ? space->primaries : "");
    out->moved = ck_primaries_matrix(stream_primaries ? stream_primaries : "bt709", space->scene_primaries, &out->m);
}

void ck_delivery_apply(const ck_delivery *d, float *r, float *g, float *b, size_t n)
{
    float *const c[3] = {r, g, b};
    if (d->codes)
        return;
    for (int i = 0; i < 3 && !d->from_linear; i++)
        ck_srgb_to_linear_mirrored(c[i], c[i], n);
    if (d->moved)
        ck_matrix_apply(&d->m, r, g, b, n);
    if (d->ocio)
        ck_ocio_apply(d->ocio, r, g, b, n);
    for (int i = 0; i < 3 && !d->ocio; i++) {
        if (d->to_srgb)
            ck_linear_to_srgb_mirrored(c[i], c[i], n);
        else
            ck_curve_encode(&d->curve, c[i], c[i], n);
    }
}
