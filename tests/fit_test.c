/* Largest inference size that fits: the arithmetic, and the memory counted. */
#include "mkmodel.h"
#include "greenformer/fit.h"
#include "tap.h"

static const mk_spec spec = {
    .embed = 16, .heads = 1, .depth = {1, 1, 1, 1}, .decoder = 24, .refiner = 16, .size = 256, .seed = 1};

static size_t plan_bytes(const ck_weights *w, const ck_sizes *z, ck_network_options o, bool dry)
{
    ck_network *n;
    ck_error e;
    o.dry = dry;
    if (ck_network_open(w, z, &o, &n, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    size_t bytes = ck_nn_plan_bytes(ck_network_plan(n));
    ck_network_close(n);
    return bytes;
}

static void aspect(int plate_h, int plate_w, int h, int w, int want_h, int want_w)
{
    ck_fit_aspect(plate_h, plate_w, &h, &w);
    ok(h == want_h && w == want_w, "a plate of %dx%d: %dx%d", plate_w, plate_h, w, h);
}

int main(void)
{
    aspect(1080, 1920, 2048, 2048, 1152, 2048);
    aspect(1920, 1080, 2048, 2048, 2048, 1152);
    aspect(1080, 1920, 1024, 2048, 1024, 1824); /* 1820 */
    aspect(500, 500, 2048, 1024, 1024, 1024);
    aspect(1, 65536, 512, 512, 32, 512);
    aspect(47, 64, 64, 64, 32, 64);
    aspect(48, 64, 64, 64, 64, 64); /* half a step up */
    ck_error e;
    ck_weights *w;
    ck_spec t;
    ck_fit one, two;
    ok(ck_fit_side(2048, 100, 100) == 2048, "what fits stays");
    ok(ck_fit_side(2048, 100, 1e9) == 2048, "and does not grow");
    ok(ck_fit_side(2048, 400, 100) == 1024, "a quarter of the memory, half of the side");
    ok(ck_fit_side(2048, 100, 99.9) == 2016, "a little less memory, a step less");
    ok(ck_fit_side(2048, 1e6, 1) == 0 && ck_fit_side(2048, 100, -1) == 0, "nothing fits");

    blob b = mk_safetensors_blob(&spec);
    if (ck_weights_open_bytes(b.p, b.n, &w, &e) != CK_OK || ck_spec_check(w, 0, true, CK_PART_ALL, &t, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        return 1;
    }
    ck_network_options o = {.device = "cpu", .threads = 1, .infer = true, .scale = 1};
    ok(ck_fit_network(w, &t.sizes, &o, &two, &e) == CK_OK, "two programs");
    ok(two.whole && two.side == 256 && !strcmp(two.device, "cpu"), "a small one fits whole: %d on %s", two.side,
       two.device);
    o.h = o.w = 256;
    size_t infer = plan_bytes(w, &t.sizes, o, true), refine, both;
    ok(infer == plan_bytes(w, &t.sizes, o, false), "a dry network says what a real one takes");
    o.refine = true;
    both = plan_bytes(w, &t.sizes, o, true);
    o.infer = false;
    refine = plan_bytes(w, &t.sizes, o, true);
    o.infer = true;
    ok(ck_fit_network(w, &t.sizes, &o, &one, &e) == CK_OK && one.whole, "one program");
    double weights = two.needed - (double)(infer + refine);
    ok(weights > 0 && weights < (double)b.n * 1.01, "both programs' plans are counted, and %.1f MB of weights",
       weights * 1e-6);
    ok(one.needed == weights + (double)both, "or the one plan");
    ok(one.left > one.needed && one.left < 1e15, "%.0f MB are left", one.left * 1e-6);
    o.device = "tpu";
    ok(ck_fit_network(w, &t.sizes, &o, &one, &e) == CK_ERR_ARGUMENT, "a device that there is not: %s", e.text);
    ck_weights_free(w);
    blob_free(&b);
    return done_testing();
}
