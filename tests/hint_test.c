/* HSV, erosion, blur and the hint: bit-exact with goldens, and properties that goldens do not cover. */
#include "key/hint.h"

#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "guard.h"
#include "image/gaussian.h"
#include "key/hsv.h"
#include "image/morphology.h"
#include "key/screen.h"
#include "tap.h"

static void same(const char *file, const char *name, const golden *g, const uint8_t *got)
{
    int h, w;
    uint8_t *want = golden_planar_u8(g, name, &h, &w);
    size_t n = golden_find(g, name)->count, differ = 0;
    for (size_t i = 0; i < n; i++)
        differ += got[i] != want[i];
    ok(differ == 0, "%s: %s, %zu of %zu samples differ", file, name, differ, n);
    free(want);
}

static void against_golden(const char *file, bool blue)
{
    golden g;
    ck_error e;
    int h, w;
    if (!golden_open(&g, file)) {
        skip("no goldens", "%s", file);
        return;
    }
    uint8_t *rgb = golden_planar_u8(&g, "rgb", &h, &w);
    size_t n = (size_t)h * (size_t)w;
    guard hsv = guard_new(3 * n), mask = guard_new(n), eroded = guard_new(n), hint = guard_new(n);
    ck_hsv(rgb, n, hsv.data, n);
    same(file, "hsv", &g, hsv.data);
    ck_hsv_subject(rgb, blue, mask.data, n);
    same(file, "mask", &g, mask.data);
    ok(ck_erode(mask.data, h, w, CK_HINT_ERODE, eroded.data, &e) == CK_OK, "%s: eroded", file);
    same(file, "eroded", &g, eroded.data);
    ok(ck_hint_hsv(rgb, h, w, blue, hint.data, &e) == CK_OK, "%s: hint made", file);
    same(file, "hint", &g, hint.data);
    ck_screen_guess guess = ck_screen_of(rgb, h, w);
    ok(guess.found && guess.blue == blue, "%s: the screen is %s", file, blue ? "blue" : "green");
    bool inside = guard_done(&hsv) && guard_done(&mask) && guard_done(&eroded) && guard_done(&hint);
    ok(inside, "%s: nothing outside the buffers", file);
    free(rgb);
    golden_close(&g);
}

static int divide(int a, int b) /* round(a/b); only even quotients here end in exactly 1/2 */
{
    return b ? (int)rint((double)a / b) : 0;
}

/* OpenCV's conversion of 8-bit RGB to HSV (RGB2HSV_b), with divisions in the place of its tables. */
static void plain_hsv(int r, int g, int b, int *out)
{
    int v = r > g ? r : g, m = r < g ? r : g;
    v = v > b ? v : b;
    m = m < b ? m : b;
    int d = v - m, sdiv = divide(255 << 12, v), hdiv = divide(180 << 12, 6 * d);
    int n = v == r ? g - b : v == g ? b - r + 2 * d : r - g + 4 * d;
    int h = (n * hdiv + 2048) >> 12;
    out[0] = h < 0 ? h + 180 : h;
    out[1] = (d * sdiv + 2048) >> 12;
    out[2] = v;
}

static void every_colour(void)
{
    static uint8_t rgb[3 * 65536], hsv[3 * 65536];
    size_t differ = 0;
    for (int r = 0; r < 256; r++) {
        for (int i = 0; i < 65536; i++) {
            rgb[i] = (uint8_t)r;
            rgb[65536 + i] = (uint8_t)(i >> 8);
            rgb[2 * 65536 + i] = (uint8_t)i;
        }
        ck_hsv(rgb, 65536, hsv, 65536);
        for (int i = 0; i < 65536; i++) {
            int want[3];
            plain_hsv(r, i >> 8, i & 255, want);
            differ += hsv[i] != want[0] || hsv[65536 + i] != want[1] || hsv[2 * 65536 + i] != want[2];
        }
    }
    ok(differ == 0, "all 16,777,216 colours have the tables' HSV (%zu differ)", differ);
}

/* By hand: no hue without chroma, all 0 in black, red is tested before green. */
static void some_colours(void)
{
    static const uint8_t rgb[3][7] = {
        {0, 128, 255, 255, 10, 10, 255}, {0, 128, 255, 255, 10, 200, 0}, {0, 128, 255, 0, 200, 10, 1}};
    static const uint8_t hsv[3][7] = {
        {0, 0, 0, 30, 120, 60, 0}, {0, 0, 0, 255, 242, 242, 255}, {0, 128, 255, 255, 200, 200, 255}};
    uint8_t out[3][7];
    ck_hsv(rgb[0], 7, out[0], 7);
    ok(!memcmp(out, hsv, sizeof hsv), "black, grey, white, yellow, blue, green, almost red");
}

