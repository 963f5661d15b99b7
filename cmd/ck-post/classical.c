#include "ck-post/classical.h"

#include <string.h>

#include "image/convert.h"
#include "image/finite.h"
#include "key/key.h"
#include "image/plate.h"
#include "image/resample.h"

/* The hint as float at the plate's size. */
static ck_status matte(const ck_plane *hint, int h, int w, float *out, ck_error *e)
{
    size_t n = (size_t)hint->h * (size_t)hint->w;
    if (hint->h == h && hint->w == w) {
        ck_to_f32(hint->data, hint->type, out, n);
        return CK_OK;
    }
    ck_buffer *own = ck_buffer_new(n * sizeof(float));
    if (!own)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a hint of %d x %d", hint->w, hint->h);
    ck_to_f32(hint->data, hint->type, own->data, n);
    ck_status s = ck_resample(own->data, 1, hint->h, hint->w, out, h, w, CK_BILINEAR, e);
    ck_buffer_unref(own);
    return s;
}

/* The plate with the screen's share taken out of every pixel, or as it is where no screen is found.
 * Spill stays, as in the network's fg: --despill takes it out of what is made of both. */
static ck_status foreground(const ck_plane *rgb, const float *alpha, bool blue, float *fg, ck_error *e)
{
    size_t n = (size_t)rgb->h * (size_t)rgb->w;
    ck_key_screen screen = {0};
    ck_buffer *plate = ck_buffer_new(3 * n * sizeof(float));
    if (!plate)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a plate of %d x %d", rgb->w, rgb->h);
    ck_plate_to_f32(rgb, plate->data);
    ck_status s = ck_key_estimate(plate->data, rgb->h, rgb->w, blue, &screen, e);
    if (s == CK_OK && screen.part > 0)
        s = ck_key_foreground(plate->data, alpha, rgb->h, rgb->w, &screen, fg, e);
    else if (s == CK_OK)
        memcpy(fg, plate->data, 3 * n * sizeof(float));
    ck_key_screen_free(&screen);
    ck_buffer_unref(plate);
    return s;
}

/* Add the plane; *work is where its float samples are to be made: in itself, or in `scratch`. */
static ck_status add(ck_frame *f, const char *name, ck_type type, int c, const ck_plane *like, const char *encoding,
                     float *scratch, float **work, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_add(f, name, type, c, like->h, like->w, encoding, &p, e);
    if (s == CK_OK)
        *work = type == CK_F16 ? scratch : ck_plane_data(p);
    return s;
}

static void narrow(ck_frame *f, const char *name, const float *work)
{
    ck_plane *p = ck_frame_plane(f, name);
    if (p->type == CK_F16)
        ck_f32_to_f16(work, ck_plane_data(p), p->bytes / p->elem);
}

static ck_status need(ck_frame *f, const char *name, int c, ck_plane *copy, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_need(f, name, c, 0, &p, e);
    if (s == CK_OK)
        *copy = *p;
    return s;
}

/* Float samples of `planes` planes of the size of rgb, where planes of the frame are not float32 themselves. */
static ck_status take_scratch(ck_type type, int planes, const ck_plane *rgb, ck_buffer **out, ck_error *e)
{
    *out = NULL;
    if (type != CK_F32)
        *out = ck_buffer_new((size_t)planes * sizeof(float) * (size_t)rgb->h * (size_t)rgb->w);
    return *out || type == CK_F32 ? CK_OK
                                  : ck_fail(e, CK_ERR_MEMORY, "out of memory for keying %d x %d", rgb->w, rgb->h);
}

static ck_status add_foreground(ck_frame *f, const ck_plane *rgb, const float *alpha, bool blue, ck_type type,
                                float *scratch, ck_error *e)
{
    float *fg;
    ck_status s = add(f, "fg", type, 3, rgb, ck_plate_codes(rgb), scratch, &fg, e);
    if (s == CK_OK)
        s = foreground(rgb, alpha, blue, fg, e);
    if (s == CK_OK)
        narrow(f, "fg", fg);
    return s;
}

/* `scratch`: 4 h w samples, NULL for CK_F32. */
static ck_status key(ck_frame *f, const ck_plane *rgb, const ck_plane *hint, bool blue, ck_type type, float *scratch,
                     ck_error *e)
{
    float *alpha, *rest = scratch ? scratch + (size_t)rgb->h * (size_t)rgb->w : NULL;
    ck_status s = add(f, "alpha", type, 1, rgb, "", scratch, &alpha, e);
    if (s == CK_OK)
        s = matte(hint, rgb->h, rgb->w, alpha, e);
    if (s == CK_OK)
        s = add_foreground(f, rgb, alpha, blue, type, rest, e);
    if (s == CK_OK)
        narrow(f, "alpha", alpha);
    return s;
}

ck_status ck_classical_key(ck_frame *f, bool blue, ck_type type, ck_error *e)
{
    ck_plane rgb, hint;
    ck_buffer *scratch;
    ck_status s = need(f, "rgb", 3, &rgb, e);
    if (s == CK_OK)
        s = need(f, "hint", 1, &hint, e);
    if (s == CK_OK)
        s = ck_finite_check(&rgb, e);
    if (s == CK_OK)
        s = take_scratch(type, 4, &rgb, &scratch, e);
    if (s != CK_OK)
        return s;
    s = key(f, &rgb, &hint, blue, type, scratch ? scratch->data : NULL, e);
    ck_buffer_unref(scratch);
    return s;
}

ck_status ck_classical_unmix(ck_frame *f, bool blue, ck_type type, ck_error *e)
{
    ck_plane rgb, alpha;
    ck_buffer *scratch, *wide;
    ck_status s = need(f, "rgb", 3, &rgb, e);
    if (s == CK_OK)
        s = need(f, "alpha", 1, &alpha, e);
    if (s != CK_OK)
        return s;
    if (alpha.h != rgb.h || alpha.w != rgb.w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane 'alpha' is %d x %d but 'rgb' %d x %d: leave --native out, or say --no-unmix", alpha.w,
                       alpha.h, rgb.w, rgb.h);
    if ((s = take_scratch(alpha.type, 1, &rgb, &wide, e)) != CK_OK)
        return s;
    s = take_scratch(type, 3, &rgb, &scratch, e);
    if (s == CK_OK && wide)
        ck_to_f32(alpha.data, alpha.type, wide->data, (size_t)rgb.h * (size_t)rgb.w);
    if (s == CK_OK)
        s = add_foreground(f, &rgb, wide ? wide->data : alpha.data, blue, type, scratch ? scratch->data : NULL, e);
    ck_buffer_unref(scratch);
    ck_buffer_unref(wide);
    return s;
}
