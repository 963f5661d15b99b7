/* Sample conversions and the sRGB curve. */
#include "image/convert.h"

#include <math.h>
#include <string.h>

#include "guard.h"
#include "image/colour.h"
#include "tap.h"

static float from_bits(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

static uint32_t to_bits(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

/* By definition: sign, 5 bits of exponent biased by 15, 10 bits of fraction. */
static float half_value(uint16_t h)
{
    int e = h >> 10 & 31, m = h & 0x3ff;
    float s = h & 0x8000 ? -1.0f : 1.0f;
    if (e == 31)
        return m ? NAN : s * INFINITY;
    return s * (e ? ldexpf((float)(1024 + m), e - 25) : ldexpf((float)m, -24));
}

typedef void to_float(const uint16_t *src, float *dst, size_t n);
typedef void to_half(const float *src, uint16_t *dst, size_t n);

static void every_half(const char *name, to_float *widen, to_half *narrow)
{
    static uint16_t h[65536], back[65536];
    static float f[65536];
    bool values = true, trip = true;
    for (int i = 0; i < 65536; i++)
        h[i] = (uint16_t)i;
    widen(h, f, 65536);
    narrow(f, back, 65536);
    for (int i = 0; i < 65536; i++) {
        float want = half_value(h[i]);
        bool nan = isnan(want);
        values = values && (nan ? isnan(f[i]) : to_bits(f[i]) == to_bits(want));
        trip = trip && back[i] == (nan ? h[i] | 0x200 : h[i]); /* NaN keeps sign and payload, made quiet */
    }
    ok(values, "%s: every half has its value", name);
    ok(trip, "%s: every half survives the way to float and back", name);
}

/* Between two halves: the middle rounds to the even one, other values to the nearer one. */
static void half_rounding(const char *name, to_half *narrow)
{
    bool good = true;
    for (uint32_t i = 0; i < 0x7bff; i++) {
        float a = half_value((uint16_t)i), b = half_value((uint16_t)(i + 1)), middle = (a + b) / 2;
        float in[6] = {middle, nextafterf(middle, a), nextafterf(middle, b), -middle, a, -b};
        uint16_t even = (uint16_t)(i + (i & 1)), out[6];
        narrow(in, out, 6);
        good = good && out[0] == even && out[1] == i && out[2] == i + 1 && out[3] == (even | 0x8000) && out[4] == i &&
               out[5] == ((i + 1) | 0x8000);
    }
    ok(good, "%s: floats between two halves go to the nearer one, ties to the even one", name);
    const float in[] = {65519.996f, 65520.0f, 1e30f, INFINITY, -INFINITY, NAN, 2.9802322e-8f, 2.9802326e-8f, 1e-45f};
    const uint16_t want[] = {0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0x7e00, 0, 1, 0};
    uint16_t out[9];
    narrow(in, out, 9);
    ok(!memcmp(out, want, sizeof want), "%s: overflow from 65520 on, infinities, NaN, the smallest subnormal", name);
}

static void random_bits(void)
{
    enum { N = 1 << 20 };
    static float f[N];
    static uint16_t a[N], b[N];
    uint32_t seed = 7;
    for (int i = 0; i < N; i++)
        f[i] = from_bits(rnd(&seed) << 16 ^ rnd(&seed));
    ck_f32_to_f16(f, a, N);
    ck_f32_to_f16_ref(f, b, N);
    ok(!memcmp(a, b, sizeof a), "the fast conversion equals the plain one on a million random floats, NaN included");
}

static float as_float(const void *p, ck_type t, size_t i)
{
    return t == CK_U8 ? ((const uint8_t *)p)[i] / 255.0f : ((const uint16_t *)p)[i] / 65535.0f;
}

static void integers(ck_type t, int codes)
{
    static uint16_t wide[65536], back[65536];
    static float f[65536];
    bool values = true;
    for (int i = 0; i < codes; i++) {
        if (t == CK_U8)
            ((uint8_t *)wide)[i] = (uint8_t)i;
        else
            wide[i] = (uint16_t)i;
    }
    ck_to_f32(wide, t, f, (size_t)codes);
    for (int i = 0; i < codes; i++)
        values = values && f[i] == as_float(wide, t, (size_t)i);
    if (t == CK_U8)
        ck_f32_to_u8(f, (uint8_t *)back, 256);
    else
        ck_f32_to_u16(f, back, 65536);
    ok(values, "%s: every code is code / %d", ck_type_name(t), codes - 1);
    ok(!memcmp(wide, back, (size_t)codes * ck_type_size(t)), "%s: every code survives the way to float and back",
       ck_type_name(t));
}

static void rounding(void)
{
    enum { N = 100003 };
    static float f[N];
    static uint8_t a[N], t[N];
    static uint16_t w[N];
    bool near8 = true, near16 = true, cut = true;
    for (int i = 0; i < N; i++)
        f[i] = -0.1f + 1.2f * (float)i / N;
    ck_f32_to_u8(f, a, N);
    ck_f32_to_u16(f, w, N);
    ck_f32_to_u8_trunc(f, t, N);
    for (int i = 0; i < N; i++) {
        float x = fminf(fmaxf(f[i], 0), 1);
        near8 = near8 && a[i] == (int)rintf(x * 255.0f);
        near16 = near16 && w[i] == (int)rintf(x * 65535.0f);
        cut = cut && t[i] == (int)(x * 255.0f);
    }
    ok(near8 && near16, "float to u8 and u16 clamps and rounds to nearest");
    ok(cut, "float to u8 for comp clamps and truncates");
    const float odd[] = {NAN, -INFINITY, INFINITY, -0.0f, 0.5f, 2.5f / 255, 1.0f};
    const uint8_t want[] = {0, 0, 255, 0, 128, 2, 255}, want_cut[] = {0, 0, 255, 0, 127, 2, 255};
    ck_f32_to_u8(odd, a, 7);
    ck_f32_to_u8_trunc(odd, t, 7);
    ok(!memcmp(a, want, 7), "u8: NaN is 0, infinities clamp, 127.5 goes to 128 and 2.5 to 2");
    ok(!memcmp(t, want_cut, 7), "u8 for comp: the same, 127.5 to 127");
}

/* All lengths up to a few vectors, unaligned: nothing outside is written, and results equal those of one long call. */
static void lengths(void)
{
    enum { N = 67 };
    float f[N + 1];
    uint16_t h[N], w[N];
    uint8_t u[N], t[N];
    bool good = true;
    for (int i = 0; i <= N; i++)
        f[i] = (float)i / N * 1.1f - 0.05f;
    ck_f32_to_f16(f + 1, h, N);
    ck_f32_to_u16(f + 1, w, N);
    ck_f32_to_u8(f + 1, u, N);
    ck_f32_to_u8_trunc(f + 1, t, N);
    for (size_t n = 0; n <= N; n++) {
        guard gh = guard_new(2 * n), gw = guard_new(2 * n), gu = guard_new(n), gt = guard_new(n), gf = guard_new(4 * n),
              gs = guard_new(4 * n);
        ck_f32_to_f16(f + 1, gh.data, n);
        ck_f32_to_u16(f + 1, gw.data, n);
        ck_f32_to_u8(f + 1, gu.data, n);
        ck_f32_to_u8_trunc(f + 1, gt.data, n);
        ck_f16_to_f32(gh.data, gf.data, n);
        ck_linear_to_srgb(f + 1, gs.data, n);
        good = good && !memcmp(gh.data, h, 2 * n) && !memcmp(gw.data, w, 2 * n) && !memcmp(gu.data, u, n) &&
               !memcmp(gt.data, t, n);
        for (size_t i = 0; i < n; i++)
            good = good && ((float *)gf.data)[i] == half_value(h[i]);
        good = guard_done(&gh) && guard_done(&gw) && guard_done(&gu) && guard_done(&gt) && guard_done(&gf) &&
               guard_done(&gs) && good;
    }
    ok(good, "every length from 0 to %d, nothing outside touched", N);
}

static float power(float x, float p)
{
    return (float)pow((double)x, (double)p);
}

static float plain_linear(float x)
{
    return x < 0 ? 0 : x <= 0.04045f ? x / 12.92f : power((x + 0.055f) / 1.055f, 2.4f);
}

static float plain_srgb(float x)
{
    return x < 0 ? 0 : x <= 0.0031308f ? x * 12.92f : 1.055f * power(x, 1 / 2.4f) - 0.055f;
}

typedef void curve(const float *src, float *dst, size_t n);

/* Bound of colour.h: 1 ULP of the power.  To sRGB, 1.055 p may be in 1/16…1/8 while the result is in 1/32…1/16: that
 * ULP is two of the result's, and the product's rounding may add as much. */
static void against_pow(const char *name, curve *fast, float (*plain)(float), double units)
{
    enum { N = 1 << 12 };
    static float x[N], y[N];
    double worst = 0;
    long differ = 0, all = 0;
    for (uint32_t u = to_bits(1e-5f); u < to_bits(1000.0f); u += N * 37) {
        for (uint32_t i = 0; i < N; i++)
            x[i] = from_bits(u + 37 * i);
        fast(x, y, N);
        for (int i = 0; i < N; i++, all++) {
            float want = plain(x[i]);
            double unit = nextafterf(want, INFINITY) - want;
            worst = worse(worst, fabs((double)y[i] - (double)want) / unit);
            differ += y[i] != want;
        }
    }
    ok(worst <= units, "%s: at most %g units in the last place from pow() (%g)", name, units, worst);
    ok(differ <= all / 5000, "%s: all but one in 5,000 samples equal (%ld of %ld differ)", name, differ, all);
}

static void curve_edges(void)
{
    float in[] = {-1, -0.0f, 0, 0.04045f, nextafterf(0.04045f, 1), 1, INFINITY, NAN, -INFINITY, 1e-42f}, out[10];
    ck_srgb_to_linear(in, out, 10);
    ok(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[8] == 0, "to linear: negative values become 0");
    ok(out[3] == 0.04045f / 12.92f && out[4] == plain_linear(in[4]), "to linear: 0.04045 is on the straight part");
    ok(out[5] == 1 && isinf(out[6]) && isnan(out[7]) && out[9] == 1e-42f / 12.92f, "to linear: 1, infinity, NaN");
    in[3] = 0.0031308f;
    in[4] = nextafterf(0.0031308f, 1);
    ck_linear_to_srgb(in, out, 10);
    ok(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[8] == 0, "to sRGB: negative values become 0");
    ok(out[3] == 0.0031308f * 12.92f && out[4] == plain_srgb(in[4]), "to sRGB: 0.0031308 is on the straight part");
    ok(out[5] == 1.055f - 0.055f && isinf(out[6]) && isnan(out[7]) && out[9] == 1e-42f * 12.92f,
       "to sRGB: 1 as float32 arithmetic has it, infinity, NaN");
    ck_linear_to_srgb(in, in, 10);
    in[7] = out[7] = 0;
    ok(!memcmp(in, out, sizeof in), "in place gives the same");
}

/* Every 251st float of all, and those around each step of the table. */
static void codes(void)
{
    enum { N = 1 << 12 };
    static float x[N], y[N];
    static uint8_t want[N], got[N];
    long differ = 0;
    for (uint64_t u = 0; u < 1ull << 32; u += N * 251) {
        for (uint32_t i = 0; i < N; i++)
            x[i] = from_bits((uint32_t)u + 251 * i);
        ck_linear_to_srgb(x, y, N);
        ck_f32_to_u8_trunc(y, want, N);
        ck_linear_to_srgb8(x, got, N);
        for (int i = 0; i < N; i++)
            differ += want[i] != got[i];
    }
    ok(!differ, "to sRGB codes: the same as by way of floats (%ld differ)", differ);
    differ = 0;
    for (uint32_t u = to_bits(0x1p-13f); u < to_bits(2.0f); u += 1 << 16) {
        for (uint32_t i = 0; i < N; i++)
            x[i] = from_bits(u + i - N / 2);
        ck_linear_to_srgb(x, y, N);
        ck_f32_to_u8_trunc(y, want, N);
        ck_linear_to_srgb8(x, got, N);
        for (int i = 0; i < N; i++)
            differ += want[i] != got[i];
    }
    ok(!differ, "to sRGB codes: the same where entries of the table meet (%ld differ)", differ);
}

/* The table of halves against the curve itself, bit by bit. */
static void linear_halves(void)
{
    enum { N = 1 << 16 };
    static uint16_t h[N];
    static float want[N], got[N];
    for (int i = 0; i < N; i++)
        h[i] = (uint16_t)i;
    ck_f16_to_f32(h, want, N);
    ck_srgb_to_linear(want, want, N);
    ck_srgb_half_to_linear(h, got, N);
    ok(!memcmp(want, got, sizeof got), "every half to linear: the same as by way of floats");
}

int main(void)
{
    every_half("fast", ck_f16_to_f32, ck_f32_to_f16);
    every_half("plain", ck_f16_to_f32_ref, ck_f32_to_f16_ref);
    half_rounding("fast", ck_f32_to_f16);
    half_rounding("plain", ck_f32_to_f16_ref);
    random_bits();
    integers(CK_U8, 256);
    integers(CK_U16, 65536);
    rounding();
    lengths();
    against_pow("to linear", ck_srgb_to_linear, plain_linear, 1);
    against_pow("to sRGB", ck_linear_to_srgb, plain_srgb, 4);
    curve_edges();
    codes();
    linear_halves();
    return done_testing();
}
