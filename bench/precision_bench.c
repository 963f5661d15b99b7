/* Frames of the network at f32 and bf16, alternately, with a synthetic base_plus checkpoint.
 *
 *     precision_bench [SIZE [FRAMES [THREADS]]]        512 3 2
 *
 * Prints medians per frame, by the clock and of processor time, and memory for activations.  On a shared machine only
 * processor time is comparable. */
#include "bench.h"

#include "../tests/mkmodel.h"
#include "greenformer/network.h"

#define MOST 64 /* frames */

static ck_network *open_network(const mk_spec *s, ck_network_options o)
{
    ck_error e;
    ck_spec t;
    ck_weights *w;
    ck_network *n;
    blob b = mk_safetensors_blob(s);
    need(ck_weights_open_bytes(b.p, b.n, &w, &e), &e);
    need(ck_spec_check(w, 0, true, CK_PART_ALL, &t, &e), &e);
    need(ck_network_open(w, &t.sizes, &o, &n, &e), &e);
    ck_weights_free(w);
    blob_free(&b);
    return n;
}

int main(int argc, char **argv)
{
    int size = argc > 1 ? atoi(argv[1]) : 512, frames = argc > 2 ? atoi(argv[2]) : 3;
    mk_spec s = {.decoder = 256, .refiner = 64, .size = size};
    ck_network_options o = {.device = "cpu",
                            .threads = argc > 3 ? atoi(argv[3]) : 2,
                            .h = size,
                            .w = size,
                            .infer = true,
                            .refine = true,
                            .scale = 1};
    if (!mk_arch(&s, "base_plus") || size < 32 || frames < 1 || frames > MOST)
        die("usage: precision_bench [SIZE [FRAMES [THREADS]]]");
    static const ck_nn_precision both[2] = {CK_NN_PRECISION_F32, CK_NN_PRECISION_BF16};
    ck_network *n[2];
    double wall[2][MOST], cpu[2][MOST], m[2][2];
    size_t pixels = (size_t)size * (size_t)size;
    float *in = malloc(pixels * 4 * sizeof *in), *out = malloc(pixels * 4 * sizeof *out);
    if (!in || !out)
        die("out of memory");
    for (size_t i = 0; i < pixels * 4; i++)
        in[i] = (float)((i * 7919) % 1000) / 500 - 1;
    for (int k = 0; k < 2; k++) {
        o.precision = both[k];
        n[k] = open_network(&s, o);
    }
    ck_network_io io = {.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels};
    for (int f = -1; f < frames; f++) /* the first touches the memory */
        for (int k = 0; k < 2; k++) {
            ck_error e;
            double start = ms_of(CLOCK_MONOTONIC), used = ms_of(CLOCK_PROCESS_CPUTIME_ID);
            need(ck_network_run(n[k], &io, false, &e), &e);
            wall[k][f < 0 ? 0 : f] = ms_of(CLOCK_MONOTONIC) - start;
            cpu[k][f < 0 ? 0 : f] = ms_of(CLOCK_PROCESS_CPUTIME_ID) - used;
        }
    for (int k = 0; k < 2; k++) {
        m[k][0] = median(wall[k], frames);
        m[k][1] = median(cpu[k], frames);
        printf("| %d | %s | %.0f | %.0f | %.0f |", size, ck_nn_precision_name(both[k]), m[k][0], m[k][1],
               (double)ck_nn_plan_bytes(ck_network_plan(n[k])) * 1e-6);
        printf(k ? " %.2f | %.2f |\n" : " | |\n", m[0][0] / m[k][0], m[0][1] / m[k][1]);
        ck_network_close(n[k]);
    }
    free(in);
    free(out);
    return 0;
}
