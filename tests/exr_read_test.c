/* EXR: files of other writers are read correctly, damaged ones fail. */
#include <ImfCRgbaFile.h>
#include <math.h>

#include "exr_make.h"
#include "files.h"
#include "image/convert.h"
#include "io/exr.h"
#include "tap.h"

static char dir[] = "/tmp/ck-exr-XXXXXX";

static ck_status load(const char *path, ck_want want, ck_frame *f, ck_error *e)
{
    memset(f, 0, sizeof *f);
    memset(e, 0, sizeof *e);
    ck_status s = ck_exr_read(path, want, "p", f, e);
    if (s != CK_OK && f->n) {
        printf("Bail out! a failed read left a plane\n");
        exit(1);
    }
    return s;
}

/* True if channel c of the plane (file channel `from`) is what make_exr wrote, 0 outside. */
static bool shows(const ck_plane *p, int c, const make_spec *s, int from)
{
    float *v = malloc(p->bytes / p->elem * sizeof *v);
    ck_to_f32(p->data, p->type, v, p->bytes / p->elem);
    bool good = true;
    for (int y = 0; y < p->h && good; y++)
        for (int x = 0; x < p->w && good; x++) {
            int fx = x + s->display.min.x, fy = y + s->display.min.y;
            bool in = fx >= s->data.min.x && fx <= s->data.max.x && fy >= s->data.min.y && fy <= s->data.max.y;
            float want = in ? (float)make_value(from, fx, fy) : 0;
            float got = v[((size_t)c * (size_t)p->h + (size_t)y) * (size_t)p->w + (size_t)x];
            good = got == want;
            if (!good)
                printf("# channel %d at %d,%d: %g, not %g\n", c, x, y, (double)got, (double)want);
        }
    free(v);
    return good;
}

static void expect_rgb(const make_spec *s, ck_type t, int r, int g, int b, const char *what)
{
    ck_frame f = {0};
    ck_error e = {""};
    int rv = make_exr(s);
    bool good = !rv && load(s->path, CK_WANT_RGB, &f, &e) == CK_OK;
    const ck_plane *p = &f.planes[0];
    good = good && p->type == t && p->w == s->display.max.x - s->display.min.x + 1 &&
           p->h == s->display.max.y - s->display.min.y + 1 && shows(p, 0, s, r) && shows(p, 1, s, g) &&
           shows(p, 2, s, b);
    ok(good, "%s %d %s", what, rv, e.text);
    ck_frame_free(&f);
}

static void expect_hint(const make_spec *s, int from, const char *what)
{
    ck_frame f = {0};
    ck_error e = {""};
    int rv = make_exr(s);
    bool good = !rv && load(s->path, CK_WANT_HINT, &f, &e) == CK_OK && f.planes[0].c == 1 &&
                f.planes[0].type == CK_F32 && shows(&f.planes[0], 0, s, from);
    ok(good, "%s %d %s", what, rv, e.text);
    ck_frame_free(&f);
}

static void expect_refusal(const make_spec *s, ck_want want, const char *word, const char *what)
{
    ck_frame f;
    ck_error e;
    int rv = make_exr(s);
    ck_status st = load(s->path, want, &f, &e);
    ok(!rv && st == CK_ERR_UNSUPPORTED && strstr(e.text, word), "%s is refused: %s", what, e.text);
    ck_frame_free(&f);
}

#define BOX(x0, y0, x1, y1)                                                                                            \
    {                                                                                                                  \
        .min = {.x = x0, .y = y0}, .max = {.x = x1, .y = y1 }                                                          \
    }
#define HALF EXR_PIXEL_HALF
#define FLOAT EXR_PIXEL_FLOAT
#define UINT EXR_PIXEL_UINT
#define RGBA_HALF                                                                                                      \
    {                                                                                                                  \
        {"R", HALF, 0}, {"G", HALF, 0}, {"B", HALF, 0},                                                                \
        {                                                                                                              \
            "A", HALF, 0                                                                                               \
        }                                                                                                              \
    }

