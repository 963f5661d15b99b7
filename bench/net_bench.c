/* Milliseconds of the network, with a synthetic checkpoint.
 *
 *     net_bench [DEVICE [ARCH[/WIDTH] [SIZE [THREADS [FRAMES [PRECISION]]]]]]        cpu base_plus 512 0 3 f32
 *
 * WIDTH: of decoders and refiner, if not that of the published model.
 *
 * First, by kind of step: best of FRAMES, waiting after each step.  With $CK_RATES, a file made by device_rates, also
 * as shares of the device's peak rates.  Then without waits in between: encoder, decoders, refiner, all of them, and
 * whole frames with their copies.  Medians, and the best frame with its CPU time: with other load on the machine only
 * that is comparable.  On a device with its own memory, also the memory used.  A line that begins with "row |" is for a
 * table: precision, size, medians, megabytes. */
#include "bench.h"

#include "../tests/mkmodel.h"
#include "greenformer/network.h"
#include "nn/plan_inside.h"

enum { ENCODER, DECODERS, REFINER, ALL, PARTS };

/* ---- opening; memory ---- */

static ck_weights *make_weights(const mk_spec *s, blob *b, ck_sizes *z)
{
    ck_error e;
    ck_spec t;
    ck_weights *w;
    *b = mk_safetensors_blob(s);
    need(ck_weights_open_bytes(b->p, b->n, &w, &e), &e);
    double start = ms_of(CLOCK_MONOTONIC);
    need(ck_spec_check(w, 0, true, CK_PART_ALL, &t, &e), &e);
    printf("Weights checked in %.0f ms", ms_of(CLOCK_MONOTONIC) - start);
    *z = t.sizes;
    return w;
}

/* Bytes of the device's own memory that are free; 0 on a host device. */
static size_t left(const ck_network_options *o)
{
    ck_nn *dev;
    ck_error e;
    need(ck_nn_open(o->device, o->threads, &dev, &e), &e);
    size_t n = !dev->ops->host && dev->ops->available ? dev->ops->available(dev) : 0;
    ck_nn_close(dev);
    return n;
}

static void run(ck_network *n, float *in, float *out, size_t pixels, bool timed)
{
    ck_error e;
    ck_network_io io = {.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels};
    need(ck_network_run(n, &io, timed, &e), &e);
}

/* MB of device memory that a network holds after running, without the context. */
static double taken_mb(const ck_weights *w, const ck_sizes *z, ck_network_options o, bool infer, bool refine, float *in,
                       float *out, size_t pixels, double *plan)
{
    ck_network *n;
    ck_error e;
    size_t before = left(&o);
    o.infer = infer;
    o.refine = refine;
    if (!before)
        return 0;
    need(ck_network_open(w, z, &o, &n, &e), &e);
    ck_network_io io = {.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels};
    io.alpha_logits = refine ? in : NULL;
    io.fg_logits = refine ? in : NULL;
    if (infer)
        io.alpha_logits = io.fg_logits = NULL;
    need(ck_network_run(n, &io, false, &e), &e);
    need(ck_network_run(n, &io, false, &e), &e);
    size_t after = left(&o);
    *plan = (double)ck_nn_plan_bytes(ck_network_plan(n)) * 1e-6;
    ck_network_close(n);
    return before > after ? (double)(before - after) * 1e-6 : 0;
}

static void report_memory(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, float *in, float *out,
                          size_t pixels, double *apart, double *together)
{
    double a, b, c;
    double infer = taken_mb(w, z, *o, true, false, in, out, pixels, &a),
           refine = taken_mb(w, z, *o, false, true, in, out, pixels, &b);
    *together = taken_mb(w, z, *o, true, true, in, out, pixels, &c);
    *apart = infer + refine;
    if (infer > 0)
        printf("\nMemory of the device in MB, contexts apart (plan and, behind it, weights, workspace and the rest): "
               "infer %.0f (%.0f + %.0f), refine %.0f (%.0f + %.0f), both in one context %.0f (%.0f + %.0f).\n",
               infer, a, infer - a, refine, b, refine - b, *together, c, *together - c);
}

/* ---- shares ---- */

typedef struct rates {
    double product, copy; /* per second; 0 = unknown */
} rates;

static rates read_rates(const char *precision)
{
    const char *path = getenv("CK_RATES");
    FILE *f = path && *path ? fopen(path, "r") : NULL;
    rates r = {0, 0};
    char name[16];
    double v;
    while (f && fscanf(f, "%15s %lf", name, &v) == 2) {
        r.product = !strcmp(name, precision) ? v : r.product;
        r.copy = !strcmp(name, "copy") ? v : r.copy;
    }
    if (f)
        fclose(f);
    return r;
}

