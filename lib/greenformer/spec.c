#include "greenformer/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger widths cannot be this kind of model.  The limit keeps every product below in an int. */
#define MAX_WIDTH 8192
#define MAX_BLOCKS 1000
#define MAX_GRID 16384
#define MAX_HEADS 256

typedef struct checker {
    const ck_weights *w;
    ck_spec *out;
    unsigned parts; /* parts whose values are checked */
    bool *used;     /* [tensor index] the table names this tensor */
    ck_status s;    /* after the first failure nothing more is checked */
    ck_error *e;
} checker;

static ck_status missing(ck_error *e, const char *name, const char *shape)
{
    return ck_fail(e, CK_ERR_FORMAT,
                   "tensor '%s' is missing (shape %s): not a GreenFormer checkpoint, or an incomplete one", name,
                   shape);
}

static ck_status misshaped(ck_error *e, const ck_tensor *t, const char *shape)
{
    char got[CK_SHAPE_TEXT];
    return ck_fail(e, CK_ERR_FORMAT,
                   "tensor '%s' is %s %s instead of floating-point %s: not a GreenFormer checkpoint, or a damaged one",
                   t->name, ck_dtype_name(t->dtype), ck_shape_text(t->shape, t->dims, got), shape);
}

/* Name an unknown prefix, before every tensor is reported as missing. */
static ck_status check_prefix(const ck_weights *w, ck_error *e)
{
    static const char name[] = "encoder.model.pos_embed";
    size_t k = sizeof name - 1;
    if (ck_weights_find(w, name))
        return CK_OK;
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        const char *other = ck_weights_at(w, i)->name;
        size_t n = strlen(other);
        if (n > k && !strcmp(other + n - k, name))
            return ck_fail(
                e, CK_ERR_FORMAT,
                "the tensors' names begin with '%.*s': rename them, as in '%s' (prefixes model., module. and "
                "_orig_mod. may stay)",
                (int)(n - k < 100 ? n - k : 100), other, name);
    }
    return CK_OK;
}

/* ---- finding the sizes ---- */

/* Length of axis `axis` of the tensor of that name; 0 if it is missing. */
static size_t axis_of(const ck_weights *w, const char *name, int axis)
{
    const ck_tensor *t = ck_weights_find(w, name);
    return t && axis < t->dims ? t->shape[axis] : 0;
}

/* A size stated by three tensors: the value that two agree on, so that one bad tensor is the one blamed.  0 if no two
 * agree. */
static size_t majority(size_t a, size_t b, size_t c)
{
    return a == b || a == c ? a : b == c ? b : 0;
}

static ck_status strange(ck_error *e, const char *what, size_t size, size_t most)
{
    if (!size)
        return ck_fail(e, CK_ERR_FORMAT, "the tensors do not tell the %s: not a GreenFormer checkpoint", what);
    return ck_fail(e, CK_ERR_FORMAT, "the %s is %zu, above %zu: not a GreenFormer checkpoint", what, size, most);
}

static ck_status find_widths(const ck_weights *w, ck_sizes *z, ck_error *e)
{
    size_t embed = majority(axis_of(w, "encoder.model.patch_embed.proj.weight", 0),
                            axis_of(w, "encoder.model.patch_embed.proj.bias", 0),
                            axis_of(w, "encoder.model.blocks.0.norm1.weight", 0));
    size_t decoder = majority(axis_of(w, "alpha_decoder.linear_fuse.weight", 0),
                              axis_of(w, "alpha_decoder.bn.weight", 0), axis_of(w, "fg_decoder.bn.weight", 0));
    size_t refiner = majority(axis_of(w, "refiner.stem.0.weight", 0), axis_of(w, "refiner.stem.1.weight", 0),
                              axis_of(w, "refiner.final.weight", 1));
    if (!embed || embed > MAX_WIDTH)
        return strange(e, "embed dimension", embed, MAX_WIDTH);
    if (!decoder || decoder > MAX_WIDTH)
        return strange(e, "width of the decoders", decoder, MAX_WIDTH);
    if (!refiner || refiner > MAX_WIDTH)
        return strange(e, "width of the refiner", refiner, MAX_WIDTH);
    if (refiner % CK_GROUPS)
        return ck_fail(e, CK_ERR_FORMAT,
                       "the width of the refiner is %zu, not a multiple of %d: not a GreenFormer checkpoint", refiner,
                       CK_GROUPS);
    z->embed = (int)embed;
    z->decoder = (int)decoder;
    z->refiner = (int)refiner;
    for (int s = 0; s < CK_ENCODER_STAGES; s++)
        z->width[s] = (int)embed << s;
    return CK_OK;
}

