/* ck doctor: check programs, libraries, model and devices. */
#include <dnnl.h>
#include <limits.h>
#include <openexr.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/log.h"
#include "base/option.h"
#include "base/plugin.h"
#include "base/self.h"
#include "ck/commands.h"
#include "checkpoint/find.h"
#include "ck/programs.h"
#include "greenformer/model.h"
#include "greenformer/self_check.h"
#include "io/av_load.h"
#include "nn/check.h"

static struct {
    bool json;
    int n; /* of lines so far */
} report;

static void json_text(const char *key, const char *text)
{
    printf("\"%s\": \"", key);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 32)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    putchar('"');
}

static void json_line(const char *what, const char *state, const char *detail, const char *remedy)
{
    printf("%s{", report.n ? ",\n " : "[");
    json_text("what", what + strspn(what, " "));
    printf(", ");
    json_text("state", state);
    printf(", ");
    json_text("detail", detail);
    printf(", ");
    json_text("remedy", remedy);
    printf("}");
}

/* Print one line, for a problem with its remedy.  Returns 1 for a problem that prevents keying. */
static int line(const char *what, bool good, bool needed, const char *detail, const char *remedy)
{
    const char *state = good ? "ok" : needed ? "BAD" : "no";
    if (report.json)
        json_line(what, state, detail, good ? "" : remedy);
    else
        printf("%-4s %-22s %s%s%s\n", state, what, detail, good || !*remedy ? "" : ": ", good ? "" : remedy);
    report.n++;
    return !good && needed;
}

static int programs(void)
{
    int bad = 0;
    for (const ck_program *const *p = ck_programs; *p; p++) {
        char *path = ck_self_program((*p)->name);
        bool there = path && *path == '/';
        bad += line((*p)->name, there, true, there ? path : "not beside ck", "run make, or make install");
        free(path);
    }
    return bad;
}

static void version(char *buf, size_t n, unsigned v)
{
    snprintf(buf, n, "%u.%u.%u", AV_VERSION_MAJOR(v), AV_VERSION_MINOR(v), AV_VERSION_MICRO(v));
}

/* libavfilter is the last one to be loaded. */
static int video(void)
{
    static const struct {
        const char *what, *encoder, *remedy;
    } wanted[] = {
        {"write H.264", "libx264", "for --comp mp4: apt-get install ffmpeg, or build FFmpeg with libx264"},
        {"write ProRes 4444", "prores_ks",
         "for --processed mov: apt-get install ffmpeg, or build FFmpeg with prores_ks"},
    };
    char text[64];
    ck_error e;
    if (ck_av_load(CK_LIBAVFILTER, &e) != CK_OK)
        return line("FFmpeg", false, true, e.text, "without it there is no video");
    version(text, sizeof text, avformat_version());
    line("libavformat", true, true, text, "");
    version(text, sizeof text, avcodec_version());
    line("libavcodec", true, true, text, "");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        line(wanted[i].what, avcodec_find_encoder_by_name(wanted[i].encoder) != NULL, false, wanted[i].encoder,
             wanted[i].remedy);
    return 0;
}

static void libraries(void)
{
    char text[64];
    int major, minor, patch;
    const char *extra;
    exr_get_library_version(&major, &minor, &patch, &extra);
    snprintf(text, sizeof text, "%d.%d.%d", major, minor, patch);
    line("OpenEXRCore", true, true, text, "");
    line("libpng", true, true, png_get_libpng_ver(NULL), "");
    const dnnl_version_t *dnnl = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", dnnl->major, dnnl->minor, dnnl->patch);
    line("oneDNN", true, true, text, "");
}

static long read_long(const char *path)
{
    long v = 0;
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%ld", &v) != 1)
        v = 0;
    if (f)
        fclose(f);
    return v;
}

static void machine(void)
{
    char text[128];
    ck_core_limit cores = ck_cores_limit();
    snprintf(text, sizeof text, "%d usable (%s%s)%s%s", cores.n, cores.by ? "limited by " : "all",
             cores.by ? cores.by : "", __builtin_cpu_supports("avx2") ? ", AVX2" : "",
             __builtin_cpu_supports("avx512f") ? ", AVX-512" : "");
    line("cores", true, true, text, "");
    double gib = (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30);
    snprintf(text, sizeof text, "%.1f GiB free", gib);
    line("memory", gib >= 1, false, text, "4K frames need about 1 GiB");
    long pipe = read_long("/proc/sys/fs/pipe-max-size");
    snprintf(text, sizeof text, "%ld bytes", pipe);
    line("pipe size", pipe >= 1 << 20, false, text, "for speed: sysctl -w fs.pipe-max-size=1048576");
}

/* Colour configs, a scheduler for contrib/slurm, free space: keying works without. */
static void extras(void)
{
    struct statvfs v;
    char text[64];
    line("OpenColorIO", ck_plugin_exists("ocio"), false,
         ck_plugin_exists("ocio") ? "libck-ocio.so" : "no libck-ocio.so",
         "for --ocio-config: apt-get install libopencolorio-dev, then make and make install");
    bool slurm = ck_self_on_path("sbatch");
    line("Slurm", slurm, false, slurm ? "sbatch" : "no sbatch", "for ck-sbatch: apt-get install slurm-client");
    if (statvfs(".", &v))
        return;
    double gb = (double)v.f_bavail * (double)v.f_frsize / 1e9;
    snprintf(text, sizeof text, "%.0f GB free in this folder", gb);
    line("disk", gb >= 10, false, text, "a 4K frame of four outputs takes about 0.1 GB: change to another disk");
}

