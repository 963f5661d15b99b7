#include "checkpoint/safetensors_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "checkpoint/retype.h"

static void put_pair(FILE *f, bool *first, const char *key, size_t key_n, const char *value, size_t value_n)
{
    fputs(*first ? "" : ", ", f);
    *first = false;
    ck_json_put_bytes(f, key, key_n);
    fputs(": ", f);
    ck_json_put_bytes(f, value, value_n);
}

static void put_metadata(FILE *f, const ck_weights *w, const char *num_heads)
{
    bool first = true;
    fputs("\"__metadata__\": {", f);
    /* Other readers expect this entry in a model from PyTorch. */
    if (!ck_weights_meta(w, "format"))
        put_pair(f, &first, "format", 6, "pt", 2);
    for (size_t i = 0; i < ck_weights_texts(w); i++) {
        const ck_weights_text *t = ck_weights_text_at(w, i);
        if (!num_heads || strcmp(t->key, "num_heads"))
            put_pair(f, &first, t->key, t->key_n, t->value, t->value_n);
    }
    if (num_heads)
        put_pair(f, &first, "num_heads", 9, num_heads, strlen(num_heads));
    fputc('}', f);
}

/* The type in which a tensor is written. */
static ck_dtype written_as(const ck_tensor *t, ck_dtype type)
{
    return type == CK_DTYPE_N || !ck_dtype_is_float(t->dtype) ? t->dtype : type;
}

/* Order tensors by decreasing element size, which keeps each of them aligned to its type. */
static size_t order(const ck_weights *w, ck_dtype type, const ck_tensor **sorted)
{
    size_t n = 0;
    for (size_t size = 8; size > 0; size /= 2)
        for (size_t i = 0; i < ck_weights_count(w); i++)
            if (ck_dtype_size(written_as(ck_weights_at(w, i), type)) == size)
                sorted[n++] = ck_weights_at(w, i);
    return n;
}

static ck_status put_tensors(FILE *f, const ck_tensor *const *t, size_t n, ck_dtype type, ck_error *e)
{
    size_t at = 0, end;
    for (size_t i = 0; i < n; i++, at = end) {
        ck_dtype as = written_as(t[i], type);
        if (!strcmp(t[i]->name, "__metadata__"))
            return ck_fail(e, CK_ERR_UNSUPPORTED, "a tensor is called __metadata__, which no .safetensors can hold");
        if (!ck_add(at, t[i]->count * ck_dtype_size(as), &end))
            return ck_fail(e, CK_ERR_FORMAT, "the tensors together are larger than any file");
        fputs(", ", f);
        ck_json_put_bytes(f, t[i]->name, strlen(t[i]->name));
        fprintf(f, ": {\"dtype\": \"%s\", \"shape\": [", ck_dtype_name(as));
        for (int d = 0; d < t[i]->dims; d++)
            fprintf(f, "%s%zu", d ? ", " : "", t[i]->shape[d]);
        fprintf(f, "], \"data_offsets\": [%zu, %zu]}", at, end);
    }
    return CK_OK;
}

/* The length and the header, padded so that the data are aligned. */
static ck_status make_header(const ck_weights *w, const ck_tensor *const *t, size_t n, ck_dtype type,
                             const char *num_heads, char **header, size_t *size, ck_error *e)
{
    *header = NULL;
    FILE *f = open_memstream(header, size);
    if (!f)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the header");
    uint64_t length = 0;
    fwrite(&length, sizeof length, 1, f);
    fputc('{', f);
    put_metadata(f, w, num_heads);
    ck_status s = put_tensors(f, t, n, type, e);
    fputc('}', f);
    for (long at = ftell(f); at % 8; at++)
        fputc(' ', f);
    bool bad = ferror(f);
    if (fclose(f) || bad)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the header");
    length = *size - sizeof length;
    memcpy(*header, &length, sizeof length);
    return s;
}

/* Write a tensor whose elements do not lie in the file as they are to be written. */
static ck_status write_copy(ck_outfile *o, const ck_tensor *t, ck_dtype as, ck_error *e)
{
    size_t bytes = t->count * ck_dtype_size(as);
    void *copy = malloc(bytes + 1);
    if (!copy)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for tensor '%s' of %zu bytes", t->name, bytes);
    ck_status s = CK_OK;
    if (as == t->dtype)
        ck_tensor_copy(t, copy);
    else
        s = ck_tensor_retype(t, as, copy, e);
    if (s == CK_OK)
        s = ck_tensor_intact(t, e);
    if (s == CK_OK)
        s = ck_outfile_write(o, copy, bytes, e);
    free(copy);
    return s;
}

static ck_status write_tensor(ck_outfile *o, const ck_tensor *t, ck_dtype as, ck_error *e)
{
    if (!t->contiguous || as != t->dtype)
        return write_copy(o, t, as, e);
    size_t bytes = t->count * ck_dtype_size(as);
    if (bytes)
        (void)*(volatile const uint8_t *)(t->data + bytes - 1); /* write(2) does not notice truncation */
    ck_status s = ck_tensor_intact(t, e);
    return s == CK_OK ? ck_outfile_write(o, t->data, bytes, e) : s;
}

static ck_status write_file(const char *path, const char *header, size_t size, const ck_tensor *const *t, size_t n,
                            ck_dtype type, ck_error *e)
{
    ck_outfile o;
    ck_status s = ck_outfile_open(&o, path, e);
    if (s != CK_OK)
        return s;
    s = ck_outfile_write(&o, header, size, e);
    for (size_t i = 0; i < n && s == CK_OK; i++)
        s = write_tensor(&o, t[i], written_as(t[i], type), e);
    if (s == CK_OK)
        return ck_outfile_commit(&o, e);
    ck_outfile_discard(&o);
    return s;
}

ck_status ck_safetensors_write(const ck_weights *w, const char *path, ck_dtype type, const char *num_heads, ck_error *e)
{
    const ck_tensor **t = malloc((ck_weights_count(w) + 1) * sizeof *t);
    char *header = NULL;
    size_t size;
    if (!t)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the list of tensors");
    size_t n = order(w, type, t);
    ck_status s = make_header(w, t, n, type, num_heads, &header, &size, e);
    if (s == CK_OK)
        s = write_file(path, header, size, t, n, type, e);
    free(header);
    free(t);
    return s;
}
