/* Grow, soften, holes, the order of a matte's changes, masks, passthrough: against plain loops. */
#include "image/matte.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "guard.h"
#include "image/convert.h"
#include "image/despeckle.h"
#include "image/grow.h"
#include "image/holes.h"
#include "image/passthrough.h"
#include "image/soften.h"
#include "tap.h"

static ck_error e;

static int clampi(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static void fill_random(float *v, size_t n, uint32_t *seed)
{
    for (size_t i = 0; i < n; i++)
        v[i] = rnd_float(seed, -0.25f, 1.25f);
}

static double worst_of(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = worse(worst, fabs((double)a[i] - (double)b[i]));
    return worst;
}

/* The matte at any position: bilinear in double. */
static double at(const float *v, int h, int w, double y, double x)
{
    double fy = floor(y), fx = floor(x), ty = y - fy, tx = x - fx;
    int y0 = clampi((int)fy, h), y1 = clampi((int)fy + 1, h), x0 = clampi((int)fx, w), x1 = clampi((int)fx + 1, w);
    double top = (double)v[y0 * w + x0] * (1 - tx) + (double)v[y0 * w + x1] * tx;
    double bottom = (double)v[y1 * w + x0] * (1 - tx) + (double)v[y1 * w + x1] * tx;
    return top * (1 - ty) + bottom * ty;
}

/* Extremum over the pixels of the disc, and over its circle at equal angles. */
static double plain_grow(const float *v, int h, int w, int y, int x, double radius)
{
    double r = fabs(radius), sign = radius < 0 ? -1 : 1, best = -1e30;
    for (int dy = (int)-r; dy <= (int)r; dy++)
        for (int dx = (int)-r; dx <= (int)r; dx++)
            if (dx * dx + dy * dy <= r * r)
                best = fmax(best, sign * (double)v[clampi(y + dy, h) * w + clampi(x + dx, w)]);
    int quarter = 2 * (int)ceil(r) + 2;
    for (int i = 0; i < 4 * quarter; i++) {
        double angle = M_PI / 2 * i / quarter;
        best = fmax(best, sign * at(v, h, w, y + r * sin(angle), x + r * cos(angle)));
    }
    return sign * best;
}

/* Samples are below 1.25 and rounded up to four times: 4 x 6e-8 x 1.25, doubled for the weights. */
static bool grow_at(int h, int w, double radius, uint32_t *seed)
{
    size_t n = (size_t)h * (size_t)w;
    float *src = malloc(n * sizeof *src);
    guard dst = guard_new(n * sizeof(float));
    fill_random(src, n, seed);
    bool good = ck_grow(src, h, w, radius, dst.data, &e) == CK_OK;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            good = good && fabs((double)((float *)dst.data)[y * w + x] - plain_grow(src, h, w, y, x, radius)) < 6e-7;
    free(src);
    return guard_done(&dst) && good;
}

static void grow_plainly(void)
{
    static const double radii[] = {0.01, 0.3, 0.5, 0.99, 1, 1.41, 2.6, 5, 7.25, 13.5};
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof radii / sizeof *radii; i++)
        ok(grow_at(40, 57, radii[i], &seed) && grow_at(40, 57, -radii[i], &seed), "grow and shrink by %g", radii[i]);
    ok(grow_at(1, 1, 3.5, &seed) && grow_at(1, 70, -2.5, &seed) && grow_at(70, 1, 2.5, &seed), "of lines and a pixel");
    ok(grow_at(9, 13, 50, &seed) && grow_at(9, 13, -50, &seed), "by more than the image has");
    ok(grow_at(67, 1061, 1.3, &seed), "across tiles");
    float one = 0.5f, out;
    ok(ck_grow(&one, 1, 1, 50.5, &out, &e) == CK_ERR_ARGUMENT && ck_grow(&one, 1, 1, NAN, &out, &e) == CK_ERR_ARGUMENT,
       "50 pixels at most");
}

