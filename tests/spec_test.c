/* The weight table: sizes follow from shapes, and every missing, misshaped or broken tensor is named. */
#include "mkmodel.h"
#include "checkpoint/build.h"
#include "greenformer/spec.h"
#include "weights.h"

static ck_error e;

/* Check a spec's checkpoint; *t is set if it returns CK_OK. */
static ck_status check(const mk_spec *s, int heads, bool strict, unsigned parts, ck_spec *t)
{
    blob b = mk_safetensors_blob(s);
    ck_weights *w = weights_open(b.p, b.n);
    blob_free(&b);
    e.text[0] = 0;
    if (!w) {
        printf("Bail out! %s\n", weights_error.text);
        exit(1);
    }
    ck_status st = ck_spec_check(w, heads, strict, parts, t, &e);
    weights_close(w);
    return st;
}

/* The same without metadata and with tensors that repeat one number: any size in a few bytes. */
static ck_status check_hollow(const mk_spec *s, ck_spec *t)
{
    static const uint8_t zero[4];
    const uint64_t none[4] = {0};
    mk_list l = mk_tensors(s);
    ck_weights *w = ck_weights_new("test");
    ck_status st = CK_OK;
    for (size_t i = 0; i < l.n && st == CK_OK; i++) {
        ck_tensor one = {.dtype = CK_DTYPE_F32};
        bool good =
            ck_tensor_set_shape(&one, l.t[i].shape, (size_t)l.t[i].dims) && ck_tensor_set_view(&one, none, 0, zero, 1);
        st = good ? ck_weights_add(w, l.t[i].name, strlen(l.t[i].name), &one, &e) : CK_ERR_FORMAT;
    }
    e.text[0] = 0;
    if (st == CK_OK)
        st = ck_weights_finish(w, &e);
    if (st == CK_OK)
        st = ck_spec_check(w, 0, true, CK_PART_REFINER, t, &e);
    ck_weights_free(w);
    free(l.t);
    return st;
}

static bool refused(const mk_spec *s, int heads, ck_status want, const char *text)
{
    ck_spec t;
    ck_status st = check(s, heads, false, CK_PART_ALL, &t);
    bool good = st == want && strstr(e.text, text);
    if (!good)
        printf("# %d: %s\n", st, e.text);
    return good;
}

static void sizes(void)
{
    ck_spec t;
    mk_spec s = {.embed = 24, .heads = 3, .depth = {2, 1, 4, 3}, .decoder = 40, .refiner = 16, .size = 96};
    ok(check(&s, 0, true, CK_PART_ALL, &t) == CK_OK, "a checkpoint of odd widths is good");
    const ck_sizes *z = &t.sizes;
    ok(z->grid == 24 && z->embed == 24 && z->heads == 3 && z->heads_from == CK_HEADS_METADATA && z->blocks == 10 &&
           z->decoder == 40 && z->refiner == 16,
       "its sizes");
    ok(z->depth[0] == 2 && z->depth[1] == 1 && z->depth[2] == 4 && z->depth[3] == 3 && z->width[0] == 24 &&
           z->width[3] == 192,
       "its stages");
    mk_list l = mk_tensors(&s);
    size_t values = 0;
    for (size_t i = 0; i < l.n; i++)
        values += l.t[i].count;
    ok(t.tensors == l.n && t.values == values && t.dtype == CK_DTYPE_F32 && !*t.warning[0] && !*t.warning[1],
       "all its tensors are used, and nothing is said");
    free(l.t);
    s.half = true;
    ok(check(&s, 0, true, CK_PART_ALL, &t) == CK_OK && t.dtype == CK_DTYPE_F16, "as float16");
}

