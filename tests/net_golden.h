/* A `net_*` golden against a device: every tensor in it, with the largest error printed. */
#ifndef CK_TESTS_NET_GOLDEN_H
#define CK_TESTS_NET_GOLDEN_H

#include <time.h>

#include "golden.h"
#include "io/png.h"
#include "greenformer/input.h"
#include "greenformer/network.h"
#include "mkmodel.h"
#include "tap.h"

/* Largest and mean error of the finals from rounded operands in otherwise ideal arithmetic: MODEL.md's figures; for
 * 256, the output of greenformer_ref.py --round.  Goldens without a figure use the largest of that precision, although
 * errors may grow with the frame. */
typedef struct net_figure {
    const char *golden;
    double top, mean;
} net_figure;

static inline net_figure net_ideal(ck_nn_precision p, const char *name)
{
    static const net_figure tf32[] = {
        {"net_base_plus_512", 7.4e-3, 5e-4}, {"net_mini_512", 5.7e-3, 5e-4}, {"net_mini_256", 4.34e-3, 2.8e-4}};
    static const net_figure f16[] = {
        {"net_base_plus_512", 7.1e-3, 5e-4}, {"net_mini_512", 5.2e-3, 5e-4}, {"net_mini_256", 4.13e-3, 2.8e-4}};
    static const net_figure bf16[] = {
        {"net_mini_512", 4.1e-2, 1.5e-3}, {"net_base_plus_512", 3.9e-2, 1.5e-3}, {"net_mini_256", 3.92e-2, 2.1e-3}};
    const net_figure *all = p == CK_NN_PRECISION_TF32 ? tf32 : p == CK_NN_PRECISION_F16 ? f16 : bf16;
    for (int i = 0; i < 3; i++)
        if (!strncmp(name, all[i].golden, strlen(all[i].golden)) && name[strlen(all[i].golden)] == '.')
            return all[i];
    return all[0];
}

typedef struct net_run {
    int h, w;
    float *rgb, *hint;           /* [3][h][w], [h][w], contiguous */
    float *alpha_logits, *alpha; /* each followed by its foreground: [4][…] */
    ck_network *net;
} net_run;

static inline const golden_tensor *net_find(const golden *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (!strcmp(g->tensors[i].name, name))
            return &g->tensors[i];
    return NULL;
}

static inline void net_png(const golden *g, const char *file, ck_want want, net_run *r, float *out)
{
    char path[4096 + 128];
    ck_frame f = {0};
    ck_error e;
    snprintf(path, sizeof path, "%s/%s", golden_dir(), file);
    ck_status s = ck_png_read(path, want, "p", &f, &e);
    if (s == CK_OK && want == CK_WANT_RGB) {
        r->h = f.planes[0].h;
        r->w = f.planes[0].w;
        r->rgb = golden_alloc(g, (size_t)r->h * (size_t)r->w * 4 * sizeof(float));
        out = r->rgb;
    }
    if (s == CK_OK)
        s = want == CK_WANT_RGB ? ck_input_rgb(&f.planes[0], r->h, r->w, out, &e)
                                : ck_input_hint(&f.planes[0], r->h, r->w, out, &e);
    if (s != CK_OK)
        golden_die(g, e.text, file);
    ck_frame_free(&f);
}

/* The golden's `input`, or the two pictures named by its metadata. */
static inline void net_input(const golden *g, net_run *r)
{
    const golden_tensor *t = net_find(g, "input");
    if (t) {
        r->h = (int)t->shape[1];
        r->w = (int)t->shape[2];
        r->rgb = golden_alloc(g, t->count * sizeof(float));
        memcpy(r->rgb, t->data, t->count * sizeof(float));
    } else {
        char plate[128], hint[128];
        const char *names = golden_meta(g, "input");
        if (!names || sscanf(names, "%127s %127s", plate, hint) != 2)
            golden_die(g, "no input", NULL);
        net_png(g, plate, CK_WANT_RGB, r, NULL);
        net_png(g, hint, CK_WANT_HINT, r, r->rgb + 3 * (size_t)r->h * (size_t)r->w);
    }
    r->hint = r->rgb + 3 * (size_t)r->h * (size_t)r->w;
}

/* Largest |x - g| over a golden [c][h][w], which has every `step`th sample of x from (oy, ox) on.  x is [c][xh][xw], or
 * [xh][xw][of] if `inner`; `from` is its first channel. */
static inline double net_error(const golden *g, const golden_tensor *t, const float *x, int xh, int xw, bool inner,
                               int of, int from, int oy, int ox, int step, double *top, double *mean)
{
    double worst = 0;
    size_t h = t->shape[1], w = t->shape[2];
    *top = *mean = 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t c = i / (h * w) + (size_t)from;
        size_t y = i / w % h * (size_t)step + (size_t)oy, xx = i % w * (size_t)step + (size_t)ox;
        size_t at = inner ? (y * (size_t)xw + xx) * (size_t)of + c : (c * (size_t)xh + y) * (size_t)xw + xx;
        double want = golden_value(g, t, i), d = fabs((double)x[at] - want);
        worst = d > worst || isnan(d) ? d : worst;
        *top = fmax(*top, fabs(want));
        *mean += d / (double)t->count;
    }
    return worst;
}

