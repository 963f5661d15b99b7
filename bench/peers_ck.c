/* Frames of ck's own network, for peers.py.
 *
 *     peers_ck CHECKPOINT SIZE THREADS PRECISION FRAMES INPUT OUT
 *
 * INPUT: float32 [4][SIZE][SIZE], rgb and hint as the network takes them.  OUT: alpha and fg, float32 [4][SIZE][SIZE].
 * One frame that touches all memory precedes the FRAMES.  Prints a line of JSON: milliseconds of each frame, elapsed
 * and of processor time, peak memory and the network's operations.  Exit status 3, with the reason on standard error,
 * if the CPU lacks the precision. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "greenformer/network.h"

#define MOST 64 /* frames */

static void die(int status, const char *what)
{
    fprintf(stderr, "peers_ck: %s\n", what);
    exit(status);
}

static double ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double peak_mb(void)
{
    char line[128];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1.024e-3;
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
        die(s == CK_ERR_ARGUMENT && o->precision != CK_NN_PRECISION_F32 ? 3 : 1, e.text);
    ck_weights_free(w);
    return n;
}

static void print_times(const char *name, const double *ms, int n)
{
    printf("\"%s\": [", name);
    for (int i = 0; i < n; i++)
        printf("%s%.3f", i ? ", " : "", ms[i]);
    printf("], ");
}

int main(int argc, char **argv)
{
    ck_network_options o = {.device = "cpu", .infer = true, .refine = true, .scale = 1};
    if (argc != 8 || !ck_nn_precision_named(argv[4], &o.precision))
        die(2, "usage: peers_ck CHECKPOINT SIZE THREADS PRECISION FRAMES INPUT OUT");
    int size = atoi(argv[2]), frames = atoi(argv[5]);
    o.h = o.w = size;
    o.threads = atoi(argv[3]);
    if (size < 32 || size > 8192 || o.threads < 1 || frames < 1 || frames > MOST)
        die(2, "SIZE, THREADS or FRAMES out of range");
    size_t pixels = (size_t)size * (size_t)size;
    float *in = malloc(pixels * 16), *out = malloc(pixels * 16);
    FILE *f = fopen(argv[6], "rb");
    if (!in || !out || !f || fread(in, 16, pixels, f) != pixels || fclose(f))
        die(1, "cannot read INPUT");
    ck_network *n = open_network(argv[1], &o);
    ck_network_io io = {.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels};
    double wall[MOST], cpu[MOST], flop = 0;
    for (int k = -1; k < frames; k++) {
        ck_error e;
        double start = ms_of(CLOCK_MONOTONIC), used = ms_of(CLOCK_PROCESS_CPUTIME_ID);
        if (ck_network_run(n, &io, false, &e) != CK_OK)
            die(1, e.text);
        wall[k < 0 ? 0 : k] = ms_of(CLOCK_MONOTONIC) - start;
        cpu[k < 0 ? 0 : k] = ms_of(CLOCK_PROCESS_CPUTIME_ID) - used;
    }
    for (int i = 0; i < ck_nn_plan_steps(ck_network_plan(n)); i++)
        flop += ck_nn_flop(ck_nn_plan_step(ck_network_plan(n), i));
    f = fopen(argv[7], "wb");
    if (!f || fwrite(out, 16, pixels, f) != pixels || fclose(f))
        die(1, "cannot write OUT");
    printf("{");
    print_times("ms", wall, frames);
    print_times("cpu", cpu, frames);
    printf("\"peak_mb\": %.1f, \"gflop\": %.1f}\n", peak_mb(), flop * 1e-9);
    ck_network_close(n);
    free(in);
    free(out);
    return 0;
}
