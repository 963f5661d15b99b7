/* NaN and infinity: detected, counted, and filled from their neighbours. */
#include <math.h>
#include <string.h>

#include "image/convert.h"
#include "image/finite.h"
#include "tap.h"

static ck_plane *plane(ck_frame *f, ck_type t, int c, int h, int w, const float *v)
{
    ck_plane *p;
    ck_error e;
    *f = (ck_frame){0};
    ck_frame_add(f, "rgb", t, c, h, w, "linear", &p, &e);
    if (t == CK_F16)
        ck_f32_to_f16(v, ck_plane_data(p), (size_t)(c * h * w));
    else
        memcpy(ck_plane_data(p), v, p->bytes);
    return p;
}

/* v: 1 x 3 x 4 samples before; want: after. */
static void repairs(ck_type t, const float v[12], const float want[12], size_t bad, const char *what)
{
    ck_frame f;
    ck_error e = {{0}};
    float got[12];
    size_t filled = 0;
    ck_plane *p = plane(&f, t, 1, 3, 4, v);
    bool good = ck_finite_repair(p, &filled, &e) == CK_OK && filled == bad;
    ck_to_f32(p->data, t, got, 12);
    for (int i = 0; i < 12; i++)
        good &= got[i] == want[i];
    ok(good && ck_finite_check(p, &e) == CK_OK, "%s, %s", what, ck_type_name(t));
    ck_frame_free(&f);
}

static void test_check(ck_type t)
{
    float v[3 * 20 * 100];
    ck_frame f;
    ck_error e = {{0}};
    for (int i = 0; i < 6000; i++)
        v[i] = (float)i;
    ck_plane *p = plane(&f, t, 3, 20, 100, v);
    ok(ck_finite_check(p, &e) == CK_OK, "%s: numbers are good", ck_type_name(t));
    ck_frame_free(&f);
    v[2000 + 7 * 100 + 42] = NAN;
    v[4000] = -INFINITY;
    v[5999] = INFINITY;
    p = plane(&f, t, 3, 20, 100, v);
    ok(ck_finite_check(p, &e) == CK_ERR_FORMAT && strstr(e.text, "3 NaN or infinite samples") &&
           strstr(e.text, "green at x 42, y 7") && strstr(e.text, "--repair"),
       "%s: counted, and the first is located: %s", ck_type_name(t), e.text);
    ck_frame_free(&f);
}

int main(void)
{
    const float n = NAN, inf = INFINITY;
    for (int i = 0; i < 2; i++) {
        ck_type t = i ? CK_F16 : CK_F32;
        test_check(t);
        repairs(t, (const float[12]){1, 1, 1, 1, 1, n, 5, 1, 1, 1, 5, 1},
                (const float[12]){1, 1, 1, 1, 1, 2, 5, 1, 1, 1, 5, 1}, 1, "a hole is the mean of its neighbours");
        repairs(t, (const float[12]){n, inf, 4, 4, n, 8, 6, 4, 8, 8, 4, 4},
                (const float[12]){8, 6, 4, 4, 8, 8, 6, 4, 8, 8, 4, 4}, 3, "a corner");
        repairs(t, (const float[12]){n, n, n, 2, n, n, n, 2, n, n, n, 2},
                (const float[12]){2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, 9, "a gap is filled from its edge inwards");
        repairs(t, (const float[12]){n, n, n, n, n, n, inf, n, n, n, n, n}, (const float[12]){0}, 12,
                "nothing left: 0");
    }
    ck_frame f = {0};
    ck_plane *p;
    ck_error e;
    size_t filled;
    ck_frame_add(&f, "rgb", CK_U16, 3, 1, 1, "srgb", &p, &e);
    memset(ck_plane_data(p), 255, p->bytes);
    ok(ck_finite_check(p, &e) == CK_OK && ck_finite_repair(p, &filled, &e) == CK_OK && !filled, "integers have none");
    ck_frame_free(&f);
    return done_testing();
}
