#include "io/av_write.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/outfile.h"
#include "io/av_compat.h"
#include "io/av_load.h"
#include "io/av_segment.h"
#include "io/av_sound.h"
#include "stream/fdio.h"

#define BUFFER (1 << 18) /* bytes between libavformat and the file */
#define CLOCK 90000      /* least ticks per second (if the rate allows), as in a transport stream */
#define ROUNDED 0.0011   /* seconds: rounding of a frame's time and of the first one's, to milliseconds */

struct ck_av_writer {
    AVFormatContext *mux;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    ck_outfile file; /* fd is -1 for standard output */
    double timeout;
    int64_t step; /* ticks per frame */
    int64_t last; /* time of the last frame in ticks; -step before the first */
    int64_t end;  /* time in ticks at which the last frame ends */
    ck_av_sound *sound;
    double sound_start;
    char note[200];   /* of ck_av_note */
    ck_status broken; /* first failed write; libavformat may not report it */
    ck_error why;
    bool segment;    /* packets go to a segment, not to `mux` */
    int in_place;    /* of a segment that stays if it is not finished; else -1 */
    struct waiting { /* frames whose packets the encoder has not given yet */
        int64_t pts, number;
        bool failed;
    } * waiting;
    size_t n_waiting, cap_waiting;
};

enum AVColorTransferCharacteristic ck_av_transfer(const char *encoding)
{
    static const struct {
        const char *name;
        enum AVColorTransferCharacteristic code;
    } ours[] = {{"srgb", AVCOL_TRC_IEC61966_2_1}, {"pq", AVCOL_TRC_SMPTE2084}, {"hlg", AVCOL_TRC_ARIB_STD_B67}};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcmp(encoding, ours[i].name))
            return ours[i].code;
    int code = av_color_transfer_from_name(encoding);
    return code > 0 ? (enum AVColorTransferCharacteristic)code : AVCOL_TRC_UNSPECIFIED;
}

/* CK_OK, or the error of a libav call or of an earlier write. */
static ck_status check(ck_av_writer *w, int code, const char *what, ck_error *e)
{
    if (w->broken != CK_OK) {
        if (e)
            *e = w->why;
        return w->broken;
    }
    if (code >= 0)
        return CK_OK;
    char text[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(code, text, sizeof text);
    return ck_fail(e, code == AVERROR(ENOMEM) ? CK_ERR_MEMORY : CK_ERR_IO, "cannot %s: %s", what, text);
}

static int write_bytes(void *opaque, ck_av_written *data, int n)
{
    ck_av_writer *w = opaque;
    if (w->broken != CK_OK)
        return AVERROR(EIO);
    if (w->file.fd >= 0) {
        w->broken = ck_outfile_write(&w->file, data, (size_t)n, &w->why);
    } else {
        struct iovec v = ck_iovec(data, (size_t)n);
        w->broken = ck_fd_writev(STDOUT_FILENO, &v, 1, w->timeout, &w->why);
    }
    return w->broken == CK_OK ? n : AVERROR(EIO);
}

static int64_t seek(void *opaque, int64_t offset, int whence)
{
    ck_av_writer *w = opaque;
    if (whence == AVSEEK_SIZE)
        return AVERROR(ENOSYS);
    off_t at = lseek(w->file.fd, offset, whence);
    return at < 0 ? AVERROR(errno) : at;
}

/* A regular file can be rewritten at its start; a pipe or device cannot. */
static ck_status open_output(ck_av_writer *w, const char *path, ck_error *e)
{
    bool seekable = false;
    if (path) {
        ck_status s = ck_outfile_open(&w->file, path, e);
        if (s != CK_OK)
            return s;
        seekable = lseek(w->file.fd, 0, SEEK_CUR) >= 0;
    }
    uint8_t *buffer = av_malloc(BUFFER);
    w->mux->pb = buffer ? avio_alloc_context(buffer, BUFFER, 1, w, NULL, write_bytes, seekable ? seek : NULL) : NULL;
    if (!w->mux->pb) {
        av_free(buffer);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a video file");
    }
    return CK_OK;
}

/* Labels, and what else does not depend on the codec's own options. */
static void describe(AVCodecContext *c, const ck_av_spec *spec)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(spec->format);
    bool yuv = d->nb_components > 2 && !(d->flags & AV_PIX_FMT_FLAG_RGB);
    c->width = spec->w;
    c->height = spec->h;
    c->pix_fmt = spec->format;
    c->sample_aspect_ratio = (AVRational){spec->sar_num, spec->sar_den};
    c->thread_count = spec->threads;
    c->color_primaries = spec->primaries;
    c->color_trc = spec->transfer;
    c->colorspace = spec->matrix;
    if (spec->codec == CK_AV_RAW)
        return;
    c->color_range = yuv ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
    c->chroma_sample_location = yuv && d->log2_chroma_w ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_UNSPECIFIED;
    if (ck_av_coding_of(spec->codec)->intra)
        c->thread_type = FF_THREAD_SLICE;
    if (spec->codec == CK_AV_FFV1 && spec->w >= 640 && spec->h >= 360)
        c->slices = 16; /* threads that a frame can use */
    /* Players on Apple's systems require this tag. */
    if (spec->codec == CK_AV_HEVC && (!strcmp(spec->container, "mov") || !strcmp(spec->container, "mp4")))
        c->codec_tag = MKTAG('h', 'v', 'c', '1');
}

