#include "io/tiff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>

#include "io/colour_tag.h"
#include "io/orient.h"
#include "io/pick.h"
#include "io/tiff_labels.h"
#include "io/tiff_samples.h"

/* The way of samples:
 *
 *     strip or tile --libtiff--> block of samples --tiff_samples--> rows --> ck_pick_row
 *
 * A block holds all samples of its pixels.  In a planar file it holds one, so one block per sample is read. */

typedef struct reader {
    TIFF *tif;
    ck_tiff_layout l;
    uint32_t w, h;
    uint32_t block_w, block_h;
    bool tiled, planar;
    uint16_t photometric, compression, orientation;
    int alpha; /* index of the alpha sample, -1 = none */
    tmsize_t block_bytes;
    uint8_t *blocks; /* all blocks of one place */
    int n_blocks;
    float *floats;   /* four rows of a block */
    char first[300]; /* libtiff's first error */
    ck_error *e;
} reader;

static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    reader *r = user;
    (void)tif;
    (void)module;
    if (!r->first[0])
        vsnprintf(r->first, sizeof r->first, format, args);
    return 1;
}

/* Warnings are about tags that are not used. */
static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    (void)tif;
    (void)user;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

static ck_status damaged(reader *r)
{
    return ck_fail(r->e, CK_ERR_FORMAT, "damaged TIFF (%s): copy or render it again",
                   r->first[0] ? r->first : "libtiff cannot read it");
}

static ck_status open_file(reader *r, const char *path)
{
    TIFFOpenOptions *how = TIFFOpenOptionsAlloc();
    if (!how)
        return ck_fail(r->e, CK_ERR_MEMORY, "out of memory for a TIFF");
    TIFFOpenOptionsSetErrorHandlerExtR(how, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(how, on_warning, r);
    r->tif = TIFFOpenExt(path, "rm", how); /* m: not mapped, since a file may shrink while it is read */
    TIFFOpenOptionsFree(how);
    return r->tif ? CK_OK : damaged(r);
}

static ck_status refuse(reader *r, const char *what)
{
    return ck_fail(r->e, CK_ERR_UNSUPPORTED, "a TIFF of %s is not read: write RGB or grey", what);
}

static ck_status check_photometric(reader *r)
{
    switch (r->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_PALETTE:
        return CK_OK;
    case PHOTOMETRIC_YCBCR:
        if (r->compression != COMPRESSION_JPEG)
            return refuse(r, "YCbCr without JPEG");
        TIFFSetField(r->tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        return CK_OK;
    case PHOTOMETRIC_SEPARATED:
        return refuse(r, "CMYK");
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
        return refuse(r, "LogLuv");
    default:
        return refuse(r, "CIE Lab or another colour model");
    }
}

/* Find alpha among the samples after the colours, by ExtraSamples. */
static void find_alpha(reader *r)
{
    uint16_t n = 0, *kinds = NULL;
    r->l.colours = r->photometric == PHOTOMETRIC_RGB || r->photometric == PHOTOMETRIC_YCBCR ? 3 : 1;
    r->alpha = -1;
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_EXTRASAMPLES, &n, &kinds);
    for (uint16_t i = 0; i < n && r->alpha < 0; i++)
        if (kinds[i] == EXTRASAMPLE_ASSOCALPHA || kinds[i] == EXTRASAMPLE_UNASSALPHA)
            r->alpha = r->l.colours + i;
    /* Simple writers leave the kind of RGBA's fourth sample unspecified. */
    if (r->alpha < 0 && r->l.samples == r->l.colours + 1)
        r->alpha = r->l.colours;
    if (r->alpha >= r->l.samples)
        r->alpha = -1;
}

static ck_status check_samples(reader *r)
{
    ck_tiff_layout *l = &r->l;
    uint16_t *map[3];
    if (l->samples < l->colours || l->samples > CK_MAX_CHANNELS)
        return ck_fail(r->e, CK_ERR_FORMAT, "damaged TIFF: %d samples a pixel of %d colours", l->samples, l->colours);
    if (r->photometric == PHOTOMETRIC_PALETTE) {
        if (l->bits > 16 || l->format != SAMPLEFORMAT_UINT)
            return refuse(r, "palette indices of more than 16 bits");
        if (!TIFFGetField(r->tif, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
            return ck_fail(r->e, CK_ERR_FORMAT, "damaged TIFF: its palette is missing");
        ck_tiff_palette(l, (const uint16_t *const[3]){map[0], map[1], map[2]});
        if (!l->palette)
            return ck_fail(r->e, CK_ERR_MEMORY, "out of memory for a palette");
        r->alpha = -1;
    }
    return ck_tiff_layout_check(l, r->e);
}

/* Refuse sizes that the file cannot hold before allocating memory: each compression has a maximum ratio. */
static ck_status check_size(reader *r)
{
    struct stat st;
    double most = r->compression == COMPRESSION_NONE                                                     ? 1
                  : r->compression == COMPRESSION_PACKBITS                                               ? 64
                  : r->compression == COMPRESSION_LZW                                                    ? 2800
                  : r->compression == COMPRESSION_DEFLATE || r->compression == COMPRESSION_ADOBE_DEFLATE ? 1032
                                                                                                         : 1 << 15;
    double pixels = (double)r->w * r->h, bytes = pixels * r->l.samples * r->l.bits / 8;
    if (r->w < 1 || r->h < 1 || r->w > CK_MAX_SIDE || r->h > CK_MAX_SIDE)
        return ck_fail(r->e, CK_ERR_FORMAT, "a TIFF of %u x %u: sides go from 1 to %d", r->w, r->h, CK_MAX_SIDE);
    if (!fstat(TIFFFileno(r->tif), &st) && S_ISREG(st.st_mode) && bytes > most * (double)st.st_size)
        return ck_fail(r->e, CK_ERR_FORMAT, "truncated TIFF: %lld bytes cannot hold %u x %u pixels, copy it again",
                       (long long)st.st_size, r->w, r->h);
    return CK_OK;
}

static ck_status read_header(reader *r)
{
    uint16_t bits, samples, format, planar;
    TIFF *t = r->tif;
    TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &r->w);
    TIFFGetField(t, TIFFTAG_IMAGELENGTH, &r->h);
    TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &r->compression);
    TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &r->orientation);
    if (!TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &r->photometric))
        r->photometric = samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    r->l.bits = bits;
    r->l.samples = samples;
    r->l.format = format == SAMPLEFORMAT_VOID ? SAMPLEFORMAT_UINT : format;
    r->l.inverted = r->photometric == PHOTOMETRIC_MINISWHITE;
    r->planar = planar == PLANARCONFIG_SEPARATE && samples > 1;
    r->tiled = TIFFIsTiled(t);
    ck_status s = check_photometric(r);
    if (s != CK_OK)
        return s;
    find_alpha(r);
    s = check_samples(r);
    return s == CK_OK ? check_size(r) : s;
}