/* Compare one tensor if the golden has it.  relative: to the golden's largest value; mean: bound of the mean error. */
static inline void net_compare(const golden *g, const char *device, const char *name, const float *x, int h, int w,
                               bool inner, int of, int from, double bar, double mean, bool relative)
{
    static const struct {
        const char *suffix;
        int step;
        bool crop;
    } forms[] = {{"", 1, false}, {"_s8", 8, false}, {"_crop", 1, true}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char full[64];
        double top, average;
        snprintf(full, sizeof full, "%s%s", name, forms[i].suffix);
        const golden_tensor *t = net_find(g, full);
        if (!t)
            continue;
        int oy = forms[i].crop ? (h - (int)t->shape[1]) / 2 : 0, ox = forms[i].crop ? (w - (int)t->shape[2]) / 2 : 0;
        double worst = net_error(g, t, x, h, w, inner, of, from, oy, ox, forms[i].step, &top, &average);
        double error = relative ? worst / top : worst;
        const char *base = strrchr(g->path, '/') + 1;
        ok(error <= bar && average <= mean, "%s: %.*s %s: %.1e%s of %.0e, mean %.1e", device, (int)strcspn(base, "."),
           base, full, error, relative ? " relative" : "", bar, average);
    }
}

static inline void net_insides(const golden *g, const char *device, net_run *r)
{
    static const struct {
        const char *golden, *inside;
        double bar;
        bool relative;
        int from;
    } rows[] = {{"encoder_feature_0", "map0", 1e-4, true, 0}, {"encoder_feature_1", "map1", 1e-4, true, 0},
                {"encoder_feature_2", "map2", 1e-4, true, 0}, {"encoder_feature_3", "map3", 1e-4, true, 0},
                {"alpha_coarse", "coarse", 2e-5, false, 3},   {"fg_coarse", "coarse", 2e-5, false, 4},
                {"delta_logits", "delta", 1e-4, false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_nn_tensor t;
        if (!ck_network_inside(r->net, rows[i].inside, &t, NULL))
            golden_die(g, "the network keeps no such tensor", rows[i].inside);
        float *x = golden_alloc(g, ck_nn_pixels(&t) * (size_t)t.c * sizeof *x);
        ck_network_inside(r->net, rows[i].inside, &t, x);
        net_compare(g, device, rows[i].golden, x, t.h, t.w, !t.planar, t.c, rows[i].from, rows[i].bar, INFINITY,
                    rows[i].relative);
        free(x);
    }
}

static inline double net_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void net_results(const golden *g, const char *device, ck_nn_precision p, const char *file, net_run *r)
{
    double bar = 2e-5, mean = INFINITY;
    if (p != CK_NN_PRECISION_F32) {
        bar = 1.5 * net_ideal(p, file).top;
        mean = 1.5 * net_ideal(p, file).mean;
    } else {
        net_compare(g, device, "alpha_logits", r->alpha_logits, r->h / 4, r->w / 4, false, 4, 0, 1e-4, mean, false);
        net_compare(g, device, "fg_logits", r->alpha_logits, r->h / 4, r->w / 4, false, 4, 1, 1e-4, mean, false);
        net_insides(g, device, r);
    }
    net_compare(g, device, "alpha_final", r->alpha, r->h, r->w, false, 4, 0, bar, mean, false);
    net_compare(g, device, "fg_final", r->alpha, r->h, r->w, false, 4, 1, bar, mean, false);
}

/* Compare all tensors with MODEL.md's bounds. */
static inline void net_golden(const char *device, ck_nn_precision precision, const char *file)
{
    golden g;
    mk_spec spec = {.decoder = 256, .refiner = 64};
    ck_spec table;
    ck_weights *w = NULL;
    net_run r = {0};
    ck_error e;
    if (!golden_open(&g, file)) {
        skip("no goldens", "%s: %s", device, file);
        return;
    }
    const char *arch = golden_meta(&g, "arch"), *seed = golden_meta(&g, "seed");
    const char *size =
        golden_meta(&g, "pos_embed_from") ? golden_meta(&g, "pos_embed_from") : golden_meta(&g, "img_size");
    net_input(&g, &r);
    if (!mk_arch(&spec, arch))
        golden_die(&g, "unknown architecture", arch);
    spec.size = atoi(size);
    spec.seed = strtoull(seed, NULL, 10);
    blob file_bytes = mk_safetensors_blob(&spec);
    size_t n = (size_t)r.h * (size_t)r.w;
    r.alpha = golden_alloc(&g, 4 * n * sizeof(float));
    r.alpha_logits = golden_alloc(&g, n / 4 * sizeof(float));
    ck_network_options o = {.without = "",
                            .device = device,
                            .precision = precision,
                            .h = r.h,
                            .w = r.w,
                            .infer = true,
                            .refine = true,
                            .scale = 1,
                            .keep = true};
    ck_network_io io = {.rgb = r.rgb,
                        .hint = r.hint,
                        .alpha = r.alpha,
                        .fg = r.alpha + n,
                        .alpha_logits = r.alpha_logits,
                        .fg_logits = r.alpha_logits + n / 16};
    double t0 = net_seconds();
    ck_status st = ck_weights_open_bytes(file_bytes.p, file_bytes.n, &w, &e);
    if (st == CK_OK)
        st = ck_spec_check(w, 0, true, CK_PART_ALL, &table, &e);
    if (st == CK_OK)
        st = ck_network_open(w, &table.sizes, &o, &r.net, &e);
    double t1 = net_seconds();
    if (st == CK_OK)
        st = ck_network_run(r.net, &io, false, &e);
    ok(st == CK_OK, "%s: %s runs%s%s", device, file, st == CK_OK ? "" : ": ", st == CK_OK ? "" : e.text);
    if (st == CK_OK) {
        printf("# %s: %s: weights %.2f s, frame %.2f s, %.0f MB\n", device, file, t1 - t0, net_seconds() - t1,
               (double)ck_nn_plan_bytes(ck_network_plan(r.net)) * 1e-6);
        net_results(&g, device, precision, file, &r);
    }
    ck_network_close(r.net);
    free(r.rgb);
    free(r.alpha);
    free(r.alpha_logits);
    ck_weights_free(w);
    blob_free(&file_bytes);
    golden_close(&g);
}

#endif
