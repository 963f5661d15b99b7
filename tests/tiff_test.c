/* TIFF: every layout that libtiff writes is read exactly, or refused by name; damaged files fail. */
#include <math.h>
#include <tiffio.h>

#include "files.h"
#include "image/convert.h"
#include "io/tiff.h"
#include "tap.h"

static char dir[] = "/tmp/ck-tiff-XXXXXX";

enum { W = 37, H = 29, MOST = 4 };

typedef struct spec {
    const char *mode; /* for TIFFOpen: "w", "wb" (big-endian), "w8" (BigTIFF) */
    int bits, format, samples, photometric, planar, tiled, compression, orientation, alpha;
} spec;

/* Noise in the highest bits, equal for all layouts. */
static uint32_t raw(const spec *s, int c, int x, int y)
{
    uint32_t v = ((uint32_t)x * 2654435761u) ^ ((uint32_t)y * 40503u * 65537u) ^ ((uint32_t)c * 977231u);
    v ^= v >> 13;
    v *= 0x5bd1e995u;
    return s->bits >= 32 ? v : v >> (32 - s->bits);
}

static double real(const spec *s, int c, int x, int y)
{
    spec eleven = {.bits = 11}; /* exact in half */
    (void)s;
    return (int)raw(&eleven, c, x, y) / 16.0 - 20;
}

static void put(const spec *s, uint8_t *row, size_t i, int c, int x, int y)
{
    uint64_t v = raw(s, c, x, y);
    double d = real(s, c, x, y);
    float f = (float)d;
    uint16_t half;
    ck_f32_to_f16(&f, &half, 1);
    if (s->format == SAMPLEFORMAT_IEEEFP)
        memcpy(row + i * (size_t)s->bits / 8,
               s->bits == 64   ? (void *)&d
               : s->bits == 32 ? (void *)&f
                               : (void *)&half,
               (size_t)s->bits / 8);
    else if (s->bits % 8 == 0)
        memcpy(row + i * (size_t)s->bits / 8, &v, (size_t)s->bits / 8);
    else
        for (int b = 0; b < s->bits; b++) {
            size_t at = i * (size_t)s->bits + (size_t)b;
            row[at / 8] |= (uint8_t)((v >> (s->bits - 1 - b) & 1) << (7 - at % 8));
        }
}

static void set_fields(TIFF *t, const spec *s)
{
    uint16_t extra[MOST] = {EXTRASAMPLE_UNASSALPHA};
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, s->bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, s->samples);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, s->format);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, s->photometric);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, s->planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_COMPRESSION, s->compression ? s->compression : COMPRESSION_NONE);
    if (s->orientation)
        TIFFSetField(t, TIFFTAG_ORIENTATION, s->orientation);
    if (s->alpha)
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, extra);
    if (s->tiled) {
        TIFFSetField(t, TIFFTAG_TILEWIDTH, 16);
        TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
    } else {
        TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 10);
    }
    if (s->photometric == PHOTOMETRIC_PALETTE) {
        static uint16_t map[3][1 << 16];
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 1 << s->bits; i++)
                map[c][i] = (uint16_t)(s->alpha == 2 ? i * 40503 + c : ((i * 7 + c * 31) & 255) * 257);
        TIFFSetField(t, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
    }
}

/* Fill a strip or tile from column x0, row y0 on; c0: the sample in a planar file. */
static void fill_block(const spec *s, uint8_t *block, size_t row_bytes, int x0, int y0, int w, int h, int c0)
{
    int stored = s->planar ? 1 : s->samples;
    memset(block, 0, row_bytes * (size_t)h);
    for (int y = y0; y < y0 + h && y < H; y++)
        for (int x = x0; x < x0 + w && x < W; x++)
            for (int c = 0; c < stored; c++)
                put(s, block + (size_t)(y - y0) * row_bytes, (size_t)((x - x0) * stored + c), s->planar ? c0 : c, x, y);
}

static bool make(const char *path, const spec *s)
{
    static uint8_t block[64 * 64 * MOST * 8];
    TIFF *t = TIFFOpen(path, s->mode);
    bool good = t != NULL;
    if (!t)
        return false;
    set_fields(t, s);
    int w = s->tiled ? 16 : W, h = s->tiled ? 16 : 10;
    size_t row = ((size_t)w * (size_t)(s->planar ? 1 : s->samples) * (size_t)s->bits + 7) / 8;
    for (int c = 0; c < (s->planar ? s->samples : 1); c++)
        for (int y = 0; y < H; y += h)
            for (int x = 0; x < W; x += w) {
                int rows = s->tiled || H - y > h ? h : H - y;
                fill_block(s, block, row, x, y, w, rows, c);
                tmsize_t n = (tmsize_t)(row * (size_t)rows);
                uint16_t plane = (uint16_t)c;
                good &= (s->tiled
                             ? TIFFWriteEncodedTile(t, TIFFComputeTile(t, (uint32_t)x, (uint32_t)y, 0, plane), block, n)
                             : TIFFWriteEncodedStrip(t, TIFFComputeStrip(t, (uint32_t)y, plane), block, n)) == n;
            }
    TIFFClose(t);
    return good;
}

