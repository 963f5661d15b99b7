/* The refiner in bands, in limited memory and in single blocks: bit-identical with the whole frame wherever promised.
 *
 *     refine_test [DEVICE [PRECISION]]        only the parts for a device with its own memory */
#include "guard.h"
#include "greenformer/network.h"
#include "mkmodel.h"
#include "precision.h"

/* Widths that are not multiples of vector lengths. */
static const mk_spec odd = {
    .embed = 24, .heads = 1, .depth = {1, 1, 1, 1}, .decoder = 40, .refiner = 24, .size = 96, .seed = 3};

static ck_nn_precision precision;

typedef struct checkpoint {
    blob bytes;
    ck_weights *w;
    ck_spec table;
} checkpoint;

static void die(const char *why)
{
    printf("Bail out! %s\n", why);
    exit(1);
}

static checkpoint make(const mk_spec *s)
{
    checkpoint c = {.bytes = mk_safetensors_blob(s)};
    ck_error e;
    if (ck_weights_open_bytes(c.bytes.p, c.bytes.n, &c.w, &e) != CK_OK ||
        ck_spec_check(c.w, 0, true, CK_PART_REFINER, &c.table, &e) != CK_OK)
        die(e.text);
    return c;
}

static void unmake(checkpoint *c)
{
    ck_weights_free(c->w);
    blob_free(&c->bytes);
}

typedef struct planes {
    int h, w;
    size_t pixels;
    guard rgb, logits, result; /* [3][h][w], [4][h/4][w/4], [4][h][w] */
} planes;

static planes planes_new(int h, int w, uint32_t seed)
{
    planes p = {.h = h, .w = w, .pixels = (size_t)h * (size_t)w};
    p.rgb = guard_new(p.pixels * 12);
    p.logits = guard_new(p.pixels);
    p.result = guard_new(p.pixels * 16);
    for (size_t i = 0; i < 3 * p.pixels; i++)
        ((float *)p.rgb.data)[i] = rnd_float(&seed, -2, 2);
    for (size_t i = 0; i < p.pixels / 4; i++)
        ((float *)p.logits.data)[i] = rnd_float(&seed, -3, 3);
    return p;
}

static bool planes_free(planes *p)
{
    bool a = guard_done(&p->rgb), b = guard_done(&p->logits), c = guard_done(&p->result);
    return a && b && c;
}

static ck_status refine(ck_network *n, const planes *p, const unsigned char *blocks, ck_error *e)
{
    float *logits = p->logits.data, *result = p->result.data;
    ck_network_io io = {.rgb = p->rgb.data,
                        .alpha_logits = logits,
                        .fg_logits = logits + p->pixels / 16,
                        .alpha = result,
                        .fg = result + p->pixels,
                        .blocks = blocks};
    memset(p->result.data, 0xcd, p->result.size);
    return ck_network_run(n, &io, false, e);
}

static ck_network *open_network(const checkpoint *c, const ck_network_options *o)
{
    ck_network *n = NULL;
    ck_error e;
    if (ck_network_open(c->w, &c->table.sizes, o, &n, &e) != CK_OK)
        die(e.text);
    return n;
}

static ck_network_options options(const char *device, const planes *p)
{
    return (ck_network_options){.without = "",
                                .device = device,
                                .threads = 2,
                                .precision = precision,
                                .h = p->h,
                                .w = p->w,
                                .refine = true,
                                .scale = 1};
}

/* The whole frame at once, for comparison. */
static float *whole(const checkpoint *c, const char *device, const planes *p)
{
    ck_network_options o = options(device, p);
    ck_network *n = open_network(c, &o);
    ck_error e;
    if (refine(n, p, NULL, &e) != CK_OK)
        die(e.text);
    ck_network_close(n);
    float *copy = malloc(p->result.size);
    memcpy(copy, p->result.data, p->result.size);
    return copy;
}

static bool same(const planes *p, const float *want)
{
    return !memcmp(p->result.data, want, p->result.size);
}

/* ---- bands and memory ---- */

static void bands(const checkpoint *c, const char *device, int h, int w)
{
    planes p = planes_new(h, w, 7);
    float *want = whole(c, device, &p);
    ck_network_options o = options(device, &p);
    ck_network *n = open_network(c, &o);
    size_t all = ck_nn_plan_bytes(ck_network_plan(n));
    ck_network_close(n);
    for (o.band = 32; o.band <= h + 32; o.band += 32) {
        ck_error e;
        n = open_network(c, &o);
        bool good = refine(n, &p, NULL, &e) == CK_OK && same(&p, want);
        good = refine(n, &p, NULL, &e) == CK_OK && same(&p, want) && good;
        size_t took = ck_nn_plan_bytes(ck_network_plan(n));
        /* Two maps instead of three, except for the rows between them.  Whole, the result [4] lies in the third. */
        int pixel = c->table.sizes.refiner * (int)ck_nn_type_size(precision_act(precision));
        bool less = (h - o.band - 8) * pixel <= h * 4 * (int)sizeof(float) || took < all;
        ok(good && less, "%s, %dx%d in bands of %d: the same bytes, twice, in %.1f MB, not %.1f", device, w, h, o.band,
           (double)took * 1e-6, (double)all * 1e-6);
        ck_network_close(n);
    }
    free(want);
    ok(planes_free(&p), "and nothing outside its planes");
}