/* Open the encoder; all options must be its own. */
static ck_status start_codec(ck_av_writer *w, const AVCodec *codec, const ck_av_spec *spec, ck_error *e)
{
    AVDictionary *opts = NULL;
    bool alpha = av_pix_fmt_desc_get(spec->format)->flags & AV_PIX_FMT_FLAG_ALPHA, own;
    ck_status s = ck_av_codec_options(spec->codec, spec->args, spec->threads, alpha, &opts, &own, e);
    int quantiser = ck_av_coding_of(spec->codec)->quantiser;
    if (quantiser && !own) {
        /* Without a fixed quantiser, each slice is tried at every one, for a target size instead of a quality. */
        w->codec->flags |= AV_CODEC_FLAG_QSCALE;
        w->codec->global_quality = quantiser * FF_QP2LAMBDA;
    }
    if (s == CK_OK)
        s = check(w, avcodec_open2(w->codec, codec, &opts), "start the encoder", e);
    const AVDictionaryEntry *left = av_dict_get(opts, "", NULL, AV_DICT_IGNORE_SUFFIX);
    if (s == CK_OK && left && spec->args && strstr(spec->args, left->key))
        s = ck_fail(e, CK_ERR_ARGUMENT, "--video-args: the encoder %s has no option '%s'", codec->name, left->key);
    av_dict_free(&opts);
    return s;
}

static ck_status open_codec(ck_av_writer *w, const ck_av_spec *spec, ck_error *e)
{
    const ck_av_coding *k = ck_av_coding_of(spec->codec);
    const AVCodec *codec = avcodec_find_encoder_by_name(k->encoder);
    if (!codec)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "this machine's libavcodec has no encoder %s: %s", k->encoder, k->remedy);
    AVCodecContext *c = w->codec = avcodec_alloc_context3(codec);
    if (!c)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for an encoder");
    c->framerate = (AVRational){spec->rate_num, spec->rate_den};
    /* The time base divides a frame's duration and is fine enough for other times. */
    int ticks = spec->rate_num < CLOCK ? CLOCK / spec->rate_num : 1;
    c->time_base = (AVRational){1, spec->rate_num * ticks};
    w->step = (int64_t)spec->rate_den * ticks;
    w->last = -w->step;
    describe(c, spec);
    if (w->mux->oformat->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    return start_codec(w, codec, spec, e);
}

/* Metadata of container and stream; a libav code. */
static int set_tags(ck_av_writer *w, const ck_av_spec *spec)
{
    int code = 0;
    for (size_t i = 0; spec->tags && i < spec->tags->n && code >= 0; i++)
        code = av_dict_set(&w->mux->metadata, spec->tags->pairs[i].key, spec->tags->pairs[i].value, 0);
    const char *reel = spec->tags ? ck_meta_get(spec->tags, "reel_name") : NULL;
    if (code >= 0 && spec->timecode)
        code = av_dict_set(&w->stream->metadata, "timecode", spec->timecode, 0);
    if (code >= 0 && spec->timecode && reel) /* MOV keeps it beside the timecode */
        code = av_dict_set(&w->stream->metadata, "reel_name", reel, 0);
    if (code >= 0 && spec->format == AV_PIX_FMT_YUVA420P) /* libavformat 59 does not see it in the format */
        code = av_dict_set(&w->stream->metadata, "alpha_mode", "1", 0);
    return code;
}

