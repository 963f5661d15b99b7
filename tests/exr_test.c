/* EXR: our files are read back bit-exact, by the other library too. */
#include <ImfCRgbaFile.h>
#include <math.h>
#include <pthread.h>

#include "files.h"
#include "image/convert.h"
#include "io/exr.h"
#include "tap.h"

static char dir[] = "/tmp/ck-exr-XXXXXX";
static const char *const names[] = {"none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a"};

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

/* ---- round trips ---- */

enum { NOISE, PLATE, SWEEP, CONTENTS };
static const char *const content_names[] = {"noise", "plate", "sweep"};

/* NOISE: random bit patterns, including NaN, infinities, subnormals and both zeros, with runs between them.  PLATE:
 * ramps with grain and a few of those.  SWEEP: all bit patterns in order, more than 2^14 per chunk if they fit. */
static void *samples(int content, int w, size_t n, ck_type t)
{
    uint8_t *p = malloc(n * ck_type_size(t));
    for (size_t i = 0; i < n; i++) {
        uint32_t v = i % 50 < 20 ? 0x3c003c00u : noise() << 16 ^ noise();
        uint32_t x = (uint32_t)(i % (size_t)w), y = (uint32_t)(i / (size_t)w);
        if (content == PLATE && i % 97)
            v = t == CK_F16 ? 0x3400 + x * 3 + y * 2 + noise() % 8 : 0x3e800000 + (x * 5 + y) * 4096 + noise() % 512;
        else if (content == SWEEP)
            v = t == CK_F16 ? (uint32_t)i * 3 : (uint32_t)i * 0x10003u;
        memcpy(p + i * ck_type_size(t), &v, ck_type_size(t));
    }
    return p;
}

/* True if the other library reads the same RGBA halves; no code of ours is involved. */
static bool theirs_is(const char *path, int w, int h, const uint16_t *const planes[4])
{
    ImfInputFile *in = ImfOpenInputFile(path);
    size_t n = (size_t)w * (size_t)h;
    ImfRgba *px = malloc(n * sizeof *px);
    bool same = in && ImfInputSetFrameBuffer(in, px, 1, (size_t)w) && ImfInputReadPixels(in, 0, h - 1);
    for (size_t i = 0; i < n && same; i++)
        same = px[i].r == planes[0][i] && px[i].g == planes[1][i] && px[i].b == planes[2][i] && px[i].a == planes[3][i];
    if (!in)
        printf("# %s\n", ImfErrorMessage());
    else
        ImfCloseInputFile(in);
    free(px);
    return same;
}

static void round_trip(int content, int w, int h, ck_type t, ck_exr_compression c)
{
    size_t n = (size_t)w * (size_t)h, size = ck_type_size(t);
    uint8_t *data = samples(content, w, 4 * n, t);
    ck_exr_channel ch[4];
    const uint16_t *planes[4];
    for (int i = 0; i < 4; i++) {
        ch[i] = (ck_exr_channel){(const char *[]){"R", "G", "B", "A"}[i], data + (size_t)i * n * size, t};
        planes[i] = (const uint16_t *)ch[i].data;
    }
    ck_error e = {""};
    ck_frame f = {0};
    bool good =
        ck_exr_write("a.exr", w, h, ch, 4, t, c, NULL, &e) == CK_OK && load("a.exr", CK_WANT_RGB, &f, &e) == CK_OK;
    const ck_plane *p = &f.planes[0];
    good = good && p->type == t && p->c == 3 && p->w == w && p->h == h && !strcmp(p->encoding, "linear") &&
           !memcmp(p->data, data, 3 * n * size);
    ok(good, "%s %s %d x %d %s: bit-exact %s", names[c], ck_type_name(t), w, h, content_names[content], e.text);
    if (t == CK_F16)
        ok(good && theirs_is("a.exr", w, h, planes), "and in libOpenEXR's eyes, alpha too");
    ck_frame_free(&f);
    free(data);
}

