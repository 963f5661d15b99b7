/* goldrun DEVICE PRECISION GOLDEN PREFIX: run a network's golden at a precision, for comparison by other programs.
 *
 * Writes PREFIX.safetensors, the golden's synthetic checkpoint; PREFIX.input, float32 [4][h][w]; and PREFIX.PRECISION,
 * our finals, float32 [4][h][w].  Prints the largest and the mean error that MODEL.md gives for ideal rounding to that
 * precision, "- -" without such a figure. */
#include "../net_golden.h"

static void die(const char *what)
{
    fprintf(stderr, "goldrun: %s\n", what);
    exit(1);
}

static void write_file(const char *prefix, const char *suffix, const void *bytes, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", prefix, suffix);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
        die("cannot write");
}

static mk_spec spec_of(const golden *g)
{
    mk_spec spec = {.decoder = 256, .refiner = 64};
    const char *from = golden_meta(g, "pos_embed_from"), *size = from ? from : golden_meta(g, "img_size");
    if (!mk_arch(&spec, golden_meta(g, "arch")))
        die("a golden of an unknown architecture");
    spec.size = atoi(size);
    spec.seed = strtoull(golden_meta(g, "seed"), NULL, 10);
    return spec;
}

static void run(const blob *checkpoint, const ck_network_options *o, net_run *r)
{
    ck_weights *w;
    ck_spec t;
    ck_error e;
    ck_network_io io = {
        .rgb = r->rgb, .hint = r->hint, .alpha = r->alpha, .fg = r->alpha + (size_t)r->h * (size_t)r->w};
    if (ck_weights_open_bytes(checkpoint->p, checkpoint->n, &w, &e) != CK_OK ||
        ck_spec_check(w, 0, true, CK_PART_ALL, &t, &e) != CK_OK ||
        ck_network_open(w, &t.sizes, o, &r->net, &e) != CK_OK || ck_network_run(r->net, &io, false, &e) != CK_OK)
        die(e.text);
    ck_network_close(r->net);
    ck_weights_free(w);
}

int main(int argc, char **argv)
{
    golden g;
    net_run r = {0};
    ck_network_options o = {.infer = true, .refine = true, .scale = 1, .without = ""};
    if (argc != 5 || !ck_nn_precision_named(argv[2], &o.precision))
        die("usage: goldrun DEVICE PRECISION GOLDEN PREFIX");
    if (!golden_open(&g, argv[3]))
        die("no such golden in $CK_GOLDENS");
    mk_spec spec = spec_of(&g);
    blob checkpoint = mk_safetensors_blob(&spec);
    net_input(&g, &r);
    size_t n = (size_t)r.h * (size_t)r.w * 4 * sizeof(float);
    write_file(argv[4], "safetensors", checkpoint.p, checkpoint.n);
    write_file(argv[4], "input", r.rgb, n);
    r.alpha = golden_alloc(&g, n);
    o.device = argv[1];
    o.h = r.h;
    o.w = r.w;
    run(&checkpoint, &o, &r);
    write_file(argv[4], argv[2], r.alpha, n);
    net_figure ideal = net_ideal(o.precision, argv[3]);
    size_t named = strlen(ideal.golden);
    if (o.precision != CK_NN_PRECISION_F32 && !strncmp(ideal.golden, argv[3], named) && argv[3][named] == '.')
        printf("%g %g\n", ideal.top, ideal.mean);
    else
        printf("- -\n");
    free(r.rgb);
    free(r.alpha);
    blob_free(&checkpoint);
    golden_close(&g);
    return 0;
}
