/* Numbers of the original without the goldens: the network's first two stages inside one window, the hint, resampling
 * and ck-post's pixels, on parts of the goldens' inputs that determine the compared results.  The network's finals need
 * the whole input, 1 MB, which only the golden has: see network_test.c. */
#include "original.h"

#include <math.h>
#include <string.h>

#include "guard.h"
#include "image/morphology.h"
#include "image/post.h"
#include "key/hint.h"
#include "key/hsv.h"
#include "mkmodel.h"
#include "greenformer/network.h"
#include "tap.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void compare_map(ck_network *n, const char *device, const char *name, const net_sample *s, size_t count,
                        float top)
{
    ck_nn_tensor t;
    double worst = 0;
    bool there = ck_network_inside(n, name, &t, NULL);
    float *map = there ? malloc(ck_nn_pixels(&t) * (size_t)t.c * sizeof *map) : NULL;
    there = there && ck_network_inside(n, name, &t, map);
    for (size_t i = 0; there && i < count; i++) {
        size_t pixel = (size_t)s[i].y * (size_t)t.w + (size_t)s[i].x;
        double d = fabs((double)map[pixel * (size_t)t.c + (size_t)s[i].c] - (double)s[i].value);
        worst = d > worst || isnan(d) ? d : worst;
    }
    /* MODEL.md's bound for the encoder's maps, relative to their largest value. */
    ok(there && worst <= 1e-4 * (double)top, "%s: %s, %zu samples of the original: %.1e of 1e-4 relative", device, name,
       count, worst / (double)top);
    free(map);
}

/* The golden's checkpoint was made with seed 1. */
static void network(const char *device)
{
    mk_spec spec = MK_MINI;
    spec.seed = 1;
    blob file = mk_safetensors_blob(&spec);
    ck_weights *w = NULL;
    ck_spec table;
    ck_network *n = NULL;
    ck_error e = {""};
    enum { SIDE = 256, PLANE = SIDE * SIDE };
    float *in = calloc(4 * PLANE, sizeof *in), *out = malloc(PLANE * sizeof *out);
    for (int i = 0; i < 4 * NET_SIDE * NET_SIDE; i++) {
        int c = i / (NET_SIDE * NET_SIDE), y = NET_Y + i / NET_SIDE % NET_SIDE, x = NET_X + i % NET_SIDE;
        in[c * PLANE + y * SIDE + x] = net_input[i];
    }
    ck_network_options o = {.device = device, .h = SIDE, .w = SIDE, .infer = true, .keep = true};
    ck_network_io io = {.rgb = in, .hint = in + 3 * PLANE, .alpha_logits = out, .fg_logits = out + PLANE / 16};
    ck_status st = ck_weights_open_bytes(file.p, file.n, &w, &e);
    if (st == CK_OK)
        st = ck_spec_check(w, 0, true, CK_PART_ALL, &table, &e);
    if (st == CK_OK)
        st = ck_network_open(w, &table.sizes, &o, &n, &e);
    if (st == CK_OK)
        st = ck_network_run(n, &io, false, &e);
    ok(st == CK_OK, "%s: the network of net_mini_256 runs %s", device, e.text);
    if (st == CK_OK) {
        compare_map(n, device, "map0", net_map0, COUNT(net_map0), NET_MAP0_TOP);
        compare_map(n, device, "map1", net_map1, COUNT(net_map1), NET_MAP1_TOP);
    }
    ck_network_close(n);
    ck_weights_free(w);
    blob_free(&file);
    free(in);
    free(out);
}

static bool inner_is(const uint8_t *plane, const uint8_t *want)
{
    bool same = true;
    for (int y = 0; y < HINT_INNER; y++)
        same = same && !memcmp(plane + (y + HINT_EDGE) * HINT_SIDE + HINT_EDGE, want + y * HINT_INNER, HINT_INNER);
    return same;
}

static void hint(const char *name, bool blue, const uint8_t *rgb, const uint8_t *hsv, const uint8_t *eroded,
                 const uint8_t *want)
{
    enum { N = HINT_SIDE * HINT_SIDE };
    uint8_t three[3 * N], mask[N], less[N], out[N];
    ck_error e;
    ck_hsv(rgb, N, three, N);
    bool same = true;
    for (int c = 0; c < 3; c++)
        same = inner_is(three + c * N, hsv + c * HINT_INNER * HINT_INNER) && same;
    ok(same, "%s: OpenCV's HSV", name);
    ck_hsv_subject(rgb, blue, mask, N);
    ok(ck_erode(mask, HINT_SIDE, HINT_SIDE, CK_HINT_ERODE, less, &e) == CK_OK && inner_is(less, eroded),
       "%s: OpenCV's mask, eroded", name);
    ok(ck_hint_hsv(rgb, HINT_SIDE, HINT_SIDE, blue, out, &e) == CK_OK && inner_is(out, want), "%s: OpenCV's hint",
       name);
}

