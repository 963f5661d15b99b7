/* Tensors in another float type: every number is rounded once, to nearest, ties to even. */
#include <float.h>
#include <math.h>

#include "base/bits.h"
#include "base/floats.h"
#include "checkpoint/retype.h"
#include "guard.h"
#include "tap.h"

static ck_error e;

static ck_tensor tensor(const void *data, ck_dtype type, size_t n)
{
    ck_tensor t = {.name = "w", .stored = "w", .dtype = type, .data = data};
    uint64_t shape[1] = {n};
    ck_tensor_set_shape(&t, shape, 1);
    return t;
}

/* The value of a 16-bit number. */
static double value(uint16_t h, ck_dtype type)
{
    float f;
    if (type == CK_DTYPE_F16)
        ck_f16_to_f32_ref(&h, &f, 1);
    else
        f = ck_float_of_bits((uint32_t)h << 16);
    return (double)f;
}

/* True if h is nearest to x: its neighbours are further away, or as far and odd. */
static bool is_nearest(double x, uint16_t h, ck_dtype type)
{
    double d = fabs(value(h, type) - x);
    uint16_t around[2] = {(uint16_t)(h + 1), (uint16_t)(h & 0x7fff ? h - 1 : h ^ 0x8001)};
    for (int k = 0; k < 2; k++) {
        double other = value(around[k], type);
        double step = fabs(other - x);
        if (isfinite(other) && (step < d || (step == d && h & 1)))
            return false;
    }
    return !signbit(value(h, type)) == !signbit(x);
}

/* Numbers of every size, half of them halfway between two neighbours or just beside. */
static double sample(uint32_t *seed, ck_dtype type)
{
    uint16_t h = (uint16_t)rnd(seed);
    double a = value(h & 0x7fff, type), b = value((uint16_t)((h & 0x7fff) + 1), type), sign = h & 0x8000 ? -1 : 1;
    if (!isfinite(a) || !isfinite(b))
        return sign;
    double t = rnd(seed) % 4 ? 0.5 + ((int)(rnd(seed) % 3) - 1) * (rnd(seed) % 2 ? 0x1p-40 : 0x1p-13)
                             : (double)(rnd(seed) % 1000) / 1000;
    return sign * (a + (b - a) * t);
}

static void rounded(ck_dtype type, bool from_double)
{
    enum { N = 20000 };
    static double d[N];
    static float f[N];
    static uint16_t out[N];
    uint32_t seed = 3;
    size_t bad = 0;
    for (size_t i = 0; i < N; i++) {
        d[i] = sample(&seed, type);
        f[i] = (float)d[i];
        if (!from_double)
            d[i] = (double)f[i];
    }
    ck_tensor t = from_double ? tensor(d, CK_DTYPE_F64, N) : tensor(f, CK_DTYPE_F32, N);
    ok(ck_tensor_retype(&t, type, out, &e) == CK_OK, "%s from %s", ck_dtype_name(type), from_double ? "F64" : "F32");
    for (size_t i = 0; i < N; i++)
        if (!is_nearest(d[i], out[i], type) && bad++ == 0)
            printf("# %a became %a\n", d[i], value(out[i], type));
    ok(bad == 0, "every number is the nearest, of two the even one (%zu are not)", bad);
}

static void once(void)
{
    const double d[3] = {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-24 + 0x1p-50};
    uint16_t h[3];
    float f[3];
    ck_tensor t = tensor(d, CK_DTYPE_F64, 3);
    ok(ck_tensor_retype(&t, CK_DTYPE_F16, h, &e) == CK_OK && value(h[0], CK_DTYPE_F16) == 1 + 0x1p-10 &&
           ck_tensor_retype(&t, CK_DTYPE_BF16, h, &e) == CK_OK && value(h[1], CK_DTYPE_BF16) == 1 + 0x1p-7,
       "F64 is not rounded to F32 first");
    ok(ck_tensor_retype(&t, CK_DTYPE_F32, f, &e) == CK_OK && (double)f[2] == 1 + 0x1p-23,
       "nor to anything on the way to F32");
}

/* True if the number is kept within the type's range, or refused. */
static bool holds(double x, ck_dtype from, ck_dtype type, bool fits)
{
    float f = (float)x, out[2];
    double d[2] = {1, x};
    float g[2] = {1, f};
    ck_tensor t = tensor(from == CK_DTYPE_F64 ? (const void *)d : g, from, 2);
    ck_status s = ck_tensor_retype(&t, type, out, &e);
    bool good = fits ? s == CK_OK
                     : s == CK_ERR_UNSUPPORTED && strstr(e.text, "tensor 'w': element 1 is ") &&
                           strstr(e.text, "choose another --type");
    if (!good)
        printf("# %a: %d %s\n", x, s, e.text);
    return good;
}

static void ranges(void)
{
    ok(holds(65519, CK_DTYPE_F32, CK_DTYPE_F16, true) && holds(65520, CK_DTYPE_F32, CK_DTYPE_F16, false) &&
           holds(-65520, CK_DTYPE_F64, CK_DTYPE_F16, false) && holds(1e300, CK_DTYPE_F64, CK_DTYPE_F16, false),
       "what F16 cannot hold is refused by the tensor's name");
    ok(holds(0x1.fep127, CK_DTYPE_F32, CK_DTYPE_BF16, true) && holds(FLT_MAX, CK_DTYPE_F32, CK_DTYPE_BF16, false),
       "BF16");
    ok(holds(FLT_MAX, CK_DTYPE_F64, CK_DTYPE_F32, true) && holds(1e39, CK_DTYPE_F64, CK_DTYPE_F32, false), "F32");
    const float odd[3] = {INFINITY, -INFINITY, ck_float_of_bits(0x7f800001u)};
    uint16_t h[3];
    ck_tensor t = tensor(odd, CK_DTYPE_F32, 3);
    ok(ck_tensor_retype(&t, CK_DTYPE_BF16, h, &e) == CK_OK && isinf(value(h[0], CK_DTYPE_BF16)) &&
           value(h[1], CK_DTYPE_BF16) < 0 && isnan(value(h[2], CK_DTYPE_BF16)),
       "infinity and NaN stay what they are");
    const int64_t whole[1] = {1};
    t = tensor(whole, CK_DTYPE_I64, 1);
    ok(ck_tensor_retype(&t, CK_DTYPE_F16, h, &e) == CK_ERR_FORMAT, "integers are no float tensor");
}

static void exact(void)
{
    static uint16_t h[65536], back[65536];
    static float f[65536];
    for (size_t i = 0; i < 65536; i++)
        h[i] = (uint16_t)(i & 0x7c00 && (i & 0x7c00) != 0x7c00 ? i : 0);
    ck_tensor t = tensor(h, CK_DTYPE_F16, 65536), u = tensor(f, CK_DTYPE_F32, 65536);
    ok(ck_tensor_retype(&t, CK_DTYPE_F32, f, &e) == CK_OK && ck_tensor_retype(&u, CK_DTYPE_F16, back, &e) == CK_OK &&
           !memcmp(h, back, sizeof h),
       "F16 to F32 and back is the same");
}

int main(void)
{
    rounded(CK_DTYPE_F16, false);
    rounded(CK_DTYPE_F16, true);
    rounded(CK_DTYPE_BF16, false);
    rounded(CK_DTYPE_BF16, true);
    once();
    ranges();
    exact();
    return done_testing();
}