/* Only the position embedding gives the grid, which must be square. */
static ck_status find_grid(const ck_weights *w, ck_sizes *z, ck_error *e)
{
    static const char name[] = "encoder.model.pos_embed";
    char want[40];
    const ck_tensor *t = ck_weights_find(w, name);
    size_t grid = 1;
    snprintf(want, sizeof want, "[1, N*N, %d]", z->embed);
    if (!t)
        return missing(e, name, want);
    while (grid < MAX_GRID && t->dims == 3 && grid * grid < t->shape[1])
        grid++;
    z->grid = (int)grid;
    if (t->dims == 3 && t->shape[0] == 1 && t->shape[2] == (size_t)z->embed && grid * grid == t->shape[1])
        return CK_OK;
    return misshaped(e, t, want);
}

static const ck_tensor *find_in_block(const ck_weights *w, int block, const char *rest)
{
    char name[96];
    snprintf(name, sizeof name, "encoder.model.blocks.%d.%s", block, rest);
    return ck_weights_find(w, name);
}

/* The first block of a stage has a `proj` of its own; if that is missing, the shape of qkv decides. */
static bool starts_stage(const ck_weights *w, int block)
{
    const ck_tensor *qkv = find_in_block(w, block, "attn.qkv.weight");
    return find_in_block(w, block, "proj.weight") || find_in_block(w, block, "proj.bias") ||
           (qkv && qkv->dims == 2 && qkv->shape[0] == 6 * qkv->shape[1]);
}

/* 1 + the largest N in "encoder.model.blocks.N.". */
static long count_blocks(const ck_weights *w)
{
    static const char prefix[] = "encoder.model.blocks.";
    long n = 0;
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        const char *name = ck_weights_at(w, i)->name;
        if (strncmp(name, prefix, sizeof prefix - 1))
            continue;
        char *end;
        long k = strtol(name + sizeof prefix - 1, &end, 10);
        if (*end == '.' && k >= n)
            n = k < MAX_BLOCKS ? k + 1 : MAX_BLOCKS + 1;
    }
    return n;
}

static ck_status find_stages(const ck_weights *w, ck_sizes *z, ck_error *e)
{
    long blocks = count_blocks(w);
    if (!blocks || blocks > MAX_BLOCKS)
        return strange(e, "number of blocks", (size_t)blocks, MAX_BLOCKS);
    int stage = 0;
    for (int b = 0; b < blocks; b++) {
        stage += b > 0 && starts_stage(w, b);
        if (stage < CK_ENCODER_STAGES)
            z->depth[stage]++;
    }
    z->blocks = (int)blocks;
    if (stage != CK_ENCODER_STAGES - 1)
        return ck_fail(
            e, CK_ERR_FORMAT,
            "%d blocks have a proj instead of %d, one per stage after the first: not a GreenFormer checkpoint", stage,
            CK_ENCODER_STAGES - 1);
    return CK_OK;
}

/* Number of heads in published models of this embed dimension; 0 = unknown. */
static int heads_of_embed(int embed)
{
    return embed == 96 ? 1 : embed == 112 || embed == 144 ? 2 : embed == 256 ? 4 : 0;
}

static ck_status find_heads(const ck_weights *w, int option, ck_spec *t, ck_error *e)
{
    ck_sizes *z = &t->sizes;
    const char *meta = ck_weights_meta(w, "num_heads");
    char *end = NULL;
    long n = meta ? strtol(meta, &end, 10) : option ? option : heads_of_embed(z->embed);
    z->heads_from = meta ? CK_HEADS_METADATA : option ? CK_HEADS_OPTION : CK_HEADS_EMBED;
    if (!meta && !n)
        return ck_fail(
            e, CK_ERR_ARGUMENT,
            "number of heads unknown for embed dimension %d without num_heads in the metadata: give --heads N",
            z->embed);
    if (meta && (*end || end == meta || n < 1))
        return ck_fail(e, CK_ERR_FORMAT, "num_heads in the file's metadata is '%.40s', not a number of heads", meta);
    if (n < 1 || n > MAX_HEADS || z->embed % n)
        return ck_fail(e, meta ? CK_ERR_FORMAT : CK_ERR_ARGUMENT,
                       "%ld heads%s do not divide embed dimension %d evenly: %s", n,
                       meta ? " (num_heads in the file's metadata)" : "", z->embed,
                       meta ? "the metadata are wrong" : "give another --heads N");
    z->heads = (int)n;
    if (meta && option && option != n)
        snprintf(t->warning[0], sizeof t->warning[0],
                 "--heads %d is ignored: the file's metadata say num_heads %ld (ck-model convert --heads changes it)",
                 option, n);
    return CK_OK;
}