/* Properties that the header promises for any matte. */
static void grow_laws(void)
{
    enum { H = 70, W = 530, N = H * W };
    static float a[N], b[N], ga[N], gb[N], back[N];
    uint32_t seed = 6;
    bool monotone = true, never = true, dual = true;
    for (double r = 0.25; r < 4; r += 0.75) {
        fill_random(a, N, &seed);
        for (int i = 0; i < N; i++)
            b[i] = a[i] + rnd_float(&seed, 0, 0.1f);
        ck_grow(a, H, W, r, ga, &e);
        ck_grow(b, H, W, r, gb, &e);
        for (int i = 0; i < N; i++) {
            monotone = monotone && ga[i] <= gb[i];
            never = never && ga[i] >= a[i];
            b[i] = -a[i];
        }
        ck_grow(b, H, W, -r, back, &e);
        for (int i = 0; i < N; i++)
            dual = dual && back[i] == -ga[i];
    }
    ok(monotone, "a larger matte grows to a larger one");
    ok(never, "growing lowers nothing");
    ok(dual, "shrinking is growing what is not there");
    ck_grow(a, H, W, 0, ga, &e);
    ok(!memcmp(a, ga, sizeof a), "by 0 nothing changes");
    for (int i = 0; i < N; i++)
        a[i] = i % W < 265 ? 1.02f : -0.013f;
    ck_grow(a, H, W, 2.3, ga, &e);
    bool exact = true;
    for (int i = 0; i < N; i++)
        exact = exact && (i % W < 267 ? ga[i] == 1.02f : i % W < 268 || ga[i] == -0.013f);
    ok(exact, "flat parts keep their value to the bit, in flat tiles and others");
    ok(fabs((double)ga[267] - (0.3 * 1.02 + 0.7 * -0.013)) < 1e-6, "an edge moves by 2.3 pixels: 30 %% of the third");
}

/* Distance by which antialiased straight edges move, by area. */
static void grow_edges(void)
{
    enum { N = 96, BAND = 20 };
    static float a[N * N], b[N * N];
    double worst = 0;
    for (double r = -12.5; r <= 12.5; r += 1.25)
        for (double degrees = 0; degrees <= 45; degrees += 7.5) {
            double c = cos(degrees * M_PI / 180), s = sin(degrees * M_PI / 180), area = 0;
            for (int i = 0; i < N * N; i++)
                a[i] = (float)fmin(1, fmax(0, 0.5 - ((i / N - N / 2 + 0.5) * c + (i % N - N / 2 + 0.5) * s)));
            ck_grow(a, N, N, r, b, &e);
            for (int i = 0; i < N * N; i++)
                if (abs(i % N - N / 2) < BAND / 2)
                    area += (double)b[i] - (double)a[i];
            worst = worse(worst, fabs(area * c / (BAND - 1) - r));
        }
    ok(worst < 0.15, "edges of every direction move by the radius, to within %.3f pixels", worst);
}

/* exp(-k^2 / 2 sigma^2) up to 3 sigma, in double.  Float sums of n differences below 1.5: 6e-8 (n + 2). */
static bool soften_at(int h, int w, double sigma, uint32_t *seed)
{
    size_t n = (size_t)h * (size_t)w;
    int reach = (int)ceil(3 * sigma);
    float *src = malloc(n * sizeof *src), *want = malloc(n * sizeof *want);
    double *across = malloc(n * sizeof *across), total = 0;
    guard dst = guard_new(n * sizeof(float));
    fill_random(src, n, seed);
    for (int k = -reach; k <= reach; k++)
        total += exp(-k * k / (2 * sigma * sigma));
    for (int i = 0; i < (int)n; i++) {
        across[i] = 0;
        for (int k = -reach; k <= reach; k++)
            across[i] += (double)src[i / w * w + clampi(i % w + k, w)] * exp(-k * k / (2 * sigma * sigma)) / total;
    }
    for (int i = 0; i < (int)n; i++) {
        double sum = 0;
        for (int k = -reach; k <= reach; k++)
            sum += across[clampi(i / w + k, h) * w + i % w] * exp(-k * k / (2 * sigma * sigma)) / total;
        want[i] = (float)sum;
    }
    bool good =
        ck_soften(src, h, w, sigma, dst.data, &e) == CK_OK && worst_of(dst.data, want, n) < 6e-8 * (2 * reach + 6);
    free(src);
    free(want);
    free(across);
    return guard_done(&dst) && good;
}