static void test_windows(void)
{
    static const struct {
        exr_attr_box2i_t data, display;
        const char *what;
    } w[] = {{BOX(0, 0, 36, 40), BOX(0, 0, 36, 40), "windows alike"},
             {BOX(5, 7, 20, 30), BOX(0, 0, 36, 40), "data window smaller"},
             {BOX(-9, -20, 50, 60), BOX(0, 0, 36, 40), "data window larger"},
             {BOX(-9, 10, 20, 60), BOX(0, 0, 36, 40), "data window shifted"},
             {BOX(100, 200, 136, 240), BOX(100, 200, 136, 240), "windows off the origin"},
             {BOX(-50, -60, -20, -11), BOX(-40, -50, -25, -20), "windows below the origin"},
             {BOX(90, 90, 99, 99), BOX(0, 0, 36, 40), "windows that do not meet"},
             {BOX(0, -500, 36, 540), BOX(0, 0, 36, 0), "one line of many"}};
    for (size_t i = 0; i < sizeof w / sizeof *w; i++) {
        make_spec s = {"w.exr", w[i].data, w[i].display, EXR_COMPRESSION_ZIP, .channels = RGBA_HALF};
        char what[100];
        snprintf(what, sizeof what, "%s, scanlines", w[i].what);
        expect_rgb(&s, CK_F16, 0, 1, 2, what);
        s.compression = EXR_COMPRESSION_NONE;
        snprintf(what, sizeof what, "%s, not compressed", w[i].what);
        expect_rgb(&s, CK_F16, 0, 1, 2, what);
        s.tile_w = 16;
        s.tile_h = 8;
        s.compression = EXR_COMPRESSION_PIZ;
        snprintf(what, sizeof what, "%s, tiles", w[i].what);
        expect_rgb(&s, CK_F16, 0, 1, 2, what);
    }
}

static const char *const names[] = {"none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a"};

static void test_storage(void)
{
    static const exr_compression_t codes[] = {EXR_COMPRESSION_NONE, EXR_COMPRESSION_RLE, EXR_COMPRESSION_ZIPS,
                                              EXR_COMPRESSION_ZIP,  EXR_COMPRESSION_PIZ, EXR_COMPRESSION_PXR24};
    static const int tiles[][2] = {{0, 0}, {16, 16}, {7, 5}, {64, 64}, {1, 40}};
    for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
        for (size_t t = 0; t < sizeof tiles / sizeof *tiles; t++) {
            make_spec s = {"s.exr",     BOX(0, 0, 38, 32), BOX(0, 0, 38, 32),    codes[c],
                           tiles[t][0], tiles[t][1],       .channels = RGBA_HALF};
            char what[100];
            snprintf(what, sizeof what, "%s, tiles of %d x %d", names[c], tiles[t][0], tiles[t][1]);
            expect_rgb(&s, CK_F16, 0, 1, 2, what);
        }
    make_spec s = {"s.exr",    BOX(0, 0, 38, 32),    BOX(0, 0, 38, 32), EXR_COMPRESSION_ZIP,
                   .parts = 3, .channels = RGBA_HALF};
    expect_rgb(&s, CK_F16, 0, 1, 2, "the first of three parts");
    s.tile_w = s.tile_h = 16;
    expect_rgb(&s, CK_F16, 0, 1, 2, "the first of three tiled parts");
}

