#include "checkpoint/zip.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/bytes.h"

enum { LOCAL = 30, CENTRAL = 46, END = 22, END64 = 56, LOCATOR64 = 20 }; /* bytes of each record's fixed part */

#define MAX16 0xffffu
#define MAX32 0xffffffffu

/* Encryption, patch data and masked headers: refused. */
#define FLAGS_REFUSED (1u << 0 | 1u << 5 | 1u << 6 | 1u << 13)
#define FLAG_DESCRIPTOR (1u << 3) /* the local header may leave sizes zero */

typedef struct reader {
    const uint8_t *bytes;
    size_t size;
    uint64_t directory, directory_end, count; /* byte offsets and entries of the central directory */
} reader;

static ck_status damaged(ck_error *e, const char *what)
{
    return ck_fail(e, CK_ERR_FORMAT, "zip archive: %s: the file is damaged", what);
}

static ck_status damaged_member(ck_error *e, const ck_zip_member *m, const char *what)
{
    return ck_fail(e, CK_ERR_FORMAT, "zip archive: member '%.*s' %s: the file is damaged",
                   (int)(m->name_n < 100 ? m->name_n : 100), m->name, what);
}

/* Read the zip64 records before the end record: they locate the directory.  *there: they exist. */
static ck_status read_end64(reader *r, const uint8_t *end, bool *there, ck_error *e)
{
    size_t at = (size_t)(end - r->bytes);
    *there = at >= LOCATOR64 && !memcmp(end - LOCATOR64, "PK\6\7", 4);
    if (!*there)
        return CK_OK;
    const uint8_t *locator = end - LOCATOR64;
    uint64_t place = ck_le64(locator + 8);
    at -= LOCATOR64;
    if (ck_le32(locator + 4) || ck_le32(locator + 16) != 1)
        return damaged(e, "it spans several disks");
    if (at < END64 || place > at - END64 || memcmp(r->bytes + place, "PK\6\6", 4) ||
        ck_le64(r->bytes + place + 4) != at - place - 12)
        return damaged(e, "its zip64 end record is not where it should be");
    const uint8_t *p = r->bytes + place;
    r->count = ck_le64(p + 32);
    r->directory = ck_le64(p + 48);
    if (ck_le32(p + 16) || ck_le32(p + 20) || ck_le64(p + 24) != r->count)
        return damaged(e, "it spans several disks");
    if (__builtin_add_overflow(r->directory, ck_le64(p + 40), &r->directory_end) || r->directory_end != place)
        return damaged(e, "its directory does not end where its zip64 end record begins");
    return CK_OK;
}

/* A field of the end record must equal the zip64 record's, or be the mark for "does not fit". */
static bool agrees(uint64_t value, uint64_t mark, uint64_t value64)
{
    return value == value64 || value == mark;
}

static ck_status read_end(reader *r, ck_error *e)
{
    const uint8_t *end = r->size < END ? NULL : r->bytes + r->size - END;
    if (!end || memcmp(end, "PK\5\6", 4) || ck_le16(end + 20))
        return ck_fail(e, CK_ERR_FORMAT, "zip archive: no end record: is the download complete?");
    if (ck_le16(end + 4) || ck_le16(end + 6) || ck_le16(end + 8) != ck_le16(end + 10))
        return damaged(e, "it spans several disks");
    uint64_t count = ck_le16(end + 10), size = ck_le32(end + 12), directory = ck_le32(end + 16);
    bool big;
    ck_status s = read_end64(r, end, &big, e);
    if (s != CK_OK)
        return s;
    if (big) {
        if (!agrees(count, MAX16, r->count) || !agrees(size, MAX32, r->directory_end - r->directory) ||
            !agrees(directory, MAX32, r->directory))
            return damaged(e, "its two end records disagree");
        return CK_OK;
    }
    r->count = count;
    r->directory = directory;
    r->directory_end = directory + size;
    if (r->directory_end != r->size - END)
        return damaged(e, "its directory does not end where its end record begins");
    return CK_OK;
}

/* Sizes and offset, from 32-bit fields or the zip64 extra field. */
typedef struct fields {
    uint64_t stored, size, offset;
} fields;

/* Replace marks in *f by the zip64 extra field's values, which come in fixed order. */
static bool resolve(fields *f, const uint8_t *extra, size_t n)
{
    uint64_t *wanted[3];
    size_t k = 0;
    if (f->size == MAX32)
        wanted[k++] = &f->size;
    if (f->stored == MAX32)
        wanted[k++] = &f->stored;
    if (f->offset == MAX32)
        wanted[k++] = &f->offset;
    while (n >= 4) {
        size_t len = ck_le16(extra + 2);
        if (len > n - 4)
            return false;
        if (ck_le16(extra) == 1 && k) {
            if (len < 8 * k)
                return false;
            for (size_t i = 0; i < k; i++)
                *wanted[i] = ck_le64(extra + 4 + 8 * i);
            k = 0;
        }
        extra += 4 + len;
        n -= 4 + len;
    }
    /* An unresolved mark would be a size of 4 GiB - 1, which must not be written in that form. */
    return n == 0 && k == 0;
}

