/* Components, despill, despeckle, processed and comp: goldens, and properties that they do not cover. */
#include "image/post.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "guard.h"
#include "image/colour.h"
#include "image/components.h"
#include "image/convert.h"
#include "image/despeckle.h"
#include "tap.h"

static double worst_of(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = worse(worst, a[i] == b[i] ? 0 : fabs((double)a[i] - (double)b[i]));
    return worst;
}

static void despill_golden(const golden *g, const char *name, ck_despill_mode mode, double strength)
{
    golden_image rgb = golden_planar(g, "fg"), want = golden_planar(g, name);
    size_t n = (size_t)rgb.h * (size_t)rgb.w;
    ck_despill(rgb.data, n, n, false, mode, strength);
    ok(worst_of(rgb.data, want.data, 3 * n) == 0, "post: %s exactly", name);
    free(rgb.data);
    free(want.data);
}

static void despeckle_golden(const golden *g, const char *name, uint64_t area, int grow)
{
    golden_image a = golden_planar(g, "alpha"), want = golden_planar(g, name);
    ck_error e;
    ck_status s = ck_despeckle(a.data, a.h, a.w, area, grow, CK_DESPECKLE_BLUR, a.data, &e);
    ok(s == CK_OK && worst_of(a.data, want.data, (size_t)a.h * (size_t)a.w) == 0, "post: %s exactly", name);
    free(a.data);
    free(want.data);
}

/* 1e-6: a few roundings of the curve, whose ULP below 1 is 6e-8.  comp is float in the golden and a truncated code
 * here: codes may differ only where the float is within 1e-6 of a code's lower end. */
static void composite_golden(const golden *g)
{
    golden_image fg = golden_planar(g, "fg"), a = golden_planar(g, "matte_clean"), p = golden_planar(g, "processed"),
                 c = golden_planar(g, "comp");
    size_t n = (size_t)fg.h * (size_t)fg.w, wrong = 0, differ = 0;
    guard processed = guard_new(4 * n * sizeof(float)), comp = guard_new(3 * n);
    ck_post_options o = {.despill = 1, .mode = CK_DESPILL_AVERAGE};
    ck_post_frame(&o, a.data, fg.data, CK_F32, fg.h, fg.w, processed.data, CK_F32, comp.data);
    double worst = worst_of(processed.data, p.data, 4 * n);
    ok(worst <= 1e-6, "post: processed, largest difference %g", worst);
    for (size_t i = 0; i < 3 * n; i++) {
        int got = ((uint8_t *)comp.data)[i];
        double want = (double)c.data[i] * 255.0;
        differ += got != (int)(c.data[i] * 255.0f);
        wrong += got != (int)(want - 255e-6) && got != (int)(want + 255e-6);
    }
    ok(wrong == 0, "post: comp, %zu of %zu codes differ, %zu of them beyond 1e-6", differ, 3 * n, wrong);
    bool inside = guard_done(&processed);
    ok(guard_done(&comp) && inside, "post: nothing outside the buffers");
    free(fg.data);
    free(a.data);
    free(p.data);
    free(c.data);
}

static void post_golden(void)
{
    golden g;
    if (!golden_open(&g, "post.safetensors")) {
        skip("no goldens", "post.safetensors");
        return;
    }
    despill_golden(&g, "despill_avg_1_0", CK_DESPILL_AVERAGE, 1);
    despill_golden(&g, "despill_max_1_0", CK_DESPILL_MAX, 1);
    despill_golden(&g, "despill_avg_0_35", CK_DESPILL_AVERAGE, 0.35);
    despill_golden(&g, "despill_max_0_35", CK_DESPILL_MAX, 0.35);
    despeckle_golden(&g, "matte_clean", 60, 6);
    despeckle_golden(&g, "matte_clean_default", CK_DESPECKLE_AREA, CK_DESPECKLE_GROW);
    composite_golden(&g);
    golden_close(&g);
}

/* The ULP of a half at x. */
static double half_unit(double x)
{
    int e;
    frexp(fabs(x), &e);
    return ldexp(1, (e - 1 < -14 ? -14 : e - 1) - 10);
}

/* The golden's alpha and fg were rounded to half, its processed and comp were made before that.  The rounding changes
 * alpha by up to 2.4e-4, and linear fg by as much times the curve's slope, 2.4/1.055 at 1: together 8e-4 for processed
 * where tests/network.t, whose alpha and fg are not rounded, has 4e-4.  comp: at most 1 on at most 1 % of the samples,
 * as there. */