static void test_channels(void)
{
    exr_attr_box2i_t box = BOX(0, 0, 18, 12);
    const exr_compression_t zip = EXR_COMPRESSION_ZIP;
    expect_rgb(&(make_spec){"c.exr", box, box, zip, .channels = {{"B", FLOAT, 0}, {"G", FLOAT, 0}, {"R", FLOAT, 0}}},
               CK_F32, 2, 1, 0, "float");
    for (int c = EXR_COMPRESSION_NONE; c <= EXR_COMPRESSION_PXR24; c++) {
        make_spec mixed = {
            "c.exr", box, box, (exr_compression_t)c,
            .channels = {{"A", HALF, 0}, {"B", HALF, 0}, {"G", FLOAT, 0}, {"R", UINT, 0}, {"Z", HALF, 0}}};
        char what[100];
        snprintf(what, sizeof what, "%s: mixed types, odd offsets, and more channels", names[c]);
        expect_rgb(&mixed, CK_F32, 3, 2, 1, what);
    }
    expect_rgb(&(make_spec){"c.exr", box, box, zip, .channels = {{"Y", HALF, 0}, {"A", HALF, 0}}}, CK_F16, 0, 0, 0,
               "luminance as grey");
    expect_rgb(&(make_spec){"c.exr", box, box, zip,
                            .channels = {{"Z", FLOAT, 0}, {"a.b.R", HALF, 0}, {"a.b.G", HALF, 0}, {"a.b.B", HALF, 0}}},
               CK_F16, 1, 2, 3, "the only layer");
    make_spec eight = {"c.exr", box, box, zip,
                       .channels = {{"x.R", HALF, 0},
                                    {"x.G", HALF, 0},
                                    {"x.B", HALF, 0},
                                    {"G", HALF, 0},
                                    {"R", HALF, 0},
                                    {"B", HALF, 0},
                                    {"A", FLOAT, 0},
                                    {"Z", UINT, 0}}};
    expect_rgb(&eight, CK_F16, 4, 3, 5, "plain names before layers, eight channels");

    make_spec two = {"c.exr", box, box, zip,
                     .channels = {{"x.R", HALF, 0},
                                  {"x.G", HALF, 0},
                                  {"x.B", HALF, 0},
                                  {"y.R", HALF, 0},
                                  {"y.G", HALF, 0},
                                  {"y.B", HALF, 0}}};
    expect_refusal(&two, CK_WANT_RGB, "choose one by --layer [PLANE=]NAME: x, y", "one of two layers");
    make_spec rg = {"c.exr", box, box, zip, .channels = {{"R", HALF, 0}, {"G", HALF, 0}}};
    expect_refusal(&rg, CK_WANT_RGB, "G, R", "red and green alone");
    expect_refusal(&rg, CK_WANT_HINT, "G, R", "the same as a hint");
    make_spec depth = {"c.exr", box, box, zip, .channels = {{"depth", HALF, 0}}};
    expect_refusal(&depth, CK_WANT_RGB, "depth", "a channel of another name");
    expect_hint(&depth, 0, "which is good as a hint");
    expect_hint(&(make_spec){"c.exr", box, box, zip, .channels = {{"A", HALF, 0}, {"Z", HALF, 0}}}, 0,
                "alpha as a hint");
    make_spec ya = {"c.exr", box, box, zip, .channels = {{"A", HALF, 0}, {"Y", UINT, 0}}};
    expect_hint(&ya, 0, "alpha beside luminance is the hint");
    ck_frame grey = {0};
    ck_error why = {""};
    ok(load("c.exr", CK_WANT_LUMA, &grey, &why) == CK_OK && shows(&grey.planes[0], 0, &ya, 1),
       "luminance when asked for %s", why.text);
    ck_frame_free(&grey);
    exr_attr_box2i_t even = BOX(0, 0, 19, 11);
    for (int c = EXR_COMPRESSION_NONE; c <= EXR_COMPRESSION_PXR24; c++)
        expect_hint(&(make_spec){"c.exr", even, even, (exr_compression_t)c,
                                 .channels = {{"Y", HALF, 0}, {"BY", HALF, 2}, {"RY", HALF, 2}}},
                    0, "luminance with subsampled chroma as a hint");
    make_spec sub = {"c.exr", even, even, zip, .channels = {{"R", HALF, 2}, {"G", HALF, 0}, {"B", HALF, 2}}};
    expect_refusal(&sub, CK_WANT_RGB, "subsampled", "subsampled colour");
    make_spec yc = {"c.exr", even, even, zip, .channels = {{"Y", FLOAT, 0}, {"BY", FLOAT, 2}, {"RY", FLOAT, 2}}};
    expect_refusal(&yc, CK_WANT_RGB, "half", "luminance and chroma in float");

    make_spec rgb = {"c.exr", box, box, zip, .channels = {{"R", FLOAT, 0}, {"G", FLOAT, 0}, {"B", FLOAT, 0}}};
    ck_frame f = {0};
    ck_error e;
    bool good = !make_exr(&rgb) && load("c.exr", CK_WANT_HINT, &f, &e) == CK_OK && f.planes[0].c == 1;
    for (int i = 0; i < 19 * 13 && good; i++) {
        int x = i % 19, y = i / 19;
        float want = 0.2126f * (float)make_value(0, x, y) + 0.7152f * (float)make_value(1, x, y) +
                     0.0722f * (float)make_value(2, x, y);
        good = ((const float *)f.planes[0].data)[i] == want;
    }
    ok(good, "colour as a hint by luminance");
    ck_frame_free(&f);
}