static void soften(void)
{
    uint32_t seed = 7;
    ok(soften_at(40, 57, 0.2, &seed) && soften_at(40, 57, 1, &seed) && soften_at(40, 57, 4.7, &seed),
       "soften by 0.2, 1 and 4.7 pixels");
    ok(soften_at(1, 1, 2, &seed) && soften_at(1, 70, 2, &seed) && soften_at(70, 1, 2, &seed) &&
           soften_at(12, 9, 50, &seed),
       "lines, a pixel, and more than the image has");
    float v[300], out[300];
    for (int i = 0; i < 300; i++)
        v[i] = i < 150 ? 1.03f : 0;
    bool exact = ck_soften(v, 1, 300, 7, out, &e) == CK_OK;
    for (int i = 0; i < 300; i++)
        exact = exact && (i < 150 - 21 ? out[i] == 1.03f : i < 150 + 21 || out[i] == 0);
    ok(exact, "flat parts keep their value to the bit");
    ok(ck_soften(v, 1, 300, 0, out, &e) == CK_OK && !memcmp(v, out, sizeof v), "by 0 nothing changes");
    ok(ck_soften(v, 1, 300, -1, out, &e) == CK_ERR_ARGUMENT && ck_soften(v, 1, 300, 51, out, &e) == CK_ERR_ARGUMENT,
       "from 0 to 50");
}

/* True if the hole with pixel `start` is enclosed and has at most `area` pixels.  Found by flooding, which sets `seen`
 * to 1 + start. */
static bool small_hole(const float *v, int h, int w, float limit, int start, long area, int *seen)
{
    int *stack = malloc(sizeof(int) * (size_t)(h * w)), top = 0;
    long count = 0;
    bool open = false;
    stack[top++] = start;
    seen[start] = 1 + start;
    while (top) {
        int p = stack[--top], y = p / w, x = p % w;
        const int next[4] = {y ? p - w : p, y < h - 1 ? p + w : p, x ? p - 1 : p, x < w - 1 ? p + 1 : p};
        count++;
        open = open || !y || !x || y == h - 1 || x == w - 1;
        for (int k = 0; k < 4; k++)
            if (!seen[next[k]] && v[next[k]] <= limit) {
                seen[next[k]] = 1 + start;
                stack[top++] = next[k];
            }
    }
    free(stack);
    return !open && count <= area;
}

static void plain_fill(float *v, int h, int w, float limit, long area)
{
    int *seen = calloc((size_t)(h * w), sizeof *seen);
    bool *fill = calloc((size_t)(h * w + 1), sizeof *fill);
    for (int i = 0; i < h * w; i++) {
        if (!seen[i] && v[i] <= limit)
            fill[1 + i] = small_hole(v, h, w, limit, i, area, seen);
    }
    for (int i = 0; i < h * w; i++)
        v[i] = seen[i] && fill[seen[i]] ? 1 : v[i];
    free(seen);
    free(fill);
}

static void holes(void)
{
    enum { H = 61, W = 83 };
    static float a[H * W], b[H * W];
    uint32_t seed = 8;
    bool good = true;
    long changed = 0;
    for (long area = 1; area < 40; area = area * 2 + 1) {
        for (int i = 0; i < H * W; i++)
            a[i] = b[i] = rnd(&seed) % 3 ? 1.01f : rnd_float(&seed, -0.1f, 1);
        ck_holes_fill(a, H, W, (uint64_t)area, &e);
        plain_fill(b, H, W, 0.5f, area);
        plain_fill(b, H, W, nextafterf(1, 0), area);
        good = good && !memcmp(a, b, sizeof a);
        for (int i = 0; i < H * W; i++)
            changed += a[i] == 1;
    }
    ok(good && changed > 1000, "holes as by flooding");
    float ring[25] = {0, 0,    0, 0,    0, /* a hole with a rim */
                      0, 1.2f, 1, 1,    0, /* whose corners are open, */
                      0, 1,    0, 0.7f, 1, /* and a hole at the edge */
                      0, 1,    1, 0.9f, 0, 0, 0, 0, 0, 0};
    ck_holes_fill(ring, 5, 5, 1, &e);
    ok(ring[12] == 1 && ring[13] == 0.7f && ring[6] == 1.2f && ring[0] == 0, "a hole of a pixel; its rim leads out");
    float rim[49];
    for (int i = 0; i < 49; i++)
        rim[i] = i / 7 % 6 && i % 7 % 6 ? 1 : 0;
    rim[24] = 0.2f;
    rim[23] = rim[25] = rim[17] = rim[31] = 0.8f;
    ck_holes_fill(rim, 7, 7, 4, &e);
    ok(rim[24] == 1 && rim[23] == 1 && rim[31] == 1 && rim[0] == 0, "a hole's rim is filled where the rest is solid");
}