/* The sample's value according to TIFF 6.0. */
static float value(const spec *s, int c, int x, int y)
{
    if (s->format == SAMPLEFORMAT_IEEEFP)
        return (float)real(s, c, x, y);
    uint32_t v = raw(s, c, x, y);
    double most = ldexp(1, s->bits) - 1;
    if (s->format == SAMPLEFORMAT_INT)
        return (float)((s->bits == 8 ? (int8_t)v : s->bits == 16 ? (int16_t)v : (int32_t)v) / ((most - 1) / 2));
    return (float)((s->photometric == PHOTOMETRIC_MINISWHITE ? most - v : v) / most);
}

static bool same(const spec *s, const ck_plane *p)
{
    size_t area = (size_t)W * H;
    float *got = malloc(area * (size_t)p->c * sizeof *got);
    bool good = p->w == W && p->h == H;
    ck_to_f32(p->data, p->type, got, area * (size_t)p->c);
    for (int c = 0; c < p->c && good; c++)
        for (int y = 0; y < H && good; y++)
            for (int x = 0; x < W && good; x++) {
                float want = value(s, p->c == 1 ? s->samples - 1 : s->samples < 3 ? 0 : c, x, y);
                good = got[(size_t)c * area + (size_t)y * W + (size_t)x] == want;
                if (!good)
                    printf("# channel %d at %d, %d: %.9g, not %.9g\n", c, x, y,
                           (double)got[(size_t)c * area + (size_t)y * W + (size_t)x], (double)want);
            }
    free(got);
    return good;
}

static ck_status load(const char *path, ck_want want, ck_frame *f, ck_error *e)
{
    *f = (ck_frame){0};
    *e = (ck_error){{0}};
    return ck_tiff_read(path, want, "rgb", f, e);
}

static void expect(const spec *s, ck_type type, const char *encoding)
{
    ck_frame f;
    ck_error e = {{0}};
    bool good = make("a.tif", s) && load("a.tif", CK_WANT_RGB, &f, &e) == CK_OK;
    ck_plane *p = good ? ck_frame_plane(&f, "rgb") : NULL;
    good = p && p->type == type && p->c == 3 && !strcmp(p->encoding, encoding) && same(s, p);
    ok(good, "%s: %d samples of %d bits, format %d, photometric %d, planar %d, tiled %d, compression %d %s", s->mode,
       s->samples, s->bits, s->format, s->photometric, s->planar, s->tiled, s->compression, e.text);
    if (p)
        ck_frame_free(&f);
}

enum { RGB = PHOTOMETRIC_RGB, GREY = PHOTOMETRIC_MINISBLACK, WHITE = PHOTOMETRIC_MINISWHITE };
enum { UINT = SAMPLEFORMAT_UINT, INT = SAMPLEFORMAT_INT, REAL = SAMPLEFORMAT_IEEEFP };

static void test_samples(void)
{
    static const char *const modes[] = {"wl", "wb", "wl8", "wb8"};
    static const struct {
        int bits, format;
        ck_type type;
    } kinds[] = {{8, UINT, CK_U8},   {16, UINT, CK_U16}, {1, UINT, CK_F32},  {2, UINT, CK_F32},  {4, UINT, CK_F32},
                 {10, UINT, CK_F32}, {12, UINT, CK_F32}, {14, UINT, CK_F32}, {32, UINT, CK_F32}, {8, INT, CK_F32},
                 {16, INT, CK_F32},  {32, INT, CK_F32},  {16, REAL, CK_F16}, {32, REAL, CK_F32}, {64, REAL, CK_F32}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int way = 0; way < 4; way++) {
            spec s = {modes[way], kinds[k].bits, kinds[k].format, 3, RGB, way & 1, way >> 1, 0, 0, 0};
            const char *encoding = s.format == REAL ? "linear" : "srgb";
            expect(&s, kinds[k].type, encoding);
            s.samples = 1;
            s.photometric = GREY;
            expect(&s, kinds[k].type, encoding);
        }
    expect(&(spec){"w", 8, UINT, 1, WHITE, .alpha = 0}, CK_U8, "srgb");
    expect(&(spec){"w", 16, UINT, 1, WHITE, .tiled = 1}, CK_U16, "srgb");
    expect(&(spec){"w", 1, UINT, 1, WHITE, .alpha = 0}, CK_F32, "srgb");
}