/* ---- checking the table ---- */

static void check_values(checker *c, const ck_tensor *t)
{
    size_t bad;
    bool finite = ck_tensor_finite(t, &bad);
    c->s = ck_tensor_intact(t, c->e);
    if (c->s == CK_OK && !finite)
        c->s = ck_fail(
            c->e, CK_ERR_FORMAT,
            "tensor '%s': element %zu is NaN, infinite or beyond float32: the weights are broken: download them again",
            t->name, bad);
}

/* Check the tensor of that name: shape and float type. */
static void check_tensor(checker *c, const char *name, unsigned part, const size_t *shape, int dims)
{
    char want[CK_SHAPE_TEXT];
    if (c->s != CK_OK)
        return;
    ck_shape_text(shape, dims, want);
    const ck_tensor *t = ck_weights_find(c->w, name);
    if (!t) {
        c->s = missing(c->e, name, want);
        return;
    }
    bool same = t->dims == dims;
    for (int d = 0; d < dims && same; d++)
        same = t->shape[d] == shape[d];
    if (!same || !ck_dtype_is_float(t->dtype)) {
        c->s = misshaped(c->e, t, want);
        return;
    }
    c->used[t - ck_weights_at(c->w, 0)] = true;
    c->out->tensors++;
    c->out->values += t->count;
    if (t->dtype < c->out->dtype)
        c->out->dtype = t->dtype;
    if (c->parts & part)
        check_values(c, t);
}

static ck_status check_rows(checker *c, ck_error *e)
{
    ck_spec_rows rows;
    ck_status s = ck_spec_rows_new(&c->out->sizes, &rows, e);
    for (int i = 0; i < rows.n && s == CK_OK; i++) {
        const ck_spec_row *r = &rows.row[i];
        char name[CK_SPEC_NAME + 8];
        snprintf(name, sizeof name, "%s%s", r->name, r->alone ? "" : ".weight");
        check_tensor(c, name, r->part, r->shape, r->dims);
        snprintf(name, sizeof name, "%s.bias", r->name);
        if (!r->alone)
            check_tensor(c, name, r->part, r->shape, 1);
        s = c->s;
    }
    ck_spec_rows_free(&rows);
    return s;
}

/* Report tensors that are not in the table, except integers, which count batches and the like. */
static ck_status check_extras(checker *c, bool strict, ck_error *e)
{
    char names[240] = "";
    size_t n = 0, len = 0;
    for (size_t i = 0; i < ck_weights_count(c->w); i++) {
        const ck_tensor *t = ck_weights_at(c->w, i);
        if (c->used[i] || !ck_dtype_is_float(t->dtype))
            continue;
        n++;
        if (n <= 3)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s'%.60s'", n > 1 ? ", " : "", t->name);
    }
    if (!n)
        return CK_OK;
    if (strict)
        return ck_fail(e, CK_ERR_FORMAT, "%zu tensor%s of the file %s not used by the network: %s%s", n,
                       n > 1 ? "s" : "", n > 1 ? "are" : "is", names, n > 3 ? " …" : "");
    snprintf(c->out->warning[1], sizeof c->out->warning[1], "%zu tensor%s of the file %s not used by the network: %s%s",
             n, n > 1 ? "s" : "", n > 1 ? "are" : "is", names, n > 3 ? " …" : "");
    return CK_OK;
}

ck_status ck_spec_check(const ck_weights *w, int heads, bool strict, unsigned parts, ck_spec *out, ck_error *e)
{
    *out = (ck_spec){.dtype = CK_DTYPE_BF16};
    ck_sizes *z = &out->sizes;
    ck_status s = check_prefix(w, e);
    if (s == CK_OK)
        s = find_widths(w, z, e);
    if (s == CK_OK)
        s = find_grid(w, z, e);
    if (s == CK_OK)
        s = find_stages(w, z, e);
    if (s == CK_OK)
        s = find_heads(w, heads, out, e);
    if (s != CK_OK)
        return s;
    checker c = {.w = w, .out = out, .parts = parts, .used = calloc(ck_weights_count(w) + 1, sizeof(bool)), .e = e};
    if (!c.used)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the weight table");
    s = check_rows(&c, e);
    if (s == CK_OK)
        s = check_extras(&c, strict, e);
    free(c.used);
    return s;
}