/* Sound that cannot be read does not stop the video: segments may be joined where its file is not. */
static ck_status open_sound(ck_av_writer *w, const ck_av_spec *spec, ck_error *e)
{
    if (!spec->sound)
        return CK_OK;
    w->sound_start = spec->sound_start;
    /* libavformat 59 calls FLAC in MP4 an experiment. */
    w->mux->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    ck_error why;
    ck_status s = ck_av_sound_open(spec->sound, &w->sound, &why);
    if (s == CK_OK)
        return ck_av_sound_add(w->sound, w->mux, w->note, sizeof w->note, e);
    snprintf(w->note, sizeof w->note, "sound is left out: %.150s", why.text);
    return CK_OK;
}

static ck_status open_stream(ck_av_writer *w, const ck_av_spec *spec, ck_error *e)
{
    w->stream = avformat_new_stream(w->mux, NULL);
    w->frame = av_frame_alloc();
    w->packet = av_packet_alloc();
    if (!w->stream || !w->frame || !w->packet)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a video stream");
    w->stream->time_base = w->codec->time_base;
    w->stream->avg_frame_rate = w->codec->framerate;
    w->stream->sample_aspect_ratio = w->codec->sample_aspect_ratio;
    int code = avcodec_parameters_from_context(w->stream->codecpar, w->codec);
    if (code >= 0)
        code = set_tags(w, spec);
    ck_status s = open_sound(w, spec, e);
    if (s != CK_OK)
        return s;
    /* Otherwise Matroska gets random numbers, and equal videos differ. */
    if (!strcmp(spec->container, "matroska") || !strcmp(spec->container, "webm"))
        w->mux->flags |= AVFMT_FLAG_BITEXACT;
    AVDictionary *opts = NULL;
    /* mov and mp4 keep only a fixed set of keys without this flag. */
    av_dict_set(&opts, "movflags", "use_metadata_tags+write_colr", 0);
    if (code >= 0)
        code = avformat_write_header(w->mux, &opts);
    av_dict_free(&opts);
    return check(w, code, "write the header", e);
}

static ck_status open_writer(const ck_av_spec *spec, ck_av_writer **out, ck_error *e)
{
    av_log_set_level(AV_LOG_QUIET); /* only programs write to stderr */
    *out = NULL;
    ck_status s = ck_av_load(CK_LIBAVFORMAT, e);
    if (s != CK_OK)
        return s;
    ck_av_writer *w = *out = calloc(1, sizeof *w);
    if (!w)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a video file");
    w->file.fd = w->in_place = -1;
    s = check(w, avformat_alloc_output_context2(&w->mux, NULL, spec->container, NULL), "make this container", e);
    return s == CK_OK ? open_codec(w, spec, e) : s;
}

ck_status ck_av_open(const ck_av_spec *spec, const char *path, double timeout, ck_av_writer **out, ck_error *e)
{
    ck_status s = open_writer(spec, out, e);
    if (s != CK_OK)
        return s;
    (*out)->timeout = timeout;
    s = open_output(*out, path, e);
    return s == CK_OK ? open_stream(*out, spec, e) : s;
}

/* Create the segment's file. */
static ck_status open_segment(ck_av_writer *w, const char *path, bool intra, int *fd, ck_error *e)
{
    if (!intra) {
        ck_status s = ck_outfile_open(&w->file, path, e);
        *fd = w->file.fd;
        return s;
    }
    *fd = w->in_place = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return *fd < 0 ? ck_fail_errno(e, "cannot create") : CK_OK;
}

ck_status ck_av_open_segment(const ck_av_spec *spec, const char *path, const char *job, ck_av_writer **out, ck_error *e)
{
    ck_meta about = {0};
    int fd;
    ck_status s = open_writer(spec, out, e);
    if (s == CK_OK)
        s = open_segment(*out, path, ck_av_coding_of(spec->codec)->intra, &fd, e);
    if (s == CK_OK)
        s = ck_segment_describe(spec, job, &about, e);
    if (s == CK_OK)
        s = ck_segment_put_header(fd, &about, e);
    if (*out) {
        (*out)->segment = true;
        (*out)->packet = av_packet_alloc();
        (*out)->frame = av_frame_alloc();
        if (s == CK_OK && (!(*out)->packet || !(*out)->frame))
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a video stream");
    }
    ck_meta_free(&about);
    return s;
}