/* Least bytes that a step moves: inputs and weights read once, results written once. */
static double step_bytes(const ck_nn_step *s)
{
    double n = 0, weights = 0;
    for (int i = 0; i < CK_NN_INPUTS; i++)
        if (ck_nn_has(&s->x[i]))
            n += (double)ck_nn_pixels(&s->x[i]) * s->x[i].c * (double)ck_nn_type_size(s->x[i].type);
    n += (double)ck_nn_pixels(&s->y) * s->y.c * (double)ck_nn_type_size(s->y.type);
    if (s->kind == CK_NN_OP_LINEAR)
        weights = (double)s->x[0].c * s->y.c;
    if (s->kind == CK_NN_OP_CONV)
        weights = 9.0 * s->x[0].c * s->y.c;
    return n + weights * sizeof(float);
}

/* Row of the table: by kind, with global attention separate from windowed. */
static int row_of(const ck_nn_step *s)
{
    return s->kind == CK_NN_OP_ATTENTION && !s->window ? CK_NN_OPS : (int)s->kind;
}

static void share(double v, double ms, double rate)
{
    if (rate > 0 && ms > 0 && v > 0)
        printf(" %.1f %% |", 100 * v / (ms * 1e-3) / rate);
    else
        printf(" |");
}

static void line(const char *name, int n, double flop, double bytes, double ms, const rates *r)
{
    printf("| %s | %d | %.2f | %.2f | %.3f | %.1f |", name, n, flop * 1e-9, bytes * 1e-9, ms, flop * 1e-6 / ms);
    share(flop, ms, r->product);
    share(bytes, ms, r->copy);
    printf("\n");
}

static void report_steps(const ck_nn_plan *p, const double *best, const char *precision)
{
    rates r = read_rates(precision);
    double all_ms = 0, all_flop = 0, all_bytes = 0;
    if (r.product > 0)
        printf("\nThis device: products at %s %.1f TFLOP/s, copies %.0f GB/s.\n", precision, r.product * 1e-12,
               r.copy * 1e-9);
    printf("\n| step | count | GFLOP | GB, at least | ms | GFLOP/s | of the matrix rate | of the bandwidth |\n"
           "|---|---|---|---|---|---|---|---|\n");
    for (int k = 0; k <= CK_NN_OPS; k++) {
        double ms = 0, flop = 0, bytes = 0;
        int n = 0;
        for (int i = 0; i < ck_nn_plan_steps(p); i++) {
            const ck_nn_step *s = ck_nn_plan_step(p, i);
            if (row_of(s) != k)
                continue;
            n++;
            ms += best[i];
            flop += ck_nn_flop(s);
            bytes += step_bytes(s);
        }
        const char *name = k == CK_NN_OPS            ? "attention, all keys"
                           : k == CK_NN_OP_ATTENTION ? "attention, windows"
                                                     : ck_nn_kind_name((ck_nn_kind)k);
        if (n)
            line(name, n, flop, bytes, ms, &r);
        all_ms += ms;
        all_flop += flop;
        all_bytes += bytes;
    }
    line("all", ck_nn_plan_steps(p), all_flop, all_bytes, all_ms, &r);
}

/* ---- parts ---- */

/* Queue steps `first` to `end` - 1 at once and wait for them. */
static double run_steps(ck_nn_plan *p, int first, int end)
{
    ck_error e;
    double start = ms_of(CLOCK_MONOTONIC);
    for (int i = first; i < end; i++)
        if (!ck_nn_in_part(&p->steps[i]) || p->steps[i].part->n)
            p->dev->ops->run[p->steps[i].kind](p->dev, &p->steps[i]);
    need(p->dev->ops->sync(p->dev, &e), &e);
    return ms_of(CLOCK_MONOTONIC) - start;
}

/* The decoders' labels separate the parts: the encoder's steps come before them, the refiner's after. */
static void time_parts(ck_nn_plan *p, int frames, double ms[PARTS])
{
    int first = 0, end, n = ck_nn_plan_steps(p);
    while (first < n && strncmp(ck_nn_plan_step(p, first)->label, "decoders", 8))
        first++;
    for (end = first; end < n && !strncmp(ck_nn_plan_step(p, end)->label, "decoders", 8);)
        end++;
    const int from[PARTS] = {0, first, end, 0}, to[PARTS] = {first, end, n, n};
    double *all = malloc((size_t)frames * sizeof *all);
    if (!all)
        die("out of memory");
    for (int k = 0; k < PARTS; k++) {
        run_steps(p, from[k], to[k]);
        for (int f = 0; f < frames; f++)
            all[f] = run_steps(p, from[k], to[k]);
        ms[k] = median(all, frames);
    }
    free(all);
}

