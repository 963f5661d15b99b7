/* Tensors of checkpoints: every type to float32, views with strides, and their limits inside the storage. */
#include <math.h>

#include "blob.h"
#include "guard.h"
#include "checkpoint/tensor.h"
#include "tap.h"

/* Data at an odd address, so that nothing relies on alignment. */
static blob unaligned(const void *data, size_t n)
{
    blob b = {0};
    blob_int(&b, 0xee, 1);
    blob_put(&b, data, n);
    return b;
}

static void types(void)
{
    static const double f64[] = {0, -0.0, 1.0 / 3, 1e-320, 16777217, -3.5};
    static const float want64[] = {0, -0.0f, 1.0f / 3, 0, 16777216, -3.5f};
    static const uint16_t f16[] = {0x0000, 0x8000, 0x3c00, 0x0001, 0x7bff, 0xc300};
    static const float want16[] = {0, -0.0f, 1, 0x1p-24f, 65504, -3.5f};
    static const uint16_t bf16[] = {0x0000, 0x8000, 0x3f80, 0x0001, 0x7f7f, 0xc060};
    static const float wantb16[] = {0, -0.0f, 1, 0x1p-133f, 0x1.fep127f, -3.5f};
    const struct {
        ck_dtype dtype;
        const void *data;
        const float *want;
    } all[] = {{CK_DTYPE_F64, f64, want64},
               {CK_DTYPE_F32, want16, want16},
               {CK_DTYPE_F16, f16, want16},
               {CK_DTYPE_BF16, bf16, wantb16}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        blob b = unaligned(all[i].data, 6 * ck_dtype_size(all[i].dtype));
        guard out = guard_new(6 * sizeof(float));
        ck_tensor t = {.dtype = all[i].dtype, .data = b.p + 1};
        ck_tensor_set_shape(&t, (uint64_t[]){6}, 1);
        ck_status s = ck_tensor_f32(&t, out.data, NULL);
        ok(s == CK_OK && !memcmp(out.data, all[i].want, out.size), "%s to float32", ck_dtype_name(t.dtype));
        ok(guard_done(&out), "nothing else is written");
        blob_free(&b);
    }
    ck_error e;
    ck_tensor t = {.name = "n", .dtype = CK_DTYPE_I64};
    float f;
    ok(ck_tensor_f32(&t, &f, &e) == CK_ERR_FORMAT && strstr(e.text, "'n' holds I64"), "integers are no floats");
    for (ck_dtype d = 0; d < CK_DTYPE_N; d++) {
        const char *name = ck_dtype_name(d);
        ok(ck_dtype_by_name(name, strlen(name)) == d, "%s is found by its name", name);
    }
    ok(ck_dtype_by_storage("BFloat16Storage", 15) == CK_DTYPE_BF16 && ck_dtype_by_storage("Float", 5) == CK_DTYPE_N &&
           ck_dtype_by_name("F3", 2) == CK_DTYPE_N,
       "others are none");
}

/* Offset of element (i, j, k, …) by a plain formula, for the row-major index n. */
static size_t place(const ck_tensor *t, size_t n)
{
    size_t at = 0;
    for (int d = t->dims - 1; d >= 0; d--) {
        at += n % t->shape[d] * t->stride[d];
        n /= t->shape[d];
    }
    return at;
}

/* True if a view of 0, 1, 2, … agrees with that formula. */
static bool view_is_right(const uint64_t *shape, const uint64_t *stride, size_t dims, uint64_t offset)
{
    enum { N = 20000 };
    static float values[N];
    for (size_t i = 0; i < N; i++)
        values[i] = (float)i;
    ck_tensor t = {.dtype = CK_DTYPE_F32};
    if (!ck_tensor_set_shape(&t, shape, dims) || !ck_tensor_set_view(&t, stride, offset, (uint8_t *)values, N))
        return false;
    guard a = guard_new(t.count * 4), b = guard_new(t.count * 4);
    ck_tensor_f32(&t, a.data, NULL);
    ck_tensor_copy(&t, b.data);
    bool good = true;
    for (size_t i = 0; i < t.count; i++)
        good = good && ((float *)a.data)[i] == values[offset + place(&t, i)];
    good = good && !memcmp(a.data, b.data, t.count * 4);
    return guard_done(&a) + guard_done(&b) == 2 && good;
}

#define LIST(...) ((const uint64_t[]){__VA_ARGS__})