/* Range ends are inclusive: find colours on either side of each. */
static void range_ends(void)
{
    bool good = true;
    for (int blue = 0; blue < 2; blue++) {
        int low = blue ? 95 : 35, high = blue ? 135 : 85, seen = 0;
        for (int r = 0; r < 256; r += 5)
            for (int g = 0; g < 256; g += 3)
                for (int b = 0; b < 256; b += 4) {
                    uint8_t rgb[3] = {(uint8_t)r, (uint8_t)g, (uint8_t)b}, mask;
                    int v[3];
                    plain_hsv(r, g, b, v);
                    bool in = v[0] >= low && v[0] <= high && v[1] >= 40 && v[2] >= 30;
                    seen |= v[0] == low ? 1 : v[0] == high ? 2 : v[1] == 40 ? 4 : v[2] == 30 ? 8 : 0;
                    ck_hsv_subject(rgb, blue, &mask, 1);
                    good = good && mask == (in ? 0 : 255);
                }
        good = good && seen == 15;
    }
    ok(good, "the screen's range includes its ends");
}

static void ellipses(void)
{
    static const int seven[] = {0, 2, 3, 3, 3, 2, 0};
    static const int top[] = {0,  7,  10, 12, 14, 15, 16, 17, 18, 19, 20, 21, 21,
                              22, 22, 23, 23, 24, 24, 24, 24, 25, 25, 25, 25, 25};
    int half[51], zero;
    bool good = true;
    ck_ellipse_rows(3, half);
    ok(!memcmp(half, seven, sizeof seven), "the 7 px ellipse");
    ck_ellipse_rows(25, half);
    for (int i = 0; i <= 25; i++)
        good = good && half[i] == top[i] && half[50 - i] == top[i];
    ok(good, "the 51 px ellipse");
    ck_ellipse_rows(0, &zero);
    ok(zero == 0, "radius 0 is one pixel");
}

static uint8_t plain_extreme(const uint8_t *src, int h, int w, int radius, int y, int x, bool erode)
{
    int half[2 * CK_MAX_RADIUS + 1], best = erode ? 255 : 0;
    ck_ellipse_rows(radius, half);
    for (int dy = -radius; dy <= radius; dy++)
        for (int dx = -half[radius + dy]; dx <= half[radius + dy]; dx++) {
            if (y + dy < 0 || y + dy >= h || x + dx < 0 || x + dx >= w)
                continue;
            int v = src[(y + dy) * w + x + dx];
            best = erode ? (v < best ? v : best) : v > best ? v : best;
        }
    return (uint8_t)best;
}

static bool morphology_at(int h, int w, int radius, bool sparse, uint32_t *seed)
{
    size_t n = (size_t)h * (size_t)w;
    guard src = guard_new(n), flipped = guard_new(n), small = guard_new(n), large = guard_new(n);
    uint8_t *s = src.data, *f = flipped.data, *lo = small.data, *hi = large.data;
    ck_error e;
    for (size_t i = 0; i < n; i++) {
        s[i] = (uint8_t)(sparse && rnd(seed) % 50 ? 0 : rnd(seed));
        f[i] = 255 - s[i];
    }
    bool good = ck_erode(s, h, w, radius, lo, &e) == CK_OK && ck_dilate(s, h, w, radius, hi, &e) == CK_OK;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            good = good && lo[y * w + x] == plain_extreme(s, h, w, radius, y, x, true) &&
                   hi[y * w + x] == plain_extreme(s, h, w, radius, y, x, false);
    good = good && ck_dilate(f, h, w, radius, hi, &e) == CK_OK;
    for (size_t i = 0; i < n; i++)
        good = good && lo[i] == 255 - hi[i];
    bool inside = guard_done(&src) && guard_done(&flipped) && guard_done(&small) && guard_done(&large);
    return good && inside;
}

static void morphology(void)
{
    static const int sizes[][3] = {{1, 1, 0},   {1, 1, 25},  {1, 70, 3},   {70, 1, 25},   {7, 7, 3},    {3, 2, 25},
                                   {40, 64, 3}, {33, 65, 7}, {5, 4200, 3}, {20, 700, 25}, {9, 129, 100}};
    uint32_t seed = 3;
    int good = 0, all = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++, all += 2)
        for (int sparse = 0; sparse < 2; sparse++)
            good += morphology_at(sizes[i][0], sizes[i][1], sizes[i][2], sparse, &seed);
    for (int i = 0; i < 30; i++, all++)
        good += morphology_at(rnd_int(&seed, 1, 60), rnd_int(&seed, 1, 90), rnd_int(&seed, 0, 12), i % 2, &seed);
    ok(good == all, "erosion and dilation are the ellipse's extremes and each other's complement (%d of %d)", good,
       all);
    uint8_t x = 0;
    ck_error e;
    ok(ck_erode(&x, 1, 1, -1, &x, &e) == CK_ERR_ARGUMENT && ck_dilate(&x, 1, 1, 256, &x, &e) == CK_ERR_ARGUMENT &&
           ck_dilate(&x, 0, 1, 1, &x, &e) == CK_ERR_ARGUMENT,
       "a radius or size out of range is refused");
}

