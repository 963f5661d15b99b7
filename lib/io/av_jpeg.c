#include "io/av_jpeg.h"

#include <stdlib.h>
#include <string.h>

#include "io/av_load.h"

#define QUALITY 4 /* libavcodec's scale: 2 is best, 31 worst */

/* BT.601, full range, as JFIF has it; chroma is the mean of four pixels. */
static void to_ycbcr(const uint8_t *planes, int w, int h, const AVFrame *f)
{
    const uint8_t *rgb[3] = {planes, planes + (size_t)w * (size_t)h, planes + 2 * (size_t)w * (size_t)h};
    for (int y = 0; y < h; y += 2)
        for (int x = 0; x < w; x += 2) {
            double sum[3] = {0};
            for (int k = 0; k < 4; k++) {
                int px = x + (k & 1), py = y + (k >> 1);
                size_t at = (size_t)py * (size_t)w + (size_t)px;
                double r = rgb[0][at], g = rgb[1][at], b = rgb[2][at];
                f->data[0][py * f->linesize[0] + px] = (uint8_t)(0.299 * r + 0.587 * g + 0.114 * b + 0.5);
                sum[0] += r / 4;
                sum[1] += g / 4;
                sum[2] += b / 4;
            }
            double luma = 0.299 * sum[0] + 0.587 * sum[1] + 0.114 * sum[2];
            double cb = 128 + (sum[2] - luma) / 1.772, cr = 128 + (sum[0] - luma) / 1.402;
            f->data[1][y / 2 * f->linesize[1] + x / 2] = (uint8_t)(cb < 255 ? cb + 0.5 : 255);
            f->data[2][y / 2 * f->linesize[2] + x / 2] = (uint8_t)(cr < 255 ? cr + 0.5 : 255);
        }
}

static ck_status open_codec(AVCodecContext *c, int w, int h, ck_error *e)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("mjpeg");
    if (!codec)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "this FFmpeg has no JPEG encoder (mjpeg): leave out --report");
    c->width = w;
    c->height = h;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->color_range = AVCOL_RANGE_JPEG;
    c->time_base = (AVRational){1, 25};
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_QSCALE;
    c->global_quality = QUALITY * FF_QP2LAMBDA;
    return avcodec_open2(c, codec, NULL) < 0 ? ck_fail(e, CK_ERR_UNSUPPORTED, "cannot open the JPEG encoder") : CK_OK;
}

static ck_status encode(AVCodecContext *c, AVFrame *f, AVPacket *p, const uint8_t *planes, ck_error *e)
{
    f->format = c->pix_fmt;
    f->color_range = c->color_range;
    f->width = c->width;
    f->height = c->height;
    f->quality = c->global_quality;
    f->pts = 0;
    if (av_frame_get_buffer(f, 0) < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a JPEG picture");
    to_ycbcr(planes, c->width, c->height, f);
    if (avcodec_send_frame(c, f) < 0 || avcodec_send_frame(c, NULL) < 0 || avcodec_receive_packet(c, p) < 0)
        return ck_fail(e, CK_ERR_IO, "cannot encode a JPEG picture of %d x %d", c->width, c->height);
    return CK_OK;
}

ck_status ck_jpeg_encode(const uint8_t *planes, int w, int h, uint8_t **out, size_t *n, ck_error *e)
{
    *out = NULL;
    *n = 0;
    ck_status s = ck_av_load(CK_LIBAVCODEC, e);
    if (s != CK_OK)
        return s;
    AVCodecContext *c = avcodec_alloc_context3(NULL);
    AVFrame *f = av_frame_alloc();
    AVPacket *p = av_packet_alloc();
    s = c && f && p ? open_codec(c, w, h, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for a JPEG picture");
    if (s == CK_OK)
        s = encode(c, f, p, planes, e);
    if (s == CK_OK && !(*out = malloc((size_t)p->size)))
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a JPEG picture");
    if (s == CK_OK) {
        *n = (size_t)p->size;
        memcpy(*out, p->data, *n);
    }
    avcodec_free_context(&c);
    av_frame_free(&f);
    av_packet_free(&p);
    return s;
}