static void views(void)
{
    ok(view_is_right(LIST(3, 4), LIST(4, 1), 2, 5), "a view with an offset");
    ok(view_is_right(LIST(3, 4), LIST(1, 3), 2, 0), "transposed");
    ok(view_is_right(LIST(3, 4), LIST(10, 2), 2, 7), "every other element of longer rows");
    ok(view_is_right(LIST(3, 2050), LIST(1, 3), 2, 1), "runs longer than a piece");
    ok(view_is_right(LIST(3, 2050), LIST(0, 0), 2, 19999), "one element, repeated");
    ok(view_is_right(LIST(2, 3, 1, 5), LIST(1, 2, 99999, 6), 4, 3), "an axis of one place with any stride");
    ok(view_is_right(LIST(2, 3, 2, 2, 2, 2, 2, 2), LIST(1, 2, 6, 12, 24, 48, 96, 192), 8, 0), "8 axes, backwards");
    ok(view_is_right(LIST(1), LIST(1), 0, 19999), "a scalar");
    ok(view_is_right(LIST(3, 0, 4), LIST(4, 4, 1), 3, 20000), "no elements, at the end");
}

/* True if a view lies inside a storage of n elements. */
static bool inside(const uint64_t *shape, const uint64_t *stride, size_t dims, uint64_t offset, uint64_t n)
{
    static const uint8_t storage[64];
    ck_tensor t = {.dtype = CK_DTYPE_I8};
    return ck_tensor_set_shape(&t, shape, dims) && ck_tensor_set_view(&t, stride, offset, storage, n);
}

static void limits(void)
{
    const uint64_t big = UINT64_MAX;
    ok(inside(LIST(3, 4), LIST(4, 1), 2, 0, 12) && !inside(LIST(3, 4), LIST(4, 1), 2, 0, 11),
       "the last element counts");
    ok(inside(LIST(3, 4), LIST(4, 1), 2, 3, 15) && !inside(LIST(3, 4), LIST(4, 1), 2, 4, 15), "with an offset");
    ok(inside(LIST(2, 2), LIST(10, 3), 2, 0, 14) && !inside(LIST(2, 2), LIST(10, 3), 2, 0, 13), "with strides");
    ok(!inside(LIST(1), LIST(1), 0, 0, 0) && inside(LIST(1), LIST(1), 0, 0, 1), "a scalar needs one element");
    ok(inside(LIST(0), LIST(1), 1, 0, 0) && !inside(LIST(0), LIST(1), 1, 1, 0), "no elements need none");
    ok(!inside(LIST(3), LIST(big / 2 + 1), 1, 0, 64), "a stride whose product wraps around to 0");
    ok(!inside(LIST(2, 2), LIST(big, 2), 2, 0, 64), "strides whose sum wraps around to 1");
    ok(!inside(LIST(2), LIST(1), 1, big, 64), "an offset whose sum wraps around to 0");
    ok(!inside(LIST(1ull << 32, 1ull << 32), LIST(0, 0), 2, 0, 64), "a shape that overflows");
    ok(!inside(LIST(1ull << 61), LIST(0), 1, 0, 64), "a shape whose float64 bytes overflow");
    ok(!inside(LIST(1, 1, 1, 1, 1, 1, 1, 1, 1), LIST(1, 1, 1, 1, 1, 1, 1, 1, 1), 9, 0, 64), "nine axes");
}

/* A bad value is found at any position. */
static void finite_numbers(void)
{
    enum { N = 2500 };
    static float v[N];
    static double d[N];
    static const size_t places[] = {0, 1, 1023, 1024, 2047, N - 1};
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    ck_tensor t = {.dtype = CK_DTYPE_F32}, t64 = {.dtype = CK_DTYPE_F64};
    size_t at;
    bool found = true;
    for (size_t i = 0; i < N; i++)
        v[i] = i % 2 ? 3.4e38f : -1e-45f;
    ck_tensor_set_shape(&t, LIST(50, N / 50), 2);
    t.data = (uint8_t *)v;
    ok(ck_tensor_finite(&t, &at), "large and tiny numbers are finite");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (size_t k = 0; k < 4; k++) {
            float was = v[places[i]];
            v[places[i]] = bad[k];
            found = found && !ck_tensor_finite(&t, &at) && at == places[i];
            v[places[i]] = was;
        }
    ok(found, "NaN and infinity are found at any place");
    v[1] = NAN;
    ck_tensor_set_shape(&t, LIST(N / 50, 50), 2);
    ck_tensor_set_view(&t, LIST(1, N / 50), 0, (uint8_t *)v, N);
    ok(!ck_tensor_finite(&t, &at) && at == 50, "the index is that of the view");
    ck_tensor_set_shape(&t64, LIST(N), 1);
    t64.data = (uint8_t *)d;
    d[N - 2] = 3.5e38;
    ok(!ck_tensor_finite(&t64, &at) && at == N - 2, "a float64 beyond float32 is not finite");
}

int main(void)
{
    char buf[CK_SHAPE_TEXT];
    types();
    views();
    limits();
    finite_numbers();
    ok(!strcmp(ck_shape_text((size_t[]){64, 7, 3, 3}, 4, buf), "[64, 7, 3, 3]"), "a shape as text");
    ok(!strcmp(ck_shape_text(NULL, 0, buf), "[]"), "a scalar's");
    return done_testing();
}
