/* The zip reader: every form of archive that torch.save writes is read, everything else is refused. */
#include "blob.h"
#include "checkpoint/zip.h"
#include "tap.h"

static ck_error e;

/* An archive of three members; members 0 and 1 have the same length. */
static zip_writer *make(unsigned flags)
{
    zip_writer *z = zip_new(flags);
    zip_add(z, "m/a", "first", 5);
    zip_add(z, "m/b", "other", 5);
    zip_add(z, "m/empty", "", 0);
    zip_finish(z);
    return z;
}

/* Open bytes in an allocation of exactly that size. */
static ck_status open_bytes(const uint8_t *p, size_t n, ck_zip *z, uint8_t **memory)
{
    *memory = malloc(n ? n : 1);
    memcpy(*memory, p, n);
    e.text[0] = 0;
    return ck_zip_open(z, *memory, n, &e);
}

static bool opens(const blob *b)
{
    ck_zip z;
    uint8_t *memory;
    bool good = open_bytes(b->p, b->n, &z, &memory) == CK_OK;
    if (good) {
        const ck_zip_member *a = ck_zip_find(&z, "m/a", 3), *x = ck_zip_find(&z, "m/empty", 7);
        good = z.n == 3 && a && a->size == 5 && !memcmp(a->data, "first", 5) && x && x->size == 0 &&
               !ck_zip_find(&z, "m/", 2) && !ck_zip_find(&z, "m/aa", 4) && !ck_zip_find(&z, "z", 1);
    }
    ck_zip_close(&z);
    free(memory);
    return good;
}

static bool refused(const blob *b, const char *text)
{
    ck_zip z;
    uint8_t *memory;
    bool good = open_bytes(b->p, b->n, &z, &memory) != CK_OK && strstr(e.text, text);
    if (!good)
        printf("# %s\n", *e.text ? e.text : "it was opened");
    ck_zip_close(&z);
    free(memory);
    return good;
}

/* Offsets of fields in the headers. */
enum { L_FLAGS = 6, L_METHOD = 8, L_STORED = 18, L_SIZE = 22, L_NAME = 26, L_EXTRA = 28, L_NAME_TEXT = 30 };
enum {
    C_FLAGS = 8,
    C_METHOD = 10,
    C_STORED = 20,
    C_SIZE = 24,
    C_NAME = 28,
    C_EXTRA = 30,
    C_COMMENT = 32,
    C_DISK = 34,
    C_OFFSET = 42,
    C_NAME_TEXT = 46
};

typedef struct patch {
    char where; /* l, c: local or central header of a member; e, E, o: end record, zip64 end record, locator */
    size_t member, at;
    uint64_t value;
    size_t bytes;
} patch;

static void apply(zip_writer *z, const patch *p)
{
    size_t base = p->where == 'l'   ? z->local[p->member]
                  : p->where == 'c' ? z->directory_at + z->central[p->member]
                  : p->where == 'e' ? z->end_at
                  : p->where == 'E' ? z->end64_at
                                    : z->end_at - 20;
    if (p->where)
        blob_set(&z->out, base + p->at, p->value, p->bytes);
}

static bool patched(unsigned flags, patch a, patch b, const char *text)
{
    zip_writer *z = make(flags);
    apply(z, &a);
    apply(z, &b);
    bool good = text ? refused(&z->out, text) : opens(&z->out);
    zip_free(z);
    return good;
}

#define NONE ((patch){0})

static void kinds(void)
{
    for (unsigned flags = 0; flags < 16; flags++) {
        zip_writer *z = make(flags);
        ok(opens(&z->out), "an archive%s%s%s%s", flags & ZIP_DESCRIPTOR ? ", sizes after the data" : "",
           flags & ZIP_PADDED ? ", padded" : "", flags & ZIP_END64 ? ", zip64 end" : "",
           flags & ZIP_SIZES64 ? ", zip64 sizes" : "");
        zip_free(z);
    }
    ok(patched(ZIP_END64, (patch){'e', 0, 8, 0xffffffff, 4}, (patch){'e', 0, 12, UINT64_MAX, 8}, NULL),
       "an end record that leaves all to the zip64 one");
    bool all = true;
    zip_writer *z = make(ZIP_TORCH);
    for (size_t n = 0; n < z->out.n && all; n++) {
        blob cut = {z->out.p, n, n};
        all = !opens(&cut);
    }
    ok(all, "every cut is refused");
    blob_int(&z->out, 0, 1);
    ok(refused(&z->out, "no end record"), "so is a byte too many");
    zip_free(z);
}