/* Check that the local header agrees, and that the data lie before the directory. */
static ck_status check_local(const reader *r, ck_zip_member *m, const fields *f, const uint8_t *central, ck_error *e)
{
    if (f->offset > r->directory || r->directory - f->offset < LOCAL)
        return damaged_member(e, m, "lies outside the file");
    const uint8_t *p = r->bytes + f->offset;
    uint64_t left = r->directory - f->offset - LOCAL;
    size_t name = ck_le16(p + 26), extra = ck_le16(p + 28);
    if (memcmp(p, "PK\3\4", 4) || name + extra > left)
        return damaged_member(e, m, "has no local header where the directory says");
    fields local = {ck_le32(p + 18), ck_le32(p + 22), 0};
    uint16_t flags = ck_le16(p + 6);
    if (flags != ck_le16(central + 8) || ck_le16(p + 8) != ck_le16(central + 10) || name != m->name_n ||
        memcmp(p + LOCAL, m->name, name) || !resolve(&local, p + LOCAL + name, extra))
        return damaged_member(e, m, "has a local header that disagrees with the directory");
    bool open = flags & FLAG_DESCRIPTOR && !local.size && !local.stored;
    if (!open && (local.size != f->size || local.stored != f->stored))
        return damaged_member(e, m, "has another size in its local header than in the directory");
    if (f->size > left - name - extra)
        return damaged_member(e, m, "reaches beyond the file");
    m->data = p + LOCAL + name + extra;
    m->size = f->size;
    m->begin = f->offset;
    return CK_OK;
}

/* Read one header of the directory; *next moves past it. */
static ck_status read_central(const reader *r, const uint8_t **next, ck_zip_member *m, ck_error *e)
{
    const uint8_t *p = *next;
    size_t left = (size_t)(r->bytes + r->directory_end - p);
    if (left < CENTRAL || memcmp(p, "PK\1\2", 4))
        return damaged(e, "its directory has fewer members than it says");
    size_t name = ck_le16(p + 28), extra = ck_le16(p + 30), comment = ck_le16(p + 32);
    if (name + extra + comment > left - CENTRAL)
        return damaged(e, "its directory has a member that does not end");
    *next = p + CENTRAL + name + extra + comment;
    *m = (ck_zip_member){.name = (const char *)p + CENTRAL, .name_n = name};
    if (ck_le16(p + 8) & FLAGS_REFUSED)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "zip archive: member '%.*s' is encrypted or patched: save it again",
                       (int)(name < 100 ? name : 100), m->name);
    if (ck_le16(p + 10))
        return ck_fail(
            e, CK_ERR_UNSUPPORTED,
            "zip archive: member '%.*s' is compressed (method %u): unpack the archive and pack it with zip -0",
            (int)(name < 100 ? name : 100), m->name, ck_le16(p + 10));
    fields f = {ck_le32(p + 20), ck_le32(p + 24), ck_le32(p + 42)};
    if (ck_le16(p + 34) || !resolve(&f, p + CENTRAL + name, extra) || f.size != f.stored)
        return damaged_member(e, m, "has invalid sizes in the directory");
    return check_local(r, m, &f, p, e);
}

static int by_begin(const void *a, const void *b)
{
    const ck_zip_member *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int compare_names(const char *a, size_t na, const char *b, size_t nb)
{
    int c = memcmp(a, b, na < nb ? na : nb);
    return c ? c : (na > nb) - (na < nb);
}

static int by_name(const void *a, const void *b)
{
    const ck_zip_member *x = a, *y = b;
    return compare_names(x->name, x->name_n, y->name, y->name_n);
}

/* Check that no byte and no name belongs to two members; sorts them by name. */
static ck_status check_members(const reader *r, ck_zip *z, ck_error *e)
{
    qsort(z->members, z->n, sizeof *z->members, by_begin);
    for (size_t i = 1; i < z->n; i++) {
        const ck_zip_member *m = &z->members[i - 1];
        if ((size_t)(m->data - r->bytes) + m->size > z->members[i].begin)
            return damaged_member(e, &z->members[i], "overlaps another");
    }
    qsort(z->members, z->n, sizeof *z->members, by_name);
    for (size_t i = 1; i < z->n; i++)
        if (!by_name(&z->members[i - 1], &z->members[i]))
            return damaged_member(e, &z->members[i], "appears twice");
    return CK_OK;
}

ck_status ck_zip_open(ck_zip *z, const uint8_t *bytes, size_t n, ck_error *e)
{
    reader r = {.bytes = bytes, .size = n};
    *z = (ck_zip){0};
    ck_status s = read_end(&r, e);
    if (s != CK_OK)
        return s;
    if (!r.count || r.count > (r.directory_end - r.directory) / CENTRAL)
        return damaged(e, "its directory is too small for the members it says it has");
    z->members = calloc(r.count, sizeof *z->members);
    if (!z->members)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %llu members", (unsigned long long)r.count);
    const uint8_t *p = bytes + r.directory;
    for (; z->n < r.count && s == CK_OK; z->n++)
        s = read_central(&r, &p, &z->members[z->n], e);
    if (s == CK_OK && p != bytes + r.directory_end)
        s = damaged(e, "its directory has more members than it says");
    if (s == CK_OK)
        s = check_members(&r, z, e);
    if (s != CK_OK)
        ck_zip_close(z);
    return s;
}

void ck_zip_close(ck_zip *z)
{
    free(z->members);
    *z = (ck_zip){0};
}

const ck_zip_member *ck_zip_find(const ck_zip *z, const char *name, size_t n)
{
    size_t low = 0, high = z->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const ck_zip_member *m = &z->members[mid];
        int c = compare_names(name, n, m->name, m->name_n);
        if (c == 0)
            return m;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}