static void e2e_golden(const char *file)
{
    golden g;
    ck_error e;
    if (!golden_open(&g, file)) {
        skip("no goldens", "%s", file);
        return;
    }
    golden_image a = golden_planar(&g, "alpha"), fg = golden_planar(&g, "fg"), p = golden_planar(&g, "processed"),
                 c = golden_planar(&g, "comp");
    size_t n = (size_t)a.h * (size_t)a.w, differ = 0, far = 0, wrong = 0;
    float *clean = malloc(n * sizeof *clean), *processed = malloc(4 * n * sizeof *processed);
    uint8_t *comp = malloc(3 * n);
    ck_post_options o = {.despill = 0.5, .mode = CK_DESPILL_AVERAGE};
    ok(ck_despeckle(a.data, a.h, a.w, CK_DESPECKLE_AREA, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, clean, &e) == CK_OK,
       "%s: despeckled", file);
    ck_post_frame(&o, clean, fg.data, CK_F32, a.h, a.w, processed, CK_F32, comp);
    double worst = 0;
    for (size_t i = 0; i < 4 * n; i++) {
        double d = fabs((double)processed[i] - (double)p.data[i]) - half_unit((double)p.data[i]) / 2;
        worst = worse(worst, d);
        wrong += d > 8e-4;
    }
    for (size_t i = 0; i < 3 * n; i++) {
        int d = abs(comp[i] - (int)c.data[i]);
        differ += d != 0;
        far += d > 1;
    }
    ok(wrong == 0, "%s: processed, at most half a unit of half + %g", file, worst);
    ok(far == 0 && (double)differ <= 0.01 * 3 * (double)n, "%s: comp, %.2f %% of the samples differ by 1, %zu by more",
       file, 100.0 * (double)differ / (3.0 * (double)n), far);
    free(clean);
    free(processed);
    free(comp);
    free(a.data);
    free(fg.data);
    free(p.data);
    free(c.data);
    golden_close(&g);
}

static void despill_by_hand(void)
{
    /*                    spill       none        black */
    const float rgb[9] = {0.2f, 0.5f, 0, /* r */ 0.8f, 0.25f, 0, /* g */ 0.4f, 0.5f, 0 /* b */};
    float x[9];
    memcpy(x, rgb, sizeof x);
    ck_despill(x, 3, 3, false, CK_DESPILL_AVERAGE, 1);
    float s = 0.8f - (0.2f + 0.4f) / 2;
    ok(x[0] == 0.2f + s / 2 && x[3] == 0.8f - s && x[6] == 0.4f + s / 2, "green, average: half the spill to r and b");
    ok(x[1] == 0.5f && x[4] == 0.25f && x[7] == 0.5f && !x[2] && !x[5] && !x[8], "no spill, no change");
    memcpy(x, rgb, sizeof x);
    ck_despill(x, 3, 3, false, CK_DESPILL_MAX, 1);
    s = 0.8f - 0.4f;
    ok(x[0] == 0.2f + s / 2 && x[3] == 0.8f - s && x[6] == 0.4f + s / 2, "green, max");
    memcpy(x, rgb, sizeof x);
    ck_despill(x, 3, 3, true, CK_DESPILL_AVERAGE, 1);
    s = 0.5f - (0.5f + 0.25f) / 2;
    ok(x[1] == 0.5f + s / 2 && x[4] == 0.25f + s / 2 && x[7] == 0.5f - s, "blue: b gives, r and g take");
    ok(x[0] == 0.2f && x[3] == 0.8f && x[6] == 0.4f, "blue: green is no spill");
    memcpy(x, rgb, sizeof x);
    ck_despill(x, 3, 3, false, CK_DESPILL_AVERAGE, 0);
    ok(!memcmp(x, rgb, sizeof x), "strength 0 changes nothing");
    float hdr[3] = {-0.5f, 3, 1.5f};
    ck_despill(hdr, 1, 1, false, CK_DESPILL_AVERAGE, 1);
    ok(hdr[0] == 0.75f && hdr[1] == 0.5f && hdr[2] == 2.75f, "nothing is clamped, below 0 or above 1");
}

