#include "io/cineon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/orient.h"
#include "io/pick.h"

/* Header offsets in bytes (Kodak, Cineon file format 4.5). */
enum {
    PIXELS_AT = 4,
    ORIENTATION = 192,
    CHANNELS = 193,
    FIRST_CHANNEL = 196, /* channels, 28 bytes each: */
    BITS = 2,
    WIDTH = 4,
    HEIGHT = 8,
    CHANNEL = 28,
    INTERLEAVE = 680,
    PACKING = 681, /* 5: 32-bit words, left-justified */
    HEADER = 1024
};

typedef struct reader {
    FILE *file;
    uint8_t head[HEADER];
    bool big;
    int w, h;
    ck_error *e;
} reader;

static uint32_t word(const reader *r, const uint8_t *p)
{
    return r->big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static ck_status truncated(reader *r)
{
    return ferror(r->file) ? ck_fail_errno(r->e, "cannot read")
                           : ck_fail(r->e, CK_ERR_FORMAT, "truncated Cineon: the file ends too early, copy it again");
}

static ck_status read_header(reader *r)
{
    if (fread(r->head, 1, HEADER, r->file) != HEADER)
        return truncated(r);
    r->big = r->head[0] == 0x80;
    bool common =
        r->head[CHANNELS] == 3 && r->head[INTERLEAVE] == 0 && r->head[PACKING] == 5 && r->head[ORIENTATION] < 4;
    for (int c = 0; c < 3; c++) {
        const uint8_t *p = r->head + FIRST_CHANNEL + (ptrdiff_t)CHANNEL * c;
        common &= p[BITS] == 10 && !memcmp(p + WIDTH, r->head + FIRST_CHANNEL + WIDTH, 8);
    }
    if (!common)
        return ck_fail(r->e, CK_ERR_UNSUPPORTED,
                       "only Cineon files of 10-bit RGB in 32-bit words are read: convert it to DPX");
    uint32_t w = word(r, r->head + FIRST_CHANNEL + WIDTH), h = word(r, r->head + FIRST_CHANNEL + HEIGHT);
    if (w < 1 || h < 1 || w > CK_MAX_SIDE || h > CK_MAX_SIDE)
        return ck_fail(r->e, CK_ERR_FORMAT, "Cineon size %u x %u: sides go from 1 to %d", w, h, CK_MAX_SIDE);
    r->w = (int)w;
    r->h = (int)h;
    /* Check the file's length before memory is allocated for the picture. */
    if (fseeko(r->file, 0, SEEK_END))
        return ck_fail_errno(r->e, "cannot read");
    off_t start = word(r, r->head + PIXELS_AT);
    if (ftello(r->file) < start + (off_t)4 * r->w * r->h)
        return truncated(r);
    return fseeko(r->file, start, SEEK_SET) ? ck_fail_errno(r->e, "cannot read") : CK_OK;
}

static ck_status read_rows(reader *r, const ck_pick *k)
{
    size_t w = (size_t)r->w;
    uint8_t *line = malloc(4 * w);
    float *rgb = malloc(3 * w * sizeof *rgb);
    ck_status s = line && rgb ? CK_OK : ck_fail(r->e, CK_ERR_MEMORY, "out of memory for a row of a Cineon file");
    for (int y = 0; y < r->h && s == CK_OK; y++) {
        if (fread(line, 4, w, r->file) != w) {
            s = truncated(r);
            break;
        }
        for (size_t x = 0; x < w; x++)
            for (size_t c = 0; c < 3; c++)
                rgb[c * w + x] = (float)(word(r, line + 4 * x) >> (22 - 10 * c) & 1023) / 1023.0f;
        ck_pick_row(k, y, 0, r->w, &(ck_row){.r = rgb, .g = rgb + w, .b = rgb + 2 * w, .step = 1});
    }
    free(line);
    free(rgb);
    return s;
}

static ck_status read_picture(reader *r, ck_want want, const char *name, ck_frame *f)
{
    ck_pick k;
    ck_status s = read_header(r);
    if (s == CK_OK)
        s = ck_pick_open(&k, f, name, want, CK_F32, 3, r->w, r->h, "cineon", r->e);
    if (s != CK_OK)
        return s;
    s = read_rows(r, &k);
    if (s == CK_OK && !ck_want_is_mask(want))
        s = ck_meta_set(&f->meta, "transfer", "cineon", r->e);
    s = ck_pick_end(&k, f, name, s, r->e);
    ck_orient o = {.flip_y = r->head[ORIENTATION] & 1, .flip_x = r->head[ORIENTATION] & 2};
    return s == CK_OK ? ck_orient_plane(f, name, o, r->e) : s;
}

ck_status ck_cineon_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    reader r = {.file = fopen(path, "rbe"), .e = e};
    if (!r.file)
        return ck_fail_errno(e, "cannot open");
    ck_status s = read_picture(&r, want, name, f);
    fclose(r.file);
    return s;
}