/* Change every byte: nothing is read outside of memory, and what opens has valid members. */
static void changes(void)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    bool sane = true;
    for (unsigned flags = 0; flags < 16; flags++) {
        zip_writer *w = make(flags);
        for (size_t i = 0; i < 3 * w->out.n; i++) {
            ck_zip z;
            uint8_t *memory;
            w->out.p[i / 3] ^= masks[i % 3];
            if (open_bytes(w->out.p, w->out.n, &z, &memory) == CK_OK)
                for (size_t k = 0; k < z.n; k++)
                    sane = sane && z.members[k].data >= memory &&
                           z.members[k].data + z.members[k].size <= memory + w->out.n && z.members[k].size <= 5;
            w->out.p[i / 3] ^= masks[i % 3];
            ck_zip_close(&z);
            free(memory);
        }
        zip_free(w);
    }
    ok(sane, "no changed byte makes a member larger or leave the file");
}

static void members(void)
{
    ok(patched(0, (patch){'c', 1, C_METHOD, 8, 2}, (patch){'l', 1, L_METHOD, 8, 2}, "'m/b' is compressed (method 8)"),
       "a compressed member");
    ok(patched(0, (patch){'c', 1, C_FLAGS, 1, 2}, (patch){'l', 1, L_FLAGS, 1, 2}, "'m/b' is encrypted"),
       "an encrypted member");
    ok(patched(0, (patch){'c', 1, C_FLAGS, 1 << 5, 2}, NONE, "patched"), "a patched member");
    ok(patched(0, (patch){'c', 1, C_FLAGS, 1 << 13, 2}, NONE, "encrypted"), "a masked header");
    ok(patched(0, (patch){'c', 1, C_NAME_TEXT + 2, 'a', 1}, (patch){'l', 1, L_NAME_TEXT + 2, 'a', 1},
               "'m/a' appears twice"),
       "a name twice");
    ok(patched(0, (patch){'c', 1, C_OFFSET, 0, 4}, NONE, "disagrees"), "a member at another's place");
    ok(patched(0, (patch){'c', 1, C_OFFSET, 0, 4}, (patch){'c', 1, C_NAME_TEXT + 2, 'a', 1}, "overlaps"),
       "a member listed twice");
    ok(patched(0, (patch){'c', 0, C_STORED, 0x0600000006u, 8}, (patch){'l', 0, L_STORED, 0x0600000006u, 8}, "overlaps"),
       "a member that reaches into the next");
    ok(patched(0, (patch){'c', 1, C_STORED, 0x7f0000007full, 8}, (patch){'l', 1, L_STORED, 0x7f0000007full, 8},
               "beyond the file"),
       "a member that reaches into the directory");
    ok(patched(0, (patch){'c', 1, C_OFFSET, 0x7fffffff, 4}, NONE, "outside the file"), "a member outside the file");
    ok(patched(0, (patch){'c', 1, C_OFFSET, 1, 4}, NONE, "no local header"), "a member without a local header");
    ok(patched(0, (patch){'c', 1, C_STORED, 4, 4}, NONE, "has invalid sizes"), "two sizes in the directory");
    ok(patched(0, (patch){'c', 1, C_DISK, 1, 2}, NONE, "has invalid sizes"), "a member on another disk");
    ok(patched(0, (patch){'c', 1, C_STORED, 0xffffffff, 4}, NONE, "has invalid sizes"),
       "a zip64 size that is not there");
}

static void local_headers(void)
{
    ok(patched(0, (patch){'l', 1, L_SIZE, 4, 4}, NONE, "another size in its local header"), "another size");
    ok(patched(0, (patch){'l', 1, L_STORED, 4, 4}, NONE, "another size in its local header"), "another stored size");
    ok(patched(0, (patch){'l', 1, L_SIZE, 0, 4}, (patch){'l', 1, L_STORED, 0, 4}, "another size in its local header"),
       "no size, without the flag that allows it");
    ok(patched(ZIP_DESCRIPTOR, (patch){'l', 1, L_SIZE, 4, 4}, NONE, "another size in its local header"),
       "another size, with that flag");
    ok(patched(0, (patch){'l', 1, L_METHOD, 8, 2}, NONE, "disagrees"), "another method");
    ok(patched(0, (patch){'l', 1, L_FLAGS, 0x808, 2}, NONE, "disagrees"), "other flags");
    ok(patched(0, (patch){'l', 1, L_NAME_TEXT, 'x', 1}, NONE, "disagrees"), "another name");
    ok(patched(0, (patch){'l', 1, L_NAME, 2, 2}, NONE, "disagrees"), "a shorter name");
    ok(patched(0, (patch){'l', 1, L_NAME, 0xffff, 2}, NONE, "no local header"), "a name beyond the file");
    ok(patched(ZIP_PADDED, (patch){'l', 1, L_EXTRA, 3, 2}, NONE, "disagrees"), "half an extra field");
    ok(patched(ZIP_PADDED, (patch){'l', 1, L_NAME_TEXT + 3 + 2, 0xff, 1}, NONE, "disagrees"),
       "an extra field longer than all of them");
    ok(patched(ZIP_SIZES64, (patch){'l', 1, L_NAME_TEXT + 3 + 2, 8, 1}, NONE, "disagrees"),
       "a zip64 field too short for what it should hold");
}