static ck_status take_memory(reader *r)
{
    r->block_w = r->w;
    if (r->tiled) {
        TIFFGetField(r->tif, TIFFTAG_TILEWIDTH, &r->block_w);
        TIFFGetField(r->tif, TIFFTAG_TILELENGTH, &r->block_h);
    } else {
        TIFFGetFieldDefaulted(r->tif, TIFFTAG_ROWSPERSTRIP, &r->block_h);
        r->block_h = r->block_h < r->h ? r->block_h : r->h;
    }
    /* A tile may be larger than the picture, within limits. */
    double area = (double)r->block_w * r->block_h;
    if (r->block_w < 1 || r->block_h < 1 || (area > (1 << 24) && area > 4.0 * r->w * r->h))
        return ck_fail(r->e, CK_ERR_FORMAT, "damaged TIFF: blocks of %u x %u", r->block_w, r->block_h);
    r->l.stored = r->planar ? 1 : r->l.samples;
    r->n_blocks = r->planar ? (r->alpha < 0 ? r->l.colours : r->alpha + 1) : 1;
    r->block_bytes = r->tiled ? TIFFTileSize(r->tif) : TIFFStripSize(r->tif);
    r->l.row_bytes = ((size_t)r->block_w * (size_t)r->l.stored * (size_t)r->l.bits + 7) / 8;
    if (r->block_bytes < 1 || (size_t)r->block_bytes < r->l.row_bytes * r->block_h)
        return damaged(r);
    r->blocks = calloc((size_t)r->n_blocks, (size_t)r->block_bytes);
    r->floats = malloc(4 * (size_t)r->block_w * sizeof *r->floats);
    return r->blocks && r->floats ? CK_OK
                                  : ck_fail(r->e, CK_ERR_MEMORY, "out of memory for a TIFF of %u x %u", r->w, r->h);
}

/* Read the blocks at x, y, of which `rows` rows are wanted. */
static ck_status read_blocks(reader *r, uint32_t x, uint32_t y, uint32_t rows)
{
    tmsize_t need = (tmsize_t)(r->l.row_bytes * (r->tiled ? r->block_h : rows));
    for (int i = 0; i < r->n_blocks; i++) {
        uint8_t *to = r->blocks + (size_t)i * (size_t)r->block_bytes;
        uint16_t sample = (uint16_t)i;
        if (r->planar && i >= r->l.colours && i != r->alpha)
            continue;
        tmsize_t got = r->tiled
                           ? TIFFReadEncodedTile(r->tif, TIFFComputeTile(r->tif, x, y, 0, sample), to, r->block_bytes)
                           : TIFFReadEncodedStrip(r->tif, TIFFComputeStrip(r->tif, y, sample), to, need);
        if (got < need || r->first[0])
            return damaged(r);
    }
    return CK_OK;
}

