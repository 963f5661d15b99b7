/* ck bench: speed of this machine: matrix products, network, transport between stages, codecs. */
#include "ck/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cores.h"
#include "base/tool.h"
#include "checkpoint/find.h"
#include "ck/commands.h"
#include "greenformer/model.h"

enum { SIDE = 2048, TURNS = 5, SIZES = 12 };

typedef struct options {
    ck_common common;
    const char *model, *device;
    int precision; /* a ck_nn_precision */
    ck_size picture;
} options;

#define AT(field) offsetof(options, field)
static const ck_option rows[] = {
    {'m', "model", CK_STRING, AT(model), "FILE", NULL, 0, 0, NULL, 0, "checkpoint (default: $CK_MODEL, else see ck(7))",
     CK_IN_HELP},
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0, "auto, cpu or cuda[:N]", CK_IN_HELP},
    {0, "precision", CK_CHOICE, AT(precision), NULL, "auto", 0, 0, "f32|tf32|f16|bf16|auto", 0,
     "operand type of the network's matrix products", CK_IN_HELP},
    {0, "picture", CK_SIZE, AT(picture), "WxH", "1920x1080", 16, 16384, NULL, 0,
     "picture size for transport and codecs, in pixels", CK_IN_HELP},
    {0},
};

static const ck_program program = {
    .name = "ck bench",
    .summary = "measure this machine: matrix products, network, transport, codecs",
    .page = "ck",
    .usage = "[SIZE...]",
    .options = rows,
    .options_size = sizeof(options),
    .without = "keep-going timeout ring-bytes",
    .examples = "ck bench\n"
                "ck bench -m CorridorKey.pth 512 1024",
};

static int upwards(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, upwards);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory");
}

/* n values from -1 to 1; NULL when out of memory. */
static float *noise(size_t n)
{
    float *v = malloc(n * sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        v[i] = (float)((i * 7919) % 2003) / 1001 - 1;
    return v;
}

static int threads(const options *o)
{
    return o->common.threads ? o->common.threads : ck_cores();
}

static void heading(const options *o)
{
    char line[256], name[256] = "unknown processor";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "model name : %255[^\n]", name) == 1)
            break;
    if (f)
        fclose(f);
    printf("ck %s, %s, threads: %d\n", CK_VERSION, name, threads(o));
}

/* ---- matrix products ---- */

/* Least milliseconds, which other load disturbs least, of a product [SIDE, SIDE] x [SIDE, SIDE] as the network's linear
 * layers run it.  A layer norm before it makes the operand in the device's type. */
static ck_status time_product(ck_nn *dev, const float *values, double *ms, ck_error *e)
{
    ck_nn_weight *scale, *weight;
    ck_nn_plan *p;
    ck_status s = ck_nn_weight_new(dev, CK_NN_SCALE, SIDE, 1, values, values, &scale, e);
    if (s == CK_OK)
        s = ck_nn_weight_new(dev, CK_NN_LINEAR, SIDE, SIDE, values, NULL, &weight, e);
    if (s != CK_OK || (s = ck_nn_plan_new(dev, &p, e)) != CK_OK)
        return s;
    ck_nn_tensor in = ck_nn_plan_f32(p, 1, SIDE, SIDE), x = ck_nn_plan_act(p, 1, SIDE, SIDE),
                 y = ck_nn_plan_act(p, 1, SIDE, SIDE);
    ck_nn_plan_input(p, &in);
    ck_nn_plan_output(p, &y);
    ck_nn_plan_add(p, "bench", "norm", (ck_nn_step){CK_NN_OP_LAYER_NORM, .x = {in}, .y = x, .weight = scale, .eps = 1});
    ck_nn_plan_add(p, "bench", "product", (ck_nn_step){CK_NN_OP_LINEAR, .x = {x}, .y = y, .weight = weight});
    s = ck_nn_plan_finish(p, e);
    if (s == CK_OK) {
        ck_nn_tensor placed = ck_nn_plan_placed(p, &in);
        dev->ops->upload(dev, &placed, values);
    }
    *ms = INFINITY;
    for (int i = 0; s == CK_OK && i < TURNS; i++) {
        s = ck_nn_plan_run(p, true, e);
        *ms = fmin(*ms, ck_nn_plan_ms(p, 1));
    }
    ck_nn_plan_free(p);
    return s;
}

/* rate: GFLOP/s by precision, 0 for those that the device lacks. */
static ck_status products(const options *o, double rate[CK_NN_PRECISION_AUTO], ck_error *e)
{
    float *values = noise((size_t)SIDE * SIDE);
    ck_status s = values ? CK_OK : no_memory(e);
    for (int p = 0; s == CK_OK && p < CK_NN_PRECISION_AUTO; p++) {
        double ms;
        ck_nn *dev;
        if ((s = ck_nn_open(o->device, o->common.threads, &dev, e)) != CK_OK)
            break;
        if (p == 0)
            printf("\nMatrix product of %d^3, device %s, the best of %d\n\n| operands | GFLOP/s |\n|---|---|\n", SIDE,
                   dev->ops->name, TURNS);
        rate[p] = 0;
        ck_status lacks = ck_nn_set_precision(dev, (ck_nn_precision)p, e);
        s = lacks == CK_OK ? time_product(dev, values, &ms, e) : lacks == CK_ERR_ARGUMENT ? CK_OK : lacks;
        if (s == CK_OK && lacks == CK_OK)
            rate[p] = 2e-6 * SIDE * SIDE * SIDE / ms;
        ck_nn_close(dev);
        if (rate[p] > 0)
            printf("| %s | %.0f |\n", ck_nn_precision_name((ck_nn_precision)p), rate[p]);
        fflush(stdout);
    }
    free(values);
    return s;
}

