/* Milliseconds of the network by kind of step, on a synthetic checkpoint.
 *
 *     net_bench [DEVICE [ARCH [SIZE [THREADS [FRAMES [PRECISION]]]]]]        cpu base_plus 512 0 3 f32
 *
 * The best of FRAMES per step, each waited for; then of whole frames, which nothing interrupts, and the CPU time of
 * one: on a machine that others use too, only that can be compared. */
#include <time.h>

#include "../tests/mkmodel.h"
#include "model/network.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void die(const char *what)
{
    fprintf(stderr, "net_bench: %s\n", what);
    exit(1);
}

static ck_network *open_network(const mk_spec *s, const ck_network_options *o)
{
    ck_error e;
    ck_table t;
    ck_weights *w;
    ck_network *n;
    blob b = mk_safetensors_blob(s);
    if (ck_weights_open_bytes(b.p, b.n, &w, &e) != CK_OK)
        die(e.text);
    double start = now_ms();
    if (ck_table_check(w, 0, true, CK_PART_ALL, &t, &e) != CK_OK)
        die(e.text);
    double checked = now_ms();
    if (ck_network_open(w, &t.sizes, o, &n, &e) != CK_OK)
        die(e.text);
    printf("Device %s, %s, %d pixels a side: weights checked in %.0f ms, packed in %.0f ms; %.0f MB for activations.\n",
           ck_network_device(n), ck_nn_precision_name(ck_network_precision(n)), o->w, checked - start,
           now_ms() - checked, (double)ck_plan_bytes(ck_network_plan(n)) * 1e-6);
    ck_weights_free(w);
    blob_free(&b);
    return n;
}

static void report(const ck_plan *p, const double *best)
{
    double total = 0, total_flop = 0;
    printf("\n| step | count | GFLOP | ms | GFLOP/s |\n|---|---|---|---|---|\n");
    for (int k = 0; k < CK_NN_OPS; k++) {
        double ms = 0, flop = 0;
        int n = 0;
        for (int i = 0; i < ck_plan_steps(p); i++) {
            if (ck_plan_step(p, i)->kind != (ck_nn_kind)k)
                continue;
            n++;
            ms += best[i];
            flop += ck_nn_flop(ck_plan_step(p, i));
        }
        if (n)
            printf("| %s | %d | %.2f | %.1f | %.1f |\n", ck_nn_kind_name((ck_nn_kind)k), n, flop * 1e-9, ms,
                   flop * 1e-6 / ms);
        total += ms;
        total_flop += flop;
    }
    printf("| all | %d | %.2f | %.1f | %.1f |\n", ck_plan_steps(p), total_flop * 1e-9, total,
           total_flop * 1e-6 / total);
}

int main(int argc, char **argv)
{
    const char *arch = argc > 2 ? argv[2] : "base_plus";
    int size = argc > 3 ? atoi(argv[3]) : 512, frames = argc > 5 ? atoi(argv[5]) : 3;
    mk_spec s = {.decoder = 256, .refiner = 64, .size = size};
    ck_network_options o = {.device = argc > 1 ? argv[1] : "cpu",
                            .threads = argc > 4 ? atoi(argv[4]) : 0,
                            .infer = true,
                            .refine = true,
                            .scale = 1};
    if (!mk_arch(&s, arch) || size < 32 || frames < 1)
        die("usage: net_bench [DEVICE [ARCH [SIZE [THREADS [FRAMES [PRECISION]]]]]]");
    o.h = o.w = size;
    if (!ck_nn_precision_named(argc > 6 ? argv[6] : "f32", &o.precision))
        die("no such precision: f32, tf32, f16, bf16 or auto");
    ck_network *n = open_network(&s, &o);
    const ck_plan *p = ck_network_plan(n);
    size_t pixels = (size_t)size * (size_t)size;
    float *in = malloc(pixels * 4 * sizeof *in), *out = malloc(pixels * 4 * sizeof *out);
    double *best = malloc((size_t)ck_plan_steps(p) * sizeof *best), frame = 1e30, cpu = 1e30;
    if (!in || !out || !best)
        die("out of memory");
    for (size_t i = 0; i < pixels * 4; i++)
        in[i] = (float)((i * 7919) % 1000) / 500 - 1;
    for (int f = 0; f < 2 * frames; f++) {
        ck_error e;
        bool timed = f < frames;
        double start = now_ms();
        clock_t used = clock();
        if (ck_network_run(n, &(ck_network_io){.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels},
                           timed, &e) != CK_OK)
            die(e.text);
        if (!timed) {
            frame = fmin(frame, now_ms() - start);
            cpu = fmin(cpu, (double)(clock() - used) * 1e3 / CLOCKS_PER_SEC);
        }
        for (int i = 0; timed && i < ck_plan_steps(p); i++)
            best[i] = f && best[i] < ck_plan_ms(p, i) ? best[i] : ck_plan_ms(p, i);
    }
    report(p, best);
    printf("\nFrame: %.0f ms, %.0f ms of CPU.\n", frame, cpu);
    free(in);
    free(out);
    free(best);
    ck_network_close(n);
    return 0;
}
