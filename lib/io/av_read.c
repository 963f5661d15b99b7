/*     file --av_io--> demuxer --packets--> ledger --> decoder --frames--> queue --> ck_video_next
 *                        |                   |                              ^
 *                        +--> declared       +---- what is bad -------------+
 */
#include "io/av_read.h"

#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/av_compat.h"
#include "io/av_declared.h"
#include "io/av_decoder.h"
#include "io/av_io.h"
#include "io/av_ledger.h"
#include "io/av_log.h"
#include "io/whole.h"
#include "stream/frame.h"

/* A header that declares more missing frames than this is not believed: they count as one. */
#define MOST_MISSING 100000

struct ck_video {
    ck_video_how how;
    ck_video_info info;
    ck_av_io io;
    AVFormatContext *fmt;
    AVStream *st;
    AVCodecContext *dec;
    AVPacket *pkt;
    AVFrame *av;
    ck_ledger ledger;
    ck_declared declared;
    bool one_to_one; /* a packet is a frame */
    bool ended;
    bool threaded; /* errors come late: the packet they belong to is not known */
    ck_av_messages demuxer, decoder;
    bool talkative;      /* the decoder also logs errors about good frames */
    ck_error demuxing;   /* why reading stopped before the end, "" if it did not */
    ck_error whole;      /* what the file's structure says is missing */
    ck_video_frame *out; /* owned queue: [first, n) */
    int first, n;
    size_t cap;
    long shown;   /* frames put into the queue */
    bool bad;     /* one of them at least */
    double start; /* seconds, of the first frame; NAN before */
};

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
}

/* Takes av; a copy of `error` when there is one. */
static ck_status put(ck_video *v, AVFrame *av, double pts, const char *error, ck_error *e)
{
    if (v->first == v->n)
        v->first = v->n = 0;
    ck_video_frame *out = ck_grown(v->out, (size_t)v->n, &v->cap, sizeof *out);
    char *copy = error ? strdup(error) : NULL;
    v->out = out ? out : v->out;
    if (!out || (error && !copy)) {
        free(copy);
        av_frame_free(&av);
        return no_memory(e);
    }
    double rate = v->info.rate_num > 0 ? (double)v->info.rate_num / v->info.rate_den : 25;
    if (isnan(pts))
        pts = (double)v->shown / rate;
    else if (isnan(v->start))
        v->start = pts;
    v->out[v->n++] = (ck_video_frame){.av = av, .pts = isnan(v->start) ? pts : pts - v->start, .error = copy};
    v->shown++;
    v->bad = v->bad || error;
    return CK_OK;
}

static double seconds(const ck_video *v, int64_t pts)
{
    return pts == AV_NOPTS_VALUE ? (double)NAN : (double)pts * av_q2d(v->st->time_base);
}

/* Takes the note. */
static ck_status put_bad(ck_video *v, ck_note *note, ck_error *e)
{
    const char *why = note->error ? note->error : "the decoder made no picture of its packet";
    ck_status s = put(v, NULL, seconds(v, note->pts), why, e);
    free(note->error);
    return s;
}

/* The reason why a decoded frame is bad nevertheless, or NULL. */
static const char *verdict(ck_video *v, const AVFrame *av, const ck_note *note, char *buf, size_t n)
{
    char why[300];
    if (note->error)
        snprintf(buf, n, "%s", note->error);
    else if (ck_av_damaged(av))
        snprintf(buf, n, "damaged%s", ck_av_messages_why(&v->decoder, why, sizeof why));
    else if (note->suspect)
        snprintf(buf, n, "it depends on a damaged frame before it");
    else if (v->info.w && (av->width != v->info.w || av->height != v->info.h))
        snprintf(buf, n, "the frame changes size from %dx%d to %dx%d: split the video there", v->info.w, v->info.h,
                 av->width, av->height);
    else
        return NULL;
    return buf;
}

/* An AVIF picture whose stream leaves the place of chroma open has it between the luma samples, as JPEG does. */
static void place_chroma(const ck_video *v, AVFrame *av)
{
    const AVDictionaryEntry *brand = av_dict_get(v->fmt->metadata, "major_brand", NULL, 0);
    if (brand && !strcmp(brand->value, "avif") && av->chroma_location == AVCHROMA_LOC_UNSPECIFIED)
        av->chroma_location = AVCHROMA_LOC_CENTER;
}