static void test_round_trips(void)
{
    static const int sizes[][2] = {{1, 1}, {1, 40}, {7, 1}, {33, 17}, {64, 70}, {300, 33}, {517, 35}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int content = 0; content < CONTENTS; content++)
            for (ck_exr_compression c = CK_EXR_NONE; c <= CK_EXR_PXR24; c++)
                for (int t = CK_F16; t <= CK_F32; t++)
                    if (t == CK_F16 || c != CK_EXR_PXR24) /* PXR24 keeps 24 bits of a float */
                        round_trip(content, sizes[i][0], sizes[i][1], (ck_type)t, c);
}

/* Lossy compressions: within their error, and equal in both libraries.  PXR24 rounds to 15 bits of mantissa.  B44 keeps
 * 6 bits of differences within 4 x 4 pixels, in steps of half's bit patterns.  On a ramp of 1/64 per pixel around 1 a
 * block spans 3/64 * 2 = 96 of those, so a step is 96/63, rounded up to the next power of two, 2, and a value errs by
 * at most a step: 2 * 2^-10. */
static void test_lossy(void)
{
    enum { W = 37, H = 21, N = W * H };
    static float ramp[N];
    static uint16_t half[4][N], zero[N];
    for (int i = 0; i < N; i++)
        ramp[i] = 1.0f + (float)(i % W + i / W) / 64.0f;
    for (int i = 0; i < 4; i++)
        ck_f32_to_f16(ramp, half[i], N);
    for (ck_exr_compression c = CK_EXR_PXR24; c <= CK_EXR_B44A; c++) {
        ck_type t = c == CK_EXR_PXR24 ? CK_F32 : CK_F16;
        ck_exr_channel ch[3] = {{"B", ramp, CK_F32}, {"R", ramp, CK_F32}, {"G", ramp, CK_F32}};
        ck_error e = {""};
        ck_frame f = {0};
        bool good =
            ck_exr_write("a.exr", W, H, ch, 3, t, c, NULL, &e) == CK_OK && load("a.exr", CK_WANT_RGB, &f, &e) == CK_OK;
        float worst = 0, got[3 * N];
        if (good)
            ck_to_f32(f.planes[0].data, f.planes[0].type, got, 3 * N);
        for (int i = 0; i < 3 * N && good; i++)
            worst = worsef(worst, fabsf(got[i] - ramp[i % N]));
        float bar = t == CK_F32 ? 0x1p-16f * 2 : 0x1p-9f;
        ok(good && worst <= bar, "%s: largest error %g, bar %g %s", names[c], (double)worst, (double)bar, e.text);
        ck_frame_free(&f);

        /* Small files that B44 would enlarge are stored: exact. */
        for (int w = 1; w < 4 && c != CK_EXR_PXR24; w++) {
            ck_exr_channel one[4] = {
                {"R", half[0], CK_F16}, {"G", half[1], CK_F16}, {"B", half[2], CK_F16}, {"A", zero, CK_F16}};
            good = ck_exr_write("a.exr", w, 1, one, 4, CK_F16, c, NULL, &e) == CK_OK &&
                   load("a.exr", CK_WANT_RGB, &f, &e) == CK_OK && !memcmp(f.planes[0].data, half[0], (size_t)w * 2) &&
                   theirs_is("a.exr", w, 1, (const uint16_t *const[]){half[0], half[1], half[2], zero});
            ok(good, "%s: %d x 1 is stored as it is, in both libraries %s", names[c], w, e.text);
            ck_frame_free(&f);
        }
    }
}

/* Floats of 24 bits: off by at most half a step of 2^-15, nothing becomes infinite, NaN and infinity stay. */
static void test_pxr24_floats(void)
{
    enum { N = 4096 };
    static float in[N];
    for (int i = 0; i < N; i++) {
        uint32_t v = noise() << 16 ^ noise();
        memcpy(&in[i], &v, 4);
    }
    const float edges[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, -NAN, 3.4028235e38f, -3.4028235e38f, 1e-45f, 1.0f};
    memcpy(in, edges, sizeof edges);
    const uint32_t thin = 0x7f800001; /* a NaN whose payload is only in the discarded bits */
    memcpy(in + 20, &thin, 4);
    ck_exr_channel y = {"Y", in, CK_F32};
    ck_error e = {""};
    ck_frame f = {0};
    bool good = ck_exr_write("a.exr", 64, N / 64, &y, 1, CK_F32, CK_EXR_PXR24, NULL, &e) == CK_OK &&
                load("a.exr", CK_WANT_HINT, &f, &e) == CK_OK;
    const float *got = good ? f.planes[0].data : NULL;
    for (int i = 0; i < N && good; i++) {
        if (isnan(in[i]))
            good = isnan(got[i]);
        else if (isinf(in[i]))
            good = got[i] == in[i];
        else /* FLT_MAX is truncated, not rounded: a whole step; subnormals have steps of 2^-141 */
            good = fabsf(got[i] - in[i]) <=
                   fmaxf(fabsf(in[i]) * (fabsf(in[i]) > 3.4e38f ? 0x1p-15f : 0x1p-16f), 0x1p-142f);
        if (!good)
            printf("# %g came back as %g\n", (double)in[i], (double)got[i]);
    }
    ok(good, "pxr24: what becomes of any float %s", e.text);
    ck_frame_free(&f);
}