/* Blue equals green with two channels swapped, for any colours. */
static void despill_swaps(void)
{
    enum { N = 37 };
    float a[3 * N], b[3 * N];
    uint32_t seed = 9;
    bool good = true;
    for (int m = 0; m < 2; m++) {
        for (int i = 0; i < 3 * N; i++)
            a[i] = rnd_float(&seed, -0.2f, 1.3f);
        memcpy(b, a, N * sizeof *b);
        memcpy(b + N, a + 2 * N, N * sizeof *b);
        memcpy(b + 2 * N, a + N, N * sizeof *b);
        ck_despill(a, N, N, false, (ck_despill_mode)m, 0.7);
        ck_despill(b, N, N, true, (ck_despill_mode)m, 0.7);
        good = good && !memcmp(a, b, N * sizeof *a) && !memcmp(a + N, b + 2 * N, N * sizeof *a) &&
               !memcmp(a + 2 * N, b + N, N * sizeof *a);
    }
    ok(good, "a blue screen's despill is the green one's with g and b swapped");
}

/* Areas by flood fill, slow but simple. */
static void flood(const uint8_t *mask, int h, int w, int connectivity, int at, int *label, int name, long *area)
{
    int *stack = malloc(sizeof(int) * (size_t)h * (size_t)w), top = 0;
    if (!stack)
        exit(1);
    stack[top++] = at;
    label[at] = name;
    *area = 0;
    while (top) {
        int p = stack[--top], y = p / w, x = p % w;
        ++*area;
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
                int q = p + dy * w + dx;
                if (y + dy < 0 || y + dy >= h || x + dx < 0 || x + dx >= w || !mask[q] || label[q] >= 0 ||
                    (connectivity == 4 && dy && dx))
                    continue;
                label[q] = name;
                stack[top++] = q;
            }
    }
    free(stack);
}

static bool components_at(int h, int w, int connectivity, int density, uint32_t *seed)
{
    size_t n = (size_t)h * (size_t)w;
    uint8_t *mask = calloc(n, 1);
    int *label = malloc(n * sizeof *label), count = 0;
    long *area = malloc((n + 1) * sizeof *area);
    ck_components c;
    ck_error e;
    for (size_t i = 0; i < n; i++) {
        mask[i] = (uint8_t)((int)(rnd(seed) % 100) < density ? 1 + rnd(seed) % 255 : 0);
        label[i] = -1;
    }
    for (size_t i = 0; i < n; i++)
        if (mask[i] && label[i] < 0) {
            flood(mask, h, w, connectivity, (int)i, label, count, &area[count]);
            count++;
        }
    bool good = ck_components_find(mask, h, w, connectivity, &c, &e) == CK_OK && c.n == (uint32_t)count;
    size_t covered = 0, set = 0;
    for (size_t i = 0; good && i < c.n_runs; i++)
        for (int x = c.runs[i].x0; x < c.runs[i].x1; x++, covered++)
            good = good && label[(size_t)c.runs[i].y * (size_t)w + (size_t)x] == (int)c.runs[i].component;
    for (size_t i = 0; i < n; i++)
        set += mask[i] != 0;
    for (int k = 0; good && k < count; k++)
        good = c.area[k] == (uint64_t)area[k];
    good = good && covered == set;
    ck_components_free(&c);
    free(mask);
    free(label);
    free(area);
    return good;
}

static void components(void)
{
    uint32_t seed = 21;
    int good = 0, all = 0;
    for (int density = 0; density <= 100; density += 10)
        for (int connectivity = 4; connectivity <= 8; connectivity += 4) {
            good += components_at(1, 1, connectivity, density, &seed);
            good += components_at(1, 77, connectivity, density, &seed);
            good += components_at(77, 1, connectivity, density, &seed);
            good += components_at(40, 53, connectivity, density, &seed);
            good += components_at(150, 200, connectivity, density, &seed);
            all += 5;
        }
    ok(good == all, "components, numbers and areas are those of flooding (%d of %d)", good, all);
    const uint8_t corner[4] = {1, 0, 0, 1};
    ck_components c;
    ck_error e;
    ok(ck_components_find(corner, 2, 2, 8, &c, &e) == CK_OK && c.n == 1 && c.area[0] == 2, "corners touch in 8");
    ck_components_free(&c);
    ok(ck_components_find(corner, 2, 2, 4, &c, &e) == CK_OK && c.n == 2, "and not in 4");
    ck_components_free(&c);
}