static void weights(void)
{
    static const int w21[] = {0, 2, 2, 4, 6, 11, 15, 20, 25, 28, 30, 28, 25, 20, 15, 11, 6, 4, 2, 2, 0};
    static const int w11[] = {2, 7, 17, 31, 45, 52, 45, 31, 17, 7, 2};
    int q[CK_MAX_BLUR];
    ck_gaussian_weights(21, q);
    ok(!memcmp(q, w21, sizeof w21), "the 21 weights");
    ck_gaussian_weights(11, q);
    ok(!memcmp(q, w11, sizeof w11), "the 11 weights");
    bool good = true;
    for (int n = 1; n <= CK_MAX_BLUR; n += 2) {
        int sum = 0;
        ck_gaussian_weights(n, q);
        for (int i = 0; i < n; i++) {
            sum += q[i];
            good = good && q[i] >= 0 && q[i] == q[n - 1 - i];
        }
        good = good && sum == 256;
    }
    ok(good, "weights are symmetric, not negative and sum to 256");
}

static int reflected(int i, int n)
{
    while (i < 0 || i >= n)
        i = n == 1 ? 0 : i < 0 ? -i : 2 * (n - 1) - i;
    return i;
}

static bool blur_at(int h, int w, int n, uint32_t *seed)
{
    size_t size = (size_t)h * (size_t)w;
    guard src = guard_new(size), dst = guard_new(size);
    uint8_t *s = src.data, *d = dst.data;
    int q[CK_MAX_BLUR];
    ck_error e;
    for (size_t i = 0; i < size; i++)
        s[i] = (uint8_t)(rnd(seed) % 4 ? rnd(seed) : 255);
    ck_gaussian_weights(n, q);
    bool good = ck_gaussian(s, h, w, n, d, &e) == CK_OK;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            long sum = 0;
            for (int j = 0; j < n; j++)
                for (int i = 0; i < n; i++)
                    sum += (long)q[j] * q[i] * s[reflected(y + j - n / 2, h) * w + reflected(x + i - n / 2, w)];
            good = good && d[y * w + x] == (sum + 32768) >> 16;
        }
    bool inside = guard_done(&src);
    return guard_done(&dst) && inside && good;
}

static void blur(void)
{
    static const int sizes[][3] = {{1, 1, 21}, {1, 40, 21}, {40, 1, 11},   {2, 3, 21},  {8, 8, 255},
                                   {5, 6, 1},  {31, 32, 3}, {12, 100, 21}, {60, 33, 11}};
    uint32_t seed = 5;
    int good = 0, all = sizeof sizes / sizeof *sizes;
    for (int i = 0; i < all; i++)
        good += blur_at(sizes[i][0], sizes[i][1], sizes[i][2], &seed);
    ok(good == all, "the blur is the plain sum, rounded once (%d of %d)", good, all);
    uint8_t white[40 * 50], out[40 * 50];
    ck_error e;
    memset(white, 255, sizeof white);
    ok(ck_gaussian(white, 40, 50, 21, out, &e) == CK_OK && !memcmp(white, out, sizeof out), "white stays white");
    ok(ck_gaussian(white, 4, 4, 4, out, &e) == CK_ERR_ARGUMENT &&
           ck_gaussian(white, 4, 4, 257, out, &e) == CK_ERR_ARGUMENT,
       "an even or too long blur is refused");
}

/* Guess for a frame of colour `back` with a rectangle of colour `front` in the middle. */
static ck_screen_guess guess_of(int h, int w, const uint8_t *back, const uint8_t *front)
{
    uint8_t *rgb = malloc((size_t)h * (size_t)w * 3);
    if (!rgb)
        exit(1);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                bool middle = y >= h / 5 && y < h - h / 5 && x >= w / 5 && x < w - w / 5;
                rgb[(c * h + y) * w + x] = middle ? front[c] : back[c];
            }
    ck_screen_guess g = ck_screen_of(rgb, h, w);
    free(rgb);
    return g;
}

static void screens(void)
{
    static const uint8_t green[] = {40, 180, 60}, blue[] = {30, 60, 190}, jeans[] = {70, 90, 140},
                         leaves[] = {70, 110, 60}, grey[] = {90, 90, 90};
    ck_screen_guess g = guess_of(90, 160, green, jeans);
    ok(g.found && !g.blue, "green screen, jeans over a third of the frame (%.2f %.2f)", g.green_part, g.blue_part);
    g = guess_of(90, 160, blue, leaves);
    ok(g.found && g.blue, "blue screen, leaves (%.2f %.2f)", g.green_part, g.blue_part);
    g = guess_of(3, 5, grey, grey);
    ok(!g.found && !g.blue, "no screen: green, and said to be a guess");
    g = guess_of(1, 1, blue, blue);
    ok(g.found && g.blue && g.blue_part > 0.5, "one blue pixel is a blue screen");
}

int main(void)
{
    against_golden("hint_green.safetensors", false);
    against_golden("hint_blue.safetensors", true);
    every_colour();
    some_colours();
    range_ends();
    ellipses();
    morphology();
    weights();
    blur();
    screens();
    ck_pool_trim();
    return done_testing();
}