static void head_count(void)
{
    ck_spec t;
    mk_spec s = MK_TOY;
    s.heads = 0;
    ok(refused(&s, 0, CK_ERR_ARGUMENT, "--heads N"), "heads that nothing tells are asked for");
    ok(check(&s, 2, true, CK_PART_ALL, &t) == CK_OK && t.sizes.heads == 2 && t.sizes.heads_from == CK_HEADS_OPTION,
       "--heads says it");
    ok(refused(&s, 3, CK_ERR_ARGUMENT, "3 heads do not divide"), "heads that do not divide the width");
    s.heads = 4;
    ok(check(&s, 0, true, CK_PART_ALL, &t) == CK_OK && t.sizes.heads == 4 && !*t.warning[0], "the metadata say it");
    ok(check(&s, 2, true, CK_PART_ALL, &t) == CK_OK && t.sizes.heads == 4 &&
           strstr(t.warning[0], "--heads 2 is ignored"),
       "and go before --heads, which is said");
    ok(check(&s, 4, true, CK_PART_ALL, &t) == CK_OK && !*t.warning[0], "unless both are the same");
    s.heads = 3;
    ok(refused(&s, 0, CK_ERR_FORMAT, "3 heads (num_heads in the file's metadata)"), "metadata that do not divide");
    s.heads = -1;
    ok(refused(&s, 0, CK_ERR_FORMAT, "'-1', not a number"), "metadata that are no number");
    static const int known[][2] = {{96, 1}, {112, 2}, {144, 2}, {256, 4}};
    for (size_t i = 0; i < 4; i++) {
        s = MK_TOY;
        s.embed = known[i][0];
        ok(check_hollow(&s, &t) == CK_OK && t.sizes.heads == known[i][1] && t.sizes.heads_from == CK_HEADS_EMBED,
           "embed dimension %d has %d", known[i][0], known[i][1]);
    }
    s.embed = 97;
    ok(check_hollow(&s, &t) == CK_ERR_ARGUMENT && strstr(e.text, "embed dimension 97"), "97 is asked for");
}

static const char *shape_of(const mk_tensor *t, char buf[static CK_SHAPE_TEXT])
{
    size_t shape[4];
    for (size_t d = 0; d < t->dims; d++)
        shape[d] = t->shape[d];
    return ck_shape_text(shape, (int)t->dims, buf);
}

/* True if the error has the name and one or two shapes. */
static bool names(const char *what, const mk_tensor *t, const mk_tensor *other)
{
    char name[100], want[CK_SHAPE_TEXT], got[CK_SHAPE_TEXT];
    bool square = mk_ends(t->name, "pos_embed"); /* any square size would do */
    snprintf(name, sizeof name, "'%s' is", t->name);
    snprintf(want, sizeof want, "[1, N*N, %llu]", (unsigned long long)t->shape[2 * square]);
    if (!square)
        shape_of(t, want);
    bool good = strstr(e.text, name) && strstr(e.text, want) && (!other || strstr(e.text, shape_of(other, got)));
    if (!good)
        printf("# %s %s: %s\n", what, t->name, e.text);
    return good;
}

/* Every tensor of the table, one at a time: missing, of another shape, with a NaN. */
static void every_tensor(void)
{
    ck_spec t;
    mk_spec s = MK_TOY;
    mk_list l = mk_tensors(&s);
    bool missing = true, misshaped = true, poisoned = true;
    for (size_t i = 0; i < l.n; i++) {
        mk_spec bad = MK_TOY;
        bad.drop = l.t[i].name;
        missing = check(&bad, 0, false, CK_PART_ALL, &t) == CK_ERR_FORMAT && names("missing", &l.t[i], NULL) && missing;
        bad.drop = NULL;
        bad.reshape = l.t[i].name;
        mk_tensor other = l.t[i];
        other.shape[0]++;
        misshaped =
            check(&bad, 0, false, CK_PART_ALL, &t) == CK_ERR_FORMAT && names("misshaped", &l.t[i], &other) && misshaped;
        bad.reshape = NULL;
        bad.poison = l.t[i].name;
        bad.poison_with = i % 2 ? NAN : INFINITY;
        char text[120];
        snprintf(text, sizeof text, "'%s': element %zu is NaN", l.t[i].name, l.t[i].count - 1);
        poisoned = refused(&bad, 0, CK_ERR_FORMAT, text) && poisoned;
    }
    ok(l.n == 3 + 4 * 12 + 3 * 2 + 2 * 15 + 38, "the toy has %zu tensors", l.n);
    ok(missing, "each of them, if missing, is named with its shape");
    ok(misshaped, "if misshaped, with both shapes");
    ok(poisoned, "if broken, with the place of the NaN");
    free(l.t);
}

