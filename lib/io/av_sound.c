#include "io/av_sound.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/av_compat.h"
#include "io/av_io.h"
#include "io/av_load.h"

#define LEAD 1.0 /* seconds: a seek aims this much earlier, to find the packet before the first one */

/* A stream of the file. */
typedef struct track {
    AVStream *to;   /* NULL: it is not copied */
    AVPacket *held; /* the last packet before the video */
    int64_t last;   /* time of the last packet that was written */
    bool alone;     /* each packet can be decoded without the one before */
} track;

struct ck_av_sound {
    ck_av_io io;
    AVFormatContext *fmt;
    AVPacket *next; /* read ahead; its stream index is -1 if there is no packet */
    track *tracks;  /* owned; one for each stream of the file */
    bool edits;     /* the container has edit lists; else it is Matroska */
    bool begun, ended;
    double at;
};

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for sound");
}

static bool is_sound(const AVStream *st)
{
    return st->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && st->codecpar->codec_id != AV_CODEC_ID_NONE;
}

static ck_status open_file(ck_av_sound *s, const char *path, ck_error *e)
{
    ck_status st = ck_av_io_open(path, 0, &s->io, e);
    if (st != CK_OK)
        return st;
    s->fmt = avformat_alloc_context();
    s->next = av_packet_alloc();
    if (!s->fmt || !s->next)
        return no_memory(e);
    s->next->stream_index = -1;
    s->fmt->pb = s->io.pb;
    s->fmt->flags |= AVFMT_FLAG_CUSTOM_IO;
    s->fmt->protocol_whitelist = av_strdup("file");
    int code = avformat_open_input(&s->fmt, path, NULL, NULL);
    if (code >= 0)
        code = avformat_find_stream_info(s->fmt, NULL);
    if (code < 0)
        return ck_fail(e, CK_ERR_FORMAT, "cannot read its sound: %s", av_err2str(code));
    s->tracks = calloc(s->fmt->nb_streams + 1, sizeof *s->tracks);
    if (!s->tracks)
        return no_memory(e);
    bool any = false;
    for (unsigned i = 0; i < s->fmt->nb_streams; i++) {
        any |= is_sound(s->fmt->streams[i]);
        s->fmt->streams[i]->discard = is_sound(s->fmt->streams[i]) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    return any ? CK_OK : ck_fail(e, CK_ERR_FORMAT, "no sound in this file");
}

ck_status ck_av_sound_open(const char *path, ck_av_sound **out, ck_error *e)
{
    *out = NULL;
    ck_status st = ck_av_load(CK_LIBAVFORMAT, e);
    if (st != CK_OK)
        return st;
    ck_av_sound *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(e);
    s->io.fd = s->io.wake = -1;
    st = open_file(s, path, e);
    if (st == CK_OK)
        *out = s;
    else
        ck_av_sound_free(s);
    return st == CK_OK ? st : ck_fail_in(e, st, path);
}

/* Copy the stream's description to a new stream of the container. */
static ck_status add_track(ck_av_sound *s, unsigned i, AVFormatContext *mux, ck_error *e)
{
    const AVStream *from = s->fmt->streams[i];
    track *t = &s->tracks[i];
    t->to = avformat_new_stream(mux, NULL);
    if (!t->to || avcodec_parameters_copy(t->to->codecpar, from->codecpar) < 0)
        return no_memory(e);
    const AVCodecDescriptor *d = avcodec_descriptor_get(from->codecpar->codec_id);
    t->to->codecpar->codec_tag = 0; /* the container's own */
    t->to->time_base = from->time_base;
    t->to->disposition = from->disposition & AV_DISPOSITION_DEFAULT;
    t->last = INT64_MIN;
    t->alone = d && d->props & AV_CODEC_PROP_LOSSLESS;
    const AVDictionaryEntry *language = av_dict_get(from->metadata, "language", NULL, 0);
    if (language && av_dict_set(&t->to->metadata, "language", language->value, 0) < 0)
        return no_memory(e);
    return CK_OK;
}

ck_status ck_av_sound_add(ck_av_sound *s, AVFormatContext *mux, char *note, size_t n, ck_error *e)
{
    ck_status st = CK_OK;
    const char *name = mux->oformat->name;
    *note = 0;
    s->edits = !strcmp(name, "mov") || !strcmp(name, "mp4");
    for (unsigned i = 0; i < s->fmt->nb_streams && st == CK_OK; i++) {
        AVStream *from = s->fmt->streams[i];
        if (!is_sound(from))
            continue;
        enum AVCodecID id = from->codecpar->codec_id;
        if (avformat_query_codec(mux->oformat, id, FF_COMPLIANCE_NORMAL) == 1) {
            st = add_track(s, i, mux, e);
            continue;
        }
        from->discard = AVDISCARD_ALL;
        snprintf(note, n, "sound is left out: %s cannot hold %s: use mov or mkv", name, avcodec_get_name(id));
    }
    return st;
}

void ck_av_sound_begin(ck_av_sound *s, double at)
{
    s->begun = true;
    s->at = at;
    for (unsigned i = 0; i < s->fmt->nb_streams; i++)
        if (s->tracks[i].to && at > 2 * LEAD) {
            double unit = av_q2d(s->fmt->streams[i]->time_base);
            /* If it cannot be sought, it is read from its start. */
            (void)av_seek_frame(s->fmt, (int)i, (int64_t)floor((at - LEAD) / unit), AVSEEK_FLAG_BACKWARD);
            return;
        }
}

bool ck_av_sound_begun(const ck_av_sound *s)
{
    return s->begun;
}

/* Read ahead to a packet of a stream that is copied, with its times in the video. */
static int fetch(ck_av_sound *s)
{
    while (!s->ended && s->next->stream_index < 0) {
        int code = av_read_frame(s->fmt, s->next);
        if (code < 0) {
            s->ended = true;
            s->next->stream_index = -1;
            return code == AVERROR(ENOMEM) ? code : 0;
        }
        AVPacket *p = s->next;
        if (!s->tracks[p->stream_index].to || (p->pts == AV_NOPTS_VALUE && p->dts == AV_NOPTS_VALUE)) {
            av_packet_unref(p);
            p->stream_index = -1;
            continue;
        }
        int64_t shift = llround(s->at / av_q2d(s->fmt->streams[p->stream_index]->time_base));
        p->pts = (p->pts != AV_NOPTS_VALUE ? p->pts : p->dts) - shift;
        p->dts = p->pts; /* sound is not reordered */
    }
    return 0;
}

/* Write a packet; takes its reference. */
static int put(const ck_av_sound *s, track *t, int stream, AVPacket *p, AVFormatContext *mux)
{
    int code = 0;
    if (p->pts > t->last) {
        t->last = p->pts;
        p->pos = -1;
        p->stream_index = t->to->index;
        const AVCodecParameters *par = s->fmt->streams[stream]->codecpar;
        if (CK_AV_MKV_OMITS_DELAY && !s->edits && par->codec_id == AV_CODEC_ID_OPUS)
            p->pts = p->dts += av_rescale_q(par->initial_padding, (AVRational){1, par->sample_rate},
                                            s->fmt->streams[stream]->time_base);
        av_packet_rescale_ts(p, s->fmt->streams[stream]->time_base, t->to->time_base);
        code = av_write_frame(mux, p);
    }
    av_packet_unref(p);
    return code;
}

/* Keep the packet, which ends before the video begins, in case that the next one needs it. */
static int hold(track *t, AVPacket *p)
{
    if (!t->held && !(t->held = av_packet_alloc()))
        return AVERROR(ENOMEM);
    av_packet_unref(t->held);
    av_packet_move_ref(t->held, p);
    return 0;
}

/* Cut off the samples of PCM before time 0. */
static void trim(const AVStream *from, AVPacket *p)
{
    const AVCodecParameters *par = from->codecpar;
    bool pcm = par->codec_id >= AV_CODEC_ID_FIRST_AUDIO && par->codec_id < AV_CODEC_ID_ADPCM_IMA_QT;
    int64_t frame = pcm ? av_get_bits_per_sample(par->codec_id) / 8 * par->ch_layout.nb_channels : 0;
    int64_t bytes = av_rescale_q(-p->pts, from->time_base, (AVRational){1, par->sample_rate}) * frame;
    if (!bytes || bytes >= p->size)
        return;
    p->data += bytes;
    p->size -= (int)bytes;
    p->duration += p->pts;
    p->pts = p->dts = 0;
}

/* True if the samples before time 0 are within the delay of Opus, which every container states. */
static bool is_delay(const AVStream *from, int64_t before)
{
    const AVCodecParameters *par = from->codecpar;
    return par->codec_id == AV_CODEC_ID_OPUS &&
           (double)before * av_q2d(from->time_base) * par->sample_rate <= par->initial_padding + 1;
}

/* Write the packet that was read ahead, or hold or drop it if it is before the video. */
static int take(ck_av_sound *s, AVFormatContext *mux)
{
    AVPacket *p = s->next;
    int stream = p->stream_index, code = 0;
    track *t = &s->tracks[stream];
    bool over = p->pts + p->duration <= 0;
    if (p->pts < 0 && !over)
        trim(s->fmt->streams[stream], p);
    bool early = p->pts < 0;
    bool delayed = early && !over && is_delay(s->fmt->streams[stream], -p->pts);
    if (over && s->edits && !t->alone)
        code = hold(t, p);
    else if (!over && (!early || s->edits || delayed)) {
        if (t->held && t->held->data)
            code = put(s, t, stream, t->held, mux);
        if (code >= 0)
            code = put(s, t, stream, p, mux);
    }
    av_packet_unref(p);
    p->stream_index = -1;
    return code;
}

int ck_av_sound_write(ck_av_sound *s, AVFormatContext *mux, double until)
{
    int code = 0;
    while (s->begun && code >= 0 && (code = fetch(s)) >= 0 && s->next->stream_index >= 0) {
        double unit = av_q2d(s->fmt->streams[s->next->stream_index]->time_base);
        if ((double)s->next->pts * unit >= until)
            break;
        code = take(s, mux);
    }
    return code;
}

void ck_av_sound_free(ck_av_sound *s)
{
    if (!s)
        return;
    for (unsigned i = 0; s->tracks && i < s->fmt->nb_streams; i++)
        av_packet_free(&s->tracks[i].held);
    free(s->tracks);
    av_packet_free(&s->next);
    avformat_close_input(&s->fmt);
    ck_av_io_close(&s->io);
    free(s);
}
