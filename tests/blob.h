/* Growing byte buffers, and the two checkpoint containers made from them, which tests damage on purpose. */
#ifndef CK_TESTS_BLOB_H
#define CK_TESTS_BLOB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct blob {
    uint8_t *p; /* owned */
    size_t n, cap;
} blob;

static inline void blob_put(blob *b, const void *data, size_t n)
{
    if (b->n + n > b->cap) {
        b->cap = b->n + n > 2 * b->cap ? b->n + n : 2 * b->cap;
        b->p = realloc(b->p, b->cap);
        if (!b->p) {
            printf("Bail out! out of memory\n");
            exit(1);
        }
    }
    if (n)
        memcpy(b->p + b->n, data, n);
    b->n += n;
}

/* Append the lowest n bytes of v, little-endian. */
static inline void blob_int(blob *b, uint64_t v, size_t n)
{
    blob_put(b, &v, n);
}

static inline void blob_fill(blob *b, int byte, size_t n)
{
    for (size_t i = 0; i < n; i++)
        blob_int(b, (uint64_t)byte, 1);
}

static inline void blob_str(blob *b, const char *s)
{
    blob_put(b, s, strlen(s));
}

__attribute__((format(printf, 2, 3))) static inline void blob_printf(blob *b, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    blob_put(b, text, (size_t)n);
}

/* Overwrite n bytes at offset `at` with v. */
static inline void blob_set(blob *b, size_t at, uint64_t v, size_t n)
{
    memcpy(b->p + at, &v, n);
}

static inline void blob_free(blob *b)
{
    free(b->p);
    *b = (blob){0};
}

/* A .safetensors: length, header, `data` bytes that count up. */
static inline blob st_file(const char *header, size_t data)
{
    blob b = {0};
    blob_int(&b, strlen(header), 8);
    blob_str(&b, header);
    for (size_t i = 0; i < data; i++)
        blob_int(&b, i, 1);
    return b;
}

/* A stored zip as written by torch.save: sizes after the data, padding to 64 bytes in the extra field, zip64 end
 * records.  Flags select these parts. */
enum { ZIP_DESCRIPTOR = 1, ZIP_PADDED = 2, ZIP_END64 = 4, ZIP_SIZES64 = 8, ZIP_TORCH = 7 };

#define ZIP_MEMBERS 2000

typedef struct zip_writer {
    blob out, directory;
    unsigned flags;
    size_t n;
    size_t local[ZIP_MEMBERS], central[ZIP_MEMBERS]; /* offset of each header: in `out`, in `directory` */
    size_t directory_at, end64_at, end_at;           /* offsets in `out`, once finished */
} zip_writer;

static inline size_t zip_extra(zip_writer *z, blob *extra, size_t name, size_t size, size_t fixed)
{
    if (z->flags & ZIP_SIZES64) {
        blob_int(extra, 1, 2);
        blob_int(extra, 16, 2);
        blob_int(extra, fixed == 30 && z->flags & ZIP_DESCRIPTOR ? 0 : size, 8);
        blob_int(extra, fixed == 30 && z->flags & ZIP_DESCRIPTOR ? 0 : size, 8);
    }
    if (fixed == 30 && z->flags & ZIP_PADDED) {
        size_t at = z->out.n + fixed + name + extra->n + 4, pad = (64 - at % 64) % 64;
        blob_str(extra, "FB");
        blob_int(extra, pad, 2);
        blob_fill(extra, 'Z', pad);
    }
    return extra->n;
}

