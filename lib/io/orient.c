#include "io/orient.h"

#include <string.h>

bool ck_orient_from_matrix(const int32_t m[9], ck_orient *o)
{
    /* The matrix maps (x, y) to (m0 x + m3 y, m1 x + m4 y). */
    *o = (ck_orient){0};
    bool straight = m[0] && m[4] && !m[1] && !m[3], turned = !m[0] && !m[4] && m[1] && m[3];
    if (straight)
        *o = (ck_orient){.flip_x = m[0] < 0, .flip_y = m[4] < 0};
    if (turned)
        *o = (ck_orient){.swap = true, .flip_x = m[1] < 0, .flip_y = m[3] < 0};
    return straight || turned;
}

/* TIFF 6.0 names the side and edge at which row 0 and column 0 are stored: 6 is right and top. */
ck_orient ck_orient_from_exif(int orientation)
{
    static const ck_orient ways[9] = {
        [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true}, [5] = {true, false, false},
        [6] = {true, false, true},  [7] = {true, true, true},  [8] = {true, true, false}};
    return orientation > 0 && orientation < 9 ? ways[orientation] : ways[0];
}

typedef uint16_t __attribute__((may_alias)) two_bytes;
typedef uint32_t __attribute__((may_alias)) four_bytes;

/* Side of a tile: with a transposed access pattern a tile stays in the cache. */
#define TILE 32

typedef struct walk {
    ptrdiff_t first, right, down; /* bytes: offset of the source of (0,0), and its change when x' or y' grows by 1 */
} walk;

#define COPY(T)                                                                                                        \
    for (int y = y0; y < y1; y++)                                                                                      \
        for (int x = x0; x < x1; x++)                                                                                  \
    ((T *)dst)[(size_t)y * (size_t)cols + (size_t)x] =                                                                 \
        *(const T *)((const char *)src + k.first + y * k.down + x * k.right)

void ck_orient_channel(const void *src, void *dst, size_t elem, int h, int w, ck_orient o)
{
    ptrdiff_t across = (ptrdiff_t)elem, along = (ptrdiff_t)elem * w;
    walk k = {0, o.swap ? along : across, o.swap ? across : along};
    if (o.flip_x) {
        k.first += across * (w - 1);
        *(o.swap ? &k.down : &k.right) = -across;
    }
    if (o.flip_y) {
        k.first += along * (h - 1);
        *(o.swap ? &k.right : &k.down) = -along;
    }
    int rows = o.swap ? w : h, cols = o.swap ? h : w;
    for (int y0 = 0; y0 < rows; y0 += TILE) {
        for (int x0 = 0; x0 < cols; x0 += TILE) {
            int y1 = y0 + TILE < rows ? y0 + TILE : rows, x1 = x0 + TILE < cols ? x0 + TILE : cols;
            if (elem == 1)
                COPY(uint8_t);
            else if (elem == 2)
                COPY(two_bytes);
            else
                COPY(four_bytes);
        }
    }
}

ck_status ck_orient_plane(ck_frame *f, const char *name, ck_orient o, ck_error *e)
{
    if (!ck_orient_changes(o))
        return CK_OK;
    ck_plane old = *ck_frame_plane(f, name), *p;
    ck_buffer_ref(old.buf);
    ck_status s =
        ck_frame_add(f, name, old.type, old.c, o.swap ? old.w : old.h, o.swap ? old.h : old.w, old.encoding, &p, e);
    size_t channel = old.bytes / (size_t)old.c;
    for (int c = 0; c < old.c && s == CK_OK; c++)
        ck_orient_channel((const char *)old.data + (size_t)c * channel, (char *)ck_plane_data(p) + (size_t)c * channel,
                          old.elem, old.h, old.w, o);
    ck_buffer_unref(old.buf);
    return s;
}
