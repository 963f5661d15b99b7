/* Checkpoints with weights made from their names, equal to those of synth_weights.py, from which the goldens were
 * computed.  Value i of tensor NAME, row-major:
 *
 *     z = splitmix64(fnv1a64(NAME) + seed * 0xD1342543DE82EF95 + (i + 1) * 0x9E3779B97F4A7C15)
 *     u = (z >> 40) / 2^24           in [0, 1)
 *
 * then scaled in double (mk_scale_of) and rounded to float32.  A spec may also request one defect. */
#ifndef CK_TESTS_MKMODEL_H
#define CK_TESTS_MKMODEL_H

#include <math.h>

#include "blob.h"
#include "image/convert.h"

typedef struct mk_spec {
    int embed, heads, depth[4]; /* heads 0: omitted from the metadata */
    int decoder, refiner;
    int size; /* side that pos_embed is made for, a multiple of 4 */
    uint64_t seed;
    bool half;           /* f16 instead of f32 */
    const char *drop;    /* name of a tensor to omit */
    const char *reshape; /* name of a tensor whose first axis gets one longer */
    const char *poison;  /* name of a tensor whose last value becomes `poison_with` */
    const char *extra;   /* name of a tensor to add, [3] */
    float poison_with;
} mk_spec;

#define MK_MINI ((mk_spec){.embed = 16, .heads = 1, .depth = {1, 2, 3, 1}, .decoder = 256, .refiner = 64, .size = 256})
/* The smallest possible network, for tests that open hundreds. */
#define MK_TOY ((mk_spec){.embed = 8, .heads = 1, .depth = {1, 1, 1, 1}, .decoder = 8, .refiner = 8, .size = 32})

/* Set the architecture; false if unknown. */
static inline bool mk_arch(mk_spec *s, const char *name)
{
    static const struct {
        const char *name;
        int embed, heads, depth[4];
    } archs[] = {{"base_plus", 112, 2, {2, 3, 16, 3}}, {"tiny", 96, 1, {1, 2, 7, 2}}, {"mini", 16, 1, {1, 2, 3, 1}}};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        if (strcmp(archs[i].name, name))
            continue;
        s->embed = archs[i].embed;
        s->heads = archs[i].heads;
        memcpy(s->depth, archs[i].depth, sizeof s->depth);
        return true;
    }
    return false;
}

typedef struct mk_tensor {
    char name[80];
    uint64_t shape[4];
    size_t dims, count;
} mk_tensor;

typedef struct mk_list {
    const mk_spec *spec;
    mk_tensor *t; /* owned */
    size_t n;
} mk_list;

__attribute__((format(printf, 3, 4))) static inline void mk_add(mk_list *l, const int shape[5], const char *fmt, ...)
{
    l->t = realloc(l->t, (l->n + 1) * sizeof *l->t);
    mk_tensor *t = l->t ? &l->t[l->n] : NULL;
    if (!t) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->name, sizeof t->name, fmt, ap);
    va_end(ap);
    if (l->spec->drop && !strcmp(t->name, l->spec->drop))
        return;
    t->count = 1;
    for (t->dims = 0; shape[t->dims]; t->dims++) {
        t->shape[t->dims] = (uint64_t)shape[t->dims];
        if (!t->dims && l->spec->reshape && !strcmp(t->name, l->spec->reshape))
            t->shape[0]++;
        t->count *= t->shape[t->dims];
    }
    l->n++;
}

#define MK_SHAPE(...) ((const int[5]){__VA_ARGS__})

static inline void mk_pair(mk_list *l, const int shape[5], const char *prefix, const char *name)
{
    mk_add(l, shape, "%s%s.weight", prefix, name);
    mk_add(l, MK_SHAPE(shape[0]), "%s%s.bias", prefix, name);
}

static inline void mk_encoder(mk_list *l)
{
    const mk_spec *s = l->spec;
    int in = s->embed, n = s->size / 4 * (s->size / 4);
    mk_add(l, MK_SHAPE(1, n, in), "encoder.model.pos_embed");
    mk_pair(l, MK_SHAPE(in, 4, 7, 7), "encoder.model.", "patch_embed.proj");
    for (int stage = 0, b = 0; stage < 4; stage++) {
        int out = s->embed << stage;
        for (int k = 0; k < s->depth[stage]; k++, b++) {
            char p[40];
            snprintf(p, sizeof p, "encoder.model.blocks.%d.", b);
            mk_pair(l, MK_SHAPE(in), p, "norm1");
            if (in != out)
                mk_pair(l, MK_SHAPE(out, in), p, "proj");
            mk_pair(l, MK_SHAPE(3 * out, in), p, "attn.qkv");
            mk_pair(l, MK_SHAPE(out, out), p, "attn.proj");
            mk_pair(l, MK_SHAPE(out), p, "norm2");
            mk_pair(l, MK_SHAPE(4 * out, out), p, "mlp.fc1");
            mk_pair(l, MK_SHAPE(out, 4 * out), p, "mlp.fc2");
            in = out;
        }
    }
}