static void test_compressions(void)
{
    static const int kinds[] = {COMPRESSION_LZW,      COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
                                COMPRESSION_PACKBITS, COMPRESSION_LZMA,          COMPRESSION_ZSTD};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (!TIFFIsCODECConfigured((uint16_t)kinds[k])) {
            skip("libtiff lacks it", "compression %d", kinds[k]);
            continue;
        }
        for (int way = 0; way < 4; way++)
            expect(&(spec){"w", 16, UINT, 3, RGB, way & 1, way >> 1, kinds[k], 0, 0}, CK_U16, "srgb");
        expect(&(spec){"w", 32, REAL, 3, RGB, .compression = kinds[k]}, CK_F32, "linear");
    }
}

static void test_hints(void)
{
    for (int planar = 0; planar < 2; planar++)
        for (int samples = 2; samples <= 4; samples += 2) {
            spec s = {"w", 8, UINT, samples, samples == 2 ? GREY : RGB, planar, 0, 0, 0, 1};
            ck_frame f;
            ck_error e;
            bool good = make("h.tif", &s) && load("h.tif", CK_WANT_HINT, &f, &e) == CK_OK;
            ok(good && f.planes[0].c == 1 && f.planes[0].type == CK_U8 && same(&s, &f.planes[0]),
               "alpha of %d samples, planar %d, is the hint", samples, planar);
            ck_frame_free(&f);
            expect(&s, CK_U8, "srgb");
        }
}

/* The palette of set_fields. */
static void test_palettes(void)
{
    for (int bits = 1; bits <= 8; bits *= 2)
        for (int deep = 0; deep < 2; deep++) {
            spec s = {"w", bits, UINT, 1, PHOTOMETRIC_PALETTE, .alpha = 0};
            ck_frame f;
            ck_error e;
            TIFF *t = TIFFOpen("p.tif", "w");
            uint8_t row[W + 8] = {0};
            s.alpha = deep ? 2 : 0;
            spec fields = s;
            set_fields(t, &fields);
            if (deep)
                TIFFUnsetField(t, TIFFTAG_EXTRASAMPLES);
            for (int y = 0; y < H; y++) {
                memset(row, 0, sizeof row);
                for (int x = 0; x < W; x++)
                    put(&s, row, (size_t)x, 0, x, y);
                TIFFWriteScanline(t, row, (uint32_t)y, 0);
            }
            TIFFClose(t);
            bool good = load("p.tif", CK_WANT_RGB, &f, &e) == CK_OK && f.planes[0].type == (deep ? CK_U16 : CK_U8);
            for (int c = 0; c < 3 && good; c++)
                for (int i = 0; i < W * H && good; i++) {
                    int index = (int)raw(&s, 0, i % W, i / W);
                    unsigned want = deep ? (uint16_t)(index * 40503 + c) : (index * 7 + c * 31) & 255;
                    size_t at = (size_t)c * W * H + (size_t)i;
                    good = want ==
                           (deep ? ((const uint16_t *)f.planes[0].data)[at] : ((const uint8_t *)f.planes[0].data)[at]);
                }
            ok(good, "a palette of %d bits, %d-bit entries %s", bits, deep ? 16 : 8, e.text);
            ck_frame_free(&f);
        }
}

/* libtiff is the reference: its RGBA interface supports all eight. */
static void test_orientations(void)
{
    for (int o = 1; o <= 8; o++) {
        spec s = {"w", 8, UINT, 3, RGB, .orientation = o};
        ck_frame f;
        ck_error e;
        int w = o < 5 ? W : H, h = o < 5 ? H : W, width = 0, height = 0;
        bool good = make("o.tif", &s) && load("o.tif", CK_WANT_RGB, &f, &e) == CK_OK && f.planes[0].w == w &&
                    f.planes[0].h == h;
        for (int i = 0; i < W * H && good; i++) {
            int x = i % w, y = i / w; /* upright; then the stored pixel by TIFF 6.0's table */
            int col = o < 5 ? x : y, row = o < 5 ? y : x;
            col = o == 2 || o == 3 || o == 7 || o == 8 ? W - 1 - col : col;
            row = o == 3 || o == 4 || o == 6 || o == 7 ? H - 1 - row : row;
            good = ((const uint8_t *)f.planes[0].data)[i] == raw(&s, 0, col, row);
        }
        ok(good, "orientation %d", o);
        ok(ck_tiff_size("o.tif", &width, &height, &e) == CK_OK && width == w && height == h, "and its size");
        ck_frame_free(&f);
    }
}

