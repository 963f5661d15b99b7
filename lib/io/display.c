#include "io/display.h"

#include <string.h>

#include "base/clones.h"
#include "image/colour.h"
#include "image/convert.h"

ck_status ck_display_init(ck_display *d, const ck_plane *p, const ck_delivery *to, ck_error *e)
{
    if (p->type == CK_OTHER)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "plane '%s' has samples of type '%s': u8, u16, f16 and f32 can be shown",
                       p->name, p->type_name);
    if (p->c != 1 && p->c != 3 && p->c != 4)
        return ck_fail(e, CK_ERR_UNSUPPORTED,
                       "plane '%s' has %d channels: pictures have 1, 3 or 4; ck-info --npy writes any", p->name, p->c);
    bool linear = p->c > 1 && !strcmp(p->encoding, "linear");
    bool processed = !strcmp(p->name, "processed") && *p->encoding && strcmp(p->encoding, "srgb");
    to = p->c > 1 ? to : NULL;
    *d = (ck_display){.plane = p,
                      .to = to,
                      .linear = linear,
                      .premultiplied = p->c == 4 && (linear || processed),
                      .encoding = p->c == 1 ? ""
                                  : to      ? to->curve.name
                                  : linear  ? "srgb"
                                            : p->encoding};
    return CK_OK;
}

int ck_display_bits(const ck_plane *p, const ck_delivery *to)
{
    return p->type == CK_U8 && (!to || to->codes || p->c == 1) ? 8 : 16;
}

CK_CLONES
static void unpremultiply(float *restrict colour, const float *restrict alpha, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float a = alpha[i] > 0.0f ? alpha[i] : 1.0f;
        float keep = alpha[i] > 0.0f ? 1.0f : 0.0f;
        colour[i] = keep * colour[i] / a;
    }
}

static void load_row(const ck_display *d, int y, float *out)
{
    const ck_plane *p = d->plane;
    size_t w = (size_t)p->w, plane = w * (size_t)p->h;
    for (int c = 0; c < p->c; c++)
        ck_to_f32((const char *)p->data + ((size_t)c * plane + (size_t)y * w) * p->elem, p->type, out + (size_t)c * w,
                  w);
}

CK_CLONES
static void premultiply(float *restrict colour, const float *restrict alpha, size_t n)
{
    for (size_t i = 0; i < n; i++)
        colour[i] *= alpha[i];
}

/* True if the plane's values become the file's by a linear map, or not at all. */
static bool stays_linear(const ck_display *d, bool floats)
{
    if (d->to)
        return d->to->codes || !strcmp(d->to->curve.name, "linear");
    return floats || !d->linear;
}

bool ck_display_multiplies(const ck_display *d, bool floats)
{
    if (d->plane->c != 4 || d->alpha == CK_ALPHA_STRAIGHT)
        return false;
    return d->alpha == CK_ALPHA_PREMULTIPLIED ||
           (floats && d->premultiplied && (!d->to || !strcmp(d->to->curve.name, "linear")));
}

/* Row y in the colours of the file, not clamped. */
static void make_row(const ck_display *d, int y, bool floats, float *out)
{
    size_t w = (size_t)d->plane->w;
    bool multiplied = ck_display_multiplies(d, floats),
         kept = d->premultiplied && multiplied && stays_linear(d, floats);
    load_row(d, y, out);
    for (size_t c = 0; c < 3 && d->premultiplied && !kept; c++)
        unpremultiply(out + c * w, out + 3 * w, w);
    if (d->to)
        ck_delivery_apply(d->to, out, out + w, out + 2 * w, w);
    else if (d->linear && !floats)
        ck_linear_to_srgb(out, out, 3 * w);
    for (size_t c = 0; c < 3 && multiplied && !kept; c++)
        premultiply(out + c * w, out + 3 * w, w);
}

void ck_display_row(const ck_display *d, int y, float *out)
{
    make_row(d, y, false, out);
    ck_clamp01_all(out, (size_t)d->plane->c * (size_t)d->plane->w);
}

ck_status ck_display_floats(const ck_display *d, ck_buffer **out, ck_error *e)
{
    const ck_plane *p = d->plane;
    size_t w = (size_t)p->w, plane = w * (size_t)p->h;
    ck_buffer *b = ck_buffer_new((size_t)p->c * plane * sizeof(float));
    ck_buffer *row = ck_buffer_new((size_t)p->c * w * sizeof(float));
    for (int y = 0; b && row && y < p->h; y++) {
        make_row(d, y, true, row->data);
        for (size_t c = 0; c < (size_t)p->c; c++)
            memcpy((float *)b->data + c * plane + (size_t)y * w, (float *)row->data + c * w, w * sizeof(float));
    }
    *out = row ? b : NULL;
    if (!row)
        ck_buffer_unref(b);
    ck_buffer_unref(row);
    return *out ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", p->w, p->h);
}

ck_status ck_display_planar(const ck_display *d, int bits, ck_buffer **out, ck_error *e)
{
    const ck_plane *p = d->plane;
    /* No overflow: these are at most twice the plane's bytes, which have been checked. */
    size_t w = (size_t)p->w, plane = w * (size_t)p->h, size = bits == 8 ? 1 : 2;
    ck_buffer *b = ck_buffer_new((size_t)p->c * plane * size), *row = ck_buffer_new((size_t)p->c * w * sizeof(float));
    if (!b || !row) {
        ck_buffer_unref(b);
        ck_buffer_unref(row);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", p->w, p->h);
    }
    float *f = row->data;
    for (int y = 0; y < p->h; y++) {
        ck_display_row(d, y, f);
        for (int c = 0; c < p->c; c++) {
            char *to = (char *)b->data + ((size_t)c * plane + (size_t)y * w) * size;
            if (bits == 8)
                ck_f32_to_u8(f + (size_t)c * w, (uint8_t *)to, w);
            else if (bits == 10)
                ck_f32_to_u10(f + (size_t)c * w, (uint16_t *)to, w);
            else
                ck_f32_to_u16(f + (size_t)c * w, (uint16_t *)to, w);
        }
    }
    ck_buffer_unref(row);
    *out = b;
    return CK_OK;
}