static void test_conversion(void)
{
    uint16_t all[65536], back[65536];
    float wide[65536];
    for (int i = 0; i < 65536; i++)
        all[i] = (uint16_t)i;
    ck_to_f32(all, CK_F16, wide, 65536);
    ck_f32_to_f16(wide, back, 65536);
    ck_error e = {""};
    ck_frame f = {0};
    ck_exr_channel y = {"Y", wide, CK_F32};
    bool good = ck_exr_write("a.exr", 256, 256, &y, 1, CK_F16, CK_EXR_ZIP, NULL, &e) == CK_OK &&
                load("a.exr", CK_WANT_RGB, &f, &e) == CK_OK && f.planes[0].type == CK_F16;
    for (int c = 0; c < 3; c++)
        good = good && !memcmp((const uint16_t *)f.planes[0].data + c * 65536, back, sizeof back);
    ok(good, "float samples into a half file, Y repeated as RGB %s", e.text);
    ck_frame_free(&f);
    y = (ck_exr_channel){"Y", all, CK_F16};
    good = ck_exr_write("a.exr", 256, 256, &y, 1, CK_F32, CK_EXR_ZIPS, NULL, &e) == CK_OK &&
           load("a.exr", CK_WANT_HINT, &f, &e) == CK_OK && f.planes[0].type == CK_F32 && f.planes[0].c == 1 &&
           !memcmp(f.planes[0].data, wide, sizeof wide) && !f.planes[0].encoding[0];
    ok(good, "half samples into a float file, Y as a hint %s", e.text);
    ck_frame_free(&f);
}

static void test_attributes(void)
{
    ck_frame f;
    ck_error e;
    uint16_t px[3] = {0};
    ck_exr_channel ch[3] = {{"R", px, CK_F16}, {"G", px + 1, CK_F16}, {"B", px + 2, CK_F16}};
    ck_meta m = {0};
    ck_meta_set(&m, "ck:transfer", "srgb", &e);
    ck_meta_set(&m, "comments", "Füße\nzwei Zeilen", &e);
    ck_meta_set(&m, "empty", "", &e);
    ck_meta_set(&m, "a.name.longer.than.the.thirty-one.bytes.of.old", "x", &e);
    ok(ck_exr_write("t.exr", 1, 1, ch, 3, CK_F16, CK_EXR_PIZ, &m, &e) == CK_OK &&
           load("t.exr", CK_WANT_RGB, &f, &e) == CK_OK && !strcmp(f.planes[0].encoding, "srgb"),
       "attributes are written and ck:transfer comes back %s", e.text);
    ck_frame_free(&f);
    ImfInputFile *in = ImfOpenInputFile("t.exr");
    const char *text = "", *empty = "?", *longer = "";
    if (in) {
        ImfHeaderStringAttribute(ImfInputHeader(in), "comments", &text);
        ImfHeaderStringAttribute(ImfInputHeader(in), "empty", &empty);
        ImfHeaderStringAttribute(ImfInputHeader(in), "a.name.longer.than.the.thirty-one.bytes.of.old", &longer);
    }
    ok(!strcmp(text, "Füße\nzwei Zeilen") && !*empty && !strcmp(longer, "x"), "libOpenEXR reads them");
    if (in)
        ImfCloseInputFile(in);
    static const char *const taken[] = {"type", "name", "channels", "compression", "dataWindow"};
    for (int i = 0; i < 5; i++) {
        ck_meta own = {0};
        ck_meta_set(&own, taken[i], "x", &e);
        ok(ck_exr_write("no.exr", 1, 1, ch, 3, CK_F16, CK_EXR_PIZ, &own, &e) != CK_OK && e.text[0] &&
               access("no.exr", F_OK),
           "attribute %s is refused: %s", taken[i], e.text);
        ck_meta_free(&own);
    }
    ck_meta_free(&m);
}