static ck_plane *new_plane(ck_frame *f, const char *name, ck_type type, int c, int h, int w)
{
    ck_plane *p = NULL;
    if (ck_frame_add(f, name, type, c, h, w, "", &p, &e) != CK_OK)
        exit(1);
    return p;
}

static void set(ck_frame *f, const char *name, const float *v, int h, int w)
{
    memcpy(ck_plane_data(new_plane(f, name, CK_F32, 1, h, w)), v, (size_t)h * (size_t)w * sizeof *v);
}

static const float *floats(ck_frame *f, const char *name)
{
    return ck_frame_plane(f, name) ? ck_frame_plane(f, name)->data : NULL;
}

static void values(void)
{
    ck_frame f = {0};
    const float v[6] = {-0.5f, 0.1f, 0.25f, 0.5f, 0.9f, 1.5f};
    ck_matte_options o = CK_MATTE_OFF;
    set(&f, "alpha", v, 1, 6);
    const void *before = ck_frame_plane(&f, "alpha")->data;
    ok(ck_matte_change(&f, &o, CK_F16, &e) == CK_OK && ck_frame_plane(&f, "alpha")->data == before &&
           !ck_frame_plane(&f, "coverage"),
       "nothing asked for: alpha itself, and no coverage");
    o.black = 0.1;
    o.white = 0.9;
    ok(ck_matte_change(&f, &o, CK_F32, &e) == CK_OK && ck_frame_plane(&f, "coverage")->data == before,
       "the matte that came is the coverage, not a copy");
    const float *a = floats(&f, "alpha");
    ok(a[0] == 0 && a[1] == 0 && fabsf(a[2] - 0.1875f) < 1e-6f && a[4] == 1 && a[5] == 1, "clipped to 0 and 1 exactly");
    o = (ck_matte_options)CK_MATTE_OFF;
    o.gamma = 2;
    ok(ck_matte_change(&f, &o, CK_F32, &e) == CK_OK && ck_frame_plane(&f, "coverage")->data == before,
       "a coverage that is there stays");
    set(&f, "alpha", v, 1, 6);
    ck_matte_change(&f, &o, CK_F32, &e);
    a = floats(&f, "alpha");
    ok(a[0] == -0.5f && a[2] == 0.5f && fabsf(a[3] - 0.70710678f) < 1e-6f && a[5] == 1.5f,
       "gamma 2: square roots from 0 to 1, the rest as it is");
    ck_frame_free(&f);
}

