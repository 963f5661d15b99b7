/* Cost and gain of --mode sparse: largest and mean difference of the matte from the whole frame's, and time.
 *
 *     ck-decode CLIP | ck-hint | ck-infer -m MODEL | refine_modes MODEL [EVERY]
 *     ck-synth | ck-hint | truelogits SIZE SHORT | refine_modes MODEL [EVERY]
 *
 * Only every EVERYth frame is measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "greenformer/input.h"
#include "greenformer/model.h"
#include "greenformer/histogram.h"
#include "greenformer/network.h"
#include "greenformer/tile_select.h"
#include "stream/stream.h"

typedef struct shot {
    int h, w;
    float *rgb, *alpha, *fg, *hint; /* [3][h][w], [1], [3], [1][h/4][w/4] */
    float *whole;                   /* [4][h][w] */
} shot;

typedef struct bench {
    ck_model model;
    shot f; /* current frame */
    ck_network *own, *old;
    unsigned char *blocks;
    float *result;
    ck_histogram first;
} bench;

typedef struct score {
    double most, sum, most_in, sum_in, skipped, ms;
    long pixels, pixels_in, frames;
} score;

static void die(const char *why)
{
    fprintf(stderr, "refine_modes: %s\n", why);
    exit(1);
}

static float *floats(size_t n)
{
    float *p = malloc(n * sizeof *p);
    if (!p)
        die("out of memory");
    return p;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static const ck_plane *need(ck_frame *f, const char *name, int c)
{
    ck_plane *p;
    ck_error e;
    if (ck_frame_need(f, name, c, 0, &p, &e) != CK_OK)
        die(e.text);
    return p;
}

static void take(bench *b, ck_frame *f)
{
    const ck_plane *logits = need(f, "alpha_logits", 1), *hint = ck_frame_plane(f, "hint");
    int h = 4 * logits->h, w = 4 * logits->w;
    ck_error e;
    if (!b->f.rgb) {
        size_t n = (size_t)h * (size_t)w;
        b->f = (shot){h, w, floats(3 * n), floats(n / 16), floats(3 * n / 16), floats(n / 16), floats(4 * n)};
        b->result = floats(4 * n);
        b->blocks = calloc(n / 1024 + 1, 1);
    }
    if (h != b->f.h || w != b->f.w || !b->blocks)
        die("one size, please");
    if (ck_input_rgb(need(f, "rgb", 3), h, w, b->f.rgb, &e) != CK_OK)
        die(e.text);
    memcpy(b->f.alpha, logits->data, logits->bytes);
    memcpy(b->f.fg, need(f, "fg_logits", 3)->data, 3 * logits->bytes);
    if (!hint)
        b->f.hint = NULL;
    else if (ck_input_hint(hint, h / 4, w / 4, b->f.hint, &e) != CK_OK)
        die(e.text);
}

static double run(bench *b, ck_network *n, const unsigned char *blocks, float *to)
{
    ck_error e;
    ck_network_io io = {.rgb = b->f.rgb,
                        .alpha_logits = b->f.alpha,
                        .fg_logits = b->f.fg,
                        .alpha = to,
                        .fg = to + (size_t)b->f.h * (size_t)b->f.w,
                        .blocks = blocks};
    double start = now_ms();
    if (ck_network_run(n, &io, false, &e) != CK_OK)
        die(e.text);
    return now_ms() - start;
}

static ck_network *open_network(bench *b)
{
    ck_network_options o = {.device = "cpu", .h = b->f.h, .w = b->f.w, .refine = true, .scale = 1, .sparse = true};
    ck_network *n;
    ck_error e;
    if (ck_network_open(b->model.weights, &b->model.table.sizes, &o, &n, &e) != CK_OK)
        die(e.text);
    return n;
}

static void compare(const bench *b, const ck_tile_select *p, score *s)
{
    int across = b->f.w / 32;
    for (int y = 0; y < b->f.h; y++)
        for (int x = 0; x < b->f.w; x++) {
            size_t at = (size_t)y * (size_t)b->f.w + (size_t)x;
            double d = 255 * fabs((double)b->result[at] - (double)b->f.whole[at]);
            s->most = fmax(s->most, d);
            s->sum += d;
            s->pixels++;
            if (b->blocks[y / 32 * across + x / 32]) {
                s->most_in = fmax(s->most_in, d);
                s->sum_in += d;
                s->pixels_in++;
            }
        }
    s->skipped += 100 - 100.0 * ck_tile_select_count(p, b->blocks) / ck_tile_select_all(p);
    s->frames++;
}

typedef struct setting {
    const char *statistics; /* frame whose statistics are used: this one or the first */
    int tile, margin;
    double lo, hi;
} setting;

static const setting settings[] = {
    {"own", 64, 16, 0.02, 0.98},   {"first", 64, 16, 0.02, 0.98}, {"first", 64, 4, 0.02, 0.98},
    {"first", 64, 32, 0.02, 0.98}, {"first", 32, 4, 0.02, 0.98},  {"first", 32, 16, 0.02, 0.98},
    {"first", 128, 4, 0.02, 0.98}, {"first", 64, 16, 0.1, 0.9},   {"first", 64, 16, 0.005, 0.995},
    {"first", 64, 4, 0, 1},
};
#define SETTINGS (sizeof settings / sizeof *settings)

static void frame(bench *b, long number, score *s, double *whole_ms)
{
    if (!b->own) {
        b->own = open_network(b);
        b->old = open_network(b);
        run(b, b->old, NULL, b->f.whole);
        b->first = ck_histogram_of(b->f.rgb, b->f.alpha, b->f.h, b->f.w);
    }
    *whole_ms += run(b, b->own, NULL, b->f.whole);
    ck_histogram now = ck_histogram_of(b->f.rgb, b->f.alpha, b->f.h, b->f.w);
    printf("# frame %ld: %.3f from the first\n", number, ck_histogram_distance(&now, &b->first));
    for (size_t i = 0; i < SETTINGS; i++) {
        const setting *t = &settings[i];
        ck_tile_select p = {b->f.h, b->f.w, t->tile, t->margin, t->lo, t->hi};
        ck_tile_select_undecided(&p, b->f.alpha, b->f.hint, b->blocks);
        s[i].ms += run(b, *t->statistics == 'o' ? b->own : b->old, b->blocks, b->result);
        compare(b, &p, &s[i]);
    }
}

static void report(const bench *b, const score *s, double whole_ms, long frames)
{
    printf("\n%ld frames at %dx%d; whole: %.0f ms of CPU a frame.  Differences of the matte in 1/255.\n\n", frames,
           b->f.w, b->f.h, whole_ms / (double)frames);
    printf("| statistics | tile | margin | band | skipped | times as fast | largest | mean | largest in refined tiles "
           "| mean "
           "there |\n"
           "|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        const setting *t = &settings[i];
        printf("| %s | %d | %d | %g,%g | %.1f %% | %.2f | %.2f | %.4f | %.2f | %.4f |\n", t->statistics, t->tile,
               t->margin, t->lo, t->hi, s[i].skipped / (double)s[i].frames, whole_ms / s[i].ms, s[i].most,
               s[i].sum / (double)s[i].pixels, s[i].most_in, s[i].pixels_in ? s[i].sum_in / (double)s[i].pixels_in : 0);
    }
}

int main(int argc, char **argv)
{
    long every = argc > 2 ? atol(argv[2]) : 1, seen = 0, used = 0;
    if (argc < 2 || every < 1)
        die("usage: refine_modes MODEL [EVERY] < STREAM");
    bench b = {0};
    score s[SETTINGS] = {{0}};
    double whole_ms = 0;
    ck_error e;
    ck_reader *r;
    ck_frame f = {0};
    if (ck_model_load(argv[1], 0, CK_PART_REFINER, &b.model, &e) != CK_OK ||
        ck_reader_open(STDIN_FILENO, "refine_modes", 0, &r, &e) != CK_OK)
        die(e.text);
    ck_status st;
    for (; (st = ck_reader_next(r, &f, &e)) == CK_OK; seen++, ck_frame_free(&f))
        if (seen % every == 0) {
            take(&b, &f);
            frame(&b, seen, s, &whole_ms);
            used++;
        }
    if (st != CK_END)
        die(e.text);
    if (used)
        report(&b, s, whole_ms, used);
    ck_reader_free(r);
    ck_network_close(b.own);
    ck_network_close(b.old);
    ck_model_free(&b.model);
    return 0;
}
