/* EXR: layers under the names of several programs, found by name and without; nothing is mixed up. */
#include "files.h"
#include "image/convert.h"
#include "io/exr.h"
#include "tap.h"

static char dir[] = "/tmp/ck-layers-XXXXXX";

enum { W = 40, H = 70, N = W * H };

/* Write a file with these channels; channel i holds i + 1, with a ramp. */
static void make(const char *path, const char *const *names, int n, ck_exr_compression c, ck_type type)
{
    static float data[16][N];
    ck_exr_channel ch[16];
    ck_error e = {""};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < N; k++)
            data[i][k] = (float)(i + 1) + (float)(k / W) / 128;
        ch[i] = (ck_exr_channel){names[i], data[i], CK_F32};
    }
    if (ck_exr_write(path, W, H, ch, n, type, c, NULL, &e) != CK_OK) {
        printf("Bail out! %s: %s\n", path, e.text);
        exit(1);
    }
}

static ck_status load(const char *path, const char *layer, const char *part, ck_want want, ck_frame *f, ck_error *e)
{
    memset(f, 0, sizeof *f);
    memset(e, 0, sizeof *e);
    return ck_exr_read_selected(path, &(ck_still_select){.layer = layer, .part = part, .threads = 2}, want, "p", f, e);
}

/* The plane's channels are the file's channels from[0..2] (counted from 0), within `bar`. */
static void expect(const char *path, const char *layer, const int from[3], float bar, const char *what)
{
    ck_frame f;
    ck_error e;
    static float got[3 * N];
    bool good = load(path, layer, NULL, CK_WANT_RGB, &f, &e) == CK_OK && f.planes[0].c == 3;
    if (good)
        ck_to_f32(f.planes[0].data, f.planes[0].type, got, 3 * N);
    for (int i = 0; good && i < 3 * N; i++) {
        float d = got[i] - ((float)(from[i / N] + 1) + (float)(i % N / W) / 128);
        good = d <= bar && d >= -bar;
    }
    ok(good, "%s %s", what, e.text);
    ck_frame_free(&f);
}

#define FROM(...) ((const int[3]){__VA_ARGS__})