/* A blob of 20 x 20 = 400 pixels of value `solid`, plus one pixel at its corner of value `extra`. */
static float despeckled_centre(float solid, float extra, uint64_t area)
{
    enum { S = 60 };
    static float a[S * S], out[S * S];
    ck_error e;
    memset(a, 0, sizeof a);
    for (int y = 20; y < 40; y++)
        for (int x = 20; x < 40; x++)
            a[y * S + x] = solid;
    a[40 * S + 40] = extra;
    if (ck_despeckle(a, S, S, area, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, out, &e) != CK_OK)
        return -1;
    return out[30 * S + 30];
}

static void thresholds(void)
{
    float above = nextafterf(0.5f, 1);
    ok(despeckled_centre(0.5f, 0, 400) == 0, "alpha of exactly 0.5 is not solid");
    ok(despeckled_centre(above, 0, 400) == above, "alpha just above 0.5 is");
    ok(despeckled_centre(1, 0, 400) == 1, "an area of exactly the threshold stays");
    ok(despeckled_centre(1, 0, 401) == 0, "one pixel less goes");
    ok(despeckled_centre(1, 1, 401) == 1, "a pixel that touches by its corner counts");
    ok(despeckled_centre(1, 0.5f, 401) == 0, "but not at 0.5");
    ok(isnan(despeckled_centre(NAN, 0, 1)), "NaN is not solid, and is not hidden either");
}

/* A speck is removed, an equal one close to the subject stays, and values outside [0, 1] pass. */
static void despeckle_keeps_hair(void)
{
    enum { H = 100, W = 200 };
    static float a[H * W];
    ck_error e;
    for (int y = 40; y < 70; y++)
        for (int x = 20; x < 50; x++)
            a[y * W + x] = 1.02f;
    a[55 * W + 65] = 0.9f;  /* 16 px away: within the 25 px of the dilation minus the blur's 5 */
    a[55 * W + 150] = 0.9f; /* far away */
    a[10 * W + 180] = -0.02f;
    ok(ck_despeckle(a, H, W, 400, 25, 11, a, &e) == CK_OK, "in place");
    ok(a[55 * W + 65] == 0.9f && a[55 * W + 150] == 0, "a hair beside the subject stays, a speck goes");
    ok(a[50 * W + 30] == 1.02f && a[10 * W + 180] == 0, "overshoot stays inside, vanishes outside");
}

/* One pixel at a time, as defined in image/post.h. */
static void plain_pixel(const float *fg, float a, int x, int y, float *processed, uint8_t *comp)
{
    const float srgb[2] = {0.15f, 0.55f};
    for (int c = 0; c < 3; c++) {
        float v, bg, out;
        ck_srgb_to_linear(&fg[c], &v, 1);
        ck_srgb_to_linear(&srgb[(x / 128 + y / 128) % 2], &bg, 1);
        processed[c] = v * a;
        out = v * a + bg * (1 - a);
        ck_linear_to_srgb(&out, &out, 1);
        comp[c] = (uint8_t)(fminf(fmaxf(out, 0), 1) * 255);
    }
    processed[3] = a;
}

static bool frame_at(int h, int w, ck_type fg_type, ck_type out_type, uint32_t *seed)
{
    size_t n = (size_t)h * (size_t)w, wide = ck_type_size(out_type);
    guard fg = guard_new(3 * n * 4), half = guard_new(3 * n * 2), a = guard_new(n * 4), p = guard_new(4 * n * wide),
          c = guard_new(3 * n);
    float *f = fg.data, *alpha = a.data;
    for (size_t i = 0; i < 3 * n; i++)
        f[i] = rnd_float(seed, -0.1f, 1.4f);
    for (size_t i = 0; i < n; i++)
        alpha[i] = rnd_float(seed, -0.05f, 1.05f);
    ck_f32_to_f16(f, half.data, 3 * n);
    if (fg_type == CK_F16)
        ck_f16_to_f32(half.data, f, 3 * n);
    ck_post_options o = {.despill = 0};
    ck_post_frame(&o, alpha, fg_type == CK_F16 ? half.data : fg.data, fg_type, h, w, p.data, out_type, c.data);
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        float rgb[3] = {f[i], f[n + i], f[2 * n + i]}, want[4];
        uint16_t want_half[4];
        uint8_t comp[3];
        plain_pixel(rgb, alpha[i], (int)(i % (size_t)w), (int)(i / (size_t)w), want, comp);
        ck_f32_to_f16(want, want_half, 4);
        for (size_t k = 0; k < 4; k++)
            good = good && (out_type == CK_F16 ? ((uint16_t *)p.data)[k * n + i] == want_half[k]
                                               : ((float *)p.data)[k * n + i] == want[k]);
        for (size_t k = 0; k < 3; k++)
            good = good && ((uint8_t *)c.data)[k * n + i] == comp[k];
    }
    bool inside = guard_done(&fg) && guard_done(&half) && guard_done(&a) && guard_done(&p);
    return guard_done(&c) && inside && good;
}

