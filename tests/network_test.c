/* The network: against the goldens tensor by tensor, and properties that hold for any weights.
 *
 *     network_test [DEVICE [PRECISION] [GOLDEN...]]        only these; without goldens the properties of that device */
#include "guard.h"
#include "net_golden.h"
#include "precision.h"

#if defined(__SANITIZE_ADDRESS__)
/* The reference takes minutes for larger ones; it runs the small networks below. */
static const char *const cpu_goldens[] = {"net_mini_256.safetensors"};
static const char *const ref_goldens[] = {NULL};
#else
/* Larger ones: tests/long/network.t. */
static const char *const cpu_goldens[] = {"net_mini_256.safetensors",        "net_mini_512.safetensors",
                                          "net_mini_256_pos512.safetensors", "net_mini_384x256_pos256.safetensors",
                                          "net_base_plus_256.safetensors",   "net_base_plus_512.safetensors"};
static const char *const ref_goldens[] = {"net_mini_256.safetensors", "net_mini_256_pos512.safetensors",
                                          "net_mini_384x256_pos256.safetensors", "net_base_plus_256.safetensors"};
#endif
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Widths that no published model has, none a multiple of 16. */
static const mk_spec odd = {
    .embed = 24, .heads = 1, .depth = {1, 2, 3, 1}, .decoder = 40, .refiner = 24, .size = 96, .seed = 3};

static ck_nn_precision precision; /* of the named device */

typedef struct checkpoint {
    blob bytes;
    ck_weights *w;
    ck_spec table;
} checkpoint;