static void test_names(void)
{
    static const char *const blender[] = {"ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B",
                                          "ViewLayer.Combined.A", "ViewLayer.Depth.Z",    "ViewLayer.DiffCol.R",
                                          "ViewLayer.DiffCol.G",  "ViewLayer.DiffCol.B",  "ViewLayer.Normal.X",
                                          "ViewLayer.Normal.Y",   "ViewLayer.Normal.Z",   "ViewLayer.UV.U",
                                          "ViewLayer.UV.V"};
    static const char *const nuke[] = {"beauty.red", "beauty.green", "beauty.blue", "beauty.alpha", "depth.Z",
                                       "N.x",        "N.y",          "N.z",         "DIFF.RED",     "DIFF.GREEN",
                                       "DIFF.BLUE",  "spec.r",       "spec.g",      "spec.b",       "mask.a"};
    static const ck_exr_compression kinds[] = {CK_EXR_ZIP, CK_EXR_PIZ, CK_EXR_DWAA, CK_EXR_DWAB, CK_EXR_NONE};
    static const char *const words[] = {"ZIP", "PIZ", "DWAA", "DWAB", "none"};
    for (int k = 0; k < 5; k++)
        for (int t = 0; t < 2; t++) {
            /* DWA loses some of R, G, B and Y; other names are exact. */
            float bar = kinds[k] == CK_EXR_DWAA || kinds[k] == CK_EXR_DWAB ? 0.1f : 0;
            char what[100];
            printf("# %s, %s\n", words[k], t ? "float" : "half");
#define EXPECT(FILE, LAYER, BAR, ...)                                                                                  \
    snprintf(what, sizeof what, "%s, %s: %s", words[k], #FILE, LAYER ? LAYER : "the obvious one");                     \
    expect(#FILE ".exr", LAYER, FROM(__VA_ARGS__), BAR, what)
            make("blender.exr", blender, 13, kinds[k], t ? CK_F32 : CK_F16);
            EXPECT(blender, (const char *)NULL, bar, 0, 1, 2);
            EXPECT(blender, "ViewLayer.Combined", bar, 0, 1, 2);
            EXPECT(blender, "Combined", bar, 0, 1, 2);
            EXPECT(blender, "DiffCol", bar, 5, 6, 7);
            EXPECT(blender, "ViewLayer.Depth", 0, 4, 4, 4);
            EXPECT(blender, "ViewLayer.Normal", bar, 8, 9, 10);
            EXPECT(blender, "ViewLayer.UV.V", 0, 12, 12, 12);
            EXPECT(blender, "ViewLayer.DiffCol.G", bar, 6, 6, 6);
            make("nuke.exr", nuke, 15, kinds[k], t ? CK_F32 : CK_F16);
            EXPECT(nuke, (const char *)NULL, bar, 0, 1, 2);
            EXPECT(nuke, "beauty", bar, 0, 1, 2);
            EXPECT(nuke, "depth", 0, 4, 4, 4);
            EXPECT(nuke, "N", bar, 5, 6, 7);
            EXPECT(nuke, "DIFF", bar, 8, 9, 10);
            EXPECT(nuke, "spec", bar, 11, 12, 13);
            EXPECT(nuke, "mask", 0, 14, 14, 14);
        }
}

static void refuse(const char *path, const char *layer, const char *part, ck_status status, const char *text,
                   const char *what)
{
    ck_frame f;
    ck_error e;
    ck_status s = load(path, layer, part, CK_WANT_RGB, &f, &e);
    ok(s == status && strstr(e.text, text) && !f.n, "%s: %s", what, e.text);
    ck_frame_free(&f);
}

static void note_is(const char *path, const char *layer, const char *wanted)
{
    ck_frame f;
    ck_error e;
    bool good = load(path, layer, NULL, CK_WANT_RGB, &f, &e) == CK_OK;
    const char *note = good ? ck_meta_get(&f.meta, CK_STILL_NOTE) : NULL;
    ok(good && !strcmp(note ? note : "", wanted), "note of %s: %s %s", path, note ? note : "(none)", e.text);
    ck_frame_free(&f);
}

static void test_choice(void)
{
    static const char *const plain[] = {"R", "G", "B", "A", "diff.R", "diff.G", "diff.B", "Z"};
    make("plain.exr", plain, 8, CK_EXR_ZIP, CK_F16);
    expect("plain.exr", NULL, FROM(0, 1, 2), 0, "channels without a prefix are the obvious ones");
    expect("plain.exr", "rgba", FROM(0, 1, 2), 0, "and are called rgba");
    expect("plain.exr", "diff", FROM(4, 5, 6), 0, "a layer beside them");
    expect("plain.exr", "Z", FROM(7, 7, 7), 0, "a channel beside them");
    note_is("plain.exr", NULL, "layers: rgba (read), diff");
    note_is("plain.exr", "diff", "layers: rgba, diff (read)");
    refuse("plain.exr", "dif", NULL, CK_ERR_ARGUMENT, "it has rgba, diff", "an unknown layer");
    refuse("plain.exr", "", NULL, CK_ERR_ARGUMENT, "it has rgba, diff", "an empty name");
    refuse("plain.exr", NULL, "1", CK_ERR_ARGUMENT, "it has 0", "an unknown part");
    refuse("plain.exr", NULL, "-1", CK_ERR_ARGUMENT, "it has 0", "a part before the first");

    static const char *const lower[] = {"r", "g", "b"}, *const alone[] = {"x.Z"};
    static const char *const one[] = {"fx.spec.R", "fx.spec.G", "fx.spec.B", "fx.id.Z", "other.id.Z"};
    make("lower.exr", lower, 3, CK_EXR_ZIP, CK_F16);
    expect("lower.exr", NULL, FROM(0, 1, 2), 0, "lower case");
    note_is("lower.exr", NULL, "");
    make("one.exr", one, 5, CK_EXR_ZIP, CK_F16);
    expect("one.exr", NULL, FROM(0, 1, 2), 0, "the only layer with R, G and B, whatever its name");
    note_is("one.exr", NULL, "layers: fx.id, fx.spec (read), other.id");
    expect("one.exr", "spec", FROM(0, 1, 2), 0, "the end of a name");
    refuse("one.exr", "id", NULL, CK_ERR_ARGUMENT, "fx.id, fx.spec, other.id", "the end of two names");
    expect("one.exr", "other.id", FROM(4, 4, 4), 0, "its full name");
    make("alone.exr", alone, 1, CK_EXR_ZIP, CK_F16);
    refuse("alone.exr", NULL, NULL, CK_ERR_UNSUPPORTED, "x.Z", "depth alone");
    expect("alone.exr", "x", FROM(0, 0, 0), 0, "depth that was asked for");

    static const char *const two[] = {"a.R", "a.G", "a.B", "b.R", "b.G", "b.B", "uv.U", "uv.V"};
    make("two.exr", two, 8, CK_EXR_ZIP, CK_F16);
    refuse("two.exr", NULL, NULL, CK_ERR_UNSUPPORTED, "--layer", "two layers of no usual name");
    expect("two.exr", "b", FROM(3, 4, 5), 0, "one of the two");
    refuse("two.exr", "uv", NULL, CK_ERR_UNSUPPORTED, "uv.V", "a layer that is no picture");
    static const char *const both[] = {"R", "r", "G", "g", "B", "b"};
    make("both.exr", both, 6, CK_EXR_ZIP, CK_F16);
    expect("both.exr", NULL, FROM(0, 2, 4), 0, "capitals before lower case");
}

static void test_alpha(void)
{
    static const char *const names[] = {"fg.R", "fg.G", "fg.B", "fg.A", "bg.R", "bg.G", "bg.B", "bg.alpha"};
    ck_frame f;
    ck_error e;
    make("alpha.exr", names, 8, CK_EXR_PIZ, CK_F16);
    bool good = load("alpha.exr", "bg", NULL, CK_WANT_ALPHA, &f, &e) == CK_OK;
    ok(good && f.planes[0].c == 1 && ((const float *)f.planes[0].data)[0] == 8, "the alpha of a layer %s", e.text);
    ck_frame_free(&f);
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    test_names();
    test_choice();
    test_alpha();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
