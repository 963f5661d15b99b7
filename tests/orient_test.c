/* Orientation of pictures, against libav's interpretation of a display matrix. */
#include "io/orient.h"

#include <libavutil/display.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* In libav the matrix maps a stored pixel to its place on the screen, up to a shift.  Map all stored pixels and
 * compare; the shift makes all coordinates start at 0. */
static bool agrees(const int32_t m[9], ck_orient o, size_t elem, int w, int h)
{
    int rows = o.swap ? w : h, cols = o.swap ? h : w, minx = 0, miny = 0;
    uint8_t *in = malloc((size_t)(w * h) * elem), *out = malloc((size_t)(w * h) * elem);
    for (size_t i = 0; i < (size_t)(w * h) * elem; i++)
        in[i] = (uint8_t)(i * 37 + i / 251);
    ck_orient_channel(in, out, elem, h, w, o);
    bool good = true;
    for (int pass = 0; pass < 2; pass++) {
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                int px = (m[0] * x + m[3] * y) / 65536, py = (m[1] * x + m[4] * y) / 65536;
                if (pass == 0) {
                    minx = px < minx ? px : minx;
                    miny = py < miny ? py : miny;
                    continue;
                }
                px -= minx;
                py -= miny;
                good = good && px < cols && py < rows &&
                       !memcmp(in + (size_t)(y * w + x) * elem, out + (size_t)(py * cols + px) * elem, elem);
            }
        }
    }
    free(in);
    free(out);
    return good;
}

int main(void)
{
    static const size_t elems[] = {1, 2, 4};
    for (int turn = 0; turn < 4; turn++) {
        for (int flip = 0; flip < 4; flip++) {
            int32_t m[9] = {0};
            ck_orient o;
            av_display_rotation_set(m, 90 * turn);
            av_display_matrix_flip(m, flip & 1, flip >> 1);
            bool good = ck_orient_from_matrix(m, &o);
            for (int i = 0; i < 3; i++)
                good = good && agrees(m, o, elems[i], 5, 3) && agrees(m, o, elems[i], 100, 41);
            ok(good, "%d degrees%s%s", 90 * turn, flip & 1 ? ", mirrored" : "", flip >> 1 ? ", upside down" : "");
            ok(ck_orient_changes(o) == !(m[0] == 65536 && m[4] == 65536), "and is known to change something, or not");
        }
    }
    int32_t m[9];
    ck_orient o = {.swap = true};
    av_display_rotation_set(m, 30);
    ok(!ck_orient_from_matrix(m, &o) && !ck_orient_changes(o), "30 degrees are left as they are");
    return done_testing();
}