static inline void mk_head(mk_list *l, const char *head, int channels)
{
    int w = l->spec->decoder;
    for (int k = 4; k > 0; k--) {
        char name[24];
        snprintf(name, sizeof name, "linear_c%d.proj", k);
        mk_pair(l, MK_SHAPE(w, l->spec->embed << (k - 1)), head, name);
    }
    mk_add(l, MK_SHAPE(w, 4 * w, 1, 1), "%slinear_fuse.weight", head);
    mk_pair(l, MK_SHAPE(w), head, "bn");
    mk_add(l, MK_SHAPE(w), "%sbn.running_mean", head);
    mk_add(l, MK_SHAPE(w), "%sbn.running_var", head);
    mk_pair(l, MK_SHAPE(channels, w, 1, 1), head, "classifier");
}

/* All tensors of the spec, in the order of synth_weights.py; free() its t. */
static inline mk_list mk_tensors(const mk_spec *s)
{
    mk_list l = {.spec = s};
    int r = s->refiner;
    mk_encoder(&l);
    mk_head(&l, "alpha_decoder.", 1);
    mk_head(&l, "fg_decoder.", 3);
    mk_pair(&l, MK_SHAPE(r, 7, 3, 3), "refiner.", "stem.0");
    mk_pair(&l, MK_SHAPE(r), "refiner.", "stem.1");
    for (int k = 0; k < 8; k++) {
        char p[40], c[2] = {(char)('1' + k % 2), 0};
        snprintf(p, sizeof p, "refiner.res%d.conv", k / 2 + 1);
        mk_pair(&l, MK_SHAPE(r, r, 3, 3), p, c);
        snprintf(p, sizeof p, "refiner.res%d.gn", k / 2 + 1);
        mk_pair(&l, MK_SHAPE(r), p, c);
    }
    mk_pair(&l, MK_SHAPE(4, r, 1, 1), "refiner.", "final");
    if (s->extra)
        mk_add(&l, MK_SHAPE(3), "%s", s->extra);
    return l;
}

static inline bool mk_ends(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);
    return n >= k && !strcmp(s + n - k, tail);
}

/* A value is offset + factor * v, where v is 2u - 1 or u: chosen so that activations neither vanish nor saturate. */
typedef struct mk_scale {
    double offset, factor;
    bool positive; /* v is u */
} mk_scale;

static inline mk_scale mk_scale_of(const mk_tensor *t)
{
    if (mk_ends(t->name, "running_var"))
        return (mk_scale){1, 0.5, true};
    if (mk_ends(t->name, "running_mean"))
        return (mk_scale){0, 0.1, false};
    if (mk_ends(t->name, "pos_embed"))
        return (mk_scale){0, 0.2, false};
    if (mk_ends(t->name, "bias"))
        return (mk_scale){0, 0.05, false};
    if (t->dims == 1)
        return (mk_scale){1, 0.2, false};
    double fan_in = (double)(t->count / t->shape[0]), gain = 1.0;
    if (strstr(t->name, "attn.qkv"))
        gain = 1.5;
    if (strstr(t->name, "classifier"))
        gain = 4.0;
    if (!strcmp(t->name, "refiner.final.weight"))
        gain = 0.1;
    return (mk_scale){0, gain * pow(3.0 / fan_in, 0.5), false};
}

/* All values of a tensor; free() them. */
static inline float *mk_values(const mk_spec *s, const mk_tensor *t)
{
    float *out = malloc((t->count + 1) * sizeof *out);
    if (!out) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    mk_scale scale = mk_scale_of(t);
    uint64_t base = 0xcbf29ce484222325u;
    for (const char *c = t->name; *c; c++)
        base = (base ^ (uint8_t)*c) * 0x100000001b3u;
    base += s->seed * 0xd1342543de82ef95u;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t z = base + (i + 1) * 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        double u = (double)(z >> 40) / 16777216.0;
        out[i] = (float)(scale.offset + scale.factor * (scale.positive ? u : 2.0 * u - 1.0));
    }
    if (s->poison && !strcmp(s->poison, t->name))
        out[t->count - 1] = s->poison_with;
    return out;
}