static checkpoint make(const mk_spec *s)
{
    checkpoint c = {.bytes = mk_safetensors_blob(s)};
    ck_error e;
    if (ck_weights_open_bytes(c.bytes.p, c.bytes.n, &c.w, &e) != CK_OK ||
        ck_spec_check(c.w, 0, true, CK_PART_ALL, &c.table, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    return c;
}

static void unmake(checkpoint *c)
{
    ck_weights_free(c->w);
    blob_free(&c->bytes);
}

/* All planes of one frame, with sentinels between them. */
typedef struct planes {
    size_t pixels;
    guard input, logits, result; /* [4][h][w], [4][h/4][w/4], [4][h][w] */
} planes;

static planes planes_new(int h, int w)
{
    planes p = {.pixels = (size_t)h * (size_t)w};
    uint32_t seed = 11;
    p.input = guard_new(p.pixels * 16);
    p.logits = guard_new(p.pixels);
    p.result = guard_new(p.pixels * 16);
    for (size_t i = 0; i < 4 * p.pixels; i++)
        ((float *)p.input.data)[i] = rnd_float(&seed, -2, 2);
    return p;
}

static ck_network_io io_of(const planes *p)
{
    float *in = p->input.data, *logits = p->logits.data, *result = p->result.data;
    return (ck_network_io){.rgb = in,
                           .hint = in + 3 * p->pixels,
                           .alpha_logits = logits,
                           .fg_logits = logits + p->pixels / 16,
                           .alpha = result,
                           .fg = result + p->pixels};
}

static bool planes_free(planes *p)
{
    bool a = guard_done(&p->input), b = guard_done(&p->logits), c = guard_done(&p->result);
    return a && b && c;
}

static ck_network *open_network(const checkpoint *c, ck_network_options o)
{
    o.without = ""; /* the kernels themselves are tested */
    ck_network *n = NULL;
    ck_error e;
    if (ck_network_open(c->w, &c->table.sizes, &o, &n, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    return n;
}

static bool run_network(const checkpoint *c, ck_network_options o, const planes *p, ck_error *e)
{
    ck_network *n = open_network(c, o);
    ck_network_io io = io_of(p);
    bool good = ck_network_run(n, &io, false, e) == CK_OK;
    ck_network_close(n);
    return good;
}

static double difference(const guard *a, const guard *b)
{
    double worst = 0;
    for (size_t i = 0; i < a->size / 4; i++) {
        double d = fabs((double)((float *)a->data)[i] - (double)((float *)b->data)[i]);
        worst = d > worst || isnan(d) ? d : worst;
    }
    return worst;
}

static void devices_agree(const checkpoint *c, const char *device, int h, int w)
{
    ck_network_options o = {.h = h, .w = w, .infer = true, .refine = true, .scale = 1, .device = "ref"};
    planes a = planes_new(h, w), b = planes_new(h, w);
    ck_error e;
    bool good = run_network(c, o, &a, &e);
    o.device = device;
    o.precision = precision;
    good = run_network(c, o, &b, &e) && good;
    double logits = difference(&a.logits, &b.logits), finals = difference(&a.result, &b.result);
    if (precision == CK_NN_PRECISION_F32)
        ok(good && logits <= 1e-4 && finals <= 2e-5,
           "%dx%d, odd widths: %s and ref agree to %.1e on logits, %.1e on finals", w, h, device, logits, finals);
    else /* more than the rounding of float32: the precision has an effect */
        ok(good && finals <= 1.5 * net_ideal(precision, "").top && finals > 2e-5,
           "%dx%d, odd widths: %s at %s and ref agree to %.1e on finals", w, h, device, ck_nn_precision_name(precision),
           finals);
    bool whole = planes_free(&a);
    ok(planes_free(&b) && whole, "and stay in their planes");
}

static void threads_do_not_matter(const checkpoint *c, const char *device, int h, int w)
{
    planes one = planes_new(h, w);
    ck_network_options o = {.h = h,
                            .w = w,
                            .infer = true,
                            .refine = true,
                            .scale = 1,
                            .device = device,
                            .precision = precision,
                            .threads = 1};
    ck_error e;
    bool same = run_network(c, o, &one, &e);
    for (o.threads = 2; o.threads <= 5; o.threads += 3) {
        planes more = planes_new(h, w);
        same = run_network(c, o, &more, &e) && same;
        same = !memcmp(one.logits.data, more.logits.data, one.logits.size) && same;
        same = !memcmp(one.result.data, more.result.data, one.result.size) && same;
        planes_free(&more);
    }
    ok(same, "%s: the same bytes with 1, 2 and 5 threads", device);
    planes_free(&one);
}

/* Two frames through one network, and both halves separately as in the two programs. */
static void frames_and_parts(const checkpoint *c, const char *device, int h, int w)
{
    planes whole = planes_new(h, w), parts = planes_new(h, w), again = planes_new(h, w);
    ck_network_options o = {
        .h = h, .w = w, .infer = true, .refine = true, .scale = 1, .device = device, .precision = precision};
    ck_error e;
    ck_network *n = open_network(c, o);
    ck_network_io io = io_of(&whole), io2 = io_of(&again);
    bool good = ck_network_run(n, &io, false, &e) == CK_OK;
    for (size_t i = 0; i < 4 * again.pixels; i++)
        ((float *)again.input.data)[i] *= -0.5f;
    good = ck_network_run(n, &io2, false, &e) == CK_OK && good;
    bool differs = memcmp(whole.result.data, again.result.data, whole.result.size) != 0;
    memcpy(again.input.data, whole.input.data, whole.input.size);
    good = ck_network_run(n, &io2, true, &e) == CK_OK && good;
    ok(good && differs && !memcmp(whole.result.data, again.result.data, whole.result.size),
       "a frame leaves nothing behind for the next");
    ck_network_close(n);
    o.refine = false;
    good = run_network(c, o, &parts, &e);
    bool untouched = ((unsigned char *)parts.result.data)[5] == 0xcd;
    o.refine = true;
    o.infer = false;
    good = run_network(c, o, &parts, &e) && good;
    ok(good && untouched && !memcmp(whole.logits.data, parts.logits.data, whole.logits.size) &&
           !memcmp(whole.result.data, parts.result.data, whole.result.size),
       "infer and refine apart give the bytes of both together");
    bool a = planes_free(&whole), b = planes_free(&parts);
    ok(planes_free(&again) && a && b, "and stay in their planes");
}

/* Scale 0: corrections have no effect, so the finals are the probabilities of the enlarged logits. */
static void scale_counts(const checkpoint *c, const char *device, int h, int w)
{
    planes p = planes_new(h, w);
    ck_network_options o = {
        .h = h, .w = w, .infer = true, .refine = true, .device = device, .precision = precision, .keep = true};
    ck_network *n = open_network(c, o);
    ck_network_io io = io_of(&p);
    ck_error e;
    ck_nn_tensor t;
    bool good = ck_network_run(n, &io, false, &e) == CK_OK;
    float *coarse = malloc(p.pixels * 7 * sizeof *coarse);
    bool shown = ck_network_inside(n, "coarse", &t, coarse);
    double worst = 0;
    for (size_t i = 0; shown && i < p.pixels; i++)
        worst = worse(worst, fabs((double)coarse[i * 7 + 3] - (double)io.alpha[i]));
    if (precision_act(precision) == CK_NN_F32)
        ok(good && shown && worst == 0, "scale 0 leaves the coarse matte");
    else
        ok(good && !shown, "a short coarse matte is not shown");
    ok(!ck_network_inside(n, "map4", &t, NULL) && !ck_network_inside(n, "", &t, NULL),
       "only what there is can be seen");
    free(coarse);
    ck_network_close(n);
    planes_free(&p);
}

/* Blocks of `odd` with global attention: all of stage 2 but its first, and stage 3. */
static const int global_blocks[] = {4, 5, 6};

/* The checkpoint with attention's last layer of the global blocks zeroed: they add nothing. */
static checkpoint make_without_attention(void)
{
    static const char *const leaves[] = {"weight", "bias"};
    checkpoint c = make(&odd);
    for (size_t i = 0; i < 2 * COUNT(global_blocks); i++) {
        char name[96];
        snprintf(name, sizeof name, "encoder.model.blocks.%d.attn.proj.%s", global_blocks[i / 2], leaves[i % 2]);
        const ck_tensor *t = ck_weights_find(c.w, name);
        memset(ck_drop_const(t->data), 0, t->count * sizeof(float));
    }
    return c;
}

static void set_hint(planes *p, float v)
{
    for (size_t i = 3 * p->pixels; i < 4 * p->pixels; i++)
        ((float *)p->input.data)[i] = v;
}

static bool same_results(const planes *a, const planes *b)
{
    return !memcmp(a->logits.data, b->logits.data, a->logits.size) &&
           !memcmp(a->result.data, b->result.data, a->result.size);
}

/* All tokens attend, by a list or without; none does; some do. */
static void routes(const checkpoint *c, const char *device, int h, int w)
{
    checkpoint without = make_without_attention();
    planes whole = planes_new(h, w), some = planes_new(h, w), by_ref = planes_new(h, w);
    ck_network_options o = {.h = h, .w = w, .infer = true, .refine = true, .scale = 1, .device = device, .hi = 1};
    bool host = strncmp(device, "cuda", 4) != 0;
    ck_error e;
    o.precision = precision;
    set_hint(&whole, 0.5f);
    set_hint(&some, 0.5f);
    bool good = run_network(c, o, &whole, &e);
    o.route = true;
    good = run_network(c, o, &some, &e) && good;
    ok(good && same_results(&whole, &some), "%s: a route of 0,1 is the plain network", device);
    o.hi = 0.75;
    good = run_network(c, o, &some, &e);
    bool same = host || precision == CK_NN_PRECISION_F32 ? same_results(&whole, &some)
                                                         : difference(&whole.result, &some.result) < 0.1;
    ok(good && same, "with all tokens in the list it is the same");
    o.lo = 0.5;
    good = run_network(c, o, &some, &e);
    o.route = false;
    good = run_network(&without, o, &whole, &e) && good;
    ok(good && same_results(&whole, &some), "with none in it attention adds nothing");
    o.route = true;
    planes_free(&some);
    some = planes_new(h, w); /* noise from -2 to 2, with means around 0 */
    o.lo = 0;
    o.hi = 0.001;
    good = run_network(c, o, &some, &e);
    o.device = "ref";
    o.precision = CK_NN_PRECISION_F32;
    good = run_network(c, o, &by_ref, &e) && good;
    double finals = difference(&some.result, &by_ref.result);
    double most = precision == CK_NN_PRECISION_F32 ? 2e-5 : 1.5 * net_ideal(precision, "").top;
    ok(good && finals <= most, "some tokens: %s and ref agree to %.1e on finals", device, finals);
    ok(difference(&some.result, &whole.result) > 1e-3, "which is another result");
    planes_free(&whole);
    planes_free(&some);
    planes_free(&by_ref);
    unmake(&without);
}

static void bad_frames(const checkpoint *c, const char *device)
{
    planes p = planes_new(32, 64);
    ck_network_options o = {
        .h = 32, .w = 64, .infer = true, .refine = true, .scale = 1, .device = device, .precision = precision};
    ck_network *n = open_network(c, o);
    ck_network_io io = io_of(&p);
    ck_error e = {""};
    float *in = p.input.data, kept = in[77];
    in[77] = NAN;
    ok(ck_network_run(n, &io, false, &e) == CK_ERR_FORMAT && strstr(e.text, "not finite"), "%s: NaN in a frame: %s",
       device, e.text);
    in[77] = kept;
    ok(ck_network_run(n, &io, false, &e) == CK_OK, "and the next frame is fine");
    ck_network_close(n);
    planes_free(&p);
}

/* A value beyond float16, 65504, inside the network: the frame is not to blame. */
static void overflow(const char *device)
{
    mk_spec s = odd;
    s.poison = "encoder.model.blocks.0.mlp.fc1.bias";
    s.poison_with = 1e5f;
    checkpoint c = make(&s);
    planes p = planes_new(32, 64);
    ck_network_options o = {
        .h = 32, .w = 64, .infer = true, .refine = true, .scale = 1, .device = device, .precision = precision};
    ck_network *n = open_network(&c, o);
    ck_network_io io = io_of(&p);
    ck_error e = {""};
    ck_status st = ck_network_run(n, &io, false, &e);
    if (precision == CK_NN_PRECISION_F16)
        ok(st == CK_ERR_FORMAT && strstr(e.text, "use --precision bf16"), "%s: a value beyond float16: %s", device,
           e.text);
    else
        ok(st == CK_OK, "%s: a value beyond float16%s%s", device, *e.text ? ": " : "", e.text);
    ck_network_close(n);
    planes_free(&p);
    unmake(&c);
}

static void bad_sizes(const checkpoint *c)
{
    static const int sizes[][2] = {{31, 32}, {32, 48}, {-32, 32}, {32, 1 << 20}, {64, 16}};
    ck_error e;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        ck_network_options o = {.h = sizes[i][0], .w = sizes[i][1], .infer = true, .device = "cpu"};
        ck_network *n;
        ok(ck_network_open(c->w, &c->table.sizes, &o, &n, &e) == CK_ERR_ARGUMENT && strstr(e.text, "multiples of 32"),
           "refused: %s", e.text);
    }
    int h = 0, w = 0;
    ck_network *n = open_network(c, (ck_network_options){.infer = true, .device = "auto"});
    ck_network_size(n, &h, &w);
    ok(h == 96 && w == 96 && !strcmp(ck_network_device(n), "cpu"), "no size: that of the checkpoint; auto: cpu");
    ck_network_close(n);
}

int main(int argc, char **argv)
{
    int goldens = argc > 2 && !strchr(argv[2], '.') ? 3 : 2;
    precision = precision_of(goldens == 3 ? argv[2] : "f32");
    if (argc > goldens) {
        for (int i = goldens; i < argc; i++)
            net_golden(argv[1], precision, argv[i]);
        return done_testing();
    }
    checkpoint c = make(&odd);
    if (argc > 1) {
        devices_agree(&c, argv[1], 64, 96);
        if (strncmp(argv[1], "cuda", 4))
            threads_do_not_matter(&c, argv[1], 64, 96);
        frames_and_parts(&c, argv[1], 64, 32);
        scale_counts(&c, argv[1], 32, 64);
        routes(&c, argv[1], 32, 96);
        bad_frames(&c, argv[1]);
        overflow(argv[1]);
        unmake(&c);
        return done_testing();
    }
    devices_agree(&c, "cpu", 96, 96);
    devices_agree(&c, "cpu", 64, 160);
    threads_do_not_matter(&c, "cpu", 64, 96);
    threads_do_not_matter(&c, "ref", 64, 32);
    frames_and_parts(&c, "cpu", 96, 64);
    scale_counts(&c, "cpu", 32, 64);
    routes(&c, "cpu", 64, 160);
    routes(&c, "ref", 64, 32);
    bad_frames(&c, "cpu");
    bad_frames(&c, "ref");
    bad_sizes(&c);
    unmake(&c);
    for (size_t i = 0; i < COUNT(cpu_goldens); i++)
        net_golden("cpu", CK_NN_PRECISION_F32, cpu_goldens[i]);
    for (size_t i = 0; i < COUNT(ref_goldens) && ref_goldens[i]; i++)
        net_golden("ref", CK_NN_PRECISION_F32, ref_goldens[i]);
    ck_pool_trim();
    return done_testing();
}