static inline void zip_add(zip_writer *z, const char *name, const void *data, size_t size)
{
    blob extra = {0}, extra2 = {0};
    size_t k = strlen(name), at = z->out.n;
    uint32_t flags = z->flags & ZIP_DESCRIPTOR ? 0x808 : 0x800;
    uint32_t shown = z->flags & ZIP_SIZES64 ? 0xffffffffu : (uint32_t)size;
    z->local[z->n] = at;
    z->central[z->n++] = z->directory.n;
    zip_extra(z, &extra, k, size, 30);
    zip_extra(z, &extra2, k, size, 46);
    blob_str(&z->out, "PK\3\4");
    blob_int(&z->out, 45, 2);
    blob_int(&z->out, flags, 2);
    blob_fill(&z->out, 0, 2 + 4 + 4); /* stored; no time; no checksum */
    uint32_t open = z->flags & ZIP_DESCRIPTOR && !(z->flags & ZIP_SIZES64) ? 0 : shown;
    blob_int(&z->out, open, 4);
    blob_int(&z->out, open, 4);
    blob_int(&z->out, k, 2);
    blob_int(&z->out, extra.n, 2);
    blob_str(&z->out, name);
    blob_put(&z->out, extra.p, extra.n);
    blob_put(&z->out, data, size);
    if (z->flags & ZIP_DESCRIPTOR) {
        blob_str(&z->out, "PK\7\10");
        blob_int(&z->out, 0, 4);
        blob_int(&z->out, size, 4);
        blob_int(&z->out, size, 4);
    }
    blob *d = &z->directory;
    blob_str(d, "PK\1\2");
    blob_int(d, 45, 2);
    blob_int(d, 45, 2);
    blob_int(d, flags, 2);
    blob_int(d, 0, 2 + 4);
    blob_int(d, 0, 4);
    blob_int(d, shown, 4);
    blob_int(d, shown, 4);
    blob_int(d, k, 2);
    blob_int(d, extra2.n, 2);
    blob_int(d, 0, 2 + 2 + 2); /* comment, disk, attributes */
    blob_int(d, 0, 4);
    blob_int(d, at, 4);
    blob_str(d, name);
    blob_put(d, extra2.p, extra2.n);
    blob_free(&extra);
    blob_free(&extra2);
}

static inline void zip_finish(zip_writer *z)
{
    blob *b = &z->out;
    z->directory_at = b->n;
    blob_put(b, z->directory.p, z->directory.n);
    if (z->flags & ZIP_END64) {
        z->end64_at = b->n;
        blob_str(b, "PK\6\6");
        blob_int(b, 44, 8);
        blob_int(b, 45, 2);
        blob_int(b, 45, 2);
        blob_int(b, 0, 8); /* disks */
        blob_int(b, z->n, 8);
        blob_int(b, z->n, 8);
        blob_int(b, z->directory.n, 8);
        blob_int(b, z->directory_at, 8);
        blob_str(b, "PK\6\7");
        blob_int(b, 0, 4);
        blob_int(b, z->end64_at, 8);
        blob_int(b, 1, 4);
    }
    z->end_at = b->n;
    blob_str(b, "PK\5\6");
    blob_int(b, 0, 4); /* disks */
    blob_int(b, z->n, 2);
    blob_int(b, z->n, 2);
    blob_int(b, z->directory.n, 4);
    blob_int(b, z->directory_at, 4);
    blob_int(b, 0, 2);
}

static inline void zip_free(zip_writer *z)
{
    blob_free(&z->out);
    blob_free(&z->directory);
    free(z);
}

static inline zip_writer *zip_new(unsigned flags)
{
    zip_writer *z = calloc(1, sizeof *z);
    if (!z) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    z->flags = flags;
    return z;
}

/* Pickle opcodes as written by torch.save. */
static inline void pk_global(blob *b, const char *module, const char *name)
{
    blob_printf(b, "c%s\n%s\n", module, name);
}

static inline void pk_text(blob *b, const char *s)
{
    blob_str(b, "X");
    blob_int(b, strlen(s), 4);
    blob_str(b, s);
}

static inline void pk_int(blob *b, uint64_t v)
{
    if (v < 256) {
        blob_str(b, "K");
        blob_int(b, v, 1);
    } else if (v < 0x80000000u) {
        blob_str(b, "J");
        blob_int(b, v, 4);
    } else {
        blob_str(b, "\x8a\x08");
        blob_int(b, v, 8);
    }
}

static inline void pk_ints(blob *b, const uint64_t *v, size_t n)
{
    blob_str(b, "(");
    for (size_t i = 0; i < n; i++)
        pk_int(b, v[i]);
    blob_str(b, "t");
}

static inline void pk_storage(blob *b, const char *type, const char *key, uint64_t count)
{
    blob_str(b, "(");
    pk_text(b, "storage");
    pk_global(b, "torch", type);
    pk_text(b, key);
    pk_text(b, "cpu");
    pk_int(b, count);
    blob_str(b, "tQ");
}

/* Append a tensor of `count` elements of storage `key`, from element `offset`. */
static inline void pk_tensor(blob *b, const char *type, const char *key, uint64_t count, uint64_t offset,
                             const uint64_t *shape, const uint64_t *stride, size_t dims)
{
    pk_global(b, "torch._utils", "_rebuild_tensor_v2");
    blob_str(b, "(");
    pk_storage(b, type, key, count);
    pk_int(b, offset);
    pk_ints(b, shape, dims);
    pk_ints(b, stride, dims);
    blob_str(b, "\x89");
    pk_global(b, "collections", "OrderedDict");
    blob_str(b, ")RtR");
}

#endif
