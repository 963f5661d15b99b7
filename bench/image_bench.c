/* lib/image at 4096 x 2160, one thread: CPU milliseconds per call, median of an odd number of turns.
 * bench/opencv_bench.sh times OpenCV's calls at the same sizes if Python has OpenCV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "image/colour.h"
#include "image/components.h"
#include "image/convert.h"
#include "image/despeckle.h"
#include "image/gaussian.h"
#include "key/hint.h"
#include "key/hsv.h"
#include "image/morphology.h"
#include "image/post.h"
#include "image/resample.h"

enum { W = 4096, H = 2160, S = 2048, TURNS = 5 };
#define N ((size_t)W * H)

static float *plate, *work, *model, *alpha;
static uint16_t *half;
static uint8_t *rgb, *mask, *out;
static ck_error error;

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "image_bench: %s failed: %s\n", what, error.text);
    exit(1);
}

/* A warm-up call takes the page faults and fills the pool. */
static void timed(const char *name, ck_status (*call)(int), int arg)
{
    double ms[TURNS];
    must(call(arg) == CK_OK, name);
    for (int i = 0; i < TURNS; i++) {
        double start = cpu_ms();
        must(call(arg) == CK_OK, name);
        ms[i] = cpu_ms() - start;
    }
    qsort(ms, TURNS, sizeof *ms, by_value);
    printf("| %s | %.1f |\n", name, ms[TURNS / 2]);
}

static ck_status shrink(int f)
{
    return ck_resample(plate, 3, H, W, model, S, S, (ck_filter)f, &error);
}
static ck_status enlarge(int f)
{
    return ck_resample(model, 3, S, S, work, H, W, (ck_filter)f, &error);
}
static ck_status erode(int r)
{
    return ck_erode(mask, H, W, r, out, &error);
}
static ck_status dilate(int r)
{
    return ck_dilate(mask, H, W, r, out, &error);
}
static ck_status blur(int n)
{
    return ck_gaussian(mask, H, W, n, out, &error);
}
static ck_status keep(int area)
{
    return ck_components_keep(mask, H, W, (uint64_t)area, out, &error);
}
static ck_status hint(int blue)
{
    return ck_hint_hsv(rgb, H, W, blue, out, &error);
}

static ck_status hsv(int unused)
{
    (void)unused;
    ck_hsv(rgb, N, (uint8_t *)work, N);
    return CK_OK;
}

static ck_status linear(int back)
{
    (back ? ck_linear_to_srgb : ck_srgb_to_linear)(plate, work, 3 * N);
    return CK_OK;
}

static ck_status convert(int which)
{
    switch (which) {
    case 0:
        ck_f32_to_f16(plate, half, 3 * N);
        break;
    case 1:
        ck_f16_to_f32(half, work, 3 * N);
        break;
    case 2:
        ck_f32_to_u8(plate, rgb, 3 * N);
        break;
    default:
        ck_to_f32(rgb, CK_U8, work, 3 * N);
    }
    return CK_OK;
}

static ck_status despeckle(int area)
{
    return ck_despeckle(alpha, H, W, (uint64_t)area, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, work, &error);
}

static ck_status post(int with_comp)
{
    ck_post_options o = {.despill = 0.5};
    ck_post_frame(&o, alpha, plate, CK_F32, H, W, work, CK_F32, with_comp ? rgb : NULL);
    return CK_OK;
}

static void *grab(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    must(p != NULL, "memory");
    memset(p, 1, bytes);
    return p;
}

/* Noise, except for the mask and the matte, which have blobs some dozens of pixels wide. */
static void make_pictures(void)
{
    uint32_t seed = 1;
    plate = grab(3 * N * sizeof *plate);
    work = grab(4 * N * sizeof *work);
    model = grab((size_t)3 * S * S * sizeof *model);
    alpha = grab(N * sizeof *alpha);
    half = grab(3 * N * sizeof *half);
    rgb = grab(3 * N);
    mask = grab(N);
    out = grab(N);
    for (size_t i = 0; i < 3 * N; i++) {
        seed = seed * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)(seed >> 24);
        plate[i] = (float)(seed >> 8) / 16777216.0f;
        if (i < (size_t)3 * S * S)
            model[i] = plate[i];
    }
    must(ck_resample(plate, 1, 54, 102, alpha, H, W, CK_CUBIC, &error) == CK_OK, "a matte");
    for (size_t i = 0; i < N; i++)
        mask[i] = alpha[i] > 0.5f ? 255 : 0;
}

int main(void)
{
    make_pictures();
    printf("4096 x 2160, one thread, CPU ms.\n\n| operation | ms |\n|---|---|\n");
    timed("RGB float to 2048 x 2048, lanczos4", shrink, CK_LANCZOS4);
    timed("… cubic", shrink, CK_CUBIC);
    timed("… bilinear", shrink, CK_BILINEAR);
    timed("… bilinear_aa", shrink, CK_BILINEAR_AA);
    timed("… area", shrink, CK_AREA);
    timed("RGB float from 2048 x 2048, lanczos4", enlarge, CK_LANCZOS4);
    timed("… cubic", enlarge, CK_CUBIC);
    timed("… bilinear", enlarge, CK_BILINEAR);
    timed("… area", enlarge, CK_AREA);
    timed("erode, 7 px ellipse", erode, 3);
    timed("dilate, 51 px ellipse", dilate, 25);
    timed("Gaussian 21 x 21, u8", blur, 21);
    timed("Gaussian 11 x 11, u8", blur, 11);
    timed("components with areas, those of 400 and more", keep, 400);
    timed("RGB to HSV, u8", hsv, 0);
    timed("hint by hue, all of it", hint, 0);
    timed("despeckle, all of it", despeckle, 400);
    timed("RGB sRGB to linear", linear, 0);
    timed("RGB linear to sRGB", linear, 1);
    timed("processed", post, 0);
    timed("processed and comp", post, 1);
    timed("RGB f32 to f16", convert, 0);
    timed("RGB f16 to f32", convert, 1);
    timed("RGB f32 to u8", convert, 2);
    timed("RGB u8 to f32", convert, 3);
    return 0;
}