/* Remember the frame that is sent to the encoder, to find it again when its packet comes. */
static ck_status note_frame(ck_av_writer *w, int64_t pts, const ck_av_stamp *at, ck_error *e)
{
    struct waiting *grown = ck_grown(w->waiting, w->n_waiting, &w->cap_waiting, sizeof *grown);
    if (!grown)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a video stream");
    w->waiting = grown;
    grown[w->n_waiting++] = (struct waiting){pts, at->number, at->failed};
    return CK_OK;
}

static int segment_file(const ck_av_writer *w)
{
    return w->in_place >= 0 ? w->in_place : w->file.fd;
}

/* Write the encoder's packet to the segment, with the number of its frame. */
static ck_status put_packet(ck_av_writer *w, ck_error *e)
{
    const AVPacket *p = w->packet;
    struct waiting of = {.number = -1};
    for (size_t i = 0; i < w->n_waiting; i++)
        if (w->waiting[i].pts == p->pts) {
            of = w->waiting[i];
            w->waiting[i] = w->waiting[--w->n_waiting];
            break;
        }
    ck_segment_packet out = {.flags = (p->flags & AV_PKT_FLAG_KEY ? CK_SEGMENT_KEY : 0) |
                                      (of.failed ? CK_SEGMENT_FAILED : 0),
                             .number = of.number,
                             .pts = p->pts,
                             .dts = p->dts,
                             .duration = w->step,
                             .size = (uint64_t)p->size};
    size_t extra = 0;
    const uint8_t *more = av_packet_get_side_data(p, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, &extra);
    if (!more && (more = av_packet_get_side_data(p, AV_PKT_DATA_NEW_EXTRADATA, &extra)))
        out.flags |= CK_SEGMENT_HEADER;
    out.extra = more ? extra : 0;
    return ck_segment_put(segment_file(w), &out, p->data, more, e);
}

/* Write the sound up to a time in ticks; a libav code. */
static int write_sound(ck_av_writer *w, int64_t until)
{
    return w->sound ? ck_av_sound_write(w->sound, w->mux, (double)until * av_q2d(w->codec->time_base)) : 0;
}

/* Write the packet to the container; a libav code. */
static int mux_packet(ck_av_writer *w)
{
    int64_t end = w->packet->pts + w->step;
    w->end = end > w->end ? end : w->end;
    int code = write_sound(w, w->packet->dts);
    if (code < 0)
        return code;
    av_packet_rescale_ts(w->packet, w->codec->time_base, w->stream->time_base);
    /* Used for the last packet only: others last until the next one. */
    w->packet->duration = av_rescale_q(w->step, w->codec->time_base, w->stream->time_base);
    w->packet->stream_index = w->stream->index;
    return av_write_frame(w->mux, w->packet);
}

