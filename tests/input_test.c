/* The network's input, and the way from a plate to its matte: the e2e goldens up to alpha and fg. */
#include "greenformer/input.h"

#include "guard.h"
#include "image/colour.h"
#include "image/convert.h"
#include "image/resample.h"
#include "io/png.h"
#include "mkmodel.h"
#include "greenformer/network.h"
#include "golden.h"
#include "tap.h"

static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};

static ck_plane plane(void *data, ck_type t, const char *type, const char *encoding, int c, int h, int w)
{
    ck_plane p = {.type = t, .elem = (uint32_t)ck_type_size(t), .c = c, .h = h, .w = w, .data = data};
    snprintf(p.name, sizeof p.name, "rgb");
    snprintf(p.type_name, sizeof p.type_name, "%s", type);
    snprintf(p.encoding, sizeof p.encoding, "%s", encoding);
    p.bytes = (size_t)c * (size_t)h * (size_t)w * p.elem;
    return p;
}

/* Largest difference of out [3][n] from the normalised `value` of each sample. */
static double from_normalised(const float *out, const float *value, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < 3 * n; i++) {
        double d = fabs((double)out[i] - ((double)value[i] - mean[i / n]) / deviation[i / n]);
        worst = d > worst || isnan(d) ? d : worst;
    }
    return worst;
}

/* Sizes are equal, so nothing is resampled.  Values up to 16: one rounding each of value, difference, mean, deviation
 * and quotient, the quotient at most 16/0.224. */
#define EXACT (5 * 16 / 0.224 * 6e-8)

static void types(void)
{
    enum { H = 5, W = 9, N = H * W };
    uint8_t u8[3 * N];
    uint16_t u16[3 * N], f16[3 * N];
    float f32[3 * N], value[3 * N];
    uint32_t seed = 1;
    for (int i = 0; i < 3 * N; i++) {
        u8[i] = (uint8_t)rnd_int(&seed, 0, 255);
        u16[i] = (uint16_t)rnd_int(&seed, 0, 65535);
        f32[i] = rnd_float(&seed, -0.5f, 16);
    }
    ck_f32_to_f16(f32, f16, 3 * N);
    const struct {
        void *data;
        ck_type t;
        const char *name;
    } rows[] = {{u8, CK_U8, "u8"}, {u16, CK_U16, "u16"}, {f16, CK_F16, "f16"}, {f32, CK_F32, "f32"}};
    for (size_t i = 0; i < 4; i++) {
        guard out = guard_new(sizeof value), hint = guard_new(N * sizeof(float));
        ck_plane p = plane(rows[i].data, rows[i].t, rows[i].name, "srgb", 3, H, W);
        ck_error e;
        ck_to_f32(rows[i].data, rows[i].t, value, 3 * N);
        bool good = ck_input_rgb(&p, H, W, out.data, &e) == CK_OK;
        double d = from_normalised(out.data, value, N);
        ok(good && d <= EXACT, "%s: normalised, to %.1e", rows[i].name, d);
        snprintf(p.encoding, sizeof p.encoding, "linear");
        good = ck_input_rgb(&p, H, W, out.data, &e) == CK_OK;
        ck_linear_to_srgb(value, value, 3 * N);
        d = from_normalised(out.data, value, N);
        ok(good && d <= EXACT, "%s: from linear light, nothing clamped above, to %.1e", rows[i].name, d);
        good = ck_input_hint(&p, H, W, hint.data, &e) == CK_OK;
        ck_to_f32(rows[i].data, rows[i].t, value, N);
        ok(good && !memcmp(hint.data, value, sizeof(float) * N), "%s: a hint is its first channel as it is",
           rows[i].name);
        bool whole = guard_done(&out);
        ok(guard_done(&hint) && whole, "and stays in its buffer");
    }
}

/* Stripes of 0 and 1 at half the size give 1/2 in linear light, which is 0.735 encoded; encoded first they would give
 * 0.5. */
static void linear_light(void)
{
    enum { H = 8, W = 64 };
    float stripes[3 * H * W], out[3 * 4 * 32];
    for (int i = 0; i < 3 * H * W; i++)
        stripes[i] = (float)(i % 2);
    ck_plane p = plane(stripes, CK_F32, "f32", "linear", 3, H, W);
    ck_error e;
    ck_status s = ck_input_rgb(&p, 4, 32, out, &e);
    double v = (double)out[2 * 32 + 16] * deviation[0] + mean[0];
    ok(s == CK_OK && fabs(v - 0.7353569830524495) < 1e-6, "linear plates are resized in linear light: %.6f", v);
}

