#include "ck-post/planes.h"

#include <string.h>

#include "image/convert.h"
#include "image/passthrough.h"
#include "image/plate.h"

#define FLOATS (1u << CK_F16 | 1u << CK_F32)

ck_status ck_planes_need_matte(ck_frame *f, ck_plane *alpha, ck_plane *fg, ck_error *e)
{
    ck_plane *p;
    if (!ck_frame_plane(f, "alpha"))
        return ck_fail(e, CK_ERR_FORMAT,
                       "no plane 'alpha' in the stream: add ck-infer and ck-refine upstream, or give --classical");
    ck_status s = ck_frame_need(f, "alpha", 1, FLOATS, &p, e);
    if (s != CK_OK)
        return s;
    *alpha = *p;
    if (!ck_frame_plane(f, "fg") && ck_frame_plane(f, "rgb"))
        return ck_fail(e, CK_ERR_FORMAT, "no plane 'fg' in the stream: give --unmix to make it from the plate");
    s = ck_frame_need(f, "fg", 3, FLOATS, &p, e);
    if (s != CK_OK)
        return s;
    *fg = *p;
    if (!strcmp(fg->encoding, "linear"))
        return ck_fail(e, CK_ERR_UNSUPPORTED, "plane 'fg' is encoded as '%s': it must be sRGB-encoded, tagged 'srgb'",
                       fg->encoding);
    if (alpha->h != fg->h || alpha->w != fg->w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane 'alpha' is %d x %d, but 'fg' is %d x %d: take both from the same program", alpha->w,
                       alpha->h, fg->w, fg->h);
    return CK_OK;
}

/* True if the planes can be composited: both curves are decoded, or both are the same. */
static bool mix(const ck_plane *a, const ck_plane *b)
{
    return (ck_plate_known(a) && ck_plate_known(b)) || !strcmp(a->encoding, b->encoding);
}

ck_status ck_planes_background(ck_frame *f, const ck_plane *fg, ck_plane *copy, const ck_plane **out, ck_error *e)
{
    ck_plane *p;
    *out = NULL;
    if (!ck_frame_plane(f, "background"))
        return CK_OK;
    ck_status s = ck_frame_need(f, "background", 3, 0, &p, e);
    if (s != CK_OK)
        return s;
    if (p->h != fg->h || p->w != fg->w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane 'background' is %d x %d, but 'fg' is %d x %d: scale the background to the plate", p->w,
                       p->h, fg->w, fg->h);
    if (!mix(p, fg))
        return ck_fail(e, CK_ERR_FORMAT, "plane 'background' is encoded as '%s', but 'fg' as '%s': convert one of them",
                       p->encoding, fg->encoding);
    *copy = *p;
    *out = copy;
    return CK_OK;
}

ck_status ck_planes_passthrough(ck_frame *f, bool blue, ck_error *e)
{
    ck_plane *p, rgb, alpha, fg, matte;
    const float *view;
    ck_buffer *hold;
    ck_status s = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (s != CK_OK)
        return s;
    rgb = *p;
    s = ck_planes_need_matte(f, &alpha, &fg, e);
    if (s == CK_OK)
        s = ck_frame_need(f, ck_frame_plane(f, "coverage") ? "coverage" : "alpha", 1, FLOATS, &p, e);
    if (s != CK_OK)
        return s;
    matte = *p;
    if (fg.h != rgb.h || fg.w != rgb.w || matte.h != rgb.h || matte.w != rgb.w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane '%s' is %d x %d, but 'rgb' is %d x %d: leave --native out, or give --no-passthrough",
                       matte.name, matte.w, matte.h, rgb.w, rgb.h);
    if (!mix(&fg, &rgb))
        return ck_fail(e, CK_ERR_FORMAT, "plane 'fg' is encoded as '%s', but 'rgb' as '%s': give --no-passthrough",
                       fg.encoding, rgb.encoding);
    s = ck_f32_view(&matte, &view, &hold, e);
    if (s == CK_OK)
        s = ck_frame_edit(f, "fg", &p, e);
    if (s == CK_OK)
        s = ck_passthrough(&rgb, view, blue, p, e);
    ck_buffer_unref(hold);
    return s;
}