static void masks(void)
{
    ck_frame f = {0};
    const float v[4] = {-0.5f, 0.25f, 0.75f, 1.5f}, zero[1] = {0}, one[1] = {3}, both[2] = {0, 1};
    ck_matte_options o = CK_MATTE_OFF;
    set(&f, "alpha", v, 1, 4);
    set(&f, "garbage", zero, 1, 1);
    set(&f, "holdout", zero, 1, 1);
    ck_matte_change(&f, &o, CK_F32, &e);
    ok(!memcmp(floats(&f, "alpha"), v, sizeof v) && ck_frame_plane(&f, "coverage"), "empty masks change no bit");
    set(&f, "holdout", both, 1, 2); /* 0 0.25 0.75 1 at the matte's size */
    ck_matte_change(&f, &o, CK_F32, &e);
    const float *a = floats(&f, "alpha");
    ok(a[0] == -0.5f && a[1] == 0.25f && a[2] == 0.75f && a[3] == 1.5f, "holdout: the larger, resized");
    set(&f, "holdout", one, 1, 1);
    ck_matte_change(&f, &o, CK_F32, &e);
    a = floats(&f, "alpha");
    ok(a[0] == 1 && a[2] == 1 && a[3] == 1.5f, "a holdout of 3 is one of 1");
    set(&f, "garbage", both, 1, 2);
    ck_matte_change(&f, &o, CK_F32, &e);
    a = floats(&f, "alpha");
    ok(a[0] == 1 && a[1] == 0.75f && a[2] == 0.25f && a[3] == 0, "garbage wins over holdout");
    ck_plane *p = new_plane(&f, "garbage", CK_U8, 1, 1, 1);
    *(uint8_t *)ck_plane_data(p) = 51;
    ck_frame_remove(&f, "holdout");
    set(&f, "alpha", v, 1, 4);
    ck_matte_change(&f, &o, CK_F32, &e);
    a = floats(&f, "alpha");
    ok(a[1] == 0.25f * (1.0f - 0.2f) && a[3] == 1.5f * (1.0f - 0.2f), "garbage of bytes");
    set(&f, "garbage", (const float[1]){NAN}, 1, 1);
    ok(ck_matte_change(&f, &o, CK_F32, &e) == CK_ERR_FORMAT, "a mask that is no number is an error");
    ck_frame_free(&f);
}

/* The order given in the manual, step by step. */
static void order(void)
{
    enum { H = 90, W = 120, N = H * W };
    static float v[N], want[N], other[N], g[N], k[N];
    uint32_t seed = 9;
    for (int i = 0; i < N; i++) {
        double d = hypot(i / W - 45, i % W - 60);
        v[i] = d < 3 ? 0.1f : d < 30 ? 0.93f : rnd(&seed) % 40 ? 0.05f : 0.8f;
        g[i] = i % W > 70;
        k[i] = i / W < 20;
    }
    const ck_matte_options o = {0.06, 0.92, 1.3, 100, 30, -1.4, 0.8};
    for (int i = 0; i < N; i++) {
        float range = 0.92f - 0.06f, x = (v[i] - 0.06f) / range;
        x = x < 0 ? 0 : x > 1 ? 1 : x;
        want[i] = x > 0 && x < 1 ? (float)pow((double)x, 1 / 1.3) : x;
    }
    ck_holes_fill(want, H, W, 100, &e);
    ck_despeckle(want, H, W, 30, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, want, &e);
    ck_grow(want, H, W, -1.4, other, &e);
    ck_soften(other, H, W, 0.8, want, &e);
    for (int i = 0; i < N; i++)
        want[i] = g[i] == 1 ? 0 : k[i] == 1 && want[i] < 1 ? 1 : want[i];
    ck_frame f = {0};
    set(&f, "alpha", v, H, W);
    set(&f, "garbage", g, H, W);
    set(&f, "holdout", k, H, W);
    ok(ck_matte_change(&f, &o, CK_F32, &e) == CK_OK && worst_of(floats(&f, "alpha"), want, N) == 0,
       "clip, gamma, fill, specks, grow, soften, holdout, garbage");
    set(&f, "alpha", v, H, W);
    ck_frame_remove(&f, "coverage");
    ok(ck_matte_change(&f, &o, CK_F16, &e) == CK_OK && ck_frame_plane(&f, "alpha")->type == CK_F16 &&
           ck_frame_plane(&f, "coverage")->type == CK_F32,
       "the new one in halves, the coverage as it came");
    ck_frame_free(&f);
}