/* Files by libOpenEXR's own writer, of kinds that the C library cannot write. */
static void test_rgba(void)
{
    enum { W = 70, H = 300 };
    static ImfRgba px[H * W];
    static float want[3][H * W];
    for (int i = 0; i < W * H; i++) {
        float v[3] = {0.2f + (float)(i % W) / W, 0.5f + 0.4f * sinf((float)(i / W) * 0.1f), 0.3f};
        ImfFloatToHalf(v[0], &px[i].r);
        ImfFloatToHalf(v[1], &px[i].g);
        ImfFloatToHalf(v[2], &px[i].b);
        px[i].a = 0x3c00;
        want[0][i] = ImfHalfToFloat(px[i].r);
        want[1][i] = ImfHalfToFloat(px[i].g);
        want[2][i] = ImfHalfToFloat(px[i].b);
    }
    static const struct {
        int compression, channels;
        float bar; /* DWA at its default quality and halved chroma: no visible difference */
        const char *what;
    } kinds[] = {{IMF_DWAA_COMPRESSION, IMF_WRITE_RGBA, 0.02f, "DWAA"},
                 {IMF_DWAB_COMPRESSION, IMF_WRITE_RGB, 0.02f, "DWAB"},
                 {IMF_DWAB_COMPRESSION, IMF_WRITE_Y, 0.02f, "DWAB luminance"},
                 {IMF_PIZ_COMPRESSION, IMF_WRITE_YC, 0.05f, "luminance and chroma"},
                 {IMF_PIZ_COMPRESSION, IMF_WRITE_RGB, 0, "PIZ"},
                 {IMF_ZIP_COMPRESSION, IMF_WRITE_RGBA, 0, "ZIP"},
                 {IMF_B44A_COMPRESSION, IMF_WRITE_RGBA, 0.02f, "B44A"}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        ImfHeader *hdr = ImfNewHeader();
        ImfHeaderSetDisplayWindow(hdr, 10, 20, W - 1, H - 3);
        ImfHeaderSetDataWindow(hdr, 0, 0, W - 1, H - 1);
        ImfHeaderSetCompression(hdr, kinds[k].compression);
        ImfOutputFile *out = ImfOpenOutputFile("r.exr", hdr, kinds[k].channels);
        ImfDeleteHeader(hdr);
        bool made =
            out && ImfOutputSetFrameBuffer(out, px, 1, W) && ImfOutputWritePixels(out, H) && ImfCloseOutputFile(out);
        ck_frame f = {0};
        ck_error e = {""};
        bool good = made && load("r.exr", CK_WANT_RGB, &f, &e) == CK_OK && f.planes[0].type == CK_F16 &&
                    f.planes[0].w == W - 10 && f.planes[0].h == H - 22;
        float worst = 0;
        static float got[3 * W * H];
        size_t n = good ? f.planes[0].bytes / 6 : 0;
        if (good)
            ck_to_f32(f.planes[0].data, CK_F16, got, 3 * n);
        for (size_t i = 0; i < 3 * n; i++) {
            size_t at = i % n, y = at / (W - 10) + 20, x = at % (W - 10) + 10;
            const float *rgb[3] = {want[0] + y * W + x, want[1] + y * W + x, want[2] + y * W + x};
            float lum = 0.2126f * *rgb[0] + 0.7152f * *rgb[1] + 0.0722f * *rgb[2];
            float ref = kinds[k].channels == IMF_WRITE_Y ? lum : *rgb[i / n];
            worst = worsef(worst, fabsf(got[i] - ref));
        }
        ok(good && worst <= kinds[k].bar, "%s by libOpenEXR: largest error %g, bar %g %s", kinds[k].what, (double)worst,
           (double)kinds[k].bar, e.text);
        ck_frame_free(&f);
    }
}

