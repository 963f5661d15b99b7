/* The checkpoint is a .safetensors in memory.  Values are scaled so that activations neither vanish nor saturate. */
#include "greenformer/mini.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER ((size_t)64 << 10) /* more than the list of tensors takes */

static const ck_sizes sizes = {.grid = CK_MINI_SIDE / 4,
                               .embed = 16,
                               .heads = 1,
                               .blocks = 7,
                               .depth = {1, 2, 3, 1},
                               .width = {16, 32, 64, 128},
                               .decoder = 64,
                               .refiner = 64};

typedef struct writer {
    char *header;
    size_t n; /* bytes of the header */
    float *values;
    size_t count; /* of values; counted even if `values` is NULL */
} writer;

static bool ends(const char *name, const char *tail)
{
    size_t n = strlen(name), k = strlen(tail);
    return n >= k && !strcmp(name + n - k, tail);
}

/* From -1 to 1. */
static float noise(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)((double)(*state >> 40) / 8388608.0 - 1);
}

/* offset + factor * noise */
static void scale_of(const char *name, int dims, size_t fan_in, float *offset, float *factor)
{
    *offset = 0;
    *factor = 0.1f;
    if (ends(name, "running_var"))
        *offset = 1.25f;
    else if (ends(name, ".bias") || ends(name, "running_mean"))
        *factor = 0.05f;
    else if (dims == 1)
        *offset = 1;
    else if (!ends(name, "pos_embed"))
        *factor = (float)sqrt(3.0 / (double)fan_in) * (ends(name, "classifier.weight") ? 4 : 1);
}

static void tensor(writer *w, const ck_spec_row *r, int dims, const char *name)
{
    size_t count = 1, at = w->count * sizeof(float);
    float offset, factor;
    uint64_t state = w->count + 1;
    w->n += (size_t)snprintf(w->header + w->n, HEADER - w->n, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[",
                             w->count ? "," : "", name);
    for (int d = 0; d < dims; d++) {
        count *= r->shape[d];
        w->n += (size_t)snprintf(w->header + w->n, HEADER - w->n, "%s%zu", d ? "," : "", r->shape[d]);
    }
    w->n += (size_t)snprintf(w->header + w->n, HEADER - w->n, "],\"data_offsets\":[%zu,%zu]}", at,
                             at + count * sizeof(float));
    scale_of(name, dims, count / r->shape[0], &offset, &factor);
    for (size_t i = 0; w->values && i < count; i++)
        w->values[w->count + i] = offset + factor * noise(&state);
    w->count += count;
}

static void all(writer *w, const ck_spec_rows *rows)
{
    char name[CK_SPEC_NAME + 8];
    w->n = w->count = 0;
    w->header[w->n++] = '{';
    for (int i = 0; i < rows->n; i++) {
        const ck_spec_row *r = &rows->row[i];
        snprintf(name, sizeof name, r->alone ? "%s" : "%s.weight", r->name);
        tensor(w, r, r->dims, name);
        if (r->alone)
            continue;
        snprintf(name, sizeof name, "%s.bias", r->name);
        tensor(w, r, 1, name);
    }
    w->header[w->n++] = '}';
    for (; w->n % 8; w->n++)
        w->header[w->n] = ' ';
}

static ck_status write_bytes(const ck_spec_rows *rows, void **bytes, size_t *n, ck_error *e)
{
    writer w = {.header = malloc(HEADER)};
    uint64_t header;
    *bytes = NULL;
    if (w.header) {
        all(&w, rows); /* counted */
        *n = 8 + w.n + w.count * sizeof(float);
        *bytes = malloc(*n);
    }
    if (*bytes) {
        w.values = (float *)((char *)*bytes + 8 + w.n); /* a multiple of 8 */
        all(&w, rows);
        header = w.n;
        memcpy(*bytes, &header, 8);
        memcpy((char *)*bytes + 8, w.header, w.n);
    }
    free(w.header);
    return *bytes ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for the self-check");
}

ck_status ck_mini_new(ck_mini *m, ck_error *e)
{
    ck_spec_rows rows;
    size_t n = 0;
    *m = (ck_mini){.sizes = sizes};
    ck_status s = ck_spec_rows_new(&sizes, &rows, e);
    if (s == CK_OK)
        s = write_bytes(&rows, &m->bytes, &n, e);
    ck_spec_rows_free(&rows);
    return s == CK_OK ? ck_weights_open_bytes(m->bytes, n, &m->weights, e) : s;
}

void ck_mini_free(ck_mini *m)
{
    ck_weights_free(m->weights);
    free(m->bytes);
}
