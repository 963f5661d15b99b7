/* Resampling: bit-exact with goldens, the blocked code against plain loops, properties, edges. */
#include "image/resample.h"

#include <math.h>

#include "golden.h"
#include "guard.h"
#include "image/axis.h"
#include "tap.h"

static const char *const names[] = {"bilinear", "cubic", "lanczos4", "area", "bilinear_aa"};

/* OpenCV's goldens must be met exactly.  bilinear_aa is PyTorch's, with another order of FMAs: the
 * difference is at most one float32 ULP of a value in 1…2. */
static const double tolerance[] = {0, 0, 0, 0, 1.2e-7};

static void against_golden(const char *file)
{
    golden g;
    if (!golden_open(&g, file)) {
        skip("no goldens", "%s", file);
        return;
    }
    golden_image src = golden_planar(&g, "src");
    for (int f = 0; f < CK_FILTERS; f++) {
        golden_image want = golden_planar(&g, names[f]);
        size_t n = (size_t)want.c * (size_t)want.h * (size_t)want.w;
        guard out = guard_new(n * sizeof(float));
        ck_error e;
        double worst = 0;
        ck_status s = ck_resample(src.data, src.c, src.h, src.w, out.data, want.h, want.w, (ck_filter)f, &e);
        for (size_t i = 0; i < n; i++)
            worst = worse(worst, fabs((double)((float *)out.data)[i] - (double)want.data[i]));
        ok(s == CK_OK && worst <= tolerance[f], "%s: %s, largest difference %g", file, names[f], worst);
        ok(guard_done(&out), "%s: %s stays in its buffer", file, names[f]);
        free(want.data);
    }
    free(src.data);
    golden_close(&g);
}

