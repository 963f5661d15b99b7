/* refine_map covers the plate, whatever its size: cut to the region, and made of the region's blocks. */
#include <string.h>

#include "image/convert.h"
#include "greenformer/crop.h"

static const char name[] = "refine_map";

/* Samples of a map of m that pixel i of n overlaps: the first, and the one past the last. */
static int first_of(int i, int m, int n)
{
    return (int)((int64_t)i * m / n);
}

static int end_of(int i, int m, int n)
{
    return (int)(((int64_t)(i + 1) * m + n - 1) / n);
}

/* For a row of the plate, mark the samples of the map, by column, that lie above 0. */
static void mark_row(const ck_plane *map, int y0, int y1, unsigned char *marked)
{
    float part[256];
    memset(marked, 0, (size_t)map->w);
    for (int y = y0; y < y1; y++)
        for (int x = 0, n; x < map->w; x += n) {
            size_t at = (size_t)y * (size_t)map->w + (size_t)x;
            n = map->w - x < 256 ? map->w - x : 256;
            ck_to_f32((const uint8_t *)map->data + at * map->elem, map->type, part, (size_t)n);
            for (int i = 0; i < n; i++)
                marked[x + i] |= part[i] > 0;
        }
}

static bool any(const unsigned char *marked, int from, int end)
{
    return memchr(marked + from, 1, (size_t)(end - from)) != NULL;
}

ck_status ck_crop_cut_map(ck_frame *f, const ck_crop *c, ck_frame *inside, ck_error *e)
{
    const ck_plane *map = ck_frame_plane(f, name), *plate = ck_frame_plane(f, "rgb");
    ck_plane *to;
    if (!map)
        return CK_OK;
    if (map->type == CK_OTHER || map->c != 1) {
        inside->planes[inside->n++] = *map;
        ck_buffer_ref(map->buf);
        return CK_OK;
    }
    ck_buffer *row = ck_buffer_new((size_t)map->w);
    if (!row)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", name);
    ck_status s = ck_frame_add(inside, name, CK_U8, 1, c->h, c->w, "", &to, e);
    for (int y = 0; y < c->h && s == CK_OK; y++) {
        unsigned char *out = (unsigned char *)ck_plane_data(to) + (size_t)y * (size_t)c->w;
        mark_row(map, first_of(c->y + y, map->h, plate->h), end_of(c->y + y, map->h, plate->h), row->data);
        for (int x = 0; x < c->w; x++)
            out[x] = any(row->data, first_of(c->x + x, map->w, plate->w), end_of(c->x + x, map->w, plate->w)) ? 255 : 0;
    }
    ck_buffer_unref(row);
    return s;
}

ck_status ck_crop_paste_map(ck_frame *inside, const ck_crop *c, ck_frame *f, ck_error *e)
{
    const ck_plane *map = ck_frame_plane(inside, name), *plate = ck_frame_plane(f, "rgb");
    ck_plane *to;
    ck_status s = ck_frame_add(f, name, CK_U8, 1, plate->h, plate->w, "", &to, e);
    if (s != CK_OK)
        return s;
    unsigned char *out = ck_plane_data(to);
    memset(out, 0, to->bytes);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++)
            out[(size_t)(c->y + y) * (size_t)to->w + (size_t)(c->x + x)] =
                ((const unsigned char *)
                     map->data)[(size_t)first_of(y, map->h, c->h) * (size_t)map->w + (size_t)first_of(x, map->w, c->w)];
    return s;
}