static double time_frames(ck_network *n, float *in, float *out, size_t pixels, int frames, double *least, double *cpu)
{
    double *all = malloc((size_t)frames * sizeof *all);
    if (!all)
        die("out of memory");
    *least = *cpu = 1e30;
    for (int f = 0; f < frames; f++) {
        double start = ms_of(CLOCK_MONOTONIC);
        clock_t used = clock();
        run(n, in, out, pixels, false);
        all[f] = ms_of(CLOCK_MONOTONIC) - start;
        *least = fmin(*least, all[f]);
        *cpu = fmin(*cpu, (double)(clock() - used) * 1e3 / CLOCKS_PER_SEC);
    }
    double m = median(all, frames);
    free(all);
    return m;
}

static void time_steps(ck_network *n, float *in, float *out, size_t pixels, int frames, double *best)
{
    const ck_nn_plan *p = ck_network_plan(n);
    for (int f = 0; f < frames; f++) {
        run(n, in, out, pixels, true);
        for (int i = 0; i < ck_nn_plan_steps(p); i++)
            best[i] = f && best[i] < ck_nn_plan_ms(p, i) ? best[i] : ck_nn_plan_ms(p, i);
    }
}

static void bench(const mk_spec *s, const ck_network_options *o, int frames)
{
    ck_error e;
    blob b;
    ck_sizes z;
    ck_network *n;
    size_t pixels = (size_t)o->h * (size_t)o->w;
    double apart, together, part[PARTS], least, cpu, start;
    float *in = malloc(pixels * 4 * sizeof *in), *out = malloc(pixels * 4 * sizeof *out);
    if (!in || !out)
        die("out of memory");
    for (size_t i = 0; i < pixels * 4; i++)
        in[i] = (float)((i * 7919) % 1000) / 500 - 1;
    ck_weights *w = make_weights(s, &b, &z);
    start = ms_of(CLOCK_MONOTONIC);
    need(ck_network_open(w, &z, o, &n, &e), &e);
    const char *precision = ck_nn_precision_name(ck_network_precision(n));
    printf(", packed in %.0f ms.  Device %s, %s, %d pixels a side; %.0f MB for activations.\n",
           ms_of(CLOCK_MONOTONIC) - start, ck_network_device(n), precision, o->w,
           (double)ck_nn_plan_bytes(ck_network_plan(n)) * 1e-6);
    double *best = malloc((size_t)ck_nn_plan_steps(ck_network_plan(n)) * sizeof *best);
    if (!best)
        die("out of memory");
    time_steps(n, in, out, pixels, frames, best);
    report_steps(ck_network_plan(n), best, precision);
    double frame = time_frames(n, in, out, pixels, frames, &least, &cpu);
    time_parts(ck_drop_const(ck_network_plan(n)), frames, part);
    ck_network_close(n);
    printf("\nFrame: %.0f ms, %.0f ms of CPU.\n", least, cpu);
    report_memory(w, &z, o, in, out, pixels, &apart, &together);
    printf("\nrow | %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f | %.0f |\n", precision, o->w, part[ENCODER],
           part[DECODERS], part[REFINER], part[ALL], frame, apart, together);
    free(best);
    free(in);
    free(out);
    ck_weights_free(w);
    blob_free(&b);
}

/* "mini" or "mini/16". */
static bool make_spec(const char *text, mk_spec *s)
{
    char arch[32];
    int width = 0, used = 0;
    int n = sscanf(text, "%31[a-z_]%n/%d%n", arch, &used, &width, &used);
    if (n < 1 || text[used] || !mk_arch(s, arch) || width < 0 || width % 8)
        return false;
    s->decoder = width ? width : s->decoder;
    s->refiner = width ? width : s->refiner;
    return true;
}

int main(int argc, char **argv)
{
    const char *arch = argc > 2 ? argv[2] : "base_plus";
    int size = argc > 3 ? atoi(argv[3]) : 512, frames = argc > 5 ? atoi(argv[5]) : 3;
    mk_spec s = {.decoder = 256, .refiner = 64, .size = size};
    ck_network_options o = {.without = "",
                            .device = argc > 1 ? argv[1] : "cpu",
                            .threads = argc > 4 ? atoi(argv[4]) : 0,
                            .h = size,
                            .w = size,
                            .infer = true,
                            .refine = true,
                            .scale = 1};
    if (!make_spec(arch, &s) || size < 32 || frames < 1)
        die("usage: net_bench [DEVICE [ARCH[/WIDTH] [SIZE [THREADS [FRAMES [PRECISION]]]]]]");
    if (!ck_nn_precision_named(argc > 6 ? argv[6] : "f32", &o.precision))
        die("no such precision: f32, tf32, f16, bf16 or auto");
    bench(&s, &o, frames);
    return 0;
}
