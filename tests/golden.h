/* A small strict safetensors reader for the tests: tensors by name, metadata strings.
 *
 *     golden g;
 *     if (!golden_open(&g, "post.safetensors")) { skip("no goldens", "post"); return; }
 *     golden_image alpha = golden_planar(&g, "alpha");      owned float32, [C, H, W]
 *     const golden_tensor *t = golden_find(&g, "hsv");      borrowed, raw
 *     const char *erode = golden_meta(&g, "erode");         borrowed, or NULL
 *     golden_close(&g);
 *
 * Files are searched for in $CK_GOLDENS, else ../shared/golden.  A missing file is a reason to skip.  A damaged one, or
 * one without a requested tensor, ends the test program with status 1: a test must not pass because its truth is
 * damaged. */
#ifndef CK_TESTS_GOLDEN_H
#define CK_TESTS_GOLDEN_H

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_DIMS 8

typedef struct golden_tensor {
    char *name;
    char dtype[8];             /* "F32", "F16", "U8", … */
    size_t shape[GOLDEN_DIMS]; /* outermost first */
    int dims;
    size_t count, elem; /* elements, bytes of one */
    const void *data;   /* little-endian, C order, inside the file's bytes; may be unaligned */
} golden_tensor;

typedef struct golden {
    char path[4096];
    unsigned char *bytes; /* the whole file */
    size_t size, base;    /* base: offset of the tensors' data */
    golden_tensor *tensors;
    size_t n;
    char *(*meta)[2];
    size_t n_meta;
    const char *at, *end; /* JSON text still to be parsed */
} golden;

typedef struct golden_image {
    int c, h, w;
    float *data; /* [C, H, W], free() it */
} golden_image;

_Noreturn static inline void golden_die(const golden *g, const char *what, const char *name)
{
    printf("Bail out! %s: %s%s%s\n", g->path, what, name ? ": " : "", name ? name : "");
    exit(1);
}

static inline void *golden_alloc(const golden *g, size_t n)
{
    void *p = calloc(n ? n : 1, 1);
    if (!p)
        golden_die(g, "out of memory", NULL);
    return p;
}

/* ---- JSON, as far as a safetensors header needs it ---- */

static inline void golden_space(golden *g)
{
    while (g->at < g->end && isspace((unsigned char)*g->at))
        g->at++;
}

static inline bool golden_take(golden *g, char c)
{
    golden_space(g);
    if (g->at == g->end || *g->at != c)
        return false;
    g->at++;
    return true;
}

static inline void golden_expect(golden *g, char c)
{
    if (!golden_take(g, c))
        golden_die(g, "header: unexpected character, wanted", (char[]){c, 0});
}

/* Parse a string; the caller frees it.  Escapes of code points (backslash, u, four digits) stay as they are: no
 * golden has any. */
static inline char *golden_string(golden *g)
{
    golden_expect(g, '"');
    char *s = golden_alloc(g, (size_t)(g->end - g->at) + 1), *p = s;
    while (g->at < g->end && *g->at != '"') {
        char c = *g->at++;
        if (c == '\\' && g->at < g->end) {
            c = *g->at++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        *p++ = c;
    }
    golden_expect(g, '"');
    return s;
}

static inline size_t golden_number(golden *g)
{
    golden_space(g);
    size_t v = 0;
    const char *start = g->at;
    for (; g->at < g->end && isdigit((unsigned char)*g->at); g->at++)
        if (__builtin_mul_overflow(v, (size_t)10, &v) || __builtin_add_overflow(v, (size_t)(*g->at - '0'), &v))
            golden_die(g, "header: number too large", NULL);
    if (g->at == start)
        golden_die(g, "header: number expected", NULL);
    return v;
}

/* ---- the header ---- */

static inline size_t golden_elem(const golden *g, const char *dtype)
{
    static const struct {
        const char *name;
        size_t size;
    } types[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4},
                 {"I16", 2}, {"I8", 1},  {"U16", 2}, {"U8", 1},   {"BOOL", 1}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, dtype))
            return types[i].size;
    golden_die(g, "unknown dtype", dtype);
}

static inline void golden_place(golden *g, golden_tensor *t, size_t begin, size_t end)
{
    size_t bytes;
    t->elem = golden_elem(g, t->dtype);
    t->count = 1;
    for (int i = 0; i < t->dims; i++)
        if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
            golden_die(g, "shape too large", t->name);
    if (__builtin_mul_overflow(t->count, t->elem, &bytes) || begin > end || end > g->size - g->base ||
        end - begin != bytes)
        golden_die(g, "data do not fit shape and file", t->name);
    t->data = g->bytes + g->base + begin;
}

static inline void golden_entry(golden *g, golden_tensor *t)
{
    size_t begin = 1, end = 0;
    golden_expect(g, '{');
    do {
        char *key = golden_string(g);
        golden_expect(g, ':');
        if (!strcmp(key, "dtype")) {
            char *s = golden_string(g);
            snprintf(t->dtype, sizeof t->dtype, "%s", s);
            free(s);
        } else if (!strcmp(key, "shape")) {
            golden_expect(g, '[');
            while (!golden_take(g, ']')) {
                if (t->dims == GOLDEN_DIMS)
                    golden_die(g, "too many dimensions", t->name);
                t->shape[t->dims++] = golden_number(g);
                golden_take(g, ',');
            }
        } else if (!strcmp(key, "data_offsets")) {
            golden_expect(g, '[');
            begin = golden_number(g);
            golden_expect(g, ',');
            end = golden_number(g);
            golden_expect(g, ']');
        } else {
            golden_die(g, "unknown key in header", key);
        }
        free(key);
    } while (golden_take(g, ','));
    golden_expect(g, '}');
    golden_place(g, t, begin, end);
}

