/* ck-decode against the bare library calls: libavcodec only, and libavcodec with swscale's conversion to planar float
 * RGB, which is ck-decode's output (but clipped).  Stills are in still_bench.
 *
 *     decode_bench [FRAMES]     clips are made with the ffmpeg program */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"

#define RUNS 5

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void die(const char *what)
{
    fprintf(stderr, "decode_bench: %s failed\n", what);
    exit(1);
}

typedef struct float_rgb {
    struct SwsContext *sws;
    uint8_t *data[4];
    int stride[4];
} float_rgb;

static void convert(float_rgb *c, const AVFrame *f)
{
    if (!c->sws) {
        c->sws = sws_getContext(f->width, f->height, f->format, f->width, f->height, AV_PIX_FMT_GBRPF32, SWS_BILINEAR,
                                NULL, NULL, NULL);
        if (!c->sws || av_image_alloc(c->data, c->stride, f->width, f->height, AV_PIX_FMT_GBRPF32, 64) < 0)
            die("swscale");
    }
    sws_scale(c->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, c->data, c->stride);
}

static int drain(AVCodecContext *dec, AVFrame *f, float_rgb *c)
{
    int n = 0;
    for (; avcodec_receive_frame(dec, f) == 0; n++) {
        if (c)
            convert(c, f);
        av_frame_unref(f);
    }
    return n;
}

/* Milliseconds for the whole clip. */
static double bare(const char *path, int threads, int frames, bool rgb)
{
    double start = now();
    AVFormatContext *fmt = NULL;
    if (avformat_open_input(&fmt, path, NULL, NULL) < 0 || avformat_find_stream_info(fmt, NULL) < 0)
        die(path);
    const AVCodecParameters *par = fmt->streams[0]->codecpar;
    AVCodecContext *dec = avcodec_alloc_context3(avcodec_find_decoder(par->codec_id));
    if (!dec || avcodec_parameters_to_context(dec, par) < 0)
        die("libavcodec");
    dec->thread_count = threads;
    AVPacket *p = av_packet_alloc();
    AVFrame *f = av_frame_alloc();
    float_rgb c = {0};
    if (!p || !f || avcodec_open2(dec, NULL, NULL) < 0)
        die("libavcodec");
    int n = 0;
    while (av_read_frame(fmt, p) == 0) {
        if (avcodec_send_packet(dec, p) < 0)
            die("decoding");
        av_packet_unref(p);
        n += drain(dec, f, rgb ? &c : NULL);
    }
    avcodec_send_packet(dec, NULL);
    n += drain(dec, f, rgb ? &c : NULL);
    if (n != frames)
        die("counting frames");
    sws_freeContext(c.sws);
    av_freep(&c.data[0]);
    av_frame_free(&f);
    av_packet_free(&p);
    avcodec_free_context(&dec);
    avformat_close_input(&fmt);
    return now() - start;
}

static double ours(const char *path, int threads)
{
    char line[400];
    snprintf(line, sizeof line, "ck-decode -t %d %s > /dev/null", threads, path);
    double start = now();
    if (system(line))
        die("ck-decode");
    return now() - start;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Medians of the three ways, measured alternately. */
static void compare(const char *name, const char *path, int threads, int frames)
{
    double t[3][RUNS];
    for (int i = 0; i < RUNS; i++) {
        t[0][i] = bare(path, threads, frames, false) / frames;
        t[1][i] = bare(path, threads, frames, true) / frames;
        t[2][i] = ours(path, threads) / frames;
    }
    for (int k = 0; k < 3; k++)
        qsort(t[k], RUNS, sizeof(double), ascending);
    double *m[3] = {&t[0][RUNS / 2], &t[1][RUNS / 2], &t[2][RUNS / 2]};
    printf("| %s | %d | %.1f | %.1f | %.1f | %.2f | %.2f |\n", name, threads, *m[0], *m[1], *m[2], *m[2] / *m[0],
           *m[2] / *m[1]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *size, *codec, *file;
    } clips[] = {
        {"H.264 1080p", "1920x1080", "-c:v libx264 -pix_fmt yuv420p -crf 18", "h264.mp4"},
        {"ProRes 422 HQ 1080p", "1920x1080", "-c:v prores_ks -profile:v 3", "prores.mov"},
    };
    int frames = argc > 1 ? atoi(argv[1]) : 48;
    char path[200], line[600];
    if (frames < 1)
        die("setting up");
    const char *folder = bench_folder();
    printf("ms a frame, %d frames, median of %d.  ck-decode is a process of its own, its stream goes to /dev/null.\n\n",
           frames, RUNS);
    printf("| clip | threads | libavcodec | with swscale to float RGB | ck-decode | to the first | to the second |\n"
           "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, clips[i].file);
        snprintf(line, sizeof line,
                 "ffmpeg -v error -f lavfi -i testsrc2=s=%s:r=25,noise=alls=8:allf=t -frames:v %d %s -y %s",
                 clips[i].size, frames, clips[i].codec, path);
        if (system(line))
            die("ffmpeg");
        for (int threads = 1; threads <= 2; threads++)
            compare(clips[i].name, path, threads, frames);
        unlink(path);
    }
    return 0;
}