static void give_rows(reader *r, const ck_pick *k, uint32_t x, uint32_t y, uint32_t cols, uint32_t rows)
{
    int wanted = r->l.colours + (r->alpha >= 0);
    for (uint32_t j = 0; j < rows; j++) {
        const void *row[4] = {NULL};
        int step = 1;
        for (int i = 0; i < wanted; i++) {
            int sample = i < r->l.colours ? i : r->alpha;
            const uint8_t *block = r->blocks + (r->planar ? (size_t)sample * (size_t)r->block_bytes : 0);
            row[i] = ck_tiff_samples(&r->l, block + j * r->l.row_bytes, r->planar ? 0 : sample, i == r->l.colours,
                                     (int)cols, r->floats + (size_t)i * r->block_w, &step);
        }
        ck_row give = {.r = row[0], .step = step, .a = r->alpha >= 0 ? row[r->l.colours] : NULL};
        if (r->l.colours == 3) {
            give.g = row[1];
            give.b = row[2];
        }
        if (r->l.palette)
            ck_tiff_look_up(&r->l, r->floats, r->block_w, (int)cols, &give);
        ck_pick_row(k, (int)(y + j), (int)x, (int)cols, &give);
    }
}

static ck_status read_pixels(reader *r, const ck_pick *k)
{
    for (uint32_t y = 0; y < r->h; y += r->block_h) {
        for (uint32_t x = 0; x < r->w; x += r->block_w) {
            uint32_t cols = r->w - x < r->block_w ? r->w - x : r->block_w;
            uint32_t rows = r->h - y < r->block_h ? r->h - y : r->block_h;
            ck_status s = read_blocks(r, x, y, rows);
            if (s != CK_OK)
                return s;
            give_rows(r, k, x, y, cols, rows);
        }
    }
    return CK_OK;
}

static ck_status read_picture(reader *r, ck_want want, const char *name, ck_frame *f)
{
    ck_colour_tag tag = {.encoding = "srgb"};
    uint32_t n = 0;
    void *profile;
    char *text;
    ck_pick k;
    if (r->l.format == SAMPLEFORMAT_IEEEFP)
        memcpy(tag.encoding, "linear", sizeof "linear");
    ck_status s = take_memory(r);
    if (TIFFGetField(r->tif, TIFFTAG_ICCPROFILE, &n, &profile))
        ck_colour_tag_icc(&tag, profile, n);
    else if (s == CK_OK && !ck_want_is_mask(want) && TIFFGetField(r->tif, TIFFTAG_IMAGEDESCRIPTION, &text))
        s = ck_tiff_labels_read(text, &tag, f, r->e);
    if (s == CK_OK)
        s = ck_pick_open(&k, f, name, want, r->l.type, (r->l.palette ? 3 : r->l.colours) + (r->alpha >= 0), (int)r->w,
                         (int)r->h, tag.encoding, r->e);
    if (s != CK_OK)
        return s;
    s = read_pixels(r, &k);
    if (s == CK_OK && !ck_want_is_mask(want))
        s = ck_colour_tag_set(&tag, f, r->e);
    if (s == CK_OK && TIFFNumberOfDirectories(r->tif) > 1)
        s = ck_meta_set(&f->meta, CK_STILL_NOTE, "a TIFF of several pages: the first is read", r->e);
    s = ck_pick_end(&k, f, name, s, r->e);
    return s == CK_OK ? ck_orient_plane(f, name, ck_orient_from_exif(r->orientation), r->e) : s;
}

ck_status ck_tiff_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    reader r = {.e = e};
    ck_status s = open_file(&r, path);
    if (s == CK_OK)
        s = read_header(&r);
    if (s == CK_OK)
        s = read_picture(&r, want, name, f);
    if (r.tif)
        TIFFClose(r.tif);
    free(r.blocks);
    free(r.floats);
    ck_tiff_layout_free(&r.l);
    return s;
}

ck_status ck_tiff_size(const char *path, int *w, int *h, ck_error *e)
{
    reader r = {.e = e};
    ck_status s = open_file(&r, path);
    if (s == CK_OK)
        s = read_header(&r);
    bool swap = ck_orient_from_exif(r.orientation).swap;
    *w = (int)(swap ? r.h : r.w);
    *h = (int)(swap ? r.w : r.h);
    if (r.tif)
        TIFFClose(r.tif);
    ck_tiff_layout_free(&r.l);
    return s;
}