static int clamped(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static float tap(const ck_axis *a, int o, int k)
{
    return a->weight[(size_t)o * (size_t)a->taps + (size_t)k];
}

/* Sample by sample: horizontally first, then vertically (cubic and lanczos4 from the last tap). */
static float plain(const float *src, const ck_axis *x, const ck_axis *y, bool reversed, int oy, int ox)
{
    float sum = 0;
    for (int j = 0; j < y->count[oy]; j++) {
        int k = reversed ? y->count[oy] - 1 - j : j;
        const float *row = src + (size_t)clamped(y->first[oy] + k, y->in) * (size_t)x->in;
        float across = 0;
        for (int i = 0; i < x->count[ox]; i++) {
            float v = row[clamped(x->first[ox] + i, x->in)] * tap(x, ox, i);
            across = i ? across + v : v;
        }
        float v = across * tap(y, oy, k);
        sum = j ? sum + v : v;
    }
    return sum;
}

static bool same_as_plain(int h, int w, int dh, int dw, ck_filter f, uint32_t *seed)
{
    size_t n = (size_t)h * (size_t)w, m = (size_t)dh * (size_t)dw;
    guard in = guard_new(2 * n * sizeof(float)), out = guard_new(2 * m * sizeof(float));
    float *src = in.data, *dst = out.data;
    ck_axis x, y;
    ck_error e;
    bool shrinks = dw <= w && dh <= h, good;
    for (size_t i = 0; i < 2 * n; i++)
        src[i] = rnd_float(seed, -0.5f, 1.5f);
    good = ck_axis_new(&x, w, dw, f, true, shrinks, &e) == CK_OK &&
           ck_axis_new(&y, h, dh, f, false, shrinks, &e) == CK_OK &&
           ck_resample(src, 2, h, w, dst, dh, dw, f, &e) == CK_OK;
    for (int c = 0; good && c < 2; c++)
        for (int oy = 0; oy < dh; oy++)
            for (int ox = 0; ox < dw; ox++)
                good = good && dst[(size_t)c * m + (size_t)oy * (size_t)dw + (size_t)ox] ==
                                   plain(src + (size_t)c * n, &x, &y, f == CK_CUBIC || f == CK_LANCZOS4, oy, ox);
    ck_axis_free(&x);
    ck_axis_free(&y);
    bool inside = guard_done(&out);
    return guard_done(&in) && inside && good;
}

static void machinery(void)
{
    static const int sizes[][4] = {{1, 1, 1, 1},     {1, 1, 5, 7},     {1, 9, 1, 4},     {9, 1, 40, 1},
                                   {1, 33, 17, 16},  {16, 16, 16, 17}, {17, 15, 33, 31}, {40, 70, 3, 5},
                                   {97, 3, 2, 64},   {15, 64, 15, 20}, {20, 64, 31, 64}, {64, 129, 1, 1},
                                   {130, 31, 67, 90}};
    uint32_t seed = 1;
    for (int f = 0; f < CK_FILTERS; f++) {
        int good = 0, all = sizeof sizes / sizeof *sizes;
        for (int i = 0; i < all; i++) {
            const int *s = sizes[i];
            bool same = same_as_plain(s[0], s[1], s[2], s[3], (ck_filter)f, &seed);
            if (!same)
                printf("# %dx%d to %dx%d differs\n", s[1], s[0], s[3], s[2]);
            good += same;
        }
        for (int i = 0; i < 40; i++, all++)
            good += same_as_plain(rnd_int(&seed, 1, 70), rnd_int(&seed, 1, 70), rnd_int(&seed, 1, 70),
                                  rnd_int(&seed, 1, 70), (ck_filter)f, &seed);
        ok(good == all, "%s: blocks give what plain loops give, %d of %d sizes", names[f], good, all);
    }
}

/* Weights sum to 1 within the rounding of 8 (area and triangle: 20) float32 terms per axis. */
static void constant_stays(void)
{
    enum { H = 37, W = 53, DH = 20, DW = 91 };
    static float src[H * W], dst[DH * DW];
    ck_error e;
    for (int i = 0; i < H * W; i++)
        src[i] = 0.7f;
    for (int f = 0; f < CK_FILTERS; f++) {
        float worst = 0;
        bool good = ck_resample(src, 1, H, W, dst, DH, DW, (ck_filter)f, &e) == CK_OK;
        for (int i = 0; i < DH * DW; i++)
            worst = worsef(worst, fabsf(dst[i] - 0.7f));
        ok(good && worst <= 20 * 2 * 6e-8f, "%s: a flat image stays flat (%g)", names[f], (double)worst);
    }
}

static void equal_size_copies(void)
{
    float src[6 * 5], dst[6 * 5];
    ck_error e;
    for (int i = 0; i < 30; i++)
        src[i] = i == 7 ? INFINITY : (float)i / 7;
    for (int f = 0; f < CK_FILTERS; f++)
        ok(ck_resample(src, 1, 5, 6, dst, 5, 6, (ck_filter)f, &e) == CK_OK && !memcmp(src, dst, sizeof src),
           "%s: equal sizes copy, infinity included", names[f]);
}

/* A matte's overshoot must survive: MODEL.md states -0.02 to 1.02. */
static void overshoot(void)
{
    float src[16], dst[64], lo = 0, hi = 1;
    ck_error e;
    for (int i = 0; i < 16; i++)
        src[i] = i >= 8;
    ok(ck_resample(src, 1, 1, 16, dst, 1, 64, CK_LANCZOS4, &e) == CK_OK, "a hard edge is resampled");
    for (int i = 0; i < 64; i++) {
        lo = fminf(lo, dst[i]);
        hi = fmaxf(hi, dst[i]);
    }
    ok(lo < -0.02f && hi > 1.02f, "lanczos4 overshoots a hard edge and is not clamped (%g … %g)", (double)lo,
       (double)hi);
}

static void refused(void)
{
    float x = 0;
    ck_error e;
    ok(ck_resample(&x, 1, 0, 1, &x, 1, 1, CK_BILINEAR, &e) == CK_ERR_ARGUMENT, "height 0 is refused");
    ok(ck_resample(&x, 1, 1, 1, &x, 1, -1, CK_BILINEAR, &e) == CK_ERR_ARGUMENT, "a negative width is refused");
    ok(ck_resample(&x, 0, 1, 1, &x, 1, 1, CK_BILINEAR, &e) == CK_ERR_ARGUMENT, "no channels are refused");
}

int main(void)
{
    against_golden("resample_down.safetensors");
    against_golden("resample_up.safetensors");
    machinery();
    constant_stays();
    equal_size_copies();
    overshoot();
    refused();
    ck_pool_trim();
    return done_testing();
}