/* The least memory that the plan needs, from its refusal of one byte. */
static size_t least(const checkpoint *c, ck_network_options o)
{
    ck_network *n;
    ck_error e;
    double mb = 0;
    o.memory = 1;
    bool refused = ck_network_open(c->w, &c->table.sizes, &o, &n, &e) == CK_ERR_ARGUMENT;
    const char *at = strstr(e.text, "it needs ");
    ok(refused && at && sscanf(at, "it needs %lf MB", &mb) == 1, "refused: %s", e.text);
    return (size_t)(mb * 1e6) + 100000;
}

static void beyond_memory(const checkpoint *c, const char *device, int h, int w)
{
    planes p = planes_new(h, w, 8);
    float *want = whole(c, device, &p);
    ck_network_options o = options(device, &p);
    o.band = 64;
    size_t from = least(c, o);
    for (size_t memory = from, step = 0; step < 3; step++, memory += 2500000) {
        ck_network *n;
        ck_error e;
        o.memory = memory;
        ck_status s = ck_network_open(c->w, &c->table.sizes, &o, &n, &e);
        if (s != CK_OK && strstr(e.text, "is in memory")) {
            skip("no folder on a disk", "%s: maps beyond memory", device);
            continue;
        }
        if (s != CK_OK)
            die(e.text);
        const ck_nn_plan *plan = ck_network_plan(n);
        bool good = refine(n, &p, NULL, &e) == CK_OK && same(&p, want);
        good = refine(n, &p, NULL, &e) == CK_OK && same(&p, want) && good;
        ok(good && ck_nn_plan_bytes(plan) <= memory && (step || ck_nn_plan_spilled(plan) > 0),
           "%s, %dx%d in %.1f MB and %.1f MB of a file: the same bytes, twice", device, w, h, (double)memory * 1e-6,
           (double)ck_nn_plan_spilled(plan) * 1e-6);
        ck_network_close(n);
    }
    free(want);
    planes_free(&p);
}

static void no_room(const checkpoint *c)
{
    planes p = planes_new(64, 64, 9);
    ck_network_options o = options("ref", &p);
    o.band = 32;
    o.memory = least(c, o);
    char *before = getenv("TMPDIR"), *kept = before ? strdup(before) : NULL;
    ck_network *n;
    ck_error e;
    setenv("TMPDIR", "/no/such/folder", 1);
    ok(ck_network_open(c->w, &c->table.sizes, &o, &n, &e) == CK_ERR_IO && strstr(e.text, "set TMPDIR"), "refused: %s",
       e.text);
    setenv("TMPDIR", "/dev/shm", 1);
    if (ck_network_open(c->w, &c->table.sizes, &o, &n, &e) == CK_ERR_ARGUMENT)
        ok(strstr(e.text, "is in memory") != NULL, "refused: %s", e.text);
    else
        skip("/dev/shm is no memory here", "a folder in memory");
    if (kept)
        setenv("TMPDIR", kept, 1);
    else
        unsetenv("TMPDIR");
    free(kept);
    o.memory = 0;
    for (o.band = -32; o.band <= 48; o.band += 16)
        if (o.band < 0 || o.band % 32)
            ok(ck_network_open(c->w, &c->table.sizes, &o, &n, &e) == CK_ERR_ARGUMENT, "refused: %s", e.text);
    planes_free(&p);
}

/* ---- single blocks ---- */

/* Number of blocks of `got` that differ from `want`, among those whose mask is `which`. */
static int wrong_blocks(const planes *p, const float *want, const unsigned char *mask, int which)
{
    int across = p->w / 32, wrong = 0;
    const float *got = p->result.data;
    for (int b = 0; b < across * (p->h / 32); b++) {
        bool good = true;
        for (int c = 0; c < 4; c++)
            for (int y = b / across * 32; y < b / across * 32 + 32; y++) {
                size_t at = ((size_t)c * (size_t)p->h + (size_t)y) * (size_t)p->w + (size_t)(b % across) * 32;
                good = good && !memcmp(got + at, want + at, 32 * sizeof *got);
            }
        wrong += !good && mask[b] == which;
    }
    return wrong;
}

/* With a frame's own statistics every refined block is right, also at the border; the others have the result of the
 * logits. */