/* The same in the file's format. */
static inline void *mk_bytes(const mk_spec *s, const mk_tensor *t, size_t *bytes)
{
    float *v = mk_values(s, t);
    *bytes = t->count * (s->half ? 2 : 4);
    if (!s->half)
        return v;
    uint16_t *h = malloc(*bytes + 1);
    if (!h) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    ck_f32_to_f16(v, h, t->count);
    free(v);
    return h;
}

/* Write as .safetensors, byte for byte as synth_weights.py; false if the disk is full. */
static inline bool mk_safetensors(const mk_spec *s, FILE *f)
{
    mk_list l = mk_tensors(s);
    blob h = {0};
    size_t at = 0, bytes;
    blob_str(&h, "{\"__metadata__\": {\"format\": \"pt\"");
    if (s->heads)
        blob_printf(&h, ", \"num_heads\": \"%d\"", s->heads);
    blob_str(&h, "}");
    for (size_t i = 0; i < l.n; i++) {
        const mk_tensor *t = &l.t[i];
        blob_printf(&h, ", \"%s\": {\"dtype\": \"%s\", \"shape\": [", t->name, s->half ? "F16" : "F32");
        for (size_t d = 0; d < t->dims; d++)
            blob_printf(&h, "%s%llu", d ? ", " : "", (unsigned long long)t->shape[d]);
        bytes = t->count * (s->half ? 2 : 4);
        blob_printf(&h, "], \"data_offsets\": [%zu, %zu]}", at, at + bytes);
        at += bytes;
    }
    blob_str(&h, "}");
    blob_fill(&h, ' ', -h.n % 8);
    uint64_t n = h.n;
    bool good = fwrite(&n, 8, 1, f) == 1 && fwrite(h.p, 1, h.n, f) == h.n;
    for (size_t i = 0; i < l.n && good; i++) {
        void *data = mk_bytes(s, &l.t[i], &bytes);
        good = fwrite(data, 1, bytes, f) == bytes;
        free(data);
    }
    blob_free(&h);
    free(l.t);
    return good;
}

/* The same in memory. */
static inline blob mk_safetensors_blob(const mk_spec *s)
{
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    if (!f || !mk_safetensors(s, f) || fclose(f)) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    return (blob){(uint8_t *)p, n, n};
}

/* The state dict's pickle as written by torch.save: an OrderedDict with its _metadata. */
static inline blob mk_pickle(const mk_spec *s, const mk_list *l)
{
    blob b = {0};
    blob_str(&b, "\x80\x02");
    pk_global(&b, "collections", "OrderedDict");
    blob_str(&b, ")R(");
    for (size_t i = 0; i < l->n; i++) {
        const mk_tensor *t = &l->t[i];
        uint64_t stride[4];
        char key[24];
        for (size_t d = t->dims, n = 1; d-- > 0; n *= t->shape[d])
            stride[d] = n;
        snprintf(key, sizeof key, "%zu", i);
        pk_text(&b, t->name);
        pk_tensor(&b, s->half ? "HalfStorage" : "FloatStorage", key, t->count, 0, t->shape, stride, t->dims);
    }
    if (s->heads) {
        pk_text(&b, "num_heads");
        pk_int(&b, (uint64_t)s->heads);
    }
    blob_str(&b, "u}");
    pk_text(&b, "_metadata");
    pk_global(&b, "collections", "OrderedDict");
    blob_str(&b, ")Rsb.");
    return b;
}

/* The checkpoint as .pth in memory. */
static inline blob mk_pth_blob(const mk_spec *s)
{
    mk_list l = mk_tensors(s);
    zip_writer *z = zip_new(ZIP_TORCH);
    blob p = mk_pickle(s, &l);
    zip_add(z, "model/data.pkl", p.p, p.n);
    zip_add(z, "model/byteorder", "little", 6);
    for (size_t i = 0; i < l.n; i++) {
        char name[40];
        size_t bytes;
        void *data = mk_bytes(s, &l.t[i], &bytes);
        snprintf(name, sizeof name, "model/data/%zu", i);
        zip_add(z, name, data, bytes);
        free(data);
    }
    zip_add(z, "model/version", "3\n", 2);
    zip_finish(z);
    blob out = z->out;
    z->out = (blob){0};
    zip_free(z);
    blob_free(&p);
    free(l.t);
    return out;
}

#endif
