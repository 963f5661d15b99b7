/* PNG: our files are read back bit-exact, files of other writers correctly; damaged ones fail. */
#include <png.h>
#include <sys/resource.h>
#include <zlib.h>

#include "files.h"
#include "io/png.h"
#include "tap.h"

static char dir[] = "/tmp/ck-png-XXXXXX";

static ck_status load(const char *path, ck_want want, ck_frame *f, ck_error *e)
{
    memset(f, 0, sizeof *f);
    memset(e, 0, sizeof *e);
    ck_status s = ck_png_read(path, want, "p", f, e);
    if (s != CK_OK && f->n) /* a failed read must leave no plane */
        exit(1);
    return s;
}

/* Expected value of a hint: luminance of the codes, rounded to the file's codes. */
static double luminance(const double v[3])
{
    return v[0] == v[1] && v[1] == v[2] ? v[0] : 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
}

static double code(const void *planes, ck_type t, size_t i)
{
    return t == CK_U8 ? ((const uint8_t *)planes)[i] : ((const uint16_t *)planes)[i];
}

/* channel: the one that is the hint, or -1 for luminance. */
static bool hint_is(const ck_plane *p, const void *planes, ck_type t, int channels, int channel, size_t n)
{
    if (p->c != 1 || p->encoding[0] || p->type != (t == CK_U8 ? CK_U8 : CK_F32))
        return false;
    for (size_t i = 0; i < n; i++) {
        double v[3];
        for (size_t c = 0; c < 3; c++)
            v[c] = code(planes, t, (channel >= 0 ? (size_t)channel * n : channels < 3 ? 0 : c * n) + i);
        /* Half a code of rounding; float arithmetic may fall on the other side of a tie by 65535 * 2^-22. */
        double want = luminance(v), slack = 0.5 + 65535.0 / (1 << 22);
        double got = t == CK_U8 ? ((const uint8_t *)p->data)[i] : (double)((const float *)p->data)[i] * 65535.0;
        if (got < want - slack || got > want + slack)
            return false;
    }
    return true;
}

static void round_trip(int w, int h, int channels, ck_type t, bool grey_as_rgb)
{
    size_t n = (size_t)w * (size_t)h, size = ck_type_size(t);
    uint8_t *planes = malloc(n * size * 4);
    for (size_t i = 0; i < n * size * 4; i++)
        planes[i] = noise() % 3 ? (uint8_t)noise() : (uint8_t)(i / 64); /* grain and flat runs */
    if (grey_as_rgb)
        for (int c = 1; c < 3; c++)
            memcpy(planes + (size_t)c * n * size, planes, n * size);
    ck_error e = {""};
    ck_frame f;
    bool good = ck_png_write("a.png", w, h, channels, planes, t, NULL, &e) == CK_OK;
    good = good && load("a.png", CK_WANT_RGB, &f, &e) == CK_OK;
    const ck_plane *p = &f.planes[0];
    good = good && f.n == 1 && p->type == t && p->c == 3 && p->h == h && p->w == w && !strcmp(p->encoding, "srgb") &&
           !strcmp(p->name, "p");
    for (size_t c = 0; good && c < 3; c++)
        good = !memcmp((const char *)p->data + c * n * size, planes + (channels < 3 ? 0 : c) * n * size, n * size);
    if (good)
        ck_frame_free(&f);
    ok(good, "%d x %d, %d channels of %s come back bit-exact %s", w, h, channels, ck_type_name(t), e.text);
    good = load("a.png", CK_WANT_LUMA, &f, &e) == CK_OK && hint_is(&f.planes[0], planes, t, channels, -1, n);
    if (grey_as_rgb)
        for (size_t i = 0; good && i < n; i++)
            good = t == CK_U8 ? ((const uint8_t *)f.planes[0].data)[i] == planes[i]
                              : ((const float *)f.planes[0].data)[i] == (float)((uint16_t *)planes)[i] / 65535.0f;
    ok(good, "and as a hint%s %s", grey_as_rgb ? " of grey stored as RGB, exactly" : "", e.text);
    ck_frame_free(&f);
    for (int c = 0; c < channels; c++) {
        int last = channels % 2 == 0 && c == channels - 1;
        ck_want want = last ? CK_WANT_ALPHA : (ck_want)(CK_WANT_RED + c);
        good = load("a.png", want, &f, &e) == CK_OK && hint_is(&f.planes[0], planes, t, channels, c, n);
        ok(good, "its channel %d of %d as a hint %s", c, channels, e.text);
        ck_frame_free(&f);
    }
    int alpha = channels % 2 == 0 && n > 1 ? channels - 1 : -1; /* noise varies */
    good = load("a.png", CK_WANT_HINT, &f, &e) == CK_OK;
    if (n > 1)
        ok(good && hint_is(&f.planes[0], planes, t, channels, alpha, n) &&
               !strcmp(ck_meta_get(&f.meta, "hint-channel"), alpha < 0 ? "luma" : "alpha"),
           "alpha is the hint where there is one %s", e.text);
    ck_frame_free(&f);
    free(planes);
}