static void test_encoding(void)
{
    exr_attr_box2i_t box = BOX(0, 0, 3, 3);
    make_spec s = {"t.exr", box, box, EXR_COMPRESSION_ZIP, .channels = RGBA_HALF, .transfer = "srgb"};
    ck_frame f;
    ck_error e;
    make_exr(&s);
    ok(load("t.exr", CK_WANT_RGB, &f, &e) == CK_OK && !strcmp(f.planes[0].encoding, "srgb"), "ck:transfer is honoured");
    ck_frame_free(&f);
    ok(load("t.exr", CK_WANT_HINT, &f, &e) == CK_OK && !f.planes[0].encoding[0], "but a hint has no encoding");
    ck_frame_free(&f);
    static const char *const bad[] = {"a name of more than 15 letters", "sRGB\n", ""};
    for (int i = 0; i < 3; i++) {
        s.transfer = bad[i];
        make_exr(&s);
        ok(load("t.exr", CK_WANT_RGB, &f, &e) == CK_ERR_FORMAT, "a bad ck:transfer: %s", e.text);
        ck_frame_free(&f);
    }
}

static bool fails(const char *path, ck_error *e)
{
    ck_frame f;
    ck_status s = load(path, CK_WANT_RGB, &f, e);
    ck_frame_free(&f);
    return s != CK_OK && e->text[0];
}

/* A cut anywhere must fail.  A flipped bit may go unnoticed, since EXR has no checksums, but must not crash. */
static void damage(const char *path, const char *what, size_t step)
{
    size_t n, passed = 0, noticed = 0, flips = 0;
    unsigned char *data = slurp(path, &n);
    ck_error e;
    for (size_t i = 0; i < n; i += i + step < n || i == n - 1 ? step : n - 1 - i) {
        if (!fails(in_memory(data, i), &e)) {
            printf("# cut at %zu of %zu not noticed\n", i, n);
            passed++;
        }
    }
    ok(n && !passed, "%s: cut anywhere it fails: %s", what, e.text);
    for (size_t i = 0; i < n; i += 1 + step / 4, flips++) {
        data[i] ^= (unsigned char)(1u << noise() % 8);
        noticed += fails(in_memory(data, n), &e);
        data[i] = 0xff;
        noticed += fails(in_memory(data, n), &e);
        free(data);
        data = slurp(path, &n);
    }
    ok(noticed > 0, "%s: %zu of %zu changes noticed, none harmful: %s", what, noticed, 2 * flips, e.text);
    free(data);
}

