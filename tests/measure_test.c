/* Figures of frames with known mattes and plates; small pictures; JPEG files. */
#include "image/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "image/thumb.h"
#include "io/av_jpeg.h"
#include "tap.h"

enum { W = 640, H = 360 };

static ck_plane *add(ck_frame *f, const char *name, ck_type t, int c, int h, int w, const char *encoding)
{
    ck_plane *p;
    ck_error e;
    return ck_frame_add(f, name, t, c, h, w, encoding, &p, &e) == CK_OK ? p : NULL;
}

static bool near(double a, double b, double tolerance)
{
    bool good = fabs(a - b) <= tolerance;
    if (!good)
        printf("# %.6f, wanted %.6f\n", a, b);
    return good;
}

static ck_measures measure(const ck_plane *alpha, const ck_plane *rgb)
{
    ck_measures m;
    ck_error e;
    ok(ck_measure(alpha, rgb, &m, &e) == CK_OK, "measured");
    return m;
}

/* A disc of radius r with a linear edge `width` pixels wide. */
static void disc(float *v, double r, double width)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double d = (r - hypot(x + 0.5 - W / 2.0, y + 0.5 - H / 2.0)) / width + 0.5;
            v[y * W + x] = (float)(d < 0 ? 0 : d > 1 ? 1 : d);
        }
}

static void test_disc(void)
{
    ck_frame f = {0};
    disc(ck_plane_data(add(&f, "alpha", CK_F32, 1, H, W, "")), 100, 8);
    ck_measures m = measure(ck_frame_plane(&f, "alpha"), NULL);
    ok(near(m.coverage, M_PI * 100 * 100 / (W * H), 2e-4), "coverage is the disc's share of the frame");
    /* Soft is 0.02...0.98 of the ramp; the crossings of a circle are 8 r, those of all directions. */
    ok(near(m.edge, 8 * 0.96, 0.1), "the edge is as wide as its ramp");
    ok(!m.bare, "without a plate there is no screen");
    ok(m.cells[9 * CK_CELLS_W + 16] == CK_CELL_FULL && m.cells[0] == 0, "cells inside are full, cells outside empty");
    double sum = 0;
    for (int i = 0; i < CK_CELLS; i++)
        sum += m.cells[i];
    ok(near(sum / CK_CELLS / CK_CELL_FULL, m.coverage, 2e-3), "the cells' mean is the coverage");

    ck_frame g = {0};
    ck_plane *half = add(&g, "alpha", CK_F16, 1, H, W, "");
    ck_f32_to_f16(ck_frame_plane(&f, "alpha")->data, ck_plane_data(half), (size_t)W * H);
    ck_measures n = measure(half, NULL);
    ok(near(n.coverage, m.coverage, 1e-5) && near(n.edge, m.edge, 0.02), "f16 has the same figures");
    ck_frame_free(&f);
    ck_frame_free(&g);
}

static void test_values(void)
{
    ck_frame f = {0};
    float *v = ck_plane_data(add(&f, "alpha", CK_F32, 1, H, W, ""));
    for (int i = 0; i < W * H; i++)
        v[i] = i % 4 == 0 ? 7 : i % 4 == 1 ? -3 : i % 4 == 2 ? NAN : INFINITY;
    ck_measures m = measure(ck_frame_plane(&f, "alpha"), NULL);
    ok(m.coverage == 0.5, "values beyond 0 and 1 are clamped, NaN is 0");
    for (int i = 0; i < W * H; i++)
        v[i] = 1;
    m = measure(ck_frame_plane(&f, "alpha"), NULL);
    ok(m.coverage == 1 && m.edge == 0, "a full matte has no edge");
    ck_frame_free(&f);

    ck_frame tiny = {0};
    *(float *)ck_plane_data(add(&tiny, "alpha", CK_F32, 1, 1, 1, "")) = 1;
    m = measure(ck_frame_plane(&tiny, "alpha"), NULL);
    ok(m.coverage == 1, "one pixel is measured");
    ck_frame_free(&tiny);
}

/* Two sums of uniform noise; variance of each is 1/12. */
static double noise(void)
{
    return (double)rand() / RAND_MAX + (double)rand() / RAND_MAX - 1;
}

static void test_screen(void)
{
    static const int colour[3] = {50, 170, 60};
    ck_frame f = {0};
    disc(ck_plane_data(add(&f, "alpha", CK_F32, 1, H, W, "")), 100, 4);
    float *v = ck_plane_data(add(&f, "rgb", CK_F32, 3, 2 * H, 2 * W, "srgb"));
    srand(1);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 2 * H; y++)
            for (int x = 0; x < 2 * W; x++) {
                bool inside = hypot(x - W, y - H) < 202;
                v[(c * 2 * H + y) * 2 * W + x] = inside ? 0.9F : (float)((colour[c] + 6 * noise()) / 255);
            }
    ck_measures m = measure(ck_frame_plane(&f, "alpha"), ck_frame_plane(&f, "rgb"));
    bool good = m.bare;
    for (int c = 0; c < 3; c++)
        good &= near(m.screen[c], colour[c], 0.1);
    ok(good, "the screen's colour, of a plate of twice the matte's size, without the subject");
    /* Triangular noise has another ratio of mean magnitude to deviation than normal noise; a sum of three is close. */
    ok(near(m.noise, 6 / sqrt(6), 0.06), "the screen's noise");
    float *alpha = ck_plane_data(ck_frame_plane(&f, "alpha"));
    for (int i = 0; i < W * H; i++)
        alpha[i] = 1;
    ok(!measure(ck_frame_plane(&f, "alpha"), ck_frame_plane(&f, "rgb")).bare, "no screen shows behind a full matte");
    ck_frame_free(&f);
}

static void test_thumb(void)
{
    enum { TW = 64, TH = 36 };
    ck_frame f = {0};
    uint8_t out[3 * TH * TW], *jpeg;
    size_t n;
    ck_error e;
    float *v = ck_plane_data(add(&f, "alpha", CK_F32, 1, H, W, ""));
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            v[y * W + x] = x < W / 2 ? 0 : 1;
    ck_thumb(ck_frame_plane(&f, "alpha"), TW, TH, out, TW, TW * TH);
    bool good = true;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < TH; y++)
            for (int x = 0; x < TW; x++)
                good &= out[(c * TH + y) * TW + x] == (x < TW / 2 ? 0 : 255);
    ok(good, "a thumbnail of a matte is grey, and has its place");
    float *lin = ck_plane_data(add(&f, "rgb", CK_F32, 3, 5, 3, "linear"));
    for (int i = 0; i < 45; i++)
        lin[i] = i < 15 ? 0.215861F : 2;
    ck_thumb(ck_frame_plane(&f, "rgb"), TW, TH, out, TW, TW * TH);
    ok(out[0] == 128 && out[TW * TH] == 255, "linear light is encoded and clamped; a small plane is enlarged");
    ok(ck_jpeg_encode(out, TW, TH, &jpeg, &n, &e) == CK_OK && n > 100 && jpeg[0] == 0xff && jpeg[1] == 0xd8 &&
           jpeg[n - 2] == 0xff && jpeg[n - 1] == 0xd9,
       "it becomes a JPEG file");
    free(jpeg);
    ck_frame_free(&f);
}

int main(void)
{
    test_disc();
    test_values();
    test_screen();
    test_thumb();
    return done_testing();
}