/* v->av holds a frame. */
static ck_status accept(ck_video *v, ck_error *e)
{
    AVFrame *av = av_frame_clone(v->av);
    ck_note note = {0}, missing;
    ck_status s = av ? CK_OK : no_memory(e);
    int64_t id = ck_av_number(v->av);
    av_frame_unref(v->av);
    if (!av)
        return s;
    place_chroma(v, av);
    ck_ledger_frame(&v->ledger, id, &note);
    while (s == CK_OK && ck_ledger_overdue(&v->ledger, id, av->pts, &missing))
        s = put_bad(v, &missing, e);
    char text[400];
    const char *error = verdict(v, av, &note, text, sizeof text);
    double pts = seconds(v, av->best_effort_timestamp);
    if (!isnan(pts))
        ck_declared_frame(&v->declared, pts);
    /* Other B frames are never references. */
    if (error && (av->pict_type != AV_PICTURE_TYPE_B || v->talkative))
        ck_ledger_spoil(&v->ledger, id);
    if (error)
        av_frame_free(&av);
    else if (!v->info.first) {
        v->info.first = av;
        v->info.w = av->width;
        v->info.h = av->height;
        v->info.interlaced = ck_av_interlaced(av);
    }
    if (s == CK_OK)
        s = put(v, av, pts, error, e);
    else
        av_frame_free(&av);
    free(note.error);
    return s;
}

/* The decoder failed.  Without frame threads it was the packet just sent. */
static ck_status decoder_failed(ck_video *v, int64_t id, ck_error *e)
{
    char why[300], text[400];
    snprintf(text, sizeof text, "damaged%s", ck_av_messages_why(&v->decoder, why, sizeof why));
    ck_av_messages_clear(&v->decoder);
    if (!v->threaded)
        return ck_ledger_bad(&v->ledger, id, text, e);
    return put(v, NULL, NAN, text, e);
}

static ck_status send(ck_video *v, ck_error *e)
{
    AVPacket *pkt = v->pkt;
    bool shown = !(pkt->flags & AV_PKT_FLAG_DISCARD);
    int64_t id = 0;
    const AVCodecParserContext *parser = av_stream_get_parser(v->st);
    if (parser && (parser->picture_structure == AV_PICTURE_STRUCTURE_TOP_FIELD ||
                   parser->picture_structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD))
        v->one_to_one = v->ledger.strict = false; /* two packets make a frame */
    v->ledger.delay = v->dec->has_b_frames + 1;
    if (shown) {
        id = ck_ledger_sent(&v->ledger, pkt->pts, pkt->flags & AV_PKT_FLAG_KEY);
        if (id < 0)
            return no_memory(e);
    }
    ck_status s = CK_OK;
    if (shown && pkt->flags & AV_PKT_FLAG_CORRUPT)
        s = ck_ledger_bad(&v->ledger, id, "its packet is incomplete", e);
    if (shown && pkt->size == 0)
        s = ck_ledger_bad(&v->ledger, id, "its packet is empty: the frame was dropped when it was recorded", e);
    /* An empty packet would tell the decoder that the stream is over. */
    if (s != CK_OK || pkt->size == 0)
        return s;
    ck_av_set_number(v->dec, pkt, id);
    int r = avcodec_send_packet(v->dec, pkt);
    bool said = !v->talkative && ck_av_messages_said(&v->decoder);
    if (v->talkative && r >= 0)
        ck_av_messages_clear(&v->decoder);
    return said || (r < 0 && r != AVERROR_EOF) ? decoder_failed(v, id, e) : CK_OK;
}

/* One packet of our stream into the decoder, or the news that there are none left. */
static ck_status feed(ck_video *v, ck_error *e)
{
    char why[300];
    int r;
    while ((r = av_read_frame(v->fmt, v->pkt)) >= 0) {
        bool ours = v->pkt->stream_index == v->st->index;
        ck_declared_packet(&v->declared, v->fmt->streams[v->pkt->stream_index], v->pkt, ours);
        ck_status s = ours ? send(v, e) : CK_OK;
        av_packet_unref(v->pkt);
        if (ours)
            return s;
    }
    if (v->io.status != CK_OK) {
        *e = v->io.error;
        return v->io.status;
    }
    if (r != AVERROR_EOF || ck_av_messages_said(&v->demuxer))
        ck_fail(&v->demuxing, CK_ERR_FORMAT, "cut short or damaged%s",
                ck_av_messages_why(&v->demuxer, why, sizeof why));
    avcodec_send_packet(v->dec, NULL);
    return CK_OK;
}

/* Read the rest of a pipe, which the demuxer does not need: the upstream program may still be writing. */
static void drain(ck_video *v)
{
    uint8_t rest[4096];
    while (avio_read(v->fmt->pb, rest, sizeof rest) > 0)
        ;
    ck_whole_check(-1, v->io.head, v->io.head_bytes, v->io.pos, &v->whole);
}