/* Write the packets that the encoder has ready. */
static ck_status drain(ck_av_writer *w, ck_error *e)
{
    for (;;) {
        int code = avcodec_receive_packet(w->codec, w->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return check(w, 0, "write", e);
        ck_status s = CK_OK;
        if (code >= 0 && w->segment)
            s = put_packet(w, e);
        else if (code >= 0)
            code = mux_packet(w);
        av_packet_unref(w->packet);
        s = s == CK_OK ? check(w, code, "encode", e) : s;
        if (s != CK_OK)
            return s;
    }
}

ck_status ck_av_packet(ck_av_writer *w, const ck_segment_packet *p, const void *data, ck_error *e)
{
    int code = av_new_packet(w->packet, (int)p->size);
    if (code >= 0) {
        memcpy(w->packet->data, data, p->size);
        enum AVPacketSideDataType kind =
            p->flags & CK_SEGMENT_HEADER ? AV_PKT_DATA_NEW_EXTRADATA : AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL;
        uint8_t *more = p->extra ? av_packet_new_side_data(w->packet, kind, p->extra) : NULL;
        if (more)
            memcpy(more, (const uint8_t *)data + p->size, p->extra);
        else if (p->extra)
            code = AVERROR(ENOMEM);
        w->packet->pts = p->pts;
        w->packet->dts = p->dts;
        w->packet->flags = p->flags & CK_SEGMENT_KEY ? AV_PKT_FLAG_KEY : 0;
        code = code < 0 ? code : mux_packet(w);
        av_packet_unref(w->packet);
    }
    return check(w, code, "write", e);
}

static void release(void *opaque, uint8_t *data)
{
    (void)data;
    ck_buffer_unref(opaque);
}

static int64_t ticks_of(const ck_av_writer *w, double time)
{
    double unit = av_q2d(w->codec->time_base), frame = unit * (double)w->step;
    if (isnan(time) || time > 1e9)
        return w->last + w->step;
    int64_t n = llround(time / frame), at = llround(time / unit);
    if (fabs(time - (double)n * frame) <= ROUNDED)
        at = n * w->step;
    return at > w->last ? at : w->last + 1;
}

ck_status ck_av_frame(ck_av_writer *w, const ck_picture *p, const ck_av_stamp *at, ck_error *e)
{
    AVFrame *f = w->frame;
    f->format = p->format;
    f->width = p->w;
    f->height = p->h;
    f->pts = w->last = ticks_of(w, at->time);
    f->color_range = w->codec->color_range;
    f->color_primaries = w->codec->color_primaries;
    f->color_trc = w->codec->color_trc;
    f->colorspace = w->codec->colorspace;
    f->quality = w->codec->global_quality;
    f->buf[0] = av_buffer_create(p->buf->data, p->buf->size, release, ck_buffer_ref(p->buf), AV_BUFFER_FLAG_READONLY);
    if (!f->buf[0]) {
        ck_buffer_unref(p->buf);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a video frame");
    }
    for (int i = 0; i < 4; i++) {
        f->data[i] = p->size[i] ? (uint8_t *)p->buf->data + p->offset[i] : NULL;
        f->linesize[i] = p->stride[i];
    }
    if (w->sound && !ck_av_sound_begun(w->sound) && !isnan(at->from))
        ck_av_begin(w, at->from);
    ck_status s = w->segment ? note_frame(w, w->last, at, e) : CK_OK;
    int code = s == CK_OK ? avcodec_send_frame(w->codec, f) : 0;
    av_frame_unref(f);
    s = s == CK_OK ? check(w, code, "encode", e) : s;
    return s == CK_OK ? drain(w, e) : s;
}

/* Mark the end of the segment. */
static ck_status end_segment(ck_av_writer *w, ck_error *e)
{
    static const ck_segment_packet end = {.flags = CK_SEGMENT_END};
    ck_status s = ck_segment_put(segment_file(w), &end, "", "", e);
    if (s == CK_OK && w->in_place >= 0 && ck_outfile_syncs() && fsync(w->in_place))
        s = ck_fail_errno(e, "cannot flush to the disk");
    if (s != CK_OK || w->in_place < 0)
        return s;
    bool closed = close(w->in_place) == 0;
    w->in_place = -1;
    return closed ? CK_OK : ck_fail_errno(e, "cannot write");
}

void ck_av_begin(ck_av_writer *w, double from)
{
    if (w->sound)
        ck_av_sound_begin(w->sound, w->sound_start + from);
}

const char *ck_av_note(const ck_av_writer *w)
{
    return w->note;
}

uint64_t ck_av_bytes(const ck_av_writer *w)
{
    int64_t n = w->segment ? lseek(segment_file(w), 0, SEEK_CUR) : avio_seek(w->mux->pb, 0, SEEK_CUR);
    return n > 0 ? (uint64_t)n : 0;
}

ck_status ck_av_finish(ck_av_writer *w, ck_error *e)
{
    ck_status s = check(w, avcodec_send_frame(w->codec, NULL), "finish the encoder", e);
    if (s == CK_OK)
        s = drain(w, e);
    if (s == CK_OK && w->segment) {
        s = end_segment(w, e);
    } else if (s == CK_OK) {
        int code = write_sound(w, w->end);
        if (code >= 0)
            code = av_write_trailer(w->mux);
        avio_flush(w->mux->pb);
        s = check(w, code, "finish the file", e);
    }
    if (s == CK_OK && w->file.fd >= 0)
        s = ck_outfile_commit(&w->file, e);
    return s;
}

void ck_av_free(ck_av_writer *w)
{
    if (!w)
        return;
    w->broken = w->broken == CK_OK ? CK_ERR_CLOSED : w->broken; /* discard buffered data */
    if (w->mux && w->mux->pb) {
        av_freep(&w->mux->pb->buffer);
        avio_context_free(&w->mux->pb);
    }
    ck_av_sound_free(w->sound);
    avformat_free_context(w->mux);
    avcodec_free_context(&w->codec);
    av_frame_free(&w->frame);
    av_packet_free(&w->packet);
    ck_outfile_discard(&w->file);
    if (w->in_place >= 0)
        close(w->in_place);
    free(w->waiting);
    free(w);
}
