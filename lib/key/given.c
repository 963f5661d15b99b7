/* The screen that the plane `clean` shows, else the estimate. */
#include <string.h>

#include "image/convert.h"
#include "image/finite.h"
#include "key/probe.h"

static ck_status check(const ck_plane *clean, const ck_plane *rgb, ck_error *e)
{
    if (strcmp(clean->encoding, "linear") != 0)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "plane 'clean' is encoded as '%s': it must be linear light",
                       clean->encoding);
    if (clean->w > rgb->w || clean->h > rgb->h || clean->w < ck_key_clean_side(rgb->w) ||
        clean->h < ck_key_clean_side(rgb->h))
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane 'clean' is %d x %d and the plate %d x %d: it must have the plate's size, or down to an "
                       "eighth of it",
                       clean->w, clean->h, rgb->w, rgb->h);
    return ck_finite_check(clean, e);
}

/* The plane's samples become the grid. */
static ck_status load(const ck_plane *clean, ck_key_screen *s, ck_error *e)
{
    size_t n = (size_t)clean->w * (size_t)clean->h, m = ck_key_axes_of(s->blue).m;
    ck_status st = ck_key_screen_room(s, e);
    if (st != CK_OK)
        return st;
    ck_to_f32(clean->data, clean->type, s->grid, 3 * n);
    for (size_t c = 0; c < 3; c++) {
        float least = c == m ? CK_KEY_LEAST : 0, *v = s->grid + c * n;
        for (size_t i = 0; i < n; i++)
            v[i] = v[i] < least ? least : v[i] > CK_KEY_MOST ? CK_KEY_MOST : v[i];
    }
    return CK_OK;
}

/* Its mean colour where it is seen; of a screen that is seen nowhere, everywhere. */
static ck_status find_mean(const ck_key_probes *s, ck_key_screen *k, ck_error *e)
{
    size_t n = (size_t)k->gw * (size_t)k->gh, w = (size_t)k->w, seen = 0;
    double sum[3] = {0}, all[3] = {0};
    ck_buffer *buf = ck_buffer_new(3 * w * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the clean plate");
    float *row = buf->data;
    int last = -1;
    for (size_t i = 0; i < s->n; i++) {
        const ck_key_probe *p = &s->p[i];
        if (p->m <= 0)
            continue;
        float b[3];
        ck_key_probe_screen(k, p, row, &last, b);
        for (int c = 0; c < 3; c++)
            sum[c] += (double)b[c];
        seen++;
    }
    for (size_t i = 0; i < 3 * n && !seen; i++)
        all[i / n] += (double)k->grid[i];
    for (int c = 0; c < 3; c++)
        k->mean[c] = (float)(seen ? sum[c] / (double)seen : all[c] / (double)n);
    ck_linear_to_srgb(k->mean, k->rgb, 3);
    ck_buffer_unref(buf);
    return CK_OK;
}

/* The local colours alone. */
static ck_status take_colours(const ck_plane *rgb, bool blue, const ck_plane *clean, ck_key_screen *out, ck_error *e)
{
    *out = (ck_key_screen){.blue = blue,
                           .w = rgb->w,
                           .h = rgb->h,
                           .gw = clean->w,
                           .gh = clean->h,
                           .cell_w = (float)rgb->w / (float)clean->w,
                           .cell_h = (float)rgb->h / (float)clean->h};
    ck_status r = check(clean, rgb, e);
    return r == CK_OK ? load(clean, out, e) : r;
}

ck_status ck_key_given(const ck_plane *rgb, bool blue, const ck_plane *clean, ck_key_screen *out, ck_error *e)
{
    ck_key_probes s = {0};
    ck_status r = take_colours(rgb, blue, clean, out, e);
    if (r == CK_OK)
        r = ck_key_probe_plate(rgb, out, NULL, &s, e);
    if (r == CK_OK) {
        out->part = ck_key_probes_select(&s, true);
        r = find_mean(&s, out, e);
    }
    if (r == CK_OK)
        r = ck_key_measure(rgb, &s, out, e);
    ck_buffer_unref(s.buf);
    if (r != CK_OK)
        ck_key_screen_free(out);
    return r;
}

static ck_status need_clean(ck_frame *f, ck_plane **clean, ck_error *e)
{
    return ck_frame_need(f, "clean", 3, 1u << CK_F16 | 1u << CK_F32, clean, e);
}

ck_status ck_key_find_colours(ck_frame *f, const ck_plane *rgb, bool blue, ck_key_screen *out, ck_error *e)
{
    ck_plane *clean;
    if (!ck_frame_plane(f, "clean"))
        return ck_key_estimate(rgb, blue, NULL, out, e);
    ck_status s = need_clean(f, &clean, e);
    return s == CK_OK ? take_colours(rgb, blue, clean, out, e) : s;
}

ck_status ck_key_find(ck_frame *f, const ck_plane *rgb, bool blue, const float *named, ck_key_screen *out, ck_error *e)
{
    ck_plane *clean;
    if (!ck_frame_plane(f, "clean"))
        return ck_key_estimate(rgb, blue, named, out, e);
    if (named)
        return ck_fail(e, CK_ERR_FORMAT,
                       "the stream has a clean plate, plane 'clean': leave --screen-colour and --screen-at out");
    ck_status s = need_clean(f, &clean, e);
    return s == CK_OK ? ck_key_given(rgb, blue, clean, out, e) : s;
}
