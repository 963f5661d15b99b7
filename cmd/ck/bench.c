/* ck bench: speed of this machine: matrix products, network, transport between stages, codecs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/floats.h"
#include "base/self.h"
#include "base/signals.h"
#include "base/tool.h"
#include "checkpoint/find.h"
#include "ck/child.h"
#include "ck/commands.h"
#include "ck/watch_folder.h"
#include "greenformer/model.h"
#include "io/av_codecs.h"
#include "io/av_load.h"
#include "stream/stream.h"

enum { SIDE = 2048, TURNS = 5, FRAMES = 8, SENT = 64, SKIPPED = 8, ARGS = 12 };

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
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0, "auto, cpu, cuda[:N] or ref", CK_IN_HELP},
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

static double ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

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

/* Milliseconds of a product [SIDE, SIDE] x [SIDE, SIDE] as the network's linear layers run it.  A layer norm before it
 * makes the operand in the device's type. */
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
    for (int i = -1; s == CK_OK && i < TURNS; i++) { /* the first touches the memory */
        s = ck_nn_plan_run(p, true, e);
        ms[i < 0 ? 0 : i] = ck_nn_plan_ms(p, 1);
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
        double ms[TURNS];
        ck_nn *dev;
        ck_error lacks;
        if ((s = ck_nn_open(o->device, o->common.threads, &dev, e)) != CK_OK)
            break;
        if (p == 0)
            printf("\nMatrix product of %d^3, device %s\n\n| operands | GFLOP/s |\n|---|---|\n", SIDE, dev->ops->name);
        rate[p] = 0;
        if (ck_nn_set_precision(dev, (ck_nn_precision)p, &lacks) == CK_OK) {
            s = time_product(dev, values, ms, e);
            rate[p] = s == CK_OK ? 2e-6 * SIDE * SIDE * SIDE / median(ms, TURNS) : 0;
        }
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
        double start = ms_of(CLOCK_MONOTONIC), start_used = ms_of(CLOCK_PROCESS_CPUTIME_ID);
        s = ck_network_run(n, io, false, e);
        used[count] = ms_of(CLOCK_PROCESS_CPUTIME_ID) - start_used;
        wall[count] = ms_of(CLOCK_MONOTONIC) - start;
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
    ck_status s = ck_checkpoint_find(o->model, &path, e);
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

/* ---- processes ---- */

/* Fork.  In the child: end with this process, on the signals that end this process, and with these standard
 * descriptors. */
static pid_t child(int in, int out)
{
    pid_t self = getpid(), pid = fork();
    if (pid)
        return pid;
    sigset_t set;
    ck_signals_set(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    ck_child_follow(self);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(1);
    return 0;
}

static ck_status wait_for(pid_t pid, const char *name, double *cpu, ck_error *e)
{
    int status;
    struct rusage r;
    while (wait4(pid, &status, 0, &r) < 0)
        if (errno != EINTR)
            return ck_fail_errno(e, "cannot wait for %s", name);
    *cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-3;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return CK_OK;
    return ck_fail(e, CK_ERR_IO, "%s failed: see its message above", name);
}

/* Run a program of the project with the files as standard input and output.  Times are for the whole process. */
static ck_status run(const char *name, const char *in, const char *out, char *const argv[], double *ms, double *cpu,
                     ck_error *e)
{
    char *path = ck_self_program(name);
    int from = open(in, O_RDONLY | O_CLOEXEC), to = open(out, O_WRONLY | O_CLOEXEC);
    double start = ms_of(CLOCK_MONOTONIC);
    ck_status s = path && from >= 0 && to >= 0 ? CK_OK : ck_fail_errno(e, "cannot open %s or %s", in, out);
    pid_t pid = s == CK_OK ? child(from, to) : -1;
    if (pid == 0) {
        execvp(path, argv);
        _exit(127);
    }
    if (s == CK_OK)
        s = pid < 0 ? ck_fail_errno(e, "cannot start %s", name) : wait_for(pid, name, cpu, e);
    *ms = ms_of(CLOCK_MONOTONIC) - start;
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    free(path);
    return s;
}

/* ---- transport ---- */

typedef struct picture {
    int w, h;
    uint16_t *samples; /* half RGB, [3, h, w]: a smooth picture with 1 % grain, which is the expensive part of codecs */
} picture;

static ck_status make_picture(picture *p, ck_size size, ck_error *e)
{
    size_t n = (size_t)size.w * (size_t)size.h;
    uint32_t seed = 1;
    *p = (picture){size.w, size.h, malloc(3 * n * sizeof *p->samples)};
    if (!p->samples)
        return no_memory(e);
    for (size_t i = 0; i < 3 * n; i++) {
        double x = (double)(i % (size_t)p->w) / p->w, y = (double)(i / (size_t)p->w) / p->h;
        seed = seed * 1664525u + 1013904223u;
        float v = (float)(0.45 + 0.3 * sin(9 * x + y) + 0.02 * ((seed >> 16) / 65535.0 - 0.5));
        ck_f32_to_f16(&v, &p->samples[i], 1);
    }
    return CK_OK;
}

static ck_status send_frames(ck_writer *w, const picture *p, int frames, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; s == CK_OK && i < frames; i++) {
        ck_frame f = {.seq = (uint64_t)i};
        ck_plane *plane;
        if (i)
            s = ck_writer_take_slot(w, &f, e);
        if (s == CK_OK)
            s = ck_frame_add(&f, "rgb", CK_F16, 3, p->h, p->w, "srgb", &plane, e);
        if (s == CK_OK) {
            memcpy(ck_plane_data(plane), p->samples, plane->bytes);
            s = ck_writer_frame(w, &f, e);
        }
        ck_frame_free(&f);
    }
    return s == CK_OK ? ck_writer_end(w, e) : s;
}

/* Write a stream of the picture. ring: bytes of shared memory. */
static ck_status send_stream(int fd, const picture *p, int frames, size_t ring, ck_error *e)
{
    ck_writer *w = NULL;
    ck_meta head = {0};
    ck_status s = ck_meta_set(&head, "rate", "24/1", e);
    if (s == CK_OK)
        s = ck_writer_open(fd, 0, &head, &w, e);
    if (s == CK_OK) {
        ck_writer_share(w, NULL, ring);
        s = send_frames(w, p, frames, e);
    }
    ck_writer_free(w);
    ck_meta_free(&head);
    return s;
}

/* Read the stream, every byte of it; *ms: of a frame after the first SKIPPED ones. */
static ck_status receive(ck_reader *r, double *ms, ck_error *e)
{
    volatile uint64_t sum = 0; /* keeps the reads */
    double start = 0;
    ck_frame f = {0};
    ck_status s;
    for (int i = 1; (s = ck_reader_next(r, &f, e)) == CK_OK; i++) {
        uint64_t all = 0;
        for (size_t k = 0; k < f.planes[0].bytes / sizeof all; k++)
            all += ((const uint64_t *)f.planes[0].data)[k];
        sum += all;
        ck_frame_free(&f);
        if (i == SKIPPED)
            start = ms_of(CLOCK_MONOTONIC);
    }
    *ms = (ms_of(CLOCK_MONOTONIC) - start) / (SENT - SKIPPED);
    return s == CK_END ? CK_OK : s;
}

static ck_status transport_row(const char *name, const picture *p, size_t ring, ck_error *e)
{
    int ends[2];
    double ms, cpu, mb = 6e-6 * p->w * p->h;
    ck_reader *r = NULL;
    if (pipe2(ends, O_CLOEXEC))
        return ck_fail_errno(e, "cannot make a pipe");
    pid_t pid = child(STDIN_FILENO, ends[1]);
    if (pid == 0) {
        close(ends[0]);
        close(ends[1]);
        _exit(send_stream(STDOUT_FILENO, p, SENT, ring, e) == CK_OK ? 0 : 1);
    }
    close(ends[1]);
    ck_status s = pid < 0 ? ck_fail_errno(e, "cannot start a process") : ck_reader_open(ends[0], "ck bench", 0, &r, e);
    if (s == CK_OK)
        s = receive(r, &ms, e);
    if (s == CK_OK && *ck_reader_inline_view(r))
        printf("| %s | not measured: %s | |\n", name, ck_reader_inline_view(r));
    else if (s == CK_OK)
        printf("| %s | %.2f | %.1f |\n", name, ms, mb / ms);
    fflush(stdout);
    ck_reader_free(r);
    close(ends[0]); /* a writer that waits then ends */
    ck_error ignored;
    if (pid > 0 && s == CK_OK)
        return wait_for(pid, "the writing process", &cpu, e);
    if (pid > 0)
        wait_for(pid, "", &cpu, &ignored);
    return s;
}

static ck_status transport(const picture *p, ck_error *e)
{
    printf("\nTransport between two stages, %dx%d RGB half (%.1f MB), written and read completely\n\n"
           "| way | ms a frame | GB/s |\n|---|---|---|\n",
           p->w, p->h, 6e-6 * p->w * p->h);
    ck_status s = transport_row("shared memory", p, CK_RING_AUTO, e);
    return s == CK_OK ? transport_row("pipe", p, 0, e) : s;
}

/* ---- codecs ---- */

typedef struct codec {
    const char *name, *format, *file; /* file: as ck-decode takes it */
    bool video;
    ck_av_codec codec; /* of videos */
} codec;

static const codec codecs[] = {
    {"EXR half, PIZ", "exr", "rgb.#####.exr", false, 0},
    {"PNG 16 bits", "png16", "rgb.#####.png", false, 0},
    {"ProRes 4444", "mov", "rgb.mov", true, CK_AV_PRORES4444},
    {"H.264", "mp4", "rgb.mp4", true, CK_AV_H264},
};

static ck_status codec_row(const options *o, const codec *c, const char *folder, const char *stream, ck_error *e)
{
    char plane[32], count[16], path[PATH_MAX], in[PATH_MAX];
    snprintf(plane, sizeof plane, "rgb=%s", c->format);
    snprintf(count, sizeof count, "%d", threads(o));
    snprintf(in, sizeof in, "%s", folder);
    if (snprintf(path, sizeof path, "%s/%s", folder, c->file) >= (int)sizeof path)
        return ck_fail(e, CK_ERR_IO, "%s: name too long", folder);
    char encode[][16] = {"ck-encode", "--threads", "--plane", "--name", "rgb.{frame:05}"};
    char decode[][16] = {"ck-decode", "--threads"};
    char *const encoder[] = {encode[0], encode[1], count, encode[2], plane, encode[3], encode[4], in, NULL};
    char *const decoder[] = {decode[0], decode[1], count, path, NULL};
    double ms[2], cpu[2];
    ck_status s = run("ck-encode", stream, "/dev/null", encoder, &ms[0], &cpu[0], e);
    if (s == CK_OK)
        s = run("ck-decode", "/dev/null", "/dev/null", decoder, &ms[1], &cpu[1], e);
    if (c->video)
        unlink(path); /* ck-encode warns about a video of the same plane in another format */
    if (s == CK_OK)
        printf("| %s | %.1f | %.1f | %.1f | %.1f |\n", c->name, ms[0] / FRAMES, cpu[0] / FRAMES, ms[1] / FRAMES,
               cpu[1] / FRAMES);
    fflush(stdout);
    return s;
}

static ck_status in_folder(const options *o, const picture *p, const char *folder, ck_error *e)
{
    char stream[PATH_MAX];
    if (snprintf(stream, sizeof stream, "%s/plates.ck", folder) >= (int)sizeof stream)
        return ck_fail(e, CK_ERR_IO, "%s: name too long", folder);
    int fd = open(stream, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_status s = fd < 0 ? ck_fail_errno(e, "%s", stream) : send_stream(fd, p, FRAMES, 0, e);
    if (fd >= 0)
        close(fd);
    if (s == CK_OK)
        s = ck_av_load(CK_LIBAVCODEC, e);
    for (size_t i = 0; s == CK_OK && i < sizeof codecs / sizeof *codecs; i++) {
        const codec *c = &codecs[i];
        if (c->video && !avcodec_find_encoder_by_name(ck_av_coding_of(c->codec)->encoder))
            printf("| %s | not measured: this FFmpeg lacks %s | | | |\n", c->name, ck_av_coding_of(c->codec)->encoder);
        else
            s = codec_row(o, c, folder, stream, e);
    }
    return s;
}

static ck_status measure_codecs(const options *o, const picture *p, ck_error *e)
{
    ck_watch_folder folder = {0};
    printf("\nck-encode and ck-decode, %dx%d RGB, %d frames, ms a frame\n\n"
           "| format | encode | CPU | decode | CPU |\n|---|---|---|---|---|\n",
           p->w, p->h, FRAMES);
    ck_status s = ck_watch_folder_make(&folder, e);
    if (s == CK_OK)
        s = in_folder(o, p, folder.path, e);
    ck_watch_folder_remove(&folder);
    return s;
}

/* ---- all ---- */

static ck_status sizes(const ck_list *args, int side[ARGS], int *n, ck_error *e)
{
    side[0] = 512;
    *n = args->n ? args->n : 1;
    if (args->n > ARGS)
        return ck_fail(e, CK_ERR_ARGUMENT, "%d sizes: at most %d", args->n, ARGS);
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
    int side[ARGS], n;
    double rate[CK_NN_PRECISION_AUTO];
    picture p = {0};
    ck_status s = sizes(args, side, &n, e);
    if (s != CK_OK)
        return s;
    heading(o);
    s = products(o, rate, e);
    if (s == CK_OK)
        s = network(o, side, n, rate, e);
    if (s == CK_OK)
        s = make_picture(&p, o->picture, e);
    if (s == CK_OK)
        s = transport(&p, e);
    if (s == CK_OK)
        s = measure_codecs(o, &p, e);
    free(p.samples);
    return s;
}

int ck_command_bench(int argc, char **argv)
{
    return ck_tool_main(&program, bench, argc, argv);
}
