/* ck-encode against the bare library calls: 1920 x 1080, the same frames, settings and threads.
 *
 * ck-encode is a process that reads a stream from a file.  The other side has the planes in memory and only converts
 * and encodes: OpenEXRCore and libpng with a thread per frame, swscale and libavcodec with the encoder's own threads.
 * Both write into /dev/shm if it exists.  They alternate.  Shown are medians of wall time and of CPU time, which
 * suffers less from other load. */
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <png.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bare_exr.h"
#include "folder.h"
#include "image/convert.h"
#include "stream/stream.h"

enum { W = 1920, H = 1080, FRAMES = 16, DISTINCT = 4, TURNS = 3 };
static const size_t N = (size_t)W * H;

static const char *dir;
static float *fg[DISTINCT];     /* [3, H, W], sRGB-encoded */
static float *matted[DISTINCT]; /* [4, H, W], premultiplied */
static uint8_t *comp[DISTINCT]; /* [3, H, W] */

static void at(char buf[128], const char *name, int k)
{
    snprintf(buf, 128, "%s/%s%d", dir, name, k);
}

/* A smooth picture with 1 % triangular grain, and a soft disc as matte. */
static void make_frame(int k)
{
    uint32_t s = (uint32_t)k + 1;
    bare_must((fg[k] = malloc(3 * N * 4)) && (matted[k] = malloc(4 * N * 4)) && (comp[k] = malloc(3 * N)), "malloc");
    for (size_t i = 0; i < N; i++) {
        double x = (double)(i % W), y = (double)(i / W);
        float a = (float)fmin(1, fmax(0, (400 - hypot(x - 960 - 4 * k, y - 540)) / 8 + 0.5));
        matted[k][3 * N + i] = a;
        for (size_t c = 0; c < 3; c++) {
            s = s * 1664525u + 1013904223u;
            double grain = ((s >> 8 & 255) + (s >> 16 & 255)) / 255.0 - 1;
            double v = 0.45 + 0.3 * sin((x + 8 * k) * 0.006 + (double)c) + 0.1 * cos(y * 0.008) + 0.01 * grain;
            fg[k][c * N + i] = (float)v;
            matted[k][c * N + i] = (float)(v * v) * a;
            comp[k][c * N + i] = (uint8_t)(255 * (v * (double)a + 0.4 * (double)(1 - a)));
        }
    }
}

static void write_stream(const char *plane, ck_type type, int c, const char *encoding, void *const *data)
{
    char path[128];
    ck_error e;
    ck_meta head = {0};
    ck_writer *w;
    snprintf(path, sizeof path, "%s/%s.ck", dir, plane);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    bare_must(fd >= 0 && !ck_meta_set(&head, "rate", "24/1", &e) && !ck_writer_open(fd, 0, &head, &w, &e), path);
    for (int k = 0; k < FRAMES; k++) {
        ck_frame f = {.seq = (uint64_t)k};
        ck_plane *p;
        bare_must(!ck_frame_add(&f, plane, type, c, H, W, encoding, &p, &e), "plane");
        memcpy(ck_plane_data(p), data[k % DISTINCT], p->bytes);
        bare_must(!ck_writer_frame(w, &f, &e), path);
        ck_frame_free(&f);
    }
    bare_must(!ck_writer_end(w, &e), path);
    ck_writer_free(w);
    ck_meta_free(&head);
    close(fd);
}

/* ---- bare stills: a thread per frame ---- */

static void exr_still(int k)
{
    char path[128];
    at(path, "bare.exr", k);
    uint16_t *half = malloc(4 * N * 2);
    bare_must(half != NULL, "malloc");
    ck_f32_to_f16(matted[k % DISTINCT], half, 4 * N);
    bare_exr_write(path, half, W, H, EXR_COMPRESSION_PIZ);
    free(half);
}