static void from(void)
{
    ck_frame f = {0};
    new_plane(&f, "rgb", CK_U8, 3, 1, 4);
    const float same[4] = {0.1f, 0.2f, 0.3f, 0.4f};
    set(&f, "hint", same, 1, 4);
    ok(ck_matte_from(&f, "hint", CK_F32, &e) == CK_OK && floats(&f, "alpha") == floats(&f, "hint"),
       "--from a plane like alpha: the same memory");
    ck_plane *p;
    ok(ck_frame_edit(&f, "alpha", &p, &e) == CK_OK && p->data != floats(&f, "hint"), "which an edit copies");
    p = new_plane(&f, "key", CK_U8, 1, 1, 2);
    memcpy(ck_plane_data(p), (const uint8_t[2]){0, 255}, 2);
    set(&f, "coverage", same, 1, 4);
    ok(ck_matte_from(&f, "key", CK_F32, &e) == CK_OK && !ck_frame_plane(&f, "coverage") &&
           floats(&f, "alpha")[0] == 0 && floats(&f, "alpha")[1] == 0.25f && floats(&f, "alpha")[3] == 1,
       "bytes, smaller: resized, and the coverage of another matte goes");
    set(&f, "coverage", same, 1, 4);
    ok(ck_matte_from(&f, "coverage", CK_F16, &e) == CK_OK && ck_frame_plane(&f, "alpha")->type == CK_F16 &&
           ck_frame_plane(&f, "coverage"),
       "--from coverage keeps it");
    ok(ck_matte_from(&f, "alpha", CK_F32, &e) == CK_OK && ck_frame_plane(&f, "alpha")->type == CK_F32,
       "--from alpha is no special case");
    ok(ck_matte_from(&f, "rgb", CK_F32, &e) == CK_ERR_FORMAT && ck_matte_from(&f, "none", CK_F32, &e) == CK_ERR_FORMAT,
       "three channels are no matte, nor is nothing");
    ck_frame_free(&f);
}

/* A solid subject on the left with a patch of the screen's hue. */
static void passthrough(void)
{
    enum { H = 80, W = 160, N = H * W };
    static float alpha[N], rgb[3 * N];
    ck_frame f = {0};
    for (int i = 0; i < N; i++) {
        int y = i / W, x = i % W;
        bool patch = abs(y - 40) < 3 && abs(x - 50) < 3;
        alpha[i] = x < 100 ? 1 : 0;
        rgb[i] = 0.4f;
        rgb[N + i] = patch ? 0.6f : 0.43f; /* grain, not spill */
        rgb[2 * N + i] = 0.3f;
    }
    for (int half = 0; half < 2; half++) {
        memcpy(ck_plane_data(new_plane(&f, "rgb", CK_F32, 3, H, W)), rgb, sizeof rgb);
        ck_plane *fg = new_plane(&f, "fg", half ? CK_F16 : CK_F32, 3, H, W);
        memset(ck_plane_data(fg), 0, fg->bytes);
        ok(ck_passthrough(ck_frame_plane(&f, "rgb"), alpha, false, ck_frame_plane(&f, "fg"), &e) == CK_OK,
           "passthrough");
        static float v[3 * N];
        ck_to_f32(fg->data, fg->type, v, 3 * N);
        float plate = rgb[N];
        if (half) {
            uint16_t code;
            ck_f32_to_f16(&plate, &code, 1);
            ck_f16_to_f32(&code, &plate, 1);
        }
        bool all = true, none = true;
        for (int i = 0; i < N; i++) {
            int y = i / W, x = i % W;
            double d = fmin(100 - x, hypot(fmax(0, abs(y - 40) - 2), fmax(0, abs(x - 50) - 2)));
            all = all && (d <= 15 || v[N + i] == plate);
            none = none && (d > 1 || v[N + i] == 0);
        }
        ok(all && none, "the plate 15 pixels from screen and spill, fg next to them");
    }
    ck_plane *fg = new_plane(&f, "fg", CK_F32, 3, H, W);
    memset(ck_plane_data(fg), 0, fg->bytes);
    ck_passthrough(ck_frame_plane(&f, "rgb"), alpha, true, fg, &e);
    ok(((float *)ck_plane_data(fg))[N + 40 * W + 50] == 0.6f, "green is no spill of a blue screen");
    ck_frame_free(&f);
}

int main(void)
{
    grow_plainly();
    grow_laws();
    grow_edges();
    soften();
    holes();
    values();
    masks();
    order();
    from();
    passthrough();
    ck_pool_trim();
    return done_testing();
}
