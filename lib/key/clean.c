/* The screen as a picture: its rows at the plate's size, and the plane `clean`. */
#include <string.h>

#include "base/clones.h"
#include "key/part.h"

/* Centre of a grid cell, in pixels of a picture in which it is `cell` wide. */
static inline float centre_of(int i, float cell)
{
    return ((float)i + 0.5f) * cell - 0.5f;
}

/* Places of w pixels, `cell` of them to a value of the grid, n of which make a row; the ends are flat. */
static void find_places(int w, int n, float cell, ck_key_places *p)
{
    float step = 1.0f / cell;
    *p = (ck_key_places){.w = w, .n = n, .left = p->left, .part = p->part};
    p->even = cell == (float)(2 * (int)(cell / 2)) ? (int)cell : 0;
    /* One segment between two centres at a time. */
    for (int i = -1, x = 0; i < n; i++) {
        float centre = centre_of(i, cell), next = ceilf(centre_of(i + 1, cell));
        int end = next < (float)w && i < n - 1 ? (int)next : w;
        for (; x < end; x++) {
            p->left[x] = i < 0 ? 0 : i;
            p->part[x] = i < 0 ? 0 : ((float)x - centre) * step;
        }
    }
}

/* Row j of the grid at the places' width; out (3,w). */
static void stretch(const ck_key_screen *s, int j, const ck_key_places *p, float *out)
{
    for (size_t c = 0; c < 3; c++)
        ck_key_spread(p, s->grid + (c * (size_t)s->gh + (size_t)j) * (size_t)s->gw, 0, p->w, out + c * (size_t)p->w);
}

CK_CLONES
static void blend(const float *a, const float *b, float weight, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = a[i] + weight * (b[i] - a[i]);
}

/* j: the two rows of the grid around row y of a picture with `cell` rows to a cell.  Returns the weight of j[1]. */
static float between(const ck_key_screen *s, int y, float cell, int j[2])
{
    float last = (float)(s->gh - 1), at = ((float)y + 0.5f) / cell - 0.5f;
    at = at < 0 ? 0 : at > last ? last : at;
    j[0] = (int)at;
    j[1] = j[0] + 1 < s->gh ? j[0] + 1 : j[0];
    return at - (float)j[0];
}

/* Row j of the grid at the plate's width, kept until another one needs its place. */
static const float *kept(const ck_key_screen *s, int j)
{
    int k = j & 1;
    float *line = s->lines + 3 * (size_t)s->w * (size_t)k;
    if (s->held[k] != j)
        stretch(s, j, &s->places, line);
    s->held[k] = j;
    return line;
}

void ck_key_screen_run(const ck_key_screen *s, int y, int x0, int x1, float *row)
{
    int j[2];
    float weight = between(s, y, s->cell_h, j);
    const float *a = kept(s, j[0]), *b = kept(s, j[1]);
    for (size_t c = 0; c < 3; c++) {
        size_t o = c * (size_t)s->w + (size_t)x0;
        blend(a + o, b + o, weight, (size_t)(x1 - x0), row + o);
    }
}

void ck_key_screen_row(const ck_key_screen *s, int y, int w, float *row)
{
    ck_key_screen_run(s, y, 0, w, row);
}

ck_status ck_key_clean(const ck_key_screen *s, const ck_plane *out, ck_error *e)
{
    size_t n = 3 * (size_t)out->w;
    float cell_w = s->cell_w * (float)out->w / (float)s->w, cell_h = s->cell_h * (float)out->h / (float)s->h;
    ck_buffer *buf = ck_buffer_new((3 * n + 2 * (size_t)out->w) * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the clean plate");
    float *a = buf->data, *b = a + n, *row = b + n;
    ck_key_places places = {.part = row + n, .left = (int *)(row + n + out->w)};
    find_places(out->w, s->gw, cell_w, &places);
    for (int y = 0; y < out->h; y++) {
        int j[2];
        float weight = between(s, y, cell_h, j);
        stretch(s, j[0], &places, a);
        stretch(s, j[1], &places, b);
        blend(a, b, weight, n, row);
        ck_key_put_row(row, y, out);
    }
    ck_buffer_unref(buf);
    return CK_OK;
}

ck_status ck_key_screen_room(ck_key_screen *s, ck_error *e)
{
    size_t grid = 3 * (size_t)s->gw * (size_t)s->gh, w = (size_t)s->w;
    s->buf = ck_buffer_new((grid + 8 * w) * sizeof(float) + 2 * sizeof(int));
    if (!s->buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid of %d x %d", s->gw, s->gh);
    s->grid = s->buf->data;
    s->lines = s->grid + grid;
    s->places.part = s->lines + 6 * w;
    s->places.left = (int *)(s->places.part + w);
    s->held = s->places.left + w;
    s->held[0] = s->held[1] = -1;
    find_places(s->w, s->gw, s->cell_w, &s->places);
    return CK_OK;
}

void ck_key_screen_free(ck_key_screen *s)
{
    ck_buffer_unref(s->buf);
    memset(s, 0, sizeof *s);
}
