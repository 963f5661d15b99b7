/* EXR: the number of threads changes neither samples nor messages; PIZ of every code length. */
#include <pthread.h>
#include <stdatomic.h>

#include "exr_make.h"
#include "files.h"
#include "image/convert.h"
#include "io/exr.h"
#include "io/exr_crew.h"
#include "io/exr_core.h"
#include "tap.h"

static char dir[] = "/tmp/ck-threads-XXXXXX";

enum { W = 700, H = 500, N = W * H }; /* large enough for helpers */

static ck_status load(const char *path, int threads, ck_frame *f, ck_error *e)
{
    memset(f, 0, sizeof *f);
    memset(e, 0, sizeof *e);
    return ck_exr_read_selected(path, &(ck_still_select){.threads = threads}, CK_WANT_RGB, "p", f, e);
}

static bool alike(const char *path, ck_error *e)
{
    ck_frame one, many;
    ck_error a, b;
    ck_status s = load(path, 1, &one, &a), t = load(path, 5, &many, &b);
    bool same = s == t && !strcmp(a.text, b.text) && one.n == many.n;
    if (same && one.n)
        same = one.planes[0].bytes == many.planes[0].bytes &&
               !memcmp(one.planes[0].data, many.planes[0].data, one.planes[0].bytes);
    *e = a;
    if (!same)
        printf("# one: %s, five: %s\n", a.text, b.text);
    ck_frame_free(&one);
    ck_frame_free(&many);
    return same;
}

static const char *const names[] = {"none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"};

static void test_same(void)
{
    static uint16_t data[3][N];
    ck_exr_channel ch[3];
    ck_error e = {""};
    for (int i = 0; i < 3 * N; i++)
        data[i / N][i % N] = (uint16_t)(0x3400 + i % W / 4 + (int)(noise() % 16));
    for (int i = 0; i < 3; i++)
        ch[i] = (ck_exr_channel){(const char *[]){"R", "G", "B"}[i], data[i], CK_F16};
    for (ck_exr_compression c = CK_EXR_NONE; c <= CK_EXR_DWAB; c++) {
        ck_status s = ck_exr_write("s.exr", W, H, ch, 3, CK_F16, c, NULL, &e);
        ok(s == CK_OK && alike("s.exr", &e) && !e.text[0], "%s: one and five threads", names[c]);
        FILE *f = fopen("s.exr", "r+b");
        fseek(f, 0, SEEK_END);
        long size = ftell(f);
        for (long at = size / 4; at < size; at += size / 4) { /* several chunks are bad */
            fseek(f, at, SEEK_SET);
            for (int i = 0; i < 900; i++)
                fputc((int)(noise() & 255), f);
        }
        fclose(f);
        ok(alike("s.exr", &e), "%s: the same damage: %s", names[c], e.text);
    }
    exr_attr_box2i_t box = {.max = {.x = W - 1, .y = H - 1}};
    make_spec tiles = {"t.exr",
                       box,
                       box,
                       EXR_COMPRESSION_PIZ,
                       64,
                       48,
                       .channels = {{"R", EXR_PIXEL_HALF, 0}, {"G", EXR_PIXEL_HALF, 0}, {"B", EXR_PIXEL_FLOAT, 0}}};
    ok(!make_exr(&tiles) && alike("t.exr", &e) && !e.text[0], "tiles: one and five threads");
}

/* Pictures read by several threads, each of which may call helpers. */
static void *read_often(void *path)
{
    ck_frame f;
    ck_error e;
    bool good = true;
    for (int i = 0; i < 12 && good; i++) {
        good = load(path, 3, &f, &e) == CK_OK;
        ck_frame_free(&f);
    }
    return good ? path : NULL;
}

static void test_crowd(void)
{
    pthread_t ids[4];
    int good = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&ids[i], NULL, read_often, (void *)(uintptr_t) "t.exr");
    for (int i = 0; i < 4; i++) {
        void *p;
        pthread_join(ids[i], &p);
        good += p != NULL;
    }
    ok(good == 4, "four readers at once, with helpers");
}

/* A crew without pictures: which failure is reported. */
static void *nothing(const void *job)
{
    return (void *)(uintptr_t)job;
}

static void end_nothing(void *thread)
{
    (void)thread;
}

static exr_result_t fail_from(void *thread, const void *job, long item)
{
    (void)thread;
    (void)job;
    usleep((useconds_t)(item % 3 * 300));
    if (item < 40)
        return EXR_ERR_SUCCESS;
    ck_exr_listen();
    char text[40];
    snprintf(text, sizeof text, "item %ld", item);
    ck_exr_on_error(NULL, EXR_ERR_CORRUPT_CHUNK, text);
    return EXR_ERR_CORRUPT_CHUNK;
}

static void test_first_failure(void)
{
    int wrong = 0;
    ck_exr_crew c = {.job = dir, .start = nothing, .run = fail_from, .end = end_nothing, .items = 200, .threads = 4};
    for (int i = 0; i < 20; i++) {
        ck_exr_listen();
        wrong += ck_exr_crew_run(&c) != EXR_ERR_CORRUPT_CHUNK || strcmp(ck_exr_heard(), "item 40") != 0;
    }
    ok(!wrong, "the first bad chunk is reported, whoever meets it");
}

/* PIZ of values whose frequencies halve: codes of 1 bit to more than the decoder looks up at once. */
static void test_code_lengths(void)
{
    enum { ROWS = 64, WIDE = 4096 };
    uint16_t *half = malloc(sizeof *half * ROWS * WIDE);
    float *floats = malloc(sizeof *floats * ROWS * WIDE);
    for (int kind = 0; kind < 4; kind++) {
        for (int i = 0; i < ROWS * WIDE; i++) {
            uint32_t r = noise() | 1u << 23;
            int rank = __builtin_ctz(r);
            uint32_t v = kind == 0   ? (uint32_t)rank * 977
                         : kind == 1 ? (rank > 9 ? noise() & 0x3fff : 5)
                         : kind == 2 ? (noise() >> (rank < 8 ? 2 * rank : 16)) & 0x7bff
                                     : 77;
            half[i] = (uint16_t)v;
            floats[i] = (float)v * 1.37f;
        }
        for (int t = 0; t < 2; t++) {
            ck_exr_channel ch = {"Y", t ? (const void *)floats : half, t ? CK_F32 : CK_F16};
            ck_error e = {""};
            ck_frame f = {0};
            size_t bytes = (size_t)ROWS * WIDE * (t ? 4 : 2);
            bool good = ck_exr_write("p.exr", WIDE, ROWS, &ch, 1, ch.type, CK_EXR_PIZ, NULL, &e) == CK_OK &&
                        load("p.exr", 1, &f, &e) == CK_OK && !memcmp(f.planes[0].data, ch.data, bytes);
            ok(good, "PIZ, code lengths %d, %s %s", kind, t ? "float" : "half", e.text);
            ck_frame_free(&f);
        }
    }
    free(half);
    free(floats);
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    test_same();
    test_crowd();
    test_first_failure();
    test_code_lengths();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
