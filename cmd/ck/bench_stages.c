#include "ck/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/floats.h"
#include "base/log.h"
#include "base/self.h"
#include "base/signals.h"
#include "ck/child.h"
#include "ck/watch_folder.h"
#include "io/av_codecs.h"
#include "io/av_load.h"
#include "stream/stream.h"

/* SKIPPED: more than the slots of a ring, which cost page faults when they are used first. */
enum { FRAMES = 8, SENT = 192, SKIPPED = 80 };

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
    double start = ck_bench_ms(CLOCK_MONOTONIC);
    ck_status s = path && from >= 0 && to >= 0 ? CK_OK : ck_fail_errno(e, "cannot open %s or %s", in, out);
    pid_t pid = s == CK_OK ? child(from, to) : -1;
    if (pid == 0) {
        execvp(path, argv);
        ck_log_error("cannot start %s: %s: install it beside ck or in $PATH", name, strerror(errno));
        _exit(1);
    }
    if (s == CK_OK)
        s = pid < 0 ? ck_fail_errno(e, "cannot start %s", name) : wait_for(pid, name, cpu, e);
    *ms = ck_bench_ms(CLOCK_MONOTONIC) - start;
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
    uint32_t seed = 1;
    *p = (picture){size.w, size.h, malloc((size_t)size.w * (size_t)size.h * 3 * sizeof *p->samples)};
    float *row = malloc((size_t)size.w * sizeof *row);
    if (!p->samples || !row) {
        free(row);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture");
    }
    for (int y = 0; y < 3 * size.h; y++) {
        for (int x = 0; x < size.w; x++) {
            seed = seed * 1664525u + 1013904223u;
            double grain = (seed >> 16) / 65535.0 - 0.5;
            row[x] = (float)(0.45 + 0.3 * sin(9.0 * x / size.w + 1.0 * y / size.h) + 0.02 * grain);
        }
        ck_f32_to_f16(row, p->samples + (size_t)y * (size_t)size.w, (size_t)size.w);
    }
    free(row);
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
            start = ck_bench_ms(CLOCK_MONOTONIC);
    }
    *ms = (ck_bench_ms(CLOCK_MONOTONIC) - start) / (SENT - SKIPPED);
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

static ck_status codec_row(int threads, const codec *c, const char *folder, const char *stream, ck_error *e)
{
    char plane[32], count[16], path[PATH_MAX], in[PATH_MAX];
    snprintf(plane, sizeof plane, "rgb=%s", c->format);
    snprintf(count, sizeof count, "%d", threads);
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

static ck_status in_folder(int threads, const picture *p, const char *folder, ck_error *e)
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
            s = codec_row(threads, c, folder, stream, e);
    }
    return s;
}

static ck_status measure_codecs(int threads, const picture *p, ck_error *e)
{
    ck_watch_folder folder = {0};
    printf("\nck-encode and ck-decode, %dx%d RGB, %d frames, ms a frame\n\n"
           "| format | encode | CPU | decode | CPU |\n|---|---|---|---|---|\n",
           p->w, p->h, FRAMES);
    ck_status s = ck_watch_folder_make(&folder, e);
    if (s == CK_OK)
        s = in_folder(threads, p, folder.path, e);
    ck_watch_folder_remove(&folder);
    return s;
}

ck_status ck_bench_stages(ck_size size, int threads, ck_error *e)
{
    picture p;
    ck_status s = make_picture(&p, size, e);
    if (s == CK_OK)
        s = transport(&p, e);
    if (s == CK_OK)
        s = measure_codecs(threads, &p, e);
    free(p.samples);
    return s;
}