/* Several frames are read and written at once: pixels and messages must not mix. */
static void *one_of_many(void *arg)
{
    int id = *(int *)arg;
    char path[32], broken[32];
    snprintf(path, sizeof path, "t%d.exr", id);
    snprintf(broken, sizeof broken, "t%d.broken", id);
    static const char junk[4][40] = {"", "junk", "v/1\1\2\0\0\0", "this is no picture at all"};
    static const char *const words[4] = {"Unable to read magic", "Unable to read magic", "", "not an OpenEXR file"};
    spill(broken, junk[id], id == 2 ? 8 : strlen(junk[id]));
    uint16_t px[64 * 40];
    for (int i = 0; i < 64 * 40; i++)
        px[i] = (uint16_t)(0x3000 + id * 500 + i % 64);
    for (int turn = 0; turn < 25; turn++) {
        ck_exr_channel y = {"Y", px, CK_F16};
        ck_frame f = {0};
        ck_error e = {""};
        if (ck_exr_write(path, 64, 40, &y, 1, CK_F16, (ck_exr_compression)(turn % 6), NULL, &e) != CK_OK ||
            load(path, CK_WANT_RGB, &f, &e) != CK_OK || memcmp(f.planes[0].data, px, sizeof px))
            return e.text[0] ? strdup(e.text) : strdup("other pixels");
        ck_frame_free(&f);
        if (load(broken, CK_WANT_RGB, &f, &e) == CK_OK || !strstr(e.text, words[id]))
            return strdup(e.text);
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[4];
    int ids[4] = {0, 1, 2, 3};
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, one_of_many, &ids[i]);
    for (int i = 0; i < 4; i++) {
        void *text;
        pthread_join(threads[i], &text);
        ok(!text, "thread %d among four %s", i, text ? (char *)text : "");
        free(text);
    }
}

static void test_refusals(void)
{
    ck_error e = {""};
    uint16_t px[4] = {0};
    ck_exr_channel ch[2] = {{"Y", px, CK_F16}, {"Y", px, CK_F16}};
    ok(ck_exr_write("n.exr", 2, 2, ch, 2, CK_F16, CK_EXR_ZIP, NULL, &e) == CK_ERR_ARGUMENT, "twice: %s", e.text);
    ok(ck_exr_write("n.exr", 0, 2, ch, 1, CK_F16, CK_EXR_ZIP, NULL, &e) == CK_ERR_ARGUMENT, "0 x 2: %s", e.text);
    ok(ck_exr_write("n.exr", 2, 2, ch, 1, CK_U8, CK_EXR_ZIP, NULL, &e) == CK_ERR_ARGUMENT, "u8: %s", e.text);
    ch[0].type = CK_U16;
    ok(ck_exr_write("n.exr", 2, 2, ch, 1, CK_F16, CK_EXR_ZIP, NULL, &e) == CK_ERR_ARGUMENT, "u16: %s", e.text);
    ch[0].type = CK_F16;
    ok(ck_exr_write("/dev/full", 2, 2, ch, 1, CK_F16, CK_EXR_ZIP, NULL, &e) == CK_ERR_FULL &&
           strstr(e.text, "No space"),
       "a full device: %s", e.text);
    ok(ck_exr_write("no/n.exr", 2, 2, ch, 1, CK_F16, CK_EXR_ZIP, NULL, &e) == CK_ERR_IO, "no folder: %s", e.text);
    ok(access("n.exr", F_OK), "what is refused does not appear");
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    test_round_trips();
    test_lossy();
    test_pxr24_floats();
    test_conversion();
    test_attributes();
    test_refusals();
    test_threads();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