static void test_damage(void)
{
    static uint16_t data[3 * 33 * 40]; /* a little grain on ramps, so that every compression has work */
    ck_exr_channel ch[3];
    for (int i = 0; i < 3 * 33 * 40; i++)
        data[i] = (uint16_t)(0x3400 + i % 33 * 8 + i / 33 * 5 + (int)(noise() % 4));
    for (int i = 0; i < 3; i++)
        ch[i] = (ck_exr_channel){(const char *[]){"R", "G", "B"}[i], data + i * 33 * 40, CK_F16};
    for (ck_exr_compression c = CK_EXR_NONE; c <= CK_EXR_B44A; c++) {
        ck_error e = {""};
        ck_exr_write("e.exr", 33, 40, ch, 3, CK_F16, c, NULL, &e);
        damage("e.exr", names[c], 61);
    }
    exr_attr_box2i_t box = BOX(-3, 2, 30, 40), even = BOX(0, 0, 19, 11);
    make_spec s = {"e.exr", box, box, EXR_COMPRESSION_ZIP, 16, 16, .channels = RGBA_HALF};
    make_exr(&s);
    damage("e.exr", "tiles", 31);
    s.display = (exr_attr_box2i_t)BOX(0, 4, 9, 9);
    make_exr(&s);
    damage("e.exr", "tiles outside the display window", 31);
    make_spec yc = {"e.exr", even, even, EXR_COMPRESSION_ZIP,
                    .channels = {{"Y", HALF, 0}, {"BY", HALF, 2}, {"RY", HALF, 2}}};
    make_exr(&yc);
    damage("e.exr", "luminance and chroma", 31);

    static ImfRgba px[40 * 50];
    ImfHeader *hdr = ImfNewHeader();
    ImfHeaderSetDisplayWindow(hdr, 0, 0, 39, 49);
    ImfHeaderSetDataWindow(hdr, 0, 0, 39, 49);
    ImfHeaderSetCompression(hdr, IMF_DWAA_COMPRESSION);
    ImfOutputFile *out = ImfOpenOutputFile("e.exr", hdr, IMF_WRITE_RGBA);
    for (int i = 0; i < 40 * 50; i++)
        px[i] =
            (ImfRgba){(ImfHalf)(noise() & 0x3fff), (ImfHalf)(noise() & 0x3fff), (ImfHalf)(noise() & 0x3fff), 0x3c00};
    ImfOutputSetFrameBuffer(out, px, 1, 40);
    ImfOutputWritePixels(out, 50);
    ImfCloseOutputFile(out);
    ImfDeleteHeader(hdr);
    damage("e.exr", "DWAA", 97);
}

static void test_refusals(void)
{
    ck_error e = {""};
    ok(fails("missing.exr", &e) && strstr(e.text, "No such file"), "no file: %s", e.text);
    ok(fails(".", &e), "a folder: %s", e.text);
    spill("x.exr", "", 0);
    ok(fails("x.exr", &e), "an empty file: %s", e.text);
    spill("x.exr", "hello, this is no picture at all", 32);
    ok(fails("x.exr", &e), "another kind of file: %s", e.text);

    /* Sizes that the file cannot hold, patched into the header's display window. */
    exr_attr_box2i_t box = BOX(0, 0, 77, 55);
    make_spec s = {"x.exr", box, box, EXR_COMPRESSION_ZIP, .channels = RGBA_HALF};
    static const int32_t sizes[][2] = {{65535, 65535}, {65536, 55}, {0x7ffffff0, 55},
                                       {-1, 55},       {77, 65535}, {0x3ffffffe, 0x3ffffffe}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make_exr(&s);
        size_t n;
        unsigned char *data = slurp("x.exr", &n);
        int32_t now[2] = {77, 55};
        for (size_t at = 0; at + 8 <= n; at++)
            if (!memcmp(data + at, now, 8))
                memcpy(data + at, sizes[i], 8);
        spill("x.exr", data, n);
        free(data);
        ok(fails("x.exr", &e) && !strstr(e.text, "memory"), "%d x %d: %s", sizes[i][0] + 1, sizes[i][1] + 1, e.text);
    }
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    test_windows();
    test_storage();
    test_channels();
    test_rgba();
    test_encoding();
    test_damage();
    test_refusals();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
