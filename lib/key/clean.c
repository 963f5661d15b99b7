/* The screen as a picture: rows of it at the plate's size, and the plane `clean`. */
#include <string.h>

#include "key/part.h"

/* Centre of a grid cell, in pixels of a picture in which it is `cell` wide. */
static inline float centre_of(int i, float cell)
{
    return ((float)i + 0.5f) * cell - 0.5f;
}

/* Row y of a picture of the screen in which a grid cell covers cell_w x cell_h pixels; row (3,w). */
static void draw_row(const ck_key_screen *s, float cell_w, float cell_h, int y, int w, float *row)
{
    float last = (float)(s->gh - 1), fy = ((float)y + 0.5f) / cell_h - 0.5f;
    fy = fy < 0 ? 0 : fy > last ? last : fy;
    int j = (int)fy, j1 = j + 1 < s->gh ? j + 1 : j;
    float ty = fy - (float)j, step = 1.0f / cell_w;
    size_t n = (size_t)s->gw * (size_t)s->gh;
    for (size_t c = 0; c < 3; c++) {
        const float *a = s->grid + c * n + (size_t)j * (size_t)s->gw, *b = s->grid + c * n + (size_t)j1 * (size_t)s->gw;
        float *o = row + c * (size_t)w;
        /* One segment between two cell centres at a time; the ends are flat. */
        for (int i = -1, x = 0; i < s->gw; i++) {
            int il = i < 0 ? 0 : i, ir = i + 1 < s->gw ? i + 1 : s->gw - 1;
            float l = a[il] + ty * (b[il] - a[il]), r = a[ir] + ty * (b[ir] - a[ir]);
            float centre = centre_of(i, cell_w), next = ceilf(centre_of(i + 1, cell_w));
            int end = next < (float)w && i < s->gw - 1 ? (int)next : w;
            for (; x < end; x++)
                o[x] = l + (r - l) * (((float)x - centre) * step);
        }
    }
}

void ck_key_screen_row(const ck_key_screen *s, int y, int w, float *row)
{
    draw_row(s, s->cell_w, s->cell_h, y, w, row);
}

ck_status ck_key_clean(const ck_key_screen *s, const ck_plane *out, ck_error *e)
{
    size_t w = (size_t)out->w;
    float cell_w = s->cell_w * (float)out->w / (float)s->w, cell_h = s->cell_h * (float)out->h / (float)s->h;
    ck_buffer *buf = ck_buffer_new(3 * w * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the clean plate");
    for (int y = 0; y < out->h; y++) {
        draw_row(s, cell_w, cell_h, y, out->w, buf->data);
        ck_key_put_row(buf->data, y, out);
    }
    ck_buffer_unref(buf);
    return CK_OK;
}

void ck_key_screen_free(ck_key_screen *s)
{
    ck_buffer_unref(s->buf);
    memset(s, 0, sizeof *s);
}