static void extras(void)
{
    ck_spec t;
    mk_spec s = MK_TOY;
    s.extra = "encoder.model.mask_token";
    ok(check(&s, 0, false, CK_PART_ALL, &t) == CK_OK && strstr(t.warning[1], "1 tensor of the file is not used") &&
           strstr(t.warning[1], "'encoder.model.mask_token'"),
       "a tensor too many is a warning");
    ok(check(&s, 0, true, CK_PART_ALL, &t) == CK_ERR_FORMAT && strstr(e.text, "'encoder.model.mask_token'"),
       "and an error if strict");
    s.poison = "encoder.model.mask_token";
    s.poison_with = NAN;
    ok(check(&s, 0, false, CK_PART_ALL, &t) == CK_OK, "what is not used may hold anything");
    s = MK_TOY;
    s.poison = "refiner.final.bias";
    s.poison_with = NAN;
    ok(check(&s, 0, true, CK_PART_ENCODER | CK_PART_DECODERS, &t) == CK_OK &&
           check(&s, 0, true, CK_PART_REFINER, &t) == CK_ERR_FORMAT,
       "only the parts asked for are looked through");
}

static void others(void)
{
    mk_spec s = MK_TOY;
    s.refiner = 12;
    ok(refused(&s, 0, CK_ERR_FORMAT, "refiner is 12, not a multiple of 8"), "a refiner of 12 channels");
    s = MK_TOY;
    s.depth[1] = 0; /* its stage's first block then has four times the width */
    ok(refused(&s, 0, CK_ERR_FORMAT, "2 blocks have a proj instead of 3"), "a stage without blocks");
    s = MK_TOY;
    s.extra = "encoder.model.blocks.5.norm1.weight";
    ok(refused(&s, 0, CK_ERR_FORMAT, "'encoder.model.blocks.4.norm1.weight' is missing"), "a gap between blocks");
    s.extra = "encoder.model.blocks.99999999999999999999.norm1.weight";
    ok(refused(&s, 0, CK_ERR_FORMAT, "number of blocks is 1001, above 1000"), "a huge number of a block");
    s.extra = "encoder.model.blocks.-5.norm1.weight";
    ck_spec t;
    ok(check(&s, 0, false, CK_PART_ALL, &t) == CK_OK && *t.warning[1], "a negative one is just not used");
    blob b = st_file("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4);
    ck_weights *w = weights_open(b.p, b.n);
    ok(w && ck_spec_check(w, 0, false, CK_PART_ALL, &t, &e) == CK_ERR_FORMAT &&
           strstr(e.text, "not a GreenFormer checkpoint"),
       "some other model");
    weights_close(w);
    blob_free(&b);
}

/* An integer tensor instead of a float tensor. */
static void integers(void)
{
    mk_spec s = MK_TOY;
    blob b = mk_safetensors_blob(&s);
    static const char name[] = "\"refiner.final.bias\": {\"dtype\": \"F32\"";
    char *at = memmem(b.p, b.n, name, sizeof name - 1);
    ck_spec t;
    if (at)
        memcpy(at + sizeof name - 5, "I", 1);
    ck_weights *w = weights_open(b.p, b.n);
    ok(w && ck_spec_check(w, 0, false, CK_PART_ALL, &t, &e) == CK_ERR_FORMAT &&
           strstr(e.text, "'refiner.final.bias' is I32 [4] instead of floating-point [4]"),
       "integers instead of numbers");
    weights_close(w);
    blob_free(&b);
}

int main(void)
{
    sizes();
    head_count();
    every_tensor();
    extras();
    others();
    integers();
    return done_testing();
}