/* All frames have been decoded: add those that are missing. */
static ck_status conclude(ck_video *v, ck_error *e)
{
    ck_note note;
    ck_status s = CK_OK;
    if (v->io.waits)
        drain(v);
    v->ended = true;
    v->ledger.strict = v->one_to_one;
    while (s == CK_OK && ck_ledger_rest(&v->ledger, &note))
        s = put_bad(v, &note, e);
    ck_error why;
    long missing;
    ck_status found = ck_declared_check(&v->declared, v->io.pos, &missing, &why);
    if (found != CK_OK) {
        if (*v->demuxing.text)
            ck_fail_in(&why, found, v->demuxing.text);
        for (long i = 0; s == CK_OK && i < (missing <= MOST_MISSING ? missing : 1); i++)
            s = put(v, NULL, NAN, why.text, e);
    } else if (*v->demuxing.text) {
        s = s == CK_OK ? put(v, NULL, NAN, v->demuxing.text, e) : s;
    } else if (*v->whole.text && !v->bad) {
        s = s == CK_OK ? put(v, NULL, NAN, v->whole.text, e) : s;
    }
    return s;
}

/* One frame out of the decoder, or one packet into it. */
static ck_status step(ck_video *v, ck_error *e)
{
    int r = avcodec_receive_frame(v->dec, v->av);
    if (r >= 0)
        return accept(v, e);
    if (r == AVERROR(EAGAIN))
        return feed(v, e);
    return r == AVERROR_EOF ? conclude(v, e) : decoder_failed(v, v->ledger.last_id, e);
}

static ck_status open_container(ck_video *v, const char *path, ck_error *e)
{
    char why[300];
    ck_status s = ck_av_io_open(path, v->how.timeout, &v->io, e);
    if (s != CK_OK)
        return s;
    if (v->io.size >= 0 && ck_whole_check(v->io.fd, NULL, 0, v->io.size, &v->whole) != CK_OK && !v->how.keep_going)
        return ck_fail(e, CK_ERR_FORMAT, "%s", v->whole.text);
    ck_av_log_install();
    v->fmt = avformat_alloc_context();
    if (!v->fmt)
        return no_memory(e);
    v->fmt->pb = v->io.pb;
    v->fmt->flags |= AVFMT_FLAG_CUSTOM_IO;
    v->fmt->error_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    /* Playlists may name further files, not the network. */
    v->fmt->opaque = &v->demuxer;
    v->fmt->protocol_whitelist = av_strdup("file");
    int r = avformat_open_input(&v->fmt, path, NULL, NULL); /* the name only helps to tell the format */
    if (r >= 0)
        r = avformat_find_stream_info(v->fmt, NULL);
    if (v->io.status != CK_OK) {
        *e = v->io.error;
        return v->io.status;
    }
    ck_av_messages_why(&v->demuxer, why, sizeof why);
    if (r >= 0) {
        /* Of the messages logged while probing, only this one certainly concerns the pictures. */
        if (!strstr(why, "prematurely"))
            ck_av_messages_clear(&v->demuxer);
        return CK_OK;
    }
    if (v->io.size < 0 && strstr(why, "moov"))
        return ck_fail(
            e, CK_ERR_FORMAT,
            "the index of this MP4 or MOV comes after its pictures, and a pipe cannot go back: name the file "
            "instead, or send nut, mkv or ts");
    return ck_fail(e, CK_ERR_FORMAT, "neither an image nor a video that libav can open (%s)%s", av_err2str(r), why);
}

