/* ck's side of parity.py: the network's input from a stream, and its finals for an input.
 *
 *     parity_ck input SIZE OUT                                  OUT: float32 [4][SIZE][SIZE], rgb and hint
 *     parity_ck run MODEL SIZE DEVICE PRECISION THREADS INPUT OUT      OUT: float32 [4][SIZE][SIZE], alpha and fg
 *
 * `input` reads a stream with planes rgb and hint on standard input; its first frame counts.  `run` prints the device
 * and the frame's milliseconds.  Exit status 3, with the reason on standard error, if the device or the precision is
 * not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "greenformer/input.h"
#include "greenformer/network.h"
#include "stream/stream.h"

static _Noreturn void die(int status, const char *what)
{
    fprintf(stderr, "parity_ck: %s\n", what);
    exit(status);
}

static int size_of(const char *text)
{
    int size = atoi(text);
    if (size < 32 || size > 8192 || size % 32)
        die(2, "SIZE is a multiple of 32, from 32 to 8192");
    return size;
}

static float *maps(int size)
{
    float *p = malloc((size_t)size * (size_t)size * 4 * sizeof *p);
    if (!p)
        die(1, "out of memory");
    return p;
}

static void write_maps(const char *path, const float *p, int size)
{
    size_t pixels = (size_t)size * (size_t)size;
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 16, pixels, f) != pixels || fclose(f))
        die(1, "cannot write OUT");
}

static void make_input(int size, const char *path)
{
    ck_reader *r;
    ck_error e;
    ck_frame f = {0};
    ck_plane *rgb = NULL, *hint = NULL;
    float *in = maps(size);
    if (ck_reader_open(STDIN_FILENO, "parity_ck", 0, &r, &e) != CK_OK || ck_reader_next(r, &f, &e) != CK_OK ||
        ck_frame_need(&f, "rgb", 3, 0, &rgb, &e) != CK_OK || ck_frame_need(&f, "hint", 1, 0, &hint, &e) != CK_OK ||
        ck_input_rgb(rgb, size, size, in, &e) != CK_OK ||
        ck_input_hint(hint, size, size, in + 3 * (size_t)size * (size_t)size, &e) != CK_OK)
        die(1, e.text);
    write_maps(path, in, size);
    /* To the end, or the upstream program is killed by SIGPIPE. */
    ck_status s = CK_OK;
    while (s == CK_OK) {
        ck_frame_free(&f);
        s = ck_reader_next(r, &f, &e);
    }
    if (s != CK_END)
        die(1, e.text);
    ck_frame_free(&f);
    ck_reader_free(r);
    free(in);
}

static ck_network *open_network(const char *path, const ck_network_options *o)
{
    ck_weights *w;
    ck_spec t;
    ck_network *n;
    ck_error e;
    if (ck_weights_open(path, &w, &e) != CK_OK || ck_spec_check(w, 0, false, CK_PART_ALL, &t, &e) != CK_OK)
        die(1, e.text);
    ck_status s = ck_network_open(w, &t.sizes, o, &n, &e);
    if (s != CK_OK)
        die(s == CK_ERR_ARGUMENT || s == CK_ERR_UNSUPPORTED ? 3 : 1, e.text);
    ck_weights_free(w);
    return n;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void run(char **a)
{
    int size = size_of(a[1]);
    size_t pixels = (size_t)size * (size_t)size;
    ck_network_options o = {
        .device = a[2], .threads = atoi(a[4]), .h = size, .w = size, .infer = true, .refine = true, .scale = 1};
    if (!ck_nn_precision_named(a[3], &o.precision))
        die(2, "unknown PRECISION");
    float *in = maps(size), *out = maps(size);
    FILE *f = fopen(a[5], "rb");
    if (!f || fread(in, 16, pixels, f) != pixels || fclose(f))
        die(1, "cannot read INPUT");
    ck_network *n = open_network(a[0], &o);
    ck_network_io io = {.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels};
    ck_error e;
    double start = now();
    if (ck_network_run(n, &io, false, &e) != CK_OK)
        die(1, e.text);
    printf("%.0f %s\n", now() - start, ck_network_device(n));
    write_maps(a[6], out, size);
    ck_network_close(n);
    free(in);
    free(out);
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "input"))
        make_input(size_of(argv[2]), argv[3]);
    else if (argc == 9 && !strcmp(argv[1], "run"))
        run(argv + 2);
    else
        die(2, "usage: parity_ck input SIZE OUT, or run MODEL SIZE DEVICE PRECISION THREADS INPUT OUT");
    return 0;
}