static void places(const checkpoint *c, const char *device, int h, int w, int band, size_t memory)
{
    planes p = planes_new(h, w, 10);
    int all = h / 32 * (w / 32);
    unsigned char *mask = calloc((size_t)all, 1);
    float *want = whole(c, device, &p);
    ck_network_options o = options(device, &p);
    o.scale = 0;
    ck_network *n = open_network(c, &o);
    ck_error e;
    refine(n, &p, NULL, &e);
    float *coarse = malloc(p.result.size);
    memcpy(coarse, p.result.data, p.result.size);
    ck_network_close(n);
    o = options(device, &p);
    o.sparse = true;
    o.band = band;
    o.memory = memory;
    n = open_network(c, &o);
    ok(refine(n, &p, mask, &e) == CK_ERR_ARGUMENT, "%s: no places before statistics: %s", device, e.text);
    ok(refine(n, &p, NULL, &e) == CK_OK && same(&p, want), "the whole frame: the same bytes");
    memset(mask, 1, (size_t)all);
    ok(refine(n, &p, mask, &e) == CK_OK && same(&p, want), "every block asked for: the same bytes");
    memset(mask, 0, (size_t)all);
    ok(refine(n, &p, mask, &e) == CK_OK && same(&p, coarse), "none: those of scale 0");
    int wrong = 0;
    for (int b = 0; b < all; b++) {
        memset(mask, 0, (size_t)all);
        mask[b] = 1;
        if (refine(n, &p, mask, &e) != CK_OK)
            die(e.text);
        wrong += wrong_blocks(&p, want, mask, 1) + wrong_blocks(&p, coarse, mask, 0);
    }
    ok(wrong == 0, "each of %d blocks alone, border and corners too: %d wrong", all, wrong);
    uint32_t seed = 5;
    for (int round = 0; round < 2; round++) {
        for (int b = 0; b < all; b++)
            mask[b] = rnd_int(&seed, 0, 2) == 0;
        if (refine(n, &p, mask, &e) != CK_OK)
            die(e.text);
        wrong += wrong_blocks(&p, want, mask, 1) + wrong_blocks(&p, coarse, mask, 0);
    }
    ok(wrong == 0, "some: %d wrong", wrong);
    ck_network_close(n);
    free(mask);
    free(want);
    free(coarse);
    ok(planes_free(&p), "and nothing outside its planes");
}

/* Another frame with the first one's statistics: not its own result, until it is refined whole. */
static void statistics_stay(const checkpoint *c, const char *device)
{
    planes p = planes_new(32, 64, 11), q = planes_new(32, 64, 12);
    for (size_t i = 0; i < 3 * q.pixels; i++)
        ((float *)q.rgb.data)[i] *= 0.25f;
    unsigned char mask[2] = {1, 1};
    float *want = whole(c, device, &q);
    ck_network_options o = options(device, &p);
    o.sparse = true;
    ck_network *n = open_network(c, &o);
    ck_error e;
    bool good = refine(n, &p, NULL, &e) == CK_OK && refine(n, &q, mask, &e) == CK_OK;
    ok(good && !same(&q, want), "the statistics are those of the frame before");
    ok(refine(n, &q, NULL, &e) == CK_OK && same(&q, want) && refine(n, &q, mask, &e) == CK_OK && same(&q, want),
       "until a frame is refined whole");
    ((float *)p.rgb.data)[5] = NAN;
    ok(refine(n, &p, NULL, &e) == CK_ERR_FORMAT && refine(n, &q, mask, &e) == CK_ERR_ARGUMENT,
       "a frame that fails leaves no statistics");
    ck_network_close(n);
    free(want);
    o.sparse = false;
    n = open_network(c, &o);
    ok(refine(n, &q, mask, &e) == CK_ERR_ARGUMENT, "a network that is not sparse: %s", e.text);
    ck_network_close(n);
    planes_free(&p);
    planes_free(&q);
}

int main(int argc, char **argv)
{
    checkpoint c = make(&odd);
    mk_spec usual = odd;
    usual.refiner = 64;
    checkpoint d = make(&usual);
    precision = precision_of(argc > 2 ? argv[2] : "f32");
    if (argc > 1) {
        bands(&c, argv[1], 64, 32);
        places(&c, argv[1], 64, 64, 0, 0);
        statistics_stay(&c, argv[1]);
        unmake(&c);
        unmake(&d);
        return done_testing();
    }
    bands(&c, "cpu", 160, 96);
    bands(&c, "ref", 96, 64);
    bands(&d, "cpu", 160, 224);
    beyond_memory(&d, "cpu", 224, 160);
    beyond_memory(&c, "ref", 160, 96);
    no_room(&c);
    places(&c, "ref", 96, 128, 0, 0);
    places(&d, "cpu", 192, 160, 0, 0);
    places(&d, "cpu", 128, 128, 32, 6000000);
    statistics_stay(&c, "cpu");
    unmake(&c);
    unmake(&d);
    return done_testing();
}
