/* ck-decode and ck-encode on OpenEXR files against libOpenEXR's C++ interface: 3840 x 2160, half RGB with grain.
 *
 * ck-decode and ck-encode are processes; their streams go to /dev/null and come from a file.  libOpenEXR reads into and
 * writes from planar half RGB in memory, with its own threads, in a forked process.  Files lie in /dev/shm if it
 * exists. The two sides alternate.  Shown are medians of wall time and of processor time for all frames; trust the
 * latter on a machine that does other work. */
#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfInputFile.h>
#include <ImfOutputFile.h>
#include <ImfStandardAttributes.h>
#include <ImfThreading.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"

static const int W = 3840, H = 2160;
static const size_t N = static_cast<size_t>(W) * H;
static const char *const names[] = {"R", "G", "B"};
static int frames = 4, turns = 5;
static std::string dir;

/* Seconds: wall time, and processor time of the children that have ended. */
struct cost {
    double wall, cpu;
};

static double seconds(const timeval &t)
{
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

static cost now()
{
    timespec t;
    rusage r;
    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_CHILDREN, &r);
    return {static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec),
            seconds(r.ru_utime) + seconds(r.ru_stime)};
}

static cost since(const cost &start)
{
    cost end = now();
    return {end.wall - start.wall, end.cpu - start.cpu};
}

static void must(bool good, const std::string &what)
{
    if (good)
        return;
    fprintf(stderr, "exr_bench: %s failed\n", what.c_str());
    exit(1);
}

/* A smooth picture with 1 % triangular grain and a soft disc; planar. */
static std::vector<half> picture(int k)
{
    std::vector<half> out(3 * N);
    uint32_t s = static_cast<uint32_t>(k) + 1;
    for (size_t i = 0; i < N; i++) {
        float x = static_cast<float>(i % W), y = static_cast<float>(i / W);
        float a =
            std::min(1.0f, std::max(0.0f, (700 - std::hypot(x - 1920 - 4 * static_cast<float>(k), y - 1080)) / 8));
        for (size_t c = 0; c < 3; c++) {
            s = s * 1664525u + 1013904223u;
            float grain = static_cast<float>((s >> 8 & 255) + (s >> 16 & 255)) / 255.0f - 1;
            float v = 0.15f + 0.1f * std::sin(x * 0.003f + static_cast<float>(c)) + 0.05f * std::cos(y * 0.004f);
            out[c * N + i] = half(v + 0.3f * a + 0.01f * grain);
        }
    }
    return out;
}

static std::string path(const char *what, int k)
{
    char number[16];
    snprintf(number, sizeof number, ".%04d.exr", k);
    return dir + "/" + what + number;
}

static Imf::FrameBuffer buffer(std::vector<half> &v)
{
    Imf::FrameBuffer fb;
    for (size_t c = 0; c < 3; c++)
        fb.insert(names[c], Imf::Slice(Imf::HALF, reinterpret_cast<char *>(&v[c * N]), sizeof(half), W * sizeof(half)));
    return fb;
}

static void write(const std::string &file, std::vector<half> &v, Imf::Compression c)
{
    Imf::Header h(W, H);
    h.compression() = c;
    for (const char *name : names)
        h.channels().insert(name, Imf::Channel(Imf::HALF));
    Imf::OutputFile out(file.c_str(), h);
    out.setFrameBuffer(buffer(v));
    out.writePixels(H);
}

static void read(const std::string &file, std::vector<half> &v)
{
    Imf::InputFile in(file.c_str());
    in.setFrameBuffer(buffer(v));
    in.readPixels(0, H - 1);
}

template <class F> static cost child(F f)
{
    cost start = now();
    pid_t pid = fork();
    if (pid == 0) {
        f();
        _exit(0);
    }
    int status;
    must(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a child");
    return since(start);
}

static cost run(const std::string &line)
{
    cost start = now();
    must(system(line.c_str()) == 0, line);
    return since(start);
}

static double median(const std::vector<cost> &of, double cost::*what)
{
    std::vector<double> v;
    for (const cost &c : of)
        v.push_back(c.*what);
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

template <class A, class B> static void compare(const char *what, int threads, A ck, B lib)
{
    std::vector<cost> ours, theirs;
    for (int i = 0; i < turns; i++) {
        ours.push_back(ck());
        theirs.push_back(lib());
    }
    printf("| %s | %d |", what, threads);
    for (double cost::*m : {&cost::wall, &cost::cpu})
        printf(" %.3f | %.3f | %.2f |", median(ours, m), median(theirs, m), median(ours, m) / median(theirs, m));
    printf("\n");
    fflush(stdout);
}

static void bench(const char *word, Imf::Compression c, std::vector<std::vector<half>> &pictures)
{
    char title[64];
    for (int k = 0; k < frames; k++)
        write(path(word, k), pictures[static_cast<size_t>(k) % pictures.size()], c);
    for (int threads = 1; threads <= 2; threads++) {
        std::string t = "-t " + std::to_string(threads) + " ", pattern = dir + "/" + word + ".####.exr";
        int helpers = threads > 1 ? threads : 0;
        snprintf(title, sizeof title, "%s, read", word);
        compare(
            title, threads, [&] { return run("ck-decode " + t + pattern + " >/dev/null"); },
            [&] {
                return child([&] {
                    Imf::setGlobalThreadCount(helpers);
                    std::vector<half> v(3 * N);
                    for (int k = 0; k < frames; k++)
                        read(path(word, k), v);
                });
            });
        if (getenv("READ_ONLY"))
            continue;
        snprintf(title, sizeof title, "%s, write", word);
        compare(
            title, threads,
            [&] {
                return run("ck-encode " + t + "--plane rgb=exr --compression " + word + " " + dir + "/out <" + dir +
                           "/in.ck 2>/dev/null");
            },
            [&] {
                return child([&] {
                    Imf::setGlobalThreadCount(helpers);
                    for (int k = 0; k < frames; k++)
                        write(path("lib", k), pictures[static_cast<size_t>(k) % pictures.size()], c);
                });
            });
    }
    (void)!system(("rm -rf " + dir + "/" + word + ".* " + dir + "/out").c_str());
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        Imf::Compression code;
    } kinds[] = {{"piz", Imf::PIZ_COMPRESSION},
                 {"zip", Imf::ZIP_COMPRESSION},
                 {"dwaa", Imf::DWAA_COMPRESSION},
                 {"none", Imf::NO_COMPRESSION}};
    if (argc > 1)
        frames = std::max(1, atoi(argv[1]));
    if (argc > 2)
        turns = std::max(1, atoi(argv[2]));
    dir = bench_folder();
    std::vector<std::vector<half>> pictures;
    for (int k = 0; k < std::min(frames, 4); k++)
        pictures.push_back(picture(k));
    for (int k = 0; k < frames; k++)
        write(path("in", k), pictures[static_cast<size_t>(k) % pictures.size()], Imf::NO_COMPRESSION);
    run("ck-decode " + dir + "/in.####.exr >" + dir + "/in.ck");
    printf("%d frames of %d x %d, seconds in all, median of %d.\n\n", frames, W, H, turns);
    printf("| what | threads | ck, wall | libOpenEXR | ratio | ck, processor | libOpenEXR | ratio |\n"
           "|---|---|---|---|---|---|---|---|\n");
    const char *only = getenv("ONLY");
    for (const auto &k : kinds)
        if (!only || !strcmp(only, k.word))
            bench(k.word, k.code, pictures);
    return 0;
}