static void refused(void)
{
    float x[4] = {0}, out[3 * 32 * 32];
    ck_error e;
    ck_plane grey = plane(x, CK_F32, "f32", "srgb", 1, 1, 1), other = plane(x, CK_OTHER, "f128", "", 3, 1, 1);
    ok(ck_input_rgb(&grey, 32, 32, out, &e) == CK_ERR_ARGUMENT, "one channel is no picture: %s", e.text);
    ok(ck_input_hint(&grey, 32, 32, out, &e) == CK_OK, "but a hint");
    ok(ck_input_rgb(&other, 32, 32, out, &e) == CK_ERR_ARGUMENT && strstr(e.text, "f128"), "an unknown type: %s",
       e.text);
}

/* ---- from a plate to its matte ---- */

/* Half a ULP of g as float16: the rounding of the stored golden. */
static double half_ulp(double g)
{
    int exponent;
    frexp(g, &exponent);
    return ldexp(1, (exponent < -13 ? -13 : exponent) - 12);
}

/* |x - g| <= half a float16 ULP of g + 1e-4, the bound of tests/network.t; the golden is [h][w] or [h][w][c]. */
static void compare(const golden *g, const char *name, const float *x, int h, int w)
{
    golden_image want = golden_planar(g, name);
    double worst = 0;
    size_t n = (size_t)want.c * (size_t)want.h * (size_t)want.w, over = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)x[i] - (double)want.data[i]);
        worst = d > worst || isnan(d) ? d : worst;
        over += !(d <= half_ulp((double)want.data[i]) + 1e-4);
    }
    ok(want.h == h && want.w == w && over == 0, "%s: %s, largest difference %.1e, half a unit of float16 included",
       strrchr(g->path, '/') + 1, name, worst);
    free(want.data);
}

static ck_network *mini(void)
{
    mk_spec spec = MK_MINI;
    ck_network_options o = {.device = "cpu", .infer = true, .refine = true, .scale = 1};
    ck_network *n;
    ck_weights *w;
    ck_spec t;
    ck_error e;
    spec.size = 512;
    spec.seed = 1;
    blob b = mk_safetensors_blob(&spec);
    if (ck_weights_open_bytes(b.p, b.n, &w, &e) != CK_OK || ck_spec_check(w, 0, true, CK_PART_ALL, &t, &e) != CK_OK ||
        ck_network_open(w, &t.sizes, &o, &n, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    ck_weights_free(w);
    blob_free(&b);
    return n;
}

static void key(const golden *g, const ck_plane *rgb, const ck_plane *hint)
{
    enum { S = 512, N = S * S };
    float *in = golden_alloc(g, 4 * N * sizeof *in), *out = golden_alloc(g, 4 * N * sizeof *out);
    float *plate = golden_alloc(g, 4 * (size_t)rgb->h * (size_t)rgb->w * sizeof *plate);
    ck_network *n = mini();
    ck_error e = {""};
    ck_status s = ck_input_rgb(rgb, S, S, in, &e);
    if (s == CK_OK)
        s = ck_input_hint(hint, S, S, in + 3 * N, &e);
    if (s == CK_OK)
        s = ck_network_run(n, &(ck_network_io){.rgb = in, .hint = in + 3 * N, .alpha = out, .fg = out + N}, false, &e);
    if (s == CK_OK)
        s = ck_resample(out, 4, S, S, plate, rgb->h, rgb->w, CK_LANCZOS4, &e);
    ok(s == CK_OK, "a plate is keyed%s", e.text);
    compare(g, "alpha", plate, rgb->h, rgb->w);
    compare(g, "fg", plate + (size_t)rgb->h * (size_t)rgb->w, rgb->h, rgb->w);
    ck_network_close(n);
    free(in);
    free(out);
    free(plate);
}

static void read_png(const golden *g, const char *file, ck_want want, const char *name, ck_frame *f)
{
    char path[4200];
    ck_error e;
    snprintf(path, sizeof path, "%s/%s", golden_dir(), file);
    if (ck_png_read(path, want, name, f, &e) != CK_OK)
        golden_die(g, e.text, file);
}

static void whole(const char *file)
{
    golden g;
    ck_frame f = {0};
    if (!golden_open(&g, file)) {
        skip("no goldens", "%s", file);
        return;
    }
    read_png(&g, "e2e_hint.png", CK_WANT_HINT, "hint", &f);
    ck_plane hint = *ck_frame_plane(&f, "hint");
    bool linear = !strcmp(file, "e2e_linear.safetensors");
    if (linear) {
        golden_image src = golden_planar(&g, "src");
        ck_plane rgb = plane(src.data, CK_F32, "f32", "linear", src.c, src.h, src.w);
        key(&g, &rgb, &hint);
        free(src.data);
    } else {
        read_png(&g, "e2e_plate.png", CK_WANT_RGB, "rgb", &f);
        key(&g, ck_frame_plane(&f, "rgb"), &hint);
    }
    ck_frame_free(&f);
    golden_close(&g);
}

int main(void)
{
    types();
    linear_light();
    refused();
    whole("e2e_srgb.safetensors");
    whole("e2e_linear.safetensors");
    ck_pool_trim();
    return done_testing();
}
