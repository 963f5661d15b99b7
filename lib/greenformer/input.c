#include "greenformer/input.h"

#include <string.h>

#include "image/colour.h"
#include "image/convert.h"
#include "image/plate.h"
#include "image/resample.h"

/* ImageNet's mean and deviation. */
const float ck_input_mean[3] = {0.485f, 0.456f, 0.406f}, ck_input_deviation[3] = {0.229f, 0.224f, 0.225f};

ck_status ck_input_fits(const ck_plane *p, int channels, ck_error *e)
{
    if (p->type != CK_OTHER && p->c >= channels)
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "plane '%s' has %d channels of type %s: the network needs %d of u8, u16, f16 or f32", p->name, p->c,
                   p->type_name, channels);
}

/* Convert `channels` channels to float32 and resample them to h x w, one at a time. */
static ck_status resized(const ck_plane *p, int channels, int h, int w, float *out, ck_error *e)
{
    size_t n = (size_t)p->h * (size_t)p->w, made = (size_t)h * (size_t)w;
    if (ck_input_fits(p, channels, e) != CK_OK)
        return CK_ERR_ARGUMENT;
    if (p->type == CK_F32)
        return ck_resample(p->data, channels, p->h, p->w, out, h, w, CK_BILINEAR_AA, e);
    ck_buffer *samples = ck_buffer_new(n * sizeof(float));
    if (!samples)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", p->name);
    ck_status s = CK_OK;
    for (size_t c = 0; c < (size_t)channels && s == CK_OK; c++) {
        ck_to_f32((const uint8_t *)p->data + c * n * p->elem, p->type, samples->data, n);
        s = ck_resample(samples->data, 1, p->h, p->w, out + c * made, h, w, CK_BILINEAR_AA, e);
    }
    ck_buffer_unref(samples);
    return s;
}

ck_status ck_input_rgb(const ck_plane *rgb, int h, int w, float *out, ck_error *e)
{
    size_t n = (size_t)h * (size_t)w;
    ck_status s = resized(rgb, 3, h, w, out, e);
    if (s != CK_OK)
        return s;
    if (!strcmp(rgb->encoding, "linear"))
        ck_linear_to_srgb(out, out, 3 * n); /* as the original: negative values become 0 */
    else if (!strcmp(rgb->encoding, CK_LINEAR_WIDE))
        ck_linear_to_srgb_mirrored(out, out, 3 * n);
    for (int c = 0; c < 3; c++)
        for (size_t i = 0; i < n; i++)
            out[(size_t)c * n + i] = (out[(size_t)c * n + i] - ck_input_mean[c]) / ck_input_deviation[c];
    return CK_OK;
}

ck_status ck_input_hint(const ck_plane *hint, int h, int w, float *out, ck_error *e)
{
    ck_status s = resized(hint, 1, h, w, out, e);
    if (s != CK_OK || ck_all_finite(out, (size_t)h * (size_t)w))
        return s;
    return ck_fail(e, CK_ERR_FORMAT, "plane '%s' is not finite: look for NaN or infinite values in the frame (ck-info)",
                   hint->name);
}