static void directory(void)
{
    ok(patched(0, (patch){'c', 1, 0, 0, 4}, NONE, "fewer members"), "a header without its mark");
    ok(patched(0, (patch){'c', 1, C_NAME, 0xffff, 2}, NONE, "does not end"), "a name beyond the directory");
    ok(patched(0, (patch){'c', 1, C_EXTRA, 0xffff, 2}, NONE, "does not end"), "an extra field beyond the directory");
    ok(patched(0, (patch){'c', 2, C_COMMENT, 1, 2}, NONE, "does not end"), "a comment beyond the directory");
    ok(patched(0, (patch){'e', 0, 8, 0x00020002, 4}, NONE, "more members"), "fewer members than there are");
    ok(patched(0, (patch){'e', 0, 8, 0x00040004, 4}, NONE, "zip archive"), "more members than there are");
    ok(patched(0, (patch){'e', 0, 8, 0, 4}, NONE, "too small"), "no members");
    ok(patched(0, (patch){'e', 0, 8, 0xfffefffe, 4}, NONE, "too small"), "a huge number of members");
    ok(patched(0, (patch){'e', 0, 10, 4, 2}, NONE, "several disks"), "two numbers of members");
    ok(patched(0, (patch){'e', 0, 4, 1, 2}, NONE, "several disks"), "another disk");
    ok(patched(0, (patch){'e', 0, 12, 1, 4}, NONE, "does not end"), "a directory of another size");
    ok(patched(0, (patch){'e', 0, 16, 1, 4}, NONE, "does not end"), "a directory elsewhere");
    ok(patched(0, (patch){'e', 0, 12, UINT64_MAX, 8}, NONE, "does not end"), "a directory beyond the file");
    ok(patched(0, (patch){'e', 0, 20, 1, 2}, NONE, "no end record"), "a comment that is not there");
}

static void zip64(void)
{
    ok(patched(ZIP_END64, (patch){'o', 0, 8, 0, 8}, NONE, "not where it should be"), "a locator to another place");
    ok(patched(ZIP_END64, (patch){'o', 0, 8, UINT64_MAX, 8}, NONE, "not where it should be"),
       "a locator out of the file");
    ok(patched(ZIP_END64, (patch){'o', 0, 4, 1, 4}, NONE, "several disks"), "a locator to another disk");
    ok(patched(ZIP_END64, (patch){'o', 0, 16, 2, 4}, NONE, "several disks"), "two disks");
    ok(patched(ZIP_END64, (patch){'E', 0, 4, 45, 8}, NONE, "not where it should be"), "an end record of another size");
    ok(patched(ZIP_END64, (patch){'E', 0, 16, 1, 4}, NONE, "several disks"), "an end record on another disk");
    ok(patched(ZIP_END64, (patch){'E', 0, 24, 4, 8}, NONE, "several disks"), "two numbers of members");
    ok(patched(ZIP_END64, (patch){'E', 0, 40, UINT64_MAX, 8}, NONE, "does not end"),
       "a directory size that wraps around");
    ok(patched(ZIP_END64, (patch){'E', 0, 48, 1, 8}, NONE, "does not end"), "a directory elsewhere");
    ok(patched(ZIP_END64, (patch){'e', 0, 8, 0x00040004, 4}, NONE, "disagree"), "end records that count differently");
    ok(patched(ZIP_END64, (patch){'e', 0, 16, 1, 4}, NONE, "disagree"), "end records that differ in the place");
    ok(patched(ZIP_END64, (patch){'E', 0, 24, 1ull << 60, 8}, (patch){'E', 0, 32, 1ull << 60, 8}, "disagree"),
       "a huge number of members");
    zip_writer *z = make(ZIP_END64);
    apply(z, &(patch){'e', 0, 8, 0xffffffff, 4});
    apply(z, &(patch){'E', 0, 24, 1ull << 60, 8});
    apply(z, &(patch){'E', 0, 32, 1ull << 60, 8});
    ok(refused(&z->out, "too small"), "a huge number of members, and an end record that allows it");
    zip_free(z);
}

int main(void)
{
    kinds();
    changes();
    members();
    local_headers();
    directory();
    zip64();
    return done_testing();
}