static inline void golden_metadata(golden *g)
{
    golden_expect(g, '{');
    if (golden_take(g, '}'))
        return;
    do {
        g->meta = realloc(g->meta, (g->n_meta + 1) * sizeof *g->meta);
        if (!g->meta)
            golden_die(g, "out of memory", NULL);
        g->meta[g->n_meta][0] = golden_string(g);
        golden_expect(g, ':');
        g->meta[g->n_meta++][1] = golden_string(g);
    } while (golden_take(g, ','));
    golden_expect(g, '}');
}

static inline void golden_parse(golden *g)
{
    uint64_t n = 0;
    if (g->size < 8)
        golden_die(g, "too short", NULL);
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)g->bytes[i] << 8 * i;
    if (n > g->size - 8)
        golden_die(g, "header longer than the file", NULL);
    g->base = 8 + (size_t)n;
    g->at = (const char *)g->bytes + 8;
    g->end = g->at + n;
    golden_expect(g, '{');
    do {
        char *name = golden_string(g);
        golden_expect(g, ':');
        if (!strcmp(name, "__metadata__")) {
            golden_metadata(g);
            free(name);
            continue;
        }
        g->tensors = realloc(g->tensors, (g->n + 1) * sizeof *g->tensors);
        if (!g->tensors)
            golden_die(g, "out of memory", NULL);
        g->tensors[g->n] = (golden_tensor){.name = name};
        golden_entry(g, &g->tensors[g->n]);
        g->n++;
    } while (golden_take(g, ','));
    golden_expect(g, '}');
    golden_space(g);
    if (g->at != g->end)
        golden_die(g, "header: text after its end", NULL);
}

/* ---- for tests ---- */

static inline const char *golden_dir(void)
{
    const char *dir = getenv("CK_GOLDENS");
    return dir && *dir ? dir : "../shared/golden";
}

/* Open a golden; false if the file does not exist. */
static inline bool golden_open(golden *g, const char *file)
{
    memset(g, 0, sizeof *g);
    snprintf(g->path, sizeof g->path, "%s/%s", golden_dir(), file);
    FILE *f = fopen(g->path, "rb");
    if (!f)
        return false;
    long size = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
    if (size < 0 || fseek(f, 0, SEEK_SET))
        golden_die(g, "cannot be read", NULL);
    g->size = (size_t)size;
    g->bytes = golden_alloc(g, g->size);
    if (fread(g->bytes, 1, g->size, f) != g->size)
        golden_die(g, "cannot be read", NULL);
    fclose(f);
    golden_parse(g);
    return true;
}

static inline void golden_close(golden *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->tensors[i].name);
    for (size_t i = 0; i < g->n_meta; i++) {
        free(g->meta[i][0]);
        free(g->meta[i][1]);
    }
    free(g->tensors);
    free(g->meta);
    free(g->bytes);
    memset(g, 0, sizeof *g);
}

static inline const char *golden_meta(const golden *g, const char *key)
{
    for (size_t i = 0; i < g->n_meta; i++)
        if (!strcmp(g->meta[i][0], key))
            return g->meta[i][1];
    return NULL;
}

static inline const golden_tensor *golden_find(const golden *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (!strcmp(g->tensors[i].name, name))
            return &g->tensors[i];
    golden_die(g, "no tensor", name);
}

static inline float golden_half(uint16_t h)
{
    float m = (float)(h & 0x3ff), s = h & 0x8000 ? -1.0f : 1.0f;
    int e = h >> 10 & 31;
    if (e == 31)
        return m ? NAN : s * INFINITY;
    return s * (e ? ldexpf(1024 + m, e - 25) : ldexpf(m, -24));
}

/* Element i as float; U8 and U16 keep their code values. */
static inline float golden_value(const golden *g, const golden_tensor *t, size_t i)
{
    const unsigned char *p = (const unsigned char *)t->data + i * t->elem;
    uint16_t h;
    float f;
    if (!strcmp(t->dtype, "F32"))
        return memcpy(&f, p, 4), f;
    if (!strcmp(t->dtype, "U8"))
        return *p;
    memcpy(&h, p, 2);
    if (!strcmp(t->dtype, "U16"))
        return h;
    if (!strcmp(t->dtype, "F16"))
        return golden_half(h);
    golden_die(g, "a type that golden_value does not convert", t->name);
}

/* The image tensor [H, W] or [H, W, C] as planar floats. */
static inline golden_image golden_planar(const golden *g, const char *name)
{
    const golden_tensor *t = golden_find(g, name);
    if (t->dims != 2 && t->dims != 3)
        golden_die(g, "not an image", name);
    golden_image im = {t->dims == 3 ? (int)t->shape[2] : 1, (int)t->shape[0], (int)t->shape[1], NULL};
    size_t n = t->count / (size_t)im.c;
    im.data = golden_alloc(g, t->count * sizeof *im.data);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < (size_t)im.c; k++)
            im.data[k * n + i] = golden_value(g, t, i * (size_t)im.c + k);
    return im;
}

/* The same for U8, as bytes; free() them. */
static inline uint8_t *golden_planar_u8(const golden *g, const char *name, int *h, int *w)
{
    golden_image im = golden_planar(g, name);
    if (strcmp(golden_find(g, name)->dtype, "U8"))
        golden_die(g, "not U8", name);
    size_t n = (size_t)im.c * (size_t)im.h * (size_t)im.w;
    uint8_t *out = golden_alloc(g, n);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)im.data[i];
    *h = im.h;
    *w = im.w;
    free(im.data);
    return out;
}

#endif