static int no_model(void)
{
    char folder[PATH_MAX], text[PATH_MAX + 64];
    ck_checkpoint_folder(folder, sizeof folder);
    snprintf(text, sizeof text, "none%s%s%s", *folder ? " in " : "", folder, *folder ? " (*.safetensors, *.pth)" : "");
    return line("model", false, false, text, "keying is classical; for the network: ck model fetch");
}

/* Open a model that `ck key` would use, and check names, shapes and values of its tensors. */
static int check_model(const char *what, const char *path)
{
    ck_model m;
    ck_error e;
    if (ck_model_load(path, 0, CK_PART_ALL, &m, &e) != CK_OK)
        return line(what, false, true, e.text, "name another with --model, or in $CK_MODEL");
    char text[PATH_MAX + 64];
    snprintf(text, sizeof text, "%s, trained at %d x %d", m.path, 4 * m.table.sizes.grid, 4 * m.table.sizes.grid);
    line(what, true, true, text, "");
    ck_model_free(&m);
    return 0;
}

/* The models for green and for blue screens, which may be one. */
static int model(void)
{
    ck_error e;
    char *green = NULL, *blue = NULL;
    ck_status s = ck_checkpoint_find(NULL, false, &green, &e);
    if (s == CK_OK)
        s = ck_checkpoint_find(NULL, true, &blue, &e);
    int bad = 0;
    if (s != CK_OK)
        bad = line("model", false, true, e.text, "name another with --model, or in $CK_MODEL");
    else if (!green)
        bad = no_model();
    else if (!strcmp(green, blue))
        bad = check_model("model", green);
    else
        bad = check_model("model, green screen", green) + check_model("model, blue screen", blue);
    free(green);
    free(blue);
    return bad;
}

/* Parts of the network for which the fastest kernel does not serve, and why. */
static void kernels(ck_nn *dev)
{
    char text[sizeof(ck_error) + 128];
    const char *kernel;
    ck_error why;
    for (int i = 0; i < ck_nn_problem_count; i++) {
        if (ck_nn_problem_kernel(dev, &ck_nn_problems[i], &kernel, &why) != CK_OK || !*why.text)
            continue;
        snprintf(text, sizeof text, "%s by %s: %s", ck_nn_problems[i].name, kernel, why.text);
        line("  kernel", true, false, text, "");
    }
}

/* Compare the device's results with the CPU's, at the default precision or, `again`, at each. */
static void check_device(const char *name, bool again)
{
    char text[sizeof(ck_error) + 64];
    ck_nn *dev;
    ck_error e;
    if (ck_nn_open(name, 0, &dev, &e) != CK_OK)
        return; /* the line about the default device says why */
    ck_nn_precision p = again ? CK_NN_PRECISION_F32 : dev->ops->automatic;
    ck_nn_precision last = again ? CK_NN_PRECISION_BF16 : p;
    ck_nn_close(dev);
    for (; p <= last; p++) {
        ck_status s = ck_self_check_open(name, 0, p, again, &dev, &e);
        const char *found = s == CK_OK ? dev->distrusted.text : e.text;
        snprintf(text, sizeof text, "%s%s%s", ck_nn_precision_name(p), *found ? ": " : "", found);
        line("  self-check", !*found, false, text, "");
        if (s != CK_OK)
            continue;
        if (p == dev->ops->automatic)
            kernels(dev);
        ck_nn_close(dev);
    }
}

/* List the devices and the default one.  Each is opened, because another process may hold it exclusively. */
static void devices(bool again)
{
    char name[32], text[256];
    ck_error e;
    ck_status s;
    for (int i = 0; (s = ck_nn_describe_cuda(i, text, sizeof text, &e)) == CK_OK; i++) {
        snprintf(name, sizeof name, "cuda:%d", i);
        line(name, true, false, text, "");
        check_device(name, again);
    }
    ck_nn *dev;
    bool found = s == CK_END;
    s = ck_self_check_open("auto", 0, CK_NN_PRECISION_AUTO, false, &dev, &e);
    if (s != CK_OK) {
        line("--device auto", false, false, e.text, "name another with --device");
        return;
    }
    if (*dev->passed_over.text)
        line(found ? "CUDA's first device" : "CUDA", false, false, dev->passed_over.text,
             "the network runs on the CPU");
    line("--device auto", true, false, dev->ops->name, "");
    ck_nn_close(dev);
}

static int help(void)
{
    printf("Usage: ck doctor [--json] [--self-check]\n\nck doctor: check programs, libraries, model and devices\n\n"
           "  --json          print a JSON list: what, state (ok, no, BAD), detail, remedy\n"
           "  --self-check    compare GPUs with the CPU again, at every precision\n\n"
           "Exit status: 0 if nothing that keying needs is missing, else 1.\nManual: man ck\n");
    return ck_log_flush_stdout();
}

int ck_command_doctor(int argc, char **argv)
{
    ck_log_init("ck doctor", CK_LOG_NORMAL);
    bool again = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || !strcmp(argv[i], "--help=all"))
            return help();
        bool json = !strcmp(argv[i], "--json"), check = !strcmp(argv[i], "--self-check");
        if (!json && !check) {
            ck_log_error("unknown argument '%s': ck doctor takes --json, --self-check or none", argv[i]);
            return 2;
        }
        report.json |= json;
        again |= check;
    }
    line("ck", true, true, CK_VERSION, "");
    int bad = programs();
    libraries();
    bad += video();
    machine();
    extras();
    bad += model();
    devices(again);
    if (report.json)
        printf("]\n");
    return ck_log_flush_stdout() || bad ? 1 : 0;
}