/* comp over a plane, against a plain loop: converted by its encoding, or codes unconverted. */
static bool over_background(ck_type type, const char *encoding, bool codes, uint32_t *seed)
{
    enum { H = 3, W = 1100, N = H * W };
    static float fg[3 * N], alpha[N], under[3 * N], processed[4 * N];
    static uint16_t half[3 * N];
    static uint8_t comp[3 * N];
    for (int i = 0; i < 3 * N; i++) {
        fg[i] = rnd_float(seed, 0, 1.2f);
        under[i] = rnd_float(seed, 0, 1.2f);
        alpha[i % N] = rnd_float(seed, -0.05f, 1.05f);
    }
    ck_f32_to_f16(under, half, 3 * N);
    if (type == CK_F16)
        ck_f16_to_f32(half, under, 3 * N);
    ck_plane p = {.type = type, .elem = (uint32_t)ck_type_size(type), .c = 3, .h = H, .w = W};
    p.data = type == CK_F16 ? (const void *)half : under;
    snprintf(p.encoding, sizeof p.encoding, "%s", encoding);
    ck_post_options o = {.codes = codes, .background = &p};
    ck_post_frame(&o, alpha, fg, CK_F32, H, W, processed, CK_F32, comp);
    bool good = true;
    for (int i = 0; i < 3 * N; i++) {
        float v = fg[i], b = under[i], a = alpha[i % N];
        if (!codes)
            ck_srgb_to_linear(&v, &v, 1);
        if (!codes && strcmp(encoding, "linear") != 0)
            ck_srgb_to_linear(&b, &b, 1);
        v = v * a + b * (1 - a);
        if (!codes)
            ck_linear_to_srgb(&v, &v, 1);
        good = good && comp[i] == (uint8_t)(fminf(fmaxf(v, 0), 1) * 255);
    }
    return good;
}

static void backgrounds(void)
{
    uint32_t seed = 6;
    ok(over_background(CK_F32, "srgb", false, &seed) && over_background(CK_F16, "", false, &seed),
       "comp over an sRGB background");
    ok(over_background(CK_F32, "linear", false, &seed), "comp over a linear background");
    ok(over_background(CK_F16, "pq", true, &seed), "codes of another curve are mixed as they are");
}

static void frames(void)
{
    uint32_t seed = 4;
    ok(frame_at(1, 1, CK_F32, CK_F32, &seed) && frame_at(1, 300, CK_F32, CK_F32, &seed) &&
           frame_at(300, 1, CK_F32, CK_F32, &seed),
       "processed and comp of 1x1, 300x1 and 1x300 pixels");
    ok(frame_at(140, 1100, CK_F32, CK_F32, &seed), "processed and comp across blocks and squares");
    ok(frame_at(33, 131, CK_F16, CK_F16, &seed), "processed and comp of half fg, in half");
    float a = 1, fg[3] = {0.5f, 0.5f, 0.5f}, p[4];
    ck_post_options o = {.despill = 0};
    ck_post_frame(&o, &a, fg, CK_F32, 1, 1, p, CK_F32, NULL);
    ok(p[3] == 1, "comp may be left out");
}

int main(void)
{
    post_golden();
    e2e_golden("e2e_srgb.safetensors");
    e2e_golden("e2e_linear.safetensors");
    despill_by_hand();
    despill_swaps();
    components();
    thresholds();
    despeckle_keeps_hair();
    backgrounds();
    frames();
    ck_pool_trim();
    return done_testing();
}
