/* The .safetensors format, according to its documentation and reference implementation:
 *
 *     N       8 bytes, little-endian: bytes of the header, at most 100,000,000
 *     header  N bytes, UTF-8 JSON, starts with '{', may end in spaces:
 *             {"__metadata__": {"key": "text", …},
 *              "NAME": {"dtype": "F32", "shape": [1, 16, 256], "data_offsets": [BEGIN, END]}, …}
 *     data    the rest of the file; offsets count from its start; row-major, little-endian
 *
 * Names are unique.  In order of their offsets the tensors fill the data without overlaps and gaps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "checkpoint/build.h"
#include "checkpoint/bytes.h"

#define MAX_HEADER 100000000

typedef struct span {
    uint64_t begin, end;
    size_t tensor;
} span;

typedef struct reader {
    ck_weights *w;
    ck_json json;
    const uint8_t *data;
    size_t size; /* bytes of data */
    span *spans; /* of all tensors */
    size_t n, cap;
} reader;

/* Read an object; `one` reads the value of each member. */
typedef ck_status (*member)(reader *r, const ck_json_text *key, void *ctx, ck_error *e);
static ck_status read_object(reader *r, member one, void *ctx, ck_error *e)
{
    ck_json_text key;
    bool more = true;
    ck_status s = ck_json_expect(&r->json, '{', e);
    for (bool first = true; s == CK_OK; first = false) {
        s = ck_json_member(&r->json, first, &more, &key, e);
        if (s != CK_OK || !more)
            break;
        s = one(r, &key, ctx, e);
    }
    return s;
}

static ck_status numbers(reader *r, uint64_t *v, size_t most, size_t *n, ck_error *e)
{
    ck_status s = ck_json_expect(&r->json, '[', e);
    *n = 0;
    if (s == CK_OK && ck_json_accept(&r->json, ']'))
        return CK_OK;
    while (s == CK_OK) {
        if (*n == most)
            return ck_json_fail(&r->json, e, "too many numbers in a list");
        s = ck_json_number(&r->json, &v[(*n)++], e);
        if (s == CK_OK && ck_json_accept(&r->json, ']'))
            break;
        if (s == CK_OK)
            s = ck_json_expect(&r->json, ',', e);
    }
    return s;
}

typedef struct entry {
    bool has_dtype, has_shape, has_offsets;
    ck_dtype dtype;
    uint64_t shape[CK_TENSOR_DIMS], offsets[2];
    size_t dims;
} entry;

static ck_status read_dtype(reader *r, entry *t, ck_error *e)
{
    ck_json_text name;
    ck_status s = ck_json_string(&r->json, &name, e);
    if (s != CK_OK)
        return s;
    t->dtype = ck_dtype_by_name(name.s, name.n);
    if (t->dtype == CK_DTYPE_N)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "it has type '%.40s', which is not read: convert it to F32", name.s);
    return CK_OK;
}

/* Read one of the three members of a tensor's object. */
static ck_status read_field(reader *r, const ck_json_text *key, void *ctx, ck_error *e)
{
    entry *t = ctx;
    size_t n = 0;
    ck_status s;
    bool *has = !strcmp(key->s, "dtype")          ? &t->has_dtype
                : !strcmp(key->s, "shape")        ? &t->has_shape
                : !strcmp(key->s, "data_offsets") ? &t->has_offsets
                                                  : NULL;
    if (!has || strlen(key->s) != key->n)
        return ck_json_fail(&r->json, e, "a tensor has other keys than dtype, shape and data_offsets");
    if (*has)
        return ck_json_fail(&r->json, e, "dtype, shape or data_offsets appears twice");
    *has = true;
    if (has == &t->has_dtype)
        return read_dtype(r, t, e);
    if (has == &t->has_shape)
        return numbers(r, t->shape, CK_TENSOR_DIMS, &t->dims, e);
    s = numbers(r, t->offsets, 2, &n, e);
    return s == CK_OK && n != 2 ? ck_json_fail(&r->json, e, "data_offsets are not two numbers") : s;
}

static ck_status add_span(reader *r, const entry *t, ck_error *e)
{
    span *p = ck_grown(r->spans, r->n, &r->cap, sizeof *p);
    if (!p)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the list of tensors");
    r->spans = p;
    r->spans[r->n] = (span){t->offsets[0], t->offsets[1], r->n};
    r->n++;
    return CK_OK;
}