static ck_status choose_stream(ck_video *v, ck_error *e)
{
    int i = av_find_best_stream(v->fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    v->st = i >= 0 ? v->fmt->streams[i] : NULL;
    if (!v->st || v->st->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return ck_fail(e, CK_ERR_FORMAT, "there is no video in this file");
    return CK_OK;
}

/* Others have failed an assertion of libav when a damaged frame met frame threads (MPEG-4 Part 2, libav 5.1). */
static bool threads_safely(enum AVCodecID id)
{
    return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_VP9 || id == AV_CODEC_ID_VP8;
}

static ck_status open_decoder(ck_video *v, ck_error *e)
{
    char why[300];
    enum AVCodecID id = v->st->codecpar->codec_id;
    ck_status s = ck_av_decoder_new(id, v->st->codecpar, &v->decoder, &v->dec, e);
    if (s != CK_OK)
        return s;
    const AVCodecDescriptor *d = avcodec_descriptor_get(id);
    bool intra = d && d->props & AV_CODEC_PROP_INTRA_ONLY;
    bool slices = v->dec->codec->capabilities & AV_CODEC_CAP_SLICE_THREADS;
    bool frames = v->dec->codec->capabilities & AV_CODEC_CAP_FRAME_THREADS;
    /* Frames in flight cost memory and delay; what stands alone has slices enough. */
    v->threaded = frames && v->how.threads > 1 && !v->how.keep_going && (intra ? !slices : threads_safely(id));
    v->dec->thread_type = v->threaded ? FF_THREAD_FRAME : FF_THREAD_SLICE;
    /* With slice threads the H.264 decoder no longer reports its errors. */
    v->dec->thread_count = v->how.threads > 1 && (intra || !v->how.keep_going) ? v->how.threads : 1;
    ck_av_number_packets(v->dec);
    v->dec->pkt_timebase = v->st->time_base;
    v->one_to_one = intra || id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_MPEG2VIDEO ||
                    id == AV_CODEC_ID_AV1;
    v->talkative = id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC;
    v->ledger.intra = intra;
    v->ledger.strict = v->one_to_one && v->how.keep_going;
    if (avcodec_open2(v->dec, NULL, NULL) < 0)
        return ck_fail(e, CK_ERR_FORMAT, "the %s decoder refuses it%s", avcodec_get_name(id),
                       ck_av_messages_why(&v->decoder, why, sizeof why));
    return CK_OK;
}

static void describe(ck_video *v)
{
    ck_video_info *i = &v->info;
    AVRational rate = av_guess_frame_rate(v->fmt, v->st, NULL);
    AVRational sar = av_guess_sample_aspect_ratio(v->fmt, v->st, NULL);
    const AVDictionaryEntry *tc = av_dict_get(v->st->metadata, "timecode", NULL, 0);
    const int32_t *matrix = ck_av_display_matrix(v->st);
    if (!tc)
        tc = av_dict_get(v->fmt->metadata, "timecode", NULL, 0);
    bool known = rate.num > 0 && rate.den > 0;
    i->rate_num = known ? rate.num : 0;
    i->rate_den = known ? rate.den : 1;
    i->sar_num = sar.num > 0 && sar.den > 0 ? sar.num : 1;
    i->sar_den = sar.num > 0 && sar.den > 0 ? sar.den : 1;
    i->frames = v->declared.frames;
    i->format = v->fmt->iformat->name;
    i->codec = avcodec_get_name(v->dec->codec_id);
    i->timecode = tc ? tc->value : NULL;
    i->turned_oddly = matrix && !ck_orient_from_matrix(matrix, &i->orient);
}

/* Decode until there is a good frame to tell sizes and colours from. */
static ck_status find_first(ck_video *v, ck_error *e)
{
    ck_status s = CK_OK;
    while (s == CK_OK && !v->info.first && !v->ended && (!v->bad || v->how.keep_going))
        s = step(v, e);
    if (s != CK_OK || v->info.first)
        return s;
    return v->bad ? ck_fail(e, CK_ERR_FORMAT, "frame 0: %s", v->out[0].error)
                  : ck_fail(e, CK_ERR_FORMAT, "there is not a single frame in this video");
}

static ck_status open_video(ck_video *v, const char *path, ck_error *e)
{
    v->pkt = av_packet_alloc();
    v->av = av_frame_alloc();
    ck_status s = v->pkt && v->av ? open_container(v, path, e) : no_memory(e);
    if (s == CK_OK)
        s = choose_stream(v, e);
    if (s == CK_OK)
        s = open_decoder(v, e);
    if (s != CK_OK)
        return s;
    ck_declared_read(v->fmt, v->st, &v->declared);
    describe(v);
    return find_first(v, e);
}

ck_status ck_video_open(const char *path, const ck_video_how *how, ck_video **out, ck_error *e)
{
    ck_video *v = calloc(1, sizeof *v);
    *out = NULL;
    if (!v)
        return no_memory(e);
    v->how = *how;
    v->start = NAN;
    v->io.fd = v->io.wake = -1;
    ck_status s = open_video(v, path, e);
    if (s == CK_OK)
        *out = v;
    else
        ck_video_free(v);
    return s;
}

const ck_video_info *ck_video_info_view(const ck_video *v)
{
    return &v->info;
}

ck_status ck_video_next(ck_video *v, ck_video_frame *f, ck_error *e)
{
    ck_status s = CK_OK;
    while (s == CK_OK && v->first == v->n && !v->ended)
        s = step(v, e);
    if (s != CK_OK)
        return s;
    if (v->first == v->n)
        return CK_END;
    *f = v->out[v->first++];
    return CK_OK;
}

void ck_video_frame_free(ck_video_frame *f)
{
    av_frame_free(&f->av);
    free(f->error);
    f->error = NULL;
}

void ck_video_cancel(ck_video *v)
{
    ck_av_io_cancel(&v->io);
}

void ck_video_free(ck_video *v)
{
    if (!v)
        return;
    while (v->first < v->n)
        ck_video_frame_free(&v->out[v->first++]);
    free(v->out);
    ck_ledger_free(&v->ledger);
    av_packet_free(&v->pkt);
    av_frame_free(&v->av);
    avcodec_free_context(&v->dec);
    avformat_close_input(&v->fmt);
    ck_av_io_close(&v->io);
    free(v);
}