/* A picture that is 0 except for the part of side x side at (y0, x0). */
static float *placed(const float *part, int side, int y0, int x0, int h, int w)
{
    float *all = calloc((size_t)h * (size_t)w, sizeof *all);
    for (int y = 0; y < side; y++)
        memcpy(all + (size_t)(y0 + y) * (size_t)w + x0, part + (size_t)y * (size_t)side, (size_t)side * sizeof *all);
    return all;
}

/* Bounds as in resample_test.c. */
static void resample(const char *name, float *src, int h, int w, int dh, int dw, const resampled *want, size_t count)
{
    static const char *const filters[CK_FILTERS] = {"bilinear", "cubic", "lanczos4", "area", "bilinear_aa"};
    float *out = malloc((size_t)dh * (size_t)dw * sizeof *out);
    ck_error e;
    for (int f = 0; f < CK_FILTERS; f++) {
        double worst = 0;
        bool good = ck_resample(src, 1, h, w, out, dh, dw, (ck_filter)f, &e) == CK_OK;
        for (size_t i = 0; good && i < count; i++) {
            float got = out[(size_t)want[i].y * (size_t)dw + (size_t)want[i].x];
            worst = worse(worst, fabs((double)got - (double)want[i].value[f]));
        }
        ok(good && worst <= (f == CK_BILINEAR_AA ? 1.2e-7 : 0), "%s: %s, largest difference %g of %zu samples", name,
           filters[f], worst, count);
    }
    free(src);
    free(out);
}

static void despill(void)
{
    static const struct {
        const char *name;
        ck_despill_mode mode;
        double strength;
        size_t at;
    } rows[] = {{"average, 1", CK_DESPILL_AVERAGE, 1, offsetof(post_pixel, average)},
                {"max, 1", CK_DESPILL_MAX, 1, offsetof(post_pixel, most)},
                {"average, 0.35", CK_DESPILL_AVERAGE, 0.35, offsetof(post_pixel, average_part)},
                {"max, 0.35", CK_DESPILL_MAX, 0.35, offsetof(post_pixel, most_part)}};
    for (size_t r = 0; r < COUNT(rows); r++) {
        int differ = 0;
        for (size_t i = 0; i < COUNT(post_pixels); i++) {
            float rgb[3];
            memcpy(rgb, post_pixels[i].fg, sizeof rgb);
            ck_despill(rgb, 1, 1, false, rows[r].mode, rows[r].strength);
            differ += memcmp(rgb, (const char *)&post_pixels[i] + rows[r].at, sizeof rgb) != 0;
        }
        ok(differ == 0, "despill %s: %d of %zu pixels differ", rows[r].name, differ, COUNT(post_pixels));
    }
}

/* Bounds as in post_test.c. */
static void composite(void)
{
    enum { N = POST_H * POST_W };
    static float alpha[N], fg[3 * N], processed[4 * N];
    static uint8_t comp[3 * N];
    ck_post_options o = {.despill = 1, .mode = CK_DESPILL_AVERAGE};
    for (size_t i = 0; i < COUNT(post_pixels); i++) {
        const post_pixel *p = &post_pixels[i];
        alpha[p->y * POST_W + p->x] = p->alpha;
        for (int c = 0; c < 3; c++)
            fg[c * N + p->y * POST_W + p->x] = p->fg[c];
    }
    ck_post_frame(&o, alpha, fg, CK_F32, POST_H, POST_W, processed, CK_F32, comp);
    double worst = 0;
    int wrong = 0;
    for (size_t i = 0; i < COUNT(post_pixels); i++) {
        const post_pixel *p = &post_pixels[i];
        int at = p->y * POST_W + p->x;
        for (int c = 0; c < 4; c++)
            worst = worse(worst, fabs((double)processed[c * N + at] - (double)p->processed[c]));
        for (int c = 0; c < 3; c++) {
            int got = comp[c * N + at];
            double want = (double)p->comp[c] * 255;
            wrong += got != (int)(want - 255e-6) && got != (int)(want + 255e-6);
        }
    }
    ok(worst <= 1e-6, "processed, largest difference %g", worst);
    ok(wrong == 0, "comp, %d codes differ beyond 1e-6", wrong);
}

int main(void)
{
    network("ref");
    network("cpu");
    hint("green", false, green_rgb, green_hsv, green_eroded, green_hint);
    hint("blue", true, blue_rgb, blue_hsv, blue_eroded, blue_hint);
    resample("growing", placed(up_src, UP_SIDE, UP_Y, UP_X, UP_H, UP_W), UP_H, UP_W, UP_OUT_H, UP_OUT_W, up_out,
             COUNT(up_out));
    resample("shrinking", placed(down_src, DOWN_SIDE, DOWN_Y, DOWN_X, DOWN_H, DOWN_W), DOWN_H, DOWN_W, DOWN_OUT_H,
             DOWN_OUT_W, down_out, COUNT(down_out));
    despill();
    composite();
    ck_pool_trim();
    return done_testing();
}