/* YCbCr in JPEG: the same pixels as libtiff's RGBA interface. */
static void test_jpeg(void)
{
    if (!TIFFIsCODECConfigured(COMPRESSION_JPEG)) {
        skip("libtiff lacks it", "JPEG in TIFF");
        return;
    }
    TIFF *t = TIFFOpen("j.tif", "w");
    spec s = {"w", 8, UINT, 3, PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG};
    set_fields(t, &s);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 16);
    TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    uint8_t row[3 * W];
    for (int y = 0; y < H; y++) {
        for (int i = 0; i < 3 * W; i++)
            row[i] = (uint8_t)(i * 2 + y * 3 * (i % 3));
        TIFFWriteScanline(t, row, (uint32_t)y, 0);
    }
    TIFFClose(t);
    uint32_t *rgba = malloc(W * H * sizeof *rgba);
    t = TIFFOpen("j.tif", "r");
    bool good = TIFFReadRGBAImageOriented(t, W, H, rgba, ORIENTATION_TOPLEFT, 1);
    TIFFClose(t);
    ck_frame f;
    ck_error e = {{0}};
    good = good && load("j.tif", CK_WANT_RGB, &f, &e) == CK_OK && f.planes[0].type == CK_U8;
    for (int c = 0; c < 3 && good; c++)
        for (int i = 0; i < W * H && good; i++)
            good = ((const uint8_t *)f.planes[0].data)[c * W * H + i] == (rgba[i] >> (8 * c) & 255);
    ok(good, "JPEG in TIFF, as libtiff has it %s", e.text);
    ck_frame_free(&f);
    free(rgba);
}

static void test_refusals(void)
{
    static const struct {
        spec s;
        const char *word;
    } cases[] = {{{"w", 8, UINT, 4, PHOTOMETRIC_SEPARATED, .alpha = 0}, "CMYK"},
                 {{"w", 8, UINT, 3, PHOTOMETRIC_CIELAB, .alpha = 0}, "Lab"},
                 {{"w", 8, UINT, 3, PHOTOMETRIC_YCBCR, .alpha = 0}, "YCbCr"},
                 {{"w", 64, UINT, 3, RGB, .alpha = 0}, "64 bits"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_frame f;
        ck_error e;
        make("r.tif", &cases[i].s);
        ok(load("r.tif", CK_WANT_RGB, &f, &e) == CK_ERR_UNSUPPORTED && strstr(e.text, cases[i].word), "refused: %s",
           e.text);
        ck_frame_free(&f);
    }
}

/* A cut anywhere is an error; a changed byte must not crash.  libtiff writes the directory last, so every cut loses it
 * or pixels. */
static void test_damage(void)
{
    TIFFSetErrorHandler(NULL);
    for (int kind = 0; kind < 3; kind++) {
        static const int compressions[] = {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE};
        spec s = {"w", 8, UINT, 3, RGB, .tiled = kind == 2, .compression = compressions[kind]};
        size_t n, passed = 0;
        ck_frame f;
        ck_error e;
        make("d.tif", &s);
        unsigned char *data = slurp("d.tif", &n);
        for (size_t i = 0; i < n - 1; i += 7) {
            passed += load(in_memory(data, i), CK_WANT_RGB, &f, &e) == CK_OK;
            ck_frame_free(&f);
        }
        ok(!passed, "compression %d, cut: %zu passed, the last said: %s", s.compression, passed, e.text);
        unsigned char *bad = malloc(n);
        for (size_t i = 0; i < n; i++) {
            memcpy(bad, data, n);
            bad[i] ^= (unsigned char)(1u << noise() % 8);
            load(in_memory(bad, n), CK_WANT_RGB, &f, &e);
            ck_frame_free(&f);
        }
        ok(true, "compression %d: a changed bit in each of %zu bytes is survived", s.compression, n);
        free(bad);
        free(data);
    }
    /* A header that claims 60000 x 60000 pixels: no memory is allocated for it. */
    TIFF *t = TIFFOpen("bomb.tif", "w");
    spec s = {"w", 8, UINT, 3, RGB, .compression = COMPRESSION_ADOBE_DEFLATE};
    set_fields(t, &s);
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, 60000);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, 60000);
    uint8_t *row = calloc(1, 180000 * 10);
    TIFFWriteEncodedStrip(t, 0, row, 180000 * 10);
    TIFFClose(t);
    free(row);
    ck_frame f;
    ck_error e;
    ok(load("bomb.tif", CK_WANT_RGB, &f, &e) == CK_ERR_FORMAT && strstr(e.text, "60000 x 60000"), "a bomb: %s", e.text);
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    TIFFSetWarningHandler(NULL); /* for the files made here */
    test_samples();
    test_compressions();
    test_hints();
    test_palettes();
    test_orientations();
    test_jpeg();
    test_refusals();
    test_damage();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