static ck_status check_entry(reader *r, const entry *t, ck_tensor *out, ck_error *e)
{
    if (!t->has_dtype || !t->has_shape || !t->has_offsets)
        return ck_fail(e, CK_ERR_FORMAT, "its dtype, shape or data_offsets are missing: the file is damaged");
    if (!ck_tensor_set_shape(out, t->shape, t->dims))
        return ck_fail(e, CK_ERR_FORMAT, "its shape overflows: the file is damaged");
    if (t->offsets[0] > t->offsets[1] || t->offsets[1] > r->size)
        return ck_fail(e, CK_ERR_FORMAT,
                       "its data are at bytes %llu to %llu, but the file has only %zu: is the download complete?",
                       (unsigned long long)t->offsets[0], (unsigned long long)t->offsets[1], r->size);
    out->dtype = t->dtype;
    out->data = r->data + t->offsets[0];
    char shape[CK_SHAPE_TEXT];
    if (t->offsets[1] - t->offsets[0] != out->count * ck_dtype_size(out->dtype))
        return ck_fail(e, CK_ERR_FORMAT, "%llu bytes are not the size of %s elements of %s: the file is damaged",
                       (unsigned long long)(t->offsets[1] - t->offsets[0]), ck_shape_text(out->shape, out->dims, shape),
                       ck_dtype_name(out->dtype));
    return CK_OK;
}

static ck_status read_tensor(reader *r, const ck_json_text *name, ck_error *e)
{
    entry t = {0};
    ck_tensor tensor = {0};
    ck_status s = read_object(r, read_field, &t, e);
    if (s == CK_OK)
        s = check_entry(r, &t, &tensor, e);
    if (s != CK_OK) {
        char where[160];
        snprintf(where, sizeof where, "tensor '%.120s'", name->s);
        return ck_fail_in(e, s, where);
    }
    s = ck_weights_add(r->w, name->s, name->n, &tensor, e);
    return s == CK_OK ? add_span(r, &t, e) : s;
}

static ck_status read_text(reader *r, const ck_json_text *key, void *ctx, ck_error *e)
{
    (void)ctx;
    ck_json_text value;
    ck_status s = ck_json_string(&r->json, &value, e);
    return s == CK_OK ? ck_weights_add_text(r->w, key->s, key->n, value.s, value.n, e) : s;
}

/* ctx: a bool, set once __metadata__ has been read. */
static ck_status read_tensor_or_metadata(reader *r, const ck_json_text *key, void *ctx, ck_error *e)
{
    bool *metadata = ctx;
    if (strcmp(key->s, "__metadata__"))
        return read_tensor(r, key, e);
    if (*metadata)
        return ck_json_fail(&r->json, e, "__metadata__ appears twice");
    *metadata = true;
    return read_object(r, read_text, NULL, e);
}

static ck_status read_header(reader *r, ck_error *e)
{
    bool metadata = false;
    ck_status s = read_object(r, read_tensor_or_metadata, &metadata, e);
    return s == CK_OK ? ck_json_end(&r->json, e) : s;
}

static int by_place(const void *a, const void *b)
{
    const span *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Check that the tensors fill the data from the first byte to the last. */
static ck_status check_places(reader *r, ck_error *e)
{
    uint64_t at = 0;
    if (r->n)
        qsort(r->spans, r->n, sizeof *r->spans, by_place);
    for (size_t i = 0; i < r->n; i++) {
        const span *s = &r->spans[i];
        const char *name = ck_weights_at(r->w, s->tensor)->name;
        if (s->begin < at)
            return ck_fail(e, CK_ERR_FORMAT, "tensors '%.200s' and '%.200s' overlap: the file is damaged",
                           ck_weights_at(r->w, r->spans[i - 1].tensor)->name, name);
        if (s->begin > at)
            return ck_fail(e, CK_ERR_FORMAT,
                           "%llu bytes before tensor '%.200s' belong to no tensor: the file is damaged",
                           (unsigned long long)(s->begin - at), name);
        at = s->end;
    }
    if (at != r->size)
        return ck_fail(e, CK_ERR_FORMAT, "%llu bytes at the end belong to no tensor: the file is damaged",
                       (unsigned long long)(r->size - at));
    return CK_OK;
}

ck_status ck_safetensors_read(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e)
{
    uint64_t header = n >= 8 ? ck_le64(bytes) : 0;
    if (header < 2 || header > MAX_HEADER || header > n - 8)
        return ck_fail(e, CK_ERR_FORMAT,
                       "the header of this .safetensors would have %llu bytes, the file has %zu: is the download "
                       "complete?",
                       (unsigned long long)header, n);
    if (!ck_utf8_valid(bytes + 8, header))
        return ck_fail(e, CK_ERR_FORMAT, "the header of this .safetensors is not UTF-8: the file is damaged");
    reader r = {.w = w, .data = bytes + 8 + header, .size = n - 8 - header};
    ck_status s = ck_json_open(&r.json, bytes + 8, header, "header", "the file is damaged, or not a .safetensors", e);
    if (s == CK_OK)
        s = read_header(&r, e);
    if (s == CK_OK)
        s = check_places(&r, e);
    ck_json_close(&r.json);
    free(r.spans);
    return s;
}
