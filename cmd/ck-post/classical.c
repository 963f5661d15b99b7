#include "ck-post/classical.h"

#include <string.h>

#include "image/convert.h"
#include "image/key.h"
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
        *work = type == CK_F16 ? scratch : p->data;
    return s;
}

static void narrow(ck_frame *f, const char *name, const float *work)
{
    ck_plane *p = ck_frame_plane(f, name);
    if (p->type == CK_F16)
        ck_f32_to_f16(work, p->data, p->bytes / p->elem);
}

/* `scratch`: 4 h w samples, NULL for CK_F32. */
static ck_status key(ck_frame *f, const ck_plane *rgb, const ck_plane *hint, bool blue, ck_type type, float *scratch,
                     ck_error *e)
{
    float *alpha, *fg, *rest = scratch ? scratch + (size_t)rgb->h * (size_t)rgb->w : NULL;
    ck_status s = add(f, "alpha", type, 1, rgb, "", scratch, &alpha, e);
    if (s == CK_OK)
        s = add(f, "fg", type, 3, rgb, "srgb", rest, &fg, e);
    if (s == CK_OK)
        s = matte(hint, rgb->h, rgb->w, alpha, e);
    if (s == CK_OK)
        s = foreground(rgb, alpha, blue, fg, e);
    if (s != CK_OK)
        return s;
    narrow(f, "alpha", alpha);
    narrow(f, "fg", fg);
    return CK_OK;
}

ck_status ck_classical_key(ck_frame *f, bool blue, ck_type type, ck_error *e)
{
    ck_plane *p, rgb, hint;
    ck_status s = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (s != CK_OK)
        return s;
    rgb = *p;
    s = ck_frame_need(f, "hint", 1, 0, &p, e);
    if (s != CK_OK)
        return s;
    hint = *p;
    ck_buffer *scratch = NULL;
    if (type == CK_F16 && !(scratch = ck_buffer_new(4 * sizeof(float) * (size_t)rgb.h * (size_t)rgb.w)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for keying %d x %d", rgb.w, rgb.h);
    s = key(f, &rgb, &hint, blue, type, scratch ? scratch->data : NULL, e);
    ck_buffer_unref(scratch);
    return s;
}