/* Write any kind that libpng can, as other programs would.  palette: number of entries. */
static void foreign(const char *path, int w, int h, int type, int depth, int interlace, int palette, png_bytep *rows,
                    png_fixed_point gamma, bool srgb, bool trns)
{
    FILE *f = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, f);
    png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, depth, type, interlace, 0, 0);
    png_color colours[256];
    for (int i = 0; i < palette; i++)
        colours[i] = (png_color){(png_byte)(i * 7 + 1), (png_byte)(255 - i), (png_byte)(i * i)};
    if (palette)
        png_set_PLTE(png, info, colours, palette);
    png_set_check_for_invalid_index(png, 0); /* newer versions refuse to write invalid indices, which a test needs */
    png_byte see_through[2] = {0, 128};
    png_color_16 key = {.red = 1, .green = 1, .blue = 1, .gray = 1};
    if (trns)
        png_set_tRNS(png, info, see_through, 2, &key);
    if (gamma)
        png_set_gAMA_fixed(png, info, gamma);
    if (srgb)
        png_set_sRGB(png, info, 0);
    png_write_info(png, info);
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(f);
}

/* Pixel values 0, 1, 2, ... packed at `depth` bits, wrapping at `most`. */
static unsigned sample(int x, int y, unsigned most)
{
    return (unsigned)(x * 3 + y * 5) % (most + 1);
}

static void test_foreign(int w, int h, int type, int depth, int interlace, bool trns)
{
    int per = type == PNG_COLOR_TYPE_RGB          ? 3
              : type == PNG_COLOR_TYPE_RGBA       ? 4
              : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                  : 1;
    unsigned most = (1u << depth) - 1;
    size_t row_bytes = ((size_t)w * (size_t)per * (size_t)depth + 7) / 8;
    png_bytep *rows = malloc((size_t)h * sizeof *rows);
    for (int y = 0; y < h; y++) {
        rows[y] = calloc(1, row_bytes);
        for (int i = 0; i < w * per; i++) {
            unsigned v = sample(i, y, most);
            int bit = i * depth;
            if (depth == 16) {
                rows[y][2 * i] = (png_byte)(v * 257 >> 8);
                rows[y][2 * i + 1] = (png_byte)v;
            } else {
                rows[y][bit / 8] |= (png_byte)(v << (8 - depth - bit % 8));
            }
        }
    }
    foreign("b.png", w, h, type, depth, interlace, type == PNG_COLOR_TYPE_PALETTE ? 1 << depth : 0, rows, 0, false,
            trns);
    ck_frame f;
    ck_error e;
    bool good = load("b.png", CK_WANT_RGB, &f, &e) == CK_OK;
    const ck_plane *p = &f.planes[0];
    good = good && p->type == (depth == 16 ? CK_U16 : CK_U8);
    for (int y = 0; good && y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < 3; c++) {
                size_t at = ((size_t)c * (size_t)h + (size_t)y) * (size_t)w + (size_t)x;
                unsigned want = sample(x * per + (per >= 3 ? c : 0), y, most);
                if (type == PNG_COLOR_TYPE_PALETTE) {
                    int i = (int)want;
                    want = (png_byte)(c == 0 ? i * 7 + 1 : c == 1 ? 255 - i : i * i);
                } else if (depth < 8) {
                    want = want * 255 / most;
                } else if (depth == 16) {
                    want = (want * 257 >> 8 & 255) << 8 | (want & 255);
                }
                unsigned got = depth == 16 ? ((const uint16_t *)p->data)[at] : ((const uint8_t *)p->data)[at];
                good = good && got == want;
            }
    ok(good, "colour type %d, %d bits, %s%s, %d x %d %s", type, depth, interlace ? "interlaced" : "plain",
       trns ? ", transparent" : "", w, h, e.text);
    ck_frame_free(&f);
    for (int y = 0; y < h; y++)
        free(rows[y]);
    free(rows);
}

