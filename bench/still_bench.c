/* Stills of 4096 x 2160: our readers and writers against the bare library calls, one thread each.
 *
 * The plate is grainy, since noise is the expensive part of compression.  CPU time of the process is measured, which
 * suffers less from other load than wall time.  Ours and theirs alternate; shown is the median of an odd number of
 * turns.  Files are in memory (/dev/shm) if possible. */
#include <math.h>
#include <openexr.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "bare_exr.h"
#include "folder.h"
#include "image/convert.h"
#include "io/exr.h"
#include "io/png.h"

enum { W = 4096, H = 2160, TURNS = 5 };
static const size_t N = (size_t)W * H;

static char path[2][80]; /* theirs, ours */
static uint16_t *half, *u16;
static uint8_t *u8;
static float *plate;

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "still_bench: %s failed\n", what);
    exit(1);
}

static double megabytes(const char *p)
{
    struct stat st;
    must(!stat(p, &st), p);
    return (double)st.st_size / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A smooth picture with 1 % triangular grain; alpha is a soft disc. */
static void make_plate(void)
{
    plate = malloc(4 * N * sizeof *plate);
    uint32_t s = 1;
    for (size_t i = 0; i < N; i++) {
        double x = (double)(i % W), y = (double)(i / W);
        for (size_t c = 0; c < 3; c++) {
            s = s * 1664525u + 1013904223u;
            double grain = ((s >> 8 & 255) + (s >> 16 & 255)) / 255.0 - 1;
            plate[c * N + i] = (float)(0.45 + 0.3 * sin(x * 0.003 + (double)c) + 0.1 * cos(y * 0.004) + 0.01 * grain);
        }
        double edge = (800 - hypot(x - 2048, y - 1080)) / 8 + 0.5;
        plate[3 * N + i] = (float)fmin(1, fmax(0, edge));
    }
    half = malloc(4 * N * sizeof *half);
    u16 = malloc(4 * N * sizeof *u16);
    u8 = malloc(4 * N);
    ck_f32_to_f16(plate, half, 4 * N);
    ck_f32_to_u16(plate, u16, 4 * N);
    ck_f32_to_u8(plate, u8, 4 * N);
}

/* ---- EXR ---- */

static const char *const names[] = {"A", "B", "G", "R"}; /* the file's order */
static const size_t plane_of[] = {3, 2, 1, 0};

static void their_exr_read(uint16_t *out)
{
    exr_context_t ctx;
    exr_chunk_info_t chunk;
    exr_decode_pipeline_t pipe = EXR_DECODE_PIPELINE_INITIALIZER;
    int lines;
    must(!exr_start_read(&ctx, path[0], NULL), "exr_start_read");
    exr_get_scanlines_per_chunk(ctx, 0, &lines);
    for (int y = 0; y < H; y += lines) {
        exr_read_scanline_chunk_info(ctx, 0, y, &chunk);
        if (y)
            exr_decoding_update(ctx, 0, &chunk, &pipe);
        else
            exr_decoding_initialize(ctx, 0, &chunk, &pipe);
        for (int i = 0; i < 4; i++) {
            pipe.channels[i].decode_to_ptr = (uint8_t *)(out + plane_of[i] * N + (size_t)y * W);
            pipe.channels[i].user_pixel_stride = 2;
            pipe.channels[i].user_line_stride = 2 * W;
        }
        if (!y)
            exr_decoding_choose_default_routines(ctx, 0, &pipe);
        must(!exr_decoding_run(ctx, 0, &pipe), "exr_decoding_run");
    }
    exr_decoding_destroy(ctx, &pipe);
    must(!exr_finish(&ctx), "exr_finish");
}

static void our_exr_write(ck_exr_compression c)
{
    ck_exr_channel ch[4];
    ck_error e;
    for (int i = 0; i < 4; i++)
        ch[i] = (ck_exr_channel){names[i], half + plane_of[i] * N, CK_F16};
    must(ck_exr_write(path[1], W, H, ch, 4, CK_F16, c, NULL, &e) == CK_OK, "ck_exr_write");
}

static void our_read(const char *p, ck_status (*read)(const char *, ck_want, const char *, ck_frame *, ck_error *),
                     const void *expected, size_t bytes)
{
    ck_frame f = {0};
    ck_error e;
    must(read(p, CK_WANT_RGB, "rgb", &f, &e) == CK_OK, "our reader");
    must(!expected || !memcmp(f.planes[0].data, expected, bytes), "our reader's comparison");
    ck_frame_free(&f);
}

/* ---- PNG ---- */

static void interleave(const void *planes, int channels, size_t size, unsigned char *row, size_t y)
{
    for (size_t x = 0; x < W; x++)
        for (size_t c = 0; c < (size_t)channels; c++) {
            size_t at = c * N + y * W + x;
            if (size == 1)
                row[x * (size_t)channels + c] = ((const uint8_t *)planes)[at];
            else
                ((uint16_t *)row)[x * (size_t)channels + c] = ((const uint16_t *)planes)[at];
        }
}

static void their_png_write(const void *planes, int channels, int depth)
{
    FILE *f = fopen(path[0], "wb");
    must(f != NULL, path[0]);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, f);
    png_set_IHDR(png, info, W, H, depth, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA, 0, 0, 0);
    png_set_filter(png, 0, PNG_FILTER_SUB);
    png_set_compression_strategy(png, Z_RLE);
    png_set_compression_buffer_size(png, 1 << 18);
    png_write_info(png, info);
    if (depth == 16)
        png_set_swap(png);
    unsigned char *row = malloc((size_t)W * 8);
    for (size_t y = 0; y < H; y++) {
        interleave(planes, channels, (size_t)depth / 8, row, y);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(row);
    must(!fclose(f), "fclose");
}

/* Decode rows into one buffer and discard them: a lower bound for any reader. */
static void their_png_read(int depth)
{
    FILE *f = fopen(path[1], "rb");
    must(f != NULL, path[1]);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, f);
    png_read_info(png, info);
    if (depth == 16)
        png_set_swap(png);
    unsigned char *row = malloc((size_t)W * 8);
    for (size_t y = 0; y < H; y++)
        png_read_row(png, row, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    free(row);
    fclose(f);
}

static void our_png_write(const void *planes, int channels, int depth)
{
    ck_error e;
    must(ck_png_write(path[1], W, H, channels, planes, depth == 8 ? CK_U8 : CK_U16, NULL, &e) == CK_OK, "ck_png_write");
}

/* ---- the table ---- */

typedef struct times {
    double ms[2][TURNS]; /* theirs, ours */
} times;

static void row(const char *what, times *t, bool sizes)
{
    for (int i = 0; i < 2; i++)
        qsort(t->ms[i], TURNS, sizeof(double), by_value);
    double theirs = t->ms[0][TURNS / 2], ours = t->ms[1][TURNS / 2];
    printf("| %s | %.0f | %.0f | %.2f |", what, theirs, ours, ours / theirs);
    if (sizes)
        printf(" %.1f | %.1f |\n", megabytes(path[0]), megabytes(path[1]));
    else
        printf(" | |\n");
    fflush(stdout);
}

#define TIME(SLOT, CALL)                                                                                               \
    do {                                                                                                               \
        double start_ = cpu_ms();                                                                                      \
        CALL;                                                                                                          \
        (SLOT) = cpu_ms() - start_;                                                                                    \
    } while (0)

static void bench_exr(const char *name, exr_compression_t theirs, ck_exr_compression ours, bool lossless)
{
    times w, r;
    uint16_t *out = malloc(4 * N * sizeof *out);
    memset(out, 0, 4 * N * sizeof *out);
    our_exr_write(ours);
    our_read(path[1], ck_exr_read, lossless ? half : NULL, 3 * N * 2);
    for (int i = 0; i < TURNS; i++) {
        TIME(w.ms[0][i], bare_exr_write(path[0], half, W, H, theirs));
        TIME(w.ms[1][i], our_exr_write(ours));
        TIME(r.ms[0][i], their_exr_read(out));
        TIME(r.ms[1][i], our_read(path[1], ck_exr_read, NULL, 0));
    }
    must(!lossless || !memcmp(out, half, 4 * N * 2), "their reader's comparison");
    free(out);
    char what[100];
    snprintf(what, sizeof what, "EXR half RGBA %s, write", name);
    row(what, &w, true);
    snprintf(what, sizeof what, "EXR half RGBA %s, read", name);
    row(what, &r, false);
}

static void bench_png(const char *name, const void *planes, int channels, int depth)
{
    times w, r;
    our_png_write(planes, channels, depth);
    our_read(path[1], ck_png_read, planes, 3 * N * (size_t)depth / 8);
    for (int i = 0; i < TURNS; i++) {
        TIME(w.ms[0][i], their_png_write(planes, channels, depth));
        TIME(w.ms[1][i], our_png_write(planes, channels, depth));
        TIME(r.ms[0][i], their_png_read(depth));
        TIME(r.ms[1][i], our_read(path[1], ck_png_read, NULL, 0));
    }
    char what[100];
    snprintf(what, sizeof what, "PNG %s, write", name);
    row(what, &w, true);
    snprintf(what, sizeof what, "PNG %s, read", name);
    row(what, &r, false);
}

int main(void)
{
    const char *dir = bench_folder();
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s/%d", dir, i);
    make_plate();
    printf("4096 x 2160, CPU ms of one thread, median of %d; bare: the library's own calls (OpenEXRCore with zip\n"
           "level 4, libpng with filter Sub and Z_RLE).  Bar: 1.3.\n\n",
           TURNS);
    printf("| what | bare | ours | ratio | bare MB | our MB |\n|---|---|---|---|---|---|\n");
    bench_exr("none", EXR_COMPRESSION_NONE, CK_EXR_NONE, true);
    bench_exr("RLE", EXR_COMPRESSION_RLE, CK_EXR_RLE, true);
    bench_exr("ZIPS", EXR_COMPRESSION_ZIPS, CK_EXR_ZIPS, true);
    bench_exr("ZIP", EXR_COMPRESSION_ZIP, CK_EXR_ZIP, true);
    bench_exr("PIZ", EXR_COMPRESSION_PIZ, CK_EXR_PIZ, true);
    bench_exr("PXR24", EXR_COMPRESSION_PXR24, CK_EXR_PXR24, true);
    bench_exr("B44", EXR_COMPRESSION_B44, CK_EXR_B44, false);
    bench_png("16-bit RGBA", u16, 4, 16);
    bench_png("8-bit RGB", u8, 3, 8);
    return 0;
}
