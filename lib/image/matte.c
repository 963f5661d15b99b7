#include "image/matte.h"

#include <math.h>
#include <string.h>

#include "base/clamp.h"
#include "base/clones.h"
#include "image/convert.h"
#include "image/despeckle.h"
#include "image/finite.h"
#include "image/grow.h"
#include "image/holes.h"
#include "image/resample.h"
#include "image/soften.h"

#define FLOATS (1u << CK_F16 | 1u << CK_F32)

/* Resample the plane's samples to h x w, as float32. */
static ck_status resize(const ck_plane *p, int h, int w, float *out, ck_error *e)
{
    const float *view;
    ck_buffer *hold;
    ck_status s = ck_f32_view(p, &view, &hold, e);
    if (s == CK_OK)
        s = ck_resample(view, 1, p->h, p->w, out, h, w, CK_BILINEAR, e);
    ck_buffer_unref(hold);
    return s;
}

static ck_status new_floats(int h, int w, ck_buffer **out, ck_error *e)
{
    *out = ck_buffer_new((size_t)h * (size_t)w * sizeof(float));
    return *out ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a matte of %d x %d", w, h);
}

static ck_status need(ck_frame *f, const char *name, unsigned allowed, ck_plane *copy, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_need(f, name, 1, allowed, &p, e);
    if (s == CK_OK)
        *copy = *p;
    return s == CK_OK ? ck_finite_check(copy, e) : s;
}

/* Replace `alpha` by the h x w samples v. */
static ck_status put_alpha(ck_frame *f, const float *v, int h, int w, ck_type type, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_add(f, "alpha", type, 1, h, w, "", &p, e);
    if (s == CK_OK && type == CK_F16)
        ck_f32_to_f16(v, ck_plane_data(p), (size_t)h * (size_t)w);
    else if (s == CK_OK)
        memcpy(ck_plane_data(p), v, (size_t)h * (size_t)w * sizeof *v);
    return s;
}

ck_status ck_matte_from(ck_frame *f, const char *from, ck_type type, ck_error *e)
{
    ck_plane *rgb, source;
    ck_buffer *work;
    ck_status s = ck_frame_need(f, "rgb", 3, 0, &rgb, e);
    if (s == CK_OK)
        s = need(f, from, 0, &source, e);
    if (s != CK_OK)
        return s;
    int h = rgb->h, w = rgb->w;
    if (strcmp(from, "coverage") != 0)
        ck_frame_remove(f, "coverage");
    if (source.type == type && source.h == h && source.w == w && !*source.encoding)
        return ck_frame_share(f, from, "alpha", e);
    s = new_floats(h, w, &work, e);
    if (s == CK_OK)
        s = resize(&source, h, w, work->data, e);
    if (s == CK_OK)
        s = put_alpha(f, work->data, h, w, type, e);
    ck_buffer_unref(work);
    return s;
}

CK_CLONES
static void clip(float *v, size_t n, float black, float white)
{
    float range = white - black;
    for (size_t i = 0; i < n; i++)
        v[i] = ck_clamp01((v[i] - black) / range);
}

/* In double: a float32 pow() rounds differently from machine to machine. */
static void apply_gamma(float *v, size_t n, double gamma)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] > 0 && v[i] < 1)
            v[i] = (float)pow((double)v[i], 1 / gamma);
}

/* Holdout: where the mask is 0, values stay, even negative ones. */
CK_CLONES
static void hold_out(float *restrict v, const float *restrict mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float m = ck_clamp01(mask[i]);
        v[i] = m > 0 && m > v[i] ? m : v[i];
    }
}

CK_CLONES
static void cut(float *restrict v, const float *restrict mask, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] *= 1.0f - ck_clamp01(mask[i]);
}

/* Change v by the plane `name` if the frame has it.  spare: scratch of h x w samples. */
static ck_status apply_mask(ck_frame *f, const char *name, void (*apply)(float *v, const float *mask, size_t n),
                            float *v, float *spare, int h, int w, ck_error *e)
{
    ck_plane mask;
    if (!ck_frame_plane(f, name))
        return CK_OK;
    ck_status s = need(f, name, 0, &mask, e);
    if (s == CK_OK)
        s = resize(&mask, h, w, spare, e);
    if (s == CK_OK)
        apply(v, spare, (size_t)h * (size_t)w);
    return s;
}

/* The steps that work in place. */
static ck_status change_values(const ck_matte_options *o, float *v, int h, int w, ck_error *e)
{
    size_t n = (size_t)h * (size_t)w;
    ck_status s = CK_OK;
    if (o->black != 0 || o->white != 1)
        clip(v, n, (float)o->black, (float)o->white);
    if (o->gamma != 1)
        apply_gamma(v, n, o->gamma);
    if (o->fill)
        s = ck_holes_fill(v, h, w, o->fill, e);
    if (s == CK_OK && o->specks)
        s = ck_despeckle(v, h, w, o->specks, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, v, e);
    return s;
}

static void swap(float **a, float **b)
{
    float *was = *a;
    *a = *b;
    *b = was;
}

/* The steps that need two buffers.  The result is in *v, which may be either. */
static ck_status change_edges(const ck_matte_options *o, float **v, float **spare, int h, int w, ck_error *e)
{
    ck_status s = CK_OK;
    if (o->grow != 0) {
        s = ck_grow(*v, h, w, o->grow, *spare, e);
        swap(v, spare);
    }
    if (s == CK_OK && o->soften != 0) {
        s = ck_soften(*v, h, w, o->soften, *spare, e);
        swap(v, spare);
    }
    return s;
}

static bool asked(const ck_matte_options *o)
{
    return o->black != 0 || o->white != 1 || o->gamma != 1 || o->fill || o->specks || o->grow != 0 || o->soften != 0;
}

/* v, spare: scratch of alpha's size. */
static ck_status change(ck_frame *f, const ck_matte_options *o, ck_type type, float *v, float *spare, ck_error *e)
{
    ck_plane alpha = *ck_frame_plane(f, "alpha");
    ck_to_f32(alpha.data, alpha.type, v, (size_t)alpha.h * (size_t)alpha.w);
    ck_status s = change_values(o, v, alpha.h, alpha.w, e);
    if (s == CK_OK)
        s = change_edges(o, &v, &spare, alpha.h, alpha.w, e);
    if (s == CK_OK)
        s = apply_mask(f, "holdout", hold_out, v, spare, alpha.h, alpha.w, e);
    if (s == CK_OK)
        s = apply_mask(f, "garbage", cut, v, spare, alpha.h, alpha.w, e);
    if (s == CK_OK && !ck_frame_plane(f, "coverage"))
        s = ck_frame_share(f, "alpha", "coverage", e);
    return s == CK_OK ? put_alpha(f, v, alpha.h, alpha.w, type, e) : s;
}

ck_status ck_matte_change(ck_frame *f, const ck_matte_options *o, ck_type type, ck_error *e)
{
    ck_plane alpha;
    ck_buffer *v = NULL, *spare = NULL;
    ck_status s = need(f, "alpha", FLOATS, &alpha, e);
    if (s != CK_OK || (!asked(o) && !ck_frame_plane(f, "garbage") && !ck_frame_plane(f, "holdout")))
        return s;
    s = new_floats(alpha.h, alpha.w, &v, e);
    if (s == CK_OK)
        s = new_floats(alpha.h, alpha.w, &spare, e);
    if (s == CK_OK)
        s = change(f, o, type, v->data, spare->data, e);
    ck_buffer_unref(v);
    ck_buffer_unref(spare);
    return s;
}