static void test_all_foreign(void)
{
    static const struct {
        int type, depth;
    } kinds[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                 {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int interlace = 0; interlace < 2; interlace++) {
            test_foreign(37, 19, kinds[i].type, kinds[i].depth, interlace, false);
            test_foreign(1, 1, kinds[i].type, kinds[i].depth, interlace, false);
        }
    test_foreign(37, 19, 0, 8, 0, true);
    test_foreign(37, 19, 2, 8, 1, true);
    test_foreign(37, 19, 3, 4, 0, true);
}

static const char *encoding_of(const char *path)
{
    static char tag[CK_PLANE_TAG];
    ck_frame f;
    ck_error e;
    if (load(path, CK_WANT_RGB, &f, &e) != CK_OK)
        return e.text[0] ? "failed" : "";
    memcpy(tag, f.planes[0].encoding, sizeof tag);
    ck_frame_free(&f);
    return tag;
}

/* The hint made from an RGBA picture of 2 x 1 white pixels. */
static int hint_of(uint8_t a0, uint8_t a1, uint8_t v1)
{
    uint8_t planes[8] = {255, v1, 255, v1, 255, v1, a0, a1};
    ck_frame f;
    ck_error e;
    if (ck_png_write("h.png", 2, 1, 4, planes, CK_U8, NULL, &e) != CK_OK ||
        load("h.png", CK_WANT_HINT, &f, &e) != CK_OK)
        return -1;
    const uint8_t *p = f.planes[0].data;
    int result = p[0] * 256 + p[1];
    ck_frame_free(&f);
    return result;
}

static void test_hint(void)
{
    ok(hint_of(255, 0, 255) == 0xff00, "alpha that varies is the hint");
    ok(hint_of(255, 255, 0) == 0xff00, "an opaque picture: its luminance");
    ok(hint_of(0, 0, 0) == 0xff00, "alpha 0 everywhere and colours that vary: luminance");
    ok(hint_of(0, 0, 255) == 0, "an empty frame of white cut-outs is empty");
    uint8_t rgb[3] = {1, 2, 3};
    ck_frame f;
    ck_error e;
    ok(ck_png_write("h.png", 1, 1, 3, rgb, CK_U8, NULL, &e) == CK_OK &&
           load("h.png", CK_WANT_ALPHA, &f, &e) == CK_ERR_FORMAT && strstr(e.text, "no alpha channel"),
       "no alpha to take: %s", e.text);
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Insert chunks, given by name and data, between IHDR and IDAT of a picture made by libpng. */
static void with_chunks(const char *path, const char *const names[], const uint8_t *const data[], const size_t bytes[])
{
    png_byte row[3] = {1, 2, 3};
    png_bytep rows[1] = {row};
    foreign("plain.png", 1, 1, 2, 8, 0, 0, rows, 0, false, false);
    size_t n;
    unsigned char *file = slurp("plain.png", &n);
    FILE *f = fopen(path, "wb");
    fwrite(file, 1, 33, f);
    for (int i = 0; names[i]; i++) {
        uint8_t head[8], tail[4], *all = malloc(bytes[i] + 4);
        put32(head, (uint32_t)bytes[i]);
        memcpy(head + 4, names[i], 4);
        memcpy(all, names[i], 4);
        memcpy(all + 4, data[i], bytes[i]);
        put32(tail, (uint32_t)crc32(0, all, (uInt)bytes[i] + 4));
        fwrite(head, 1, 8, f);
        fwrite(data[i], 1, bytes[i], f);
        fwrite(tail, 1, 4, f);
        free(all);
    }
    fwrite(file + 33, 1, n - 33, f);
    fclose(f);
    free(file);
}

/* An ICC profile with three columns and one curve; gamma in units of 1/256, 0: sRGB's parametric curve. */
static size_t icc(uint8_t *p, const double xyz[9], int gamma)
{
    static const char tags[] = "rXYZgXYZbXYZrTRCgTRCbTRC";
    static const double srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    memset(p, 0, 400);
    put32(p + 128, 6);
    for (int i = 0; i < 6; i++) {
        uint8_t *entry = p + 132 + 12 * i;
        memcpy(entry, tags + 4 * i, 4);
        put32(entry + 4, (uint32_t)(i < 3 ? 204 + 20 * i : 264));
        put32(entry + 8, i < 3 ? 20 : 32);
    }
    for (int c = 0; c < 3; c++) {
        memcpy(p + 204 + 20 * c, "XYZ ", 4);
        for (int i = 0; i < 3; i++)
            put32(p + 212 + 20 * c + 4 * i, (uint32_t)(int32_t)(xyz[3 * c + i] * 65536));
    }
    memcpy(p + 264, gamma ? "curv" : "para", 4);
    if (gamma) {
        put32(p + 272, 1);
        p[276] = (uint8_t)(gamma >> 8);
        p[277] = (uint8_t)gamma;
    } else {
        p[273] = 3;
        for (int i = 0; i < 5; i++)
            put32(p + 276 + 4 * i, (uint32_t)(srgb[i] * 65536 + 0.5));
    }
    return 300;
}

static size_t iccp(uint8_t *chunk, const double xyz[9], int gamma)
{
    uint8_t profile[400];
    size_t n = icc(profile, xyz, gamma);
    uLongf packed = 600;
    memcpy(chunk, "test\0\0", 6);
    compress(chunk + 6, &packed, profile, n);
    return 6 + packed;
}

/* "ENCODING TRANSFER PRIMARIES", followed by "!" if there is a warning. */
static const char *colour_of(const char *path)
{
    static char text[sizeof(ck_error)];
    ck_frame f;
    ck_error e;
    if (load(path, CK_WANT_RGB, &f, &e) != CK_OK) {
        snprintf(text, sizeof text, "%s", e.text);
        return text;
    }
    const char *t = ck_meta_get(&f.meta, "transfer"), *p = ck_meta_get(&f.meta, "primaries");
    snprintf(text, sizeof text, "%s %s %s%s", f.planes[0].encoding, t ? t : "-", p ? p : "-",
             ck_meta_get(&f.meta, CK_STILL_WARNING) ? "!" : "");
    ck_frame_free(&f);
    return text;
}

static void test_colour(void)
{
    static const uint8_t pq[] = {9, 16, 0, 1}, lin[] = {1, 8, 0, 1}, narrow[] = {1, 1, 0, 0}, srgb[] = {0};
    static const uint8_t g10[] = {0, 1, 0x86, 0xa0}, g18[] = {0, 0, 0xd9, 4}, g22[] = {0, 0, 0xb1, 0x8f};
    static const double rec709[] = {0.4360, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7139};
    static const double p3[] = {0.5151, 0.2412, -0.0011, 0.2920, 0.6922, 0.0419, 0.1571, 0.0666, 0.7841};
    static const double odd[] = {0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.4, 0.2};
    uint8_t chrm[32], ours[700], display_p3[700], gamma18[700], gamma22[700], strange[700];
    static const uint32_t ap1[] = {32168, 33767, 71300, 29300, 16500, 83000, 12800, 4400};
    for (int i = 0; i < 8; i++)
        put32(chrm + 4 * i, ap1[i]);
    size_t n_ours = iccp(ours, rec709, 0), n_p3 = iccp(display_p3, p3, 0);
    size_t n_18 = iccp(gamma18, rec709, 461), n_odd = iccp(strange, odd, 0), n_22 = iccp(gamma22, p3, 563);
    const struct {
        const char *what, *names[5];
        const uint8_t *data[4];
        size_t bytes[4];
        const char *want;
    } cases[] = {
        {"nothing", {0}, {0}, {0}, "srgb - -"},
        {"cICP, PQ", {"cICP"}, {pq}, {4}, "pq smpte2084 bt2020"},
        {"cICP before all others",
         {"gAMA", "cICP", "iCCP", "sRGB"},
         {g18, lin, display_p3, srgb},
         {4, 4, n_p3, 1},
         "linear linear bt709"},
        {"iCCP before sRGB and gAMA",
         {"sRGB", "gAMA", "iCCP"},
         {srgb, g18, display_p3},
         {1, 4, n_p3},
         "srgb iec61966-2-1 p3-d65"},
        {"iCCP of sRGB", {"iCCP"}, {ours}, {n_ours}, "srgb iec61966-2-1 bt709"},
        {"iCCP of a gamma", {"iCCP"}, {gamma18}, {n_18}, "gamma1.801 gamma1.801 bt709"},
        {"iCCP of no known primaries", {"iCCP"}, {strange}, {n_odd}, "srgb iec61966-2-1 unknown!"},
        {"iCCP of a gamma of 2.2", {"iCCP"}, {gamma22}, {n_22}, "srgb gamma22 p3-d65"},
        {"iCCP that is none", {"iCCP"}, {(const uint8_t *)"x\0\0junk"}, {7}, "srgb - unknown!"},
        {"sRGB before gAMA and cHRM",
         {"gAMA", "cHRM", "sRGB"},
         {g10, chrm, srgb},
         {4, 32, 1},
         "srgb iec61966-2-1 bt709"},
        {"gAMA 1.0", {"gAMA"}, {g10}, {4}, "linear linear -"},
        {"gAMA 1/2.2", {"gAMA"}, {g22}, {4}, "srgb iec61966-2-1 -"},
        {"gAMA 1/1.8 is kept", {"gAMA"}, {g18}, {4}, "gamma1.8 gamma1.8 -"},
        {"gAMA and cHRM", {"cHRM", "gAMA"}, {chrm, g10}, {32, 4}, "linear linear ap1"},
        {"chunks of a wrong length", {"gAMA", "cICP", "sRGB"}, {g18, pq, g10}, {3, 3, 4}, "srgb - -"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        with_chunks("c.png", cases[i].names, cases[i].data, cases[i].bytes);
        ok(!strcmp(colour_of("c.png"), cases[i].want), "%s: %s", cases[i].what, colour_of("c.png"));
    }
    with_chunks("c.png", (const char *const[]){"cICP", NULL}, (const uint8_t *const[]){narrow}, (const size_t[]){4});
    ok(strstr(colour_of("c.png"), "limited code range"), "cICP, limited range: %s", colour_of("c.png"));
}

/* Labels survive writing and reading. */
static void test_labels(void)
{
    static const char *const cases[][3] = {{"srgb", NULL, "srgb iec61966-2-1 bt709"},
                                           {"srgb", "bt709", "srgb iec61966-2-1 bt709"},
                                           {"srgb", "ap1", "srgb iec61966-2-1 ap1"},
                                           {"linear", "bt2020", "linear linear bt2020"},
                                           {"linear", NULL, "linear linear -"},
                                           {"pq", "bt2020", "pq smpte2084 bt2020"},
                                           {"hlg", "bt2020", "hlg arib-std-b67 bt2020"},
                                           {"gamma1.8", "adobe-rgb", "gamma1.8 gamma1.8 adobe-rgb"},
                                           {"pq", NULL, "pq smpte2084 -"},
                                           {"srgb", "p3-d65", "srgb iec61966-2-1 p3-d65"},
                                           {"slog3", "s-gamut3", "slog3 slog3 s-gamut3"},
                                           {"gamma1.8", NULL, "gamma1.8 gamma1.8 -"},
                                           {"foo", NULL, "srgb - -!"},
                                           {NULL, "ap1", "srgb - ap1"}};
    uint8_t rgb[3] = {1, 2, 3};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_meta text = {0};
        ck_error e = {""};
        ck_meta_set(&text, "ck:transfer", cases[i][0], &e);
        ck_meta_set(&text, "ck:primaries", cases[i][1], &e);
        bool good = ck_png_write("l.png", 1, 1, 3, rgb, CK_U8, &text, &e) == CK_OK;
        ok(good && !strcmp(colour_of("l.png"), cases[i][2]), "%s, %s written: %s", cases[i][0] ? cases[i][0] : "none",
           cases[i][1] ? cases[i][1] : "none", colour_of("l.png"));
        ck_meta_free(&text);
    }
}

static void test_encoding(void)
{
    png_byte row[3] = {1, 2, 3};
    png_bytep rows[1] = {row};
    foreign("c.png", 1, 1, 2, 8, 0, 0, rows, 100000, false, false);
    ok(!strcmp(encoding_of("c.png"), "linear"), "gAMA 1.0 is linear");
    foreign("c.png", 1, 1, 2, 8, 0, 0, rows, 45455, false, false);
    ok(!strcmp(encoding_of("c.png"), "srgb"), "gAMA 1/2.2 is sRGB");
    foreign("c.png", 1, 1, 2, 8, 0, 0, rows, 0, true, false);
    ok(!strcmp(encoding_of("c.png"), "srgb"), "the sRGB chunk is sRGB");

    ck_meta text = {0};
    ck_error e;
    ck_meta_set(&text, "Software", "ck", &e);
    ck_meta_set(&text, "Source", "Füße\n☂.mov", &e);
    ck_meta_set(&text, "ck:transfer", "linear", &e);
    ok(ck_png_write("c.png", 1, 1, 3, row, CK_U8, &text, &e) == CK_OK && !strcmp(encoding_of("c.png"), "linear"),
       "ck:transfer=linear comes back");
    ck_meta_set(&text, "ck:transfer", "srgb", &e);
    ok(ck_png_write("c.png", 1, 1, 3, row, CK_U8, &text, &e) == CK_OK && !strcmp(encoding_of("c.png"), "srgb"),
       "ck:transfer=srgb comes back");

    FILE *f = fopen("c.png", "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, f);
    png_read_png(png, info, 0, NULL);
    png_textp got;
    int n = png_get_text(png, info, &got, NULL), found = 0;
    for (int i = 0; i < n; i++)
        found += (!strcmp(got[i].key, "Software") && !strcmp(got[i].text, "ck")) ||
                 (!strcmp(got[i].key, "Source") && !strcmp(got[i].text, "Füße\n☂.mov"));
    ok(n == 3 && found == 2, "libpng reads the text back");
    png_destroy_read_struct(&png, &info, NULL);
    fclose(f);
    ck_meta_free(&text);
}

static bool fails(const char *path, ck_error *e)
{
    ck_frame f;
    ck_status s = load(path, CK_WANT_RGB, &f, e);
    ck_frame_free(&f);
    return s != CK_OK && e->text[0];
}

/* Every byte of a PNG is covered by a checksum or checked by value, so every flip must be noticed. */
static void test_damage(const char *what, const unsigned char *data, size_t n)
{
    ck_error e;
    size_t passed = 0;
    for (size_t i = 0; i < n; i++) {
        passed += !fails(in_memory(data, i), &e);
    }
    ok(!passed, "%s: truncation at each of %zu places fails (%zu passed): %s", what, n, passed, e.text);
    unsigned char *bad = malloc(n);
    passed = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(bad, data, n);
        bad[i] ^= (unsigned char)(1u << noise() % 8);
        if (!fails(in_memory(bad, n), &e)) {
            passed++;
            printf("# flip at %zu not noticed\n", i);
        }
    }
    ok(!passed, "%s: a flipped bit in each of %zu bytes is noticed: %s", what, n, e.text);
    free(bad);
}

static void test_broken(void)
{
    uint8_t planes[3 * 9 * 7];
    for (size_t i = 0; i < sizeof planes; i++)
        planes[i] = (uint8_t)noise();
    ck_error e = {""};
    ck_meta text = {0};
    ck_meta_set(&text, "Comment", "hello", &e);
    ck_png_write("ours.png", 9, 7, 3, planes, CK_U8, &text, &e);
    ck_meta_free(&text);
    size_t n;
    unsigned char *data = slurp("ours.png", &n);
    test_damage("ours", data, n);
    free(data);
    png_byte row[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    png_bytep rows[8] = {row, row, row, row, row, row, row, row};
    foreign("theirs.png", 8, 8, 3, 4, 1, 16, rows, 45455, true, true);
    data = slurp("theirs.png", &n);
    test_damage("interlaced palette", data, n);
    free(data);

    foreign("short.png", 8, 8, 3, 4, 0, 3, rows, 0, false, false);
    ok(fails("short.png", &e), "an index beyond the palette: %s", e.text);
    ok(fails("missing.png", &e) && strstr(e.text, "No such file"), "no file: %s", e.text);
    ok(fails(".", &e), "a folder: %s", e.text);
    spill("empty.png", "", 0);
    ok(fails("empty.png", &e), "an empty file: %s", e.text);
    spill("text.png", "hello, this is no picture at all", 32);
    ok(fails("text.png", &e), "another kind of file: %s", e.text);
}

/* A valid file with only the size in its header changed, and the checksum corrected. */
static void resized(const unsigned char *good, size_t n, uint32_t w, uint32_t h)
{
    unsigned char *data = malloc(n);
    memcpy(data, good, n);
    for (int i = 0; i < 4; i++) {
        data[16 + i] = (unsigned char)(w >> (24 - 8 * i));
        data[20 + i] = (unsigned char)(h >> (24 - 8 * i));
    }
    uint32_t crc = 0xffffffffu;
    for (int i = 12; i < 29; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    for (int i = 0; i < 4; i++)
        data[29 + i] = (unsigned char)(~crc >> (24 - 8 * i));
    spill("size.png", data, n);
    free(data);
}

static void test_sizes(void)
{
    uint16_t grey[4 * 3] = {0};
    ck_error e = {""};
    ck_png_write("small.png", 4, 3, 1, grey, CK_U16, NULL, &e);
    size_t n;
    unsigned char *data = slurp("small.png", &n);
    resized(data, n, 4, 3);
    ck_frame f;
    ok(load("size.png", CK_WANT_RGB, &f, &e) == CK_OK, "the test's own checksum is right %s", e.text);
    ck_frame_free(&f);
    static const uint32_t sizes[][2] = {
        {0, 3},          {4, 0}, {0x7fffffff, 1}, {1, 0x7fffffff}, {65536, 65536}, {65537, 3}, {0x7fffffff, 0x7fffffff},
        {0xffffffff, 3}, {4, 4}, {0x80000000, 1}, {3, 3},          {4, 2}};
    struct rlimit old;
    getrlimit(RLIMIT_AS, &old);
#ifndef __SANITIZE_ADDRESS__                          /* ASan's shadow needs terabytes of addresses */
    struct rlimit tight = {512u << 20, old.rlim_max}; /* 65536 x 65536 would need 24 GB */
    setrlimit(RLIMIT_AS, &tight);
#endif
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        resized(data, n, sizes[i][0], sizes[i][1]);
        ok(fails("size.png", &e) && !strstr(e.text, "memory"), "%u x %u instead of 4 x 3: %s", sizes[i][0], sizes[i][1],
           e.text);
    }
    setrlimit(RLIMIT_AS, &old);
    free(data);
    ok(ck_png_write("x.png", 0, 3, 1, grey, CK_U8, NULL, &e) == CK_ERR_ARGUMENT, "writing 0 x 3: %s", e.text);
    ok(ck_png_write("x.png", 4, 3, 5, grey, CK_U8, NULL, &e) == CK_ERR_ARGUMENT, "writing 5 channels: %s", e.text);
    ok(ck_png_write("x.png", 4, 3, 1, grey, CK_F32, NULL, &e) == CK_ERR_ARGUMENT, "writing floats: %s", e.text);
    ok(ck_png_write("/dev/full", 4, 3, 1, grey, CK_U8, NULL, &e) == CK_ERR_FULL && strstr(e.text, "No space"),
       "writing to a full device: %s", e.text);
    ok(access("x.png", F_OK), "a refused file does not appear");
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    static const int sizes[][2] = {{1, 1}, {1, 40}, {33, 17}, {640, 3}, {1500, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int channels = 1; channels <= 4; channels++) {
            round_trip(sizes[i][0], sizes[i][1], channels, CK_U8, false);
            round_trip(sizes[i][0], sizes[i][1], channels, CK_U16, channels == 3);
        }
    round_trip(33, 17, 3, CK_U8, true);
    test_all_foreign();
    test_hint();
    test_encoding();
    test_colour();
    test_labels();
    test_broken();
    test_sizes();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