/* ---- network ---- */

/* Run frames for about ten seconds, at least one and at most TURNS, after one that touches the memory. */
static ck_status time_frames(ck_network *n, const ck_network_io *io, double *ms, double *cpu, ck_error *e)
{
    double wall[TURNS], used[TURNS], total = 0;
    int count = 0;
    ck_status s = ck_network_run(n, io, false, e);
    while (s == CK_OK && count < TURNS && total < 1e4) {
        double start = ck_bench_ms(CLOCK_MONOTONIC), start_used = ck_bench_ms(CLOCK_PROCESS_CPUTIME_ID);
        s = ck_network_run(n, io, false, e);
        used[count] = ck_bench_ms(CLOCK_PROCESS_CPUTIME_ID) - start_used;
        wall[count] = ck_bench_ms(CLOCK_MONOTONIC) - start;
        total += wall[count++];
    }
    if (s == CK_OK) {
        *ms = median(wall, count);
        *cpu = median(used, count);
    }
    return s;
}

static ck_status network_row(const options *o, const ck_model *m, int side, const double *rate, ck_error *e)
{
    ck_network_options how = {.device = o->device,
                              .threads = o->common.threads,
                              .precision = (ck_nn_precision)o->precision,
                              .h = side,
                              .w = side,
                              .infer = true,
                              .refine = true,
                              .scale = 1};
    size_t pixels = (size_t)side * (size_t)side;
    ck_network *n = NULL;
    double ms, cpu, gflop = 0;
    float *in = noise(4 * pixels), *out = malloc(4 * pixels * sizeof *out);
    ck_status s = in && out ? ck_network_open(m->weights, &m->table.sizes, &how, &n, e) : no_memory(e);
    if (s == CK_OK) {
        ck_network_io io = {.rgb = in, .hint = in + 3 * pixels, .alpha = out, .fg = out + pixels};
        s = time_frames(n, &io, &ms, &cpu, e);
    }
    if (s == CK_OK) {
        const ck_nn_plan *p = ck_network_plan(n);
        ck_nn_precision precision = ck_network_precision(n);
        for (int i = 0; i < ck_nn_plan_steps(p); i++)
            gflop += ck_nn_flop(ck_nn_plan_step(p, i)) * 1e-9;
        printf("| %d | %s | %.1f | %.1f | %.0f | %.0f %% |\n", side, ck_nn_precision_name(precision), ms, cpu,
               gflop / ms * 1e3, 100 * gflop / ms * 1e3 / rate[precision]);
        fflush(stdout);
    }
    ck_network_close(n);
    free(in);
    free(out);
    return s;
}

static ck_status network(const options *o, const int *side, int n, const double *rate, ck_error *e)
{
    char *path = NULL;
    ck_model m;
    ck_status s = ck_checkpoint_find(o->model, false, &path, e);
    bool found = path != NULL;
    free(path);
    if (s == CK_OK && !found) {
        printf("\nNetwork: not measured, no model was found. Name one with --model.\n");
        return CK_OK;
    }
    if (s == CK_OK)
        s = ck_model_load(o->model, 0, CK_PART_ALL, &m, e);
    if (s != CK_OK)
        return s;
    printf("\nNetwork, both halves: %s\n\n| size | operands | ms | CPU ms | GFLOP/s | of the product's |\n"
           "|---|---|---|---|---|---|\n",
           m.path);
    for (int i = 0; s == CK_OK && i < n; i++)
        s = network_row(o, &m, side[i], rate, e);
    ck_model_free(&m);
    return s;
}

/* ---- all ---- */

static ck_status sizes(const ck_list *args, int side[SIZES], int *n, ck_error *e)
{
    side[0] = 512;
    *n = args->n ? args->n : 1;
    if (args->n > SIZES)
        return ck_fail(e, CK_ERR_ARGUMENT, "%d sizes: at most %d", args->n, SIZES);
    for (int i = 0; i < args->n; i++) {
        int end = 0;
        if (sscanf(args->items[i], "%5d%n", &side[i], &end) != 1 || args->items[i][end] || side[i] < 32 ||
            side[i] > 16384 || side[i] % 32)
            return ck_fail(e, CK_ERR_ARGUMENT, "'%s' is no inference size: a multiple of 32, such as 512",
                           args->items[i]);
    }
    return CK_OK;
}

static ck_status bench(const void *opts, const ck_list *args, ck_error *e)
{
    const options *o = opts;
    int side[SIZES], n;
    double rate[CK_NN_PRECISION_AUTO];
    ck_status s = sizes(args, side, &n, e);
    if (s != CK_OK)
        return s;
    heading(o);
    s = products(o, rate, e);
    if (s == CK_OK)
        s = network(o, side, n, rate, e);
    return s == CK_OK ? ck_bench_stages(o->picture, threads(o), e) : s;
}

int ck_command_bench(int argc, char **argv)
{
    return ck_tool_main(&program, bench, argc, argv);
}