static void png_still(int k)
{
    char path[128];
    at(path, "bare.png", k);
    FILE *f = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    uint16_t *row = malloc(3 * W * 2), *u16 = malloc(3 * N * 2);
    bare_must(f && png && info && row && u16 && !setjmp(png_jmpbuf(png)), "libpng");
    ck_f32_to_u16(fg[k % DISTINCT], u16, 3 * N);
    png_init_io(png, f);
    png_set_IHDR(png, info, W, H, 16, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    /* Fastest settings: filter Sub, level 1. */
    png_set_filter(png, 0, PNG_FILTER_SUB);
    png_set_compression_level(png, 1);
    png_write_info(png, info);
    png_set_swap(png);
    for (size_t y = 0; y < H; y++) {
        for (size_t x = 0; x < W; x++)
            for (size_t c = 0; c < 3; c++)
                row[3 * x + c] = u16[c * N + y * W + x];
        png_write_row(png, (png_bytep)row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    bare_must(!fclose(f), path);
    free(row);
    free(u16);
}

typedef struct pool {
    pthread_mutex_t lock;
    int next;
    void (*still)(int k);
} pool;

static void *pool_work(void *arg)
{
    pool *p = arg;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        int k = p->next++;
        pthread_mutex_unlock(&p->lock);
        if (k >= FRAMES)
            return NULL;
        p->still(k);
    }
}

static void stills(void (*still)(int k), int threads)
{
    pool p = {.lock = PTHREAD_MUTEX_INITIALIZER, .still = still};
    pthread_t ids[64];
    for (int i = 0; i < threads; i++)
        bare_must(!pthread_create(&ids[i], NULL, pool_work, &p), "pthread_create");
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
}

static void bare_exr(int threads)
{
    stills(exr_still, threads);
}

static void bare_png(int threads)
{
    stills(png_still, threads);
}

/* ---- bare video ---- */

static void drain(AVFormatContext *mux, AVCodecContext *c, AVPacket *pkt)
{
    while (avcodec_receive_packet(c, pkt) == 0) {
        av_packet_rescale_ts(pkt, c->time_base, mux->streams[0]->time_base);
        bare_must(av_interleaved_write_frame(mux, pkt) >= 0, "av_interleaved_write_frame");
    }
}

static void video(const char *name, const char *encoder, enum AVPixelFormat from, enum AVPixelFormat to,
                  AVDictionary *opts, int threads)
{
    char path[128];
    AVFormatContext *mux;
    at(path, name, 0);
    bare_must(avformat_alloc_output_context2(&mux, NULL, strstr(name, "mp4") ? "mp4" : "mov", path) >= 0, "muxer");
    const AVCodec *codec = avcodec_find_encoder_by_name(encoder);
    bare_must(codec != NULL, encoder);
    AVCodecContext *c = avcodec_alloc_context3(codec);
    c->width = W;
    c->height = H;
    c->pix_fmt = to;
    c->time_base = (AVRational){1, 24};
    c->framerate = (AVRational){24, 1};
    c->thread_count = threads;
    c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (to == AV_PIX_FMT_YUV444P10LE) {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = 2 * FF_QP2LAMBDA;
        c->thread_type = FF_THREAD_SLICE;
    }
    bare_must(avcodec_open2(c, codec, &opts) >= 0, encoder);
    av_dict_free(&opts);
    AVStream *st = avformat_new_stream(mux, NULL);
    avcodec_parameters_from_context(st->codecpar, c);
    bare_must(avio_open(&mux->pb, path, AVIO_FLAG_WRITE) >= 0 && avformat_write_header(mux, NULL) >= 0, path);
    struct SwsContext *sws = sws_getContext(W, H, from, W, H, to, SWS_BILINEAR, NULL, NULL, NULL);
    AVPacket *pkt = av_packet_alloc();
    for (int k = 0; k < FRAMES; k++) {
        size_t size = from == AV_PIX_FMT_GBRP ? 1 : 4;
        uint8_t *rgb = size == 1 ? comp[k % DISTINCT] : (uint8_t *)fg[k % DISTINCT];
        const uint8_t *planes[4] = {rgb + N * size, rgb + 2 * N * size, rgb};
        int stride = W * (int)size, strides[4] = {stride, stride, stride};
        AVFrame *f = av_frame_alloc();
        f->format = to;
        f->width = W;
        f->height = H;
        f->pts = k;
        f->quality = c->global_quality;
        bare_must(av_frame_get_buffer(f, 0) >= 0, "av_frame_get_buffer");
        sws_scale(sws, planes, strides, 0, H, f->data, f->linesize);
        bare_must(avcodec_send_frame(c, f) >= 0, "avcodec_send_frame");
        av_frame_free(&f);
        drain(mux, c, pkt);
    }
    avcodec_send_frame(c, NULL);
    drain(mux, c, pkt);
    bare_must(av_write_trailer(mux) >= 0, path);
    avio_closep(&mux->pb);
    av_packet_free(&pkt);
    sws_freeContext(sws);
    avcodec_free_context(&c);
    avformat_free_context(mux);
}

static void bare_h264(int threads)
{
    AVDictionary *opts = NULL;
    av_dict_set(&opts, "preset", "medium", 0);
    av_dict_set(&opts, "crf", "18", 0);
    av_dict_set(&opts, "rc-lookahead", "10", 0);
    video("bare.mp4", "libx264", AV_PIX_FMT_GBRP, AV_PIX_FMT_YUV420P, opts, threads);
}

static void bare_prores(int threads)
{
    AVDictionary *opts = NULL;
    av_dict_set(&opts, "profile", "4444", 0);
    video("bare.mov", "prores_ks", AV_PIX_FMT_GBRPF32LE, AV_PIX_FMT_YUV444P10LE, opts, threads);
}

/* ---- taking turns ---- */

static void run_ck(const char *input, const char *const *args, int threads)
{
    char in[128], out[128], number[16];
    snprintf(in, sizeof in, "%s/%s.ck", dir, input);
    snprintf(out, sizeof out, "%s/out", dir);
    snprintf(number, sizeof number, "%d", threads);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(in, O_RDONLY);
        dup2(fd, STDIN_FILENO);
        execlp("ck-encode", "ck-encode", "-t", number, args[0], args[1], out, (char *)NULL);
        _exit(127);
    }
    int status;
    bare_must(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "ck-encode");
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

/* Milliseconds: wall, and CPU of this process and its children. */
static void now(double t[2])
{
    struct rusage self, children;
    struct timespec c;
    clock_gettime(CLOCK_MONOTONIC, &c);
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    t[0] = (double)c.tv_sec + 1e-9 * (double)c.tv_nsec;
    t[1] = seconds(self.ru_utime) + seconds(self.ru_stime) + seconds(children.ru_utime) + seconds(children.ru_stime);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(const char *what, const char *input, const char *option, const char *format,
                    void (*bare)(int threads), int threads)
{
    double t[2][2][TURNS]; /* [side][wall, CPU][turn] */
    const char *args[] = {option, format};
    for (int i = 0; i < TURNS; i++) {
        for (int side = 0; side < 2; side++) {
            double a[2], b[2];
            now(a);
            if (side)
                run_ck(input, args, threads);
            else
                bare(threads);
            now(b);
            for (int k = 0; k < 2; k++)
                t[side][k][i] = (b[k] - a[k]) * 1e3 / FRAMES;
        }
    }
    for (int i = 0; i < 4; i++)
        qsort(t[i / 2][i % 2], TURNS, sizeof(double), by_value);
    double m[2][2];
    for (int i = 0; i < 4; i++)
        m[i / 2][i % 2] = t[i / 2][i % 2][TURNS / 2];
    printf("| %s | %d | %.1f | %.1f | %.2f | %.1f | %.1f | %.2f |\n", what, threads, m[0][0], m[1][0],
           m[1][0] / m[0][0], m[0][1], m[1][1], m[1][1] / m[0][1]);
    fflush(stdout);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    dir = bench_folder();
    for (int k = 0; k < DISTINCT; k++)
        make_frame(k);
    write_stream("fg", CK_F32, 3, "srgb", (void **)fg);
    write_stream("processed", CK_F32, 4, "linear", (void **)matted);
    write_stream("comp", CK_U8, 3, "srgb", (void **)comp);
    printf("ck-encode and the bare library calls, %d frames of %d x %d, ms a frame, median of %d turns.\n\n", FRAMES, W,
           H, TURNS);
    printf("| output | threads | bare | ck-encode | ratio | bare CPU | ck-encode CPU | ratio |\n");
    printf("|---|---|---|---|---|---|---|---|\n");
    for (int threads = 1; threads <= 2; threads++) {
        compare("EXR half RGBA, PIZ", "processed", "--processed", "exr", bare_exr, threads);
        compare("PNG 16-bit RGB", "fg", "--fg", "png16", bare_png, threads);
        compare("H.264 from u8 RGB", "comp", "--comp", "mp4", bare_h264, threads);
        compare("ProRes 4444 from f32 RGB", "fg", "--fg", "mov", bare_prores, threads);
    }
    return 0;
}
