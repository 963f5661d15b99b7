#include "io/png_colour.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/exif.h"

/* Bytes.  Display profiles have kilobytes; larger ones are printer tables, which are not supported. */
#define MOST_PROFILE ((size_t)1 << 20)

void ck_png_colour_init(ck_png_colour *c)
{
    *c = (ck_png_colour){.tag.encoding = "srgb"};
}

static double number(const uint8_t *p)
{
    return (double)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) / 100000;
}

/* True if a chunk of this rank counts.  Statements of lower rank are discarded. */
static bool outranks(ck_png_colour *c, ck_png_rank rank)
{
    if (rank < c->rank)
        return false;
    if (rank > c->rank)
        c->tag = (ck_colour_tag){.encoding = "srgb"};
    c->rank = rank;
    return true;
}

static bool add_profile(ck_png_colour *c, const uint8_t *data, size_t n)
{
    const uint8_t *end = memchr(data, 0, n < 80 ? n : 80);
    size_t name = end ? (size_t)(end - data) + 2 : n + 1, bytes = 0;
    if (name > n || data[name - 1] != 0) /* 0: deflate, the only method */
        return false;
    struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
    uint8_t *profile = malloc(MOST_PROFILE);
    if (inflate && profile)
        libdeflate_zlib_decompress(inflate, data + name, n - name, profile, MOST_PROFILE, &bytes);
    ck_colour_tag_icc(&c->tag, profile ? profile : data, bytes);
    if (inflate)
        libdeflate_free_decompressor(inflate);
    free(profile);
    return true;
}

static void add_chromaticities(ck_png_colour *c, const uint8_t *data)
{
    ck_primaries p; /* cHRM has the white point first */
    for (int i = 0; i < 8; i++)
        p.xy[(i + 6) % 8] = number(data + (size_t)4 * (size_t)i);
    ck_primaries_format(&p, c->tag.primaries);
}

/* Text is KEY NUL VALUE; a longer value is cut, and unknown. */
static void add_text(ck_png_colour *c, const uint8_t *data, size_t n)
{
    const struct {
        const char *key;
        char *to;
        size_t size;
    } labels[] = {{"ck:transfer", c->transfer, sizeof c->transfer},
                  {"ck:primaries", c->primaries, sizeof c->primaries}};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        size_t key = strlen(labels[i].key) + 1;
        if (n > key && !memcmp(data, labels[i].key, key))
            snprintf(labels[i].to, labels[i].size, "%.*s", (int)(n - key), (const char *)data + key);
    }
}

bool ck_png_colour_chunk(ck_png_colour *c, const char *name, const uint8_t *data, size_t n)
{
    if (!strcmp(name, "cICP")) {
        if (n != 4)
            return false;
        if (outranks(c, CK_PNG_CICP))
            ck_colour_tag_h273(&c->tag, data[0], data[1]);
        c->narrow = !data[3];
    } else if (!strcmp(name, "iCCP")) {
        return !outranks(c, CK_PNG_ICC) || add_profile(c, data, n);
    } else if (!strcmp(name, "sRGB")) {
        if (n != 1)
            return false;
        if (outranks(c, CK_PNG_SRGB))
            ck_colour_tag_h273(&c->tag, 1, 13);
    } else if (!strcmp(name, "gAMA")) {
        if (n != 4 || !(number(data) > 0))
            return false;
        if (outranks(c, CK_PNG_GAMMA))
            ck_colour_tag_gamma(&c->tag, 1 / number(data));
    } else if (!strcmp(name, "cHRM")) {
        if (n != 32)
            return false;
        if (outranks(c, CK_PNG_GAMMA))
            add_chromaticities(c, data);
    } else if (!strcmp(name, "eXIf")) {
        c->orient = ck_exif_orient(data, n);
    } else if (!strcmp(name, "tEXt")) {
        add_text(c, data, n);
    }
    return true;
}

void ck_png_colour_end(ck_png_colour *c)
{
    if (c->rank == CK_PNG_SILENT)
        ck_colour_tag_labels(&c->tag, *c->transfer ? c->transfer : NULL, *c->primaries ? c->primaries : NULL);
}
