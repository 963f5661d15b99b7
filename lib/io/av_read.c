/* The way of packets and frames:
 *
 *     file --av_io--> demuxer --packets--> ledger --> decoder --frames--> queue --judged--> ck_video_next
 *                        |                   |                              ^
 *                        +--> declared       +---- bad packets -------------+ */
#include "io/av_read.h"

#include <libavutil/display.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/av_compat.h"
#include "io/av_decoder.h"
#include "io/av_inside.h"
#include "io/av_reference.h"
#include "io/av_seek.h"
#include "io/whole.h"
#include "stream/frame.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
}

/* Put a frame, good or bad, at its place.  pts: in ticks of the file.  Takes ownership of av. */
static ck_status put(ck_video *v, AVFrame *av, int64_t pts, const ck_note *note, const char *error, ck_error *e)
{
    if (!ck_seek_expects(v, av, pts, error)) {
        av_frame_free(&av);
        return CK_OK;
    }
    ck_status s = ck_av_queue_put(&v->queue, av, ck_video_seconds(v, pts), note, error, e);
    if (v->base < 0 && note && note->key && note->group == v->ledger.start + 1)
        v->base = v->queue.shown - 1;
    return s;
}

/* Put a bad frame for a packet that gave none.  Takes ownership of the note. */
static ck_status put_bad(ck_video *v, ck_note *note, ck_error *e)
{
    const char *why = note->error ? note->error : "the decoder made no frame of its packet";
    ck_status s = CK_OK;
    if (note->orphan) {
        v->orphans += !v->sought; /* after a seek they are leading pictures, not at the start of the stream */
    } else {
        ck_ledger_spoil(&v->ledger, note);
        s = put(v, NULL, note->pts, note, why, e);
    }
    free(note->error);
    return s;
}

/* The reason why a decoded frame is bad, its references apart, or NULL. */
static const char *verdict(ck_video *v, const AVFrame *av, const ck_note *note, char *buf, size_t n)
{
    char why[300];
    if (note->error)
        snprintf(buf, n, "%s", note->error);
    else if (ck_av_damaged(av))
        snprintf(buf, n, "damaged%s", ck_av_messages_why(&v->decoder, why, sizeof why));
    else
        return NULL;
    return buf;
}

/* Chroma of an AVIF picture without a stated location is centred, as in JPEG. */
static void place_chroma(const ck_video *v, AVFrame *av)
{
    const AVDictionaryEntry *brand = av_dict_get(v->fmt->metadata, "major_brand", NULL, 0);
    if (brand && !strcmp(brand->value, "avif") && av->chroma_location == AVCHROMA_LOC_UNSPECIFIED)
        av->chroma_location = AVCHROMA_LOC_CENTER;
}

/* True if an orphan's frame must be left out: it refers to frames before the start of the stream. */
static bool left_out(ck_video *v, const AVFrame *av, const ck_note *note, const char *error)
{
    bool alone = av->pict_type == AV_PICTURE_TYPE_I || av->pict_type == AV_PICTURE_TYPE_NONE;
    if (!note->orphan || (!error && note->leading))
        return false; /* decoders output leading pictures only when they can be decoded */
    if (error || !alone) {
        v->orphans += !v->sought;
        return true;
    }
    ck_ledger_begin(&v->ledger, note);
    return false;
}

static ck_status put_frame(ck_video *v, AVFrame *av, const ck_note *note, ck_error *e)
{
    char text[400];
    const char *error = verdict(v, av, note, text, sizeof text);
    bool intra = av->pict_type == AV_PICTURE_TYPE_I || av->pict_type == AV_PICTURE_TYPE_NONE;
    if (left_out(v, av, note, error)) {
        av_frame_free(&av);
        return CK_OK;
    }
    int64_t pts = av->best_effort_timestamp;
    if (pts != AV_NOPTS_VALUE)
        ck_declared_frame(&v->declared, ck_video_seconds(v, pts));
    if (error)
        ck_ledger_spoil(&v->ledger, note);
    if (note->key && !intra)
        ck_ledger_refresh(&v->ledger, note);
    if ((unsigned)v->st->index < v->n_tags)
        ck_av_tags_fill(&v->tags[v->st->index], av);
    if (error)
        av_frame_free(&av);
    return put(v, av, pts, note, error, e);
}

/* Put a picture without a packet.  Takes ownership of av. */
static ck_status put_second(ck_video *v, AVFrame *av, ck_error *e)
{
    int64_t pts = av->best_effort_timestamp;
    av_frame_free(&av);
    return put(v, NULL, pts, NULL, "damaged: a second frame of one packet", e);
}

/* Accept the frame in v->av. */
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
    bool second = !ck_ledger_frame(&v->ledger, id, &note) && v->one_to_one && id > 0;
    while (s == CK_OK && ck_ledger_overdue(&v->ledger, id, av->pts, &missing))
        s = put_bad(v, &missing, e);
    if (s == CK_OK)
        s = second ? put_second(v, av, e) : put_frame(v, av, &note, e);
    else
        av_frame_free(&av);
    free(note.error);
    return s;
}

/* Check the frame's references and its size. */
static ck_status judge(ck_video *v, ck_queued *x, ck_error *e)
{
    char text[200] = "";
    AVFrame *av = x->av;
    if (x->error)
        v->bad = true;
    if (!av)
        return CK_OK;
    if (ck_ledger_suspect(&v->ledger, &x->note))
        snprintf(text, sizeof text, "it depends on an earlier damaged frame");
    else if (v->info.w && (av->width != v->info.w || av->height != v->info.h))
        snprintf(text, sizeof text, "frame size changed in mid-stream, from %dx%d to %dx%d: split the video", v->info.w,
                 v->info.h, av->width, av->height);
    else if (!v->info.w && !ck_seek_accepts(v, av))
        snprintf(text, sizeof text, "its frame size is not that of the stream");
    if (*text && v->sought && ck_seek_wants(v, x->index))
        v->lost = "a frame is damaged";
    if (*text) {
        v->bad = true;
        av_frame_free(&x->av);
        x->error = strdup(text);
        return x->error ? CK_OK : no_memory(e);
    }
    if (!v->info.first) {
        v->info.first = av;
        v->info.first_index = x->index;
        v->info.w = av->width;
        v->info.h = av->height;
        v->info.interlaced = ck_av_interlaced(av);
        if ((unsigned)v->st->index < v->n_tags)
            ck_av_tags_differ(&v->tags[v->st->index], av, v->info.differ, sizeof v->info.differ);
    }
    return CK_OK;
}

/* Judge frames in order, as soon as the fate of their possible references is known. */
static ck_status judge_settled(ck_video *v, ck_error *e)
{
    ck_status s = CK_OK;
    ck_av_queue *q = &v->queue;
    while (s == CK_OK && q->judged < q->n && (v->ended || !ck_ledger_waiting(&v->ledger, q->all[q->judged].note.id)))
        s = judge(v, &q->all[q->judged++], e);
    return s;
}

/* The decoder failed.  Without frame threads the packet just sent is the cause; with them a file is read again without.
 * Its frames so far are good, since threads work ahead of what they have returned. */
static ck_status decoder_failed(ck_video *v, int64_t id, ck_error *e)
{
    char why[300], text[400];
    if (v->threaded && !v->io.waits) {
        v->alone = true;
        v->lost = "a packet is damaged";
        return CK_OK;
    }
    snprintf(text, sizeof text, "damaged%s", ck_av_messages_why(&v->decoder, why, sizeof why));
    ck_av_messages_clear(&v->decoder);
    if (!id)
        ck_ledger_gap(&v->ledger);
    if (!v->threaded)
        return ck_ledger_bad(&v->ledger, id, text, e);
    return put(v, NULL, AV_NOPTS_VALUE, NULL, text, e);
}

/* True before the first key packet: decoders of keyed formats cannot start there. */
static bool headless(const ck_video *v)
{
    return v->keyed && v->ledger.group == v->ledger.start;
}

/* The packet's presentation time, or none.  In a stream that reorders frames but stores one order only (an AVI copied
 * into MP4), the times are wrong. */
static int64_t shown_at(ck_video *v)
{
    const AVPacket *pkt = v->pkt;
    if (pkt->dts == AV_NOPTS_VALUE || pkt->pts != pkt->dts)
        v->reordered = true;
    return v->dec->has_b_frames && !v->reordered ? AV_NOPTS_VALUE : pkt->pts;
}

static ck_status enter(ck_video *v, bool incomplete, int64_t *id, ck_error *e)
{
    AVPacket *pkt = v->pkt;
    const AVCodecParserContext *parser = av_stream_get_parser(v->st);
    enum AVPictureType type = parser ? (enum AVPictureType)parser->pict_type : AV_PICTURE_TYPE_NONE;
    if (parser && (parser->picture_structure == AV_PICTURE_STRUCTURE_TOP_FIELD ||
                   parser->picture_structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD))
        v->one_to_one = v->ledger.strict = false; /* two packets make a frame */
    v->ledger.delay = v->dec->has_b_frames + 1;
    *id = ck_ledger_sent(&v->ledger, shown_at(v), pkt->flags & AV_PKT_FLAG_KEY,
                         ck_av_is_reference(v->st->codecpar, pkt, type));
    if (*id < 0)
        return no_memory(e);
    ck_status s = CK_OK;
    if (incomplete)
        s = ck_ledger_bad(&v->ledger, *id, "its packet is incomplete", e);
    if (pkt->size == 0)
        s = ck_ledger_bad(&v->ledger, *id, "its packet is empty: the frame was dropped in recording", e);
    return s;
}

/* True if the decoder reported damage, other than missing references at a start inside a group.  With threads the
 * message may concern any of the latest packets. */
static bool damage_said(ck_video *v)
{
    long around = v->threaded ? 2L * v->how.threads + 16 : 0;
    return ck_av_messages_damage(&v->decoder) &&
           (!v->ledger.last_orphan || v->ledger.last_id - v->ledger.last_orphan > around);
}

static ck_status send(ck_video *v, bool incomplete, ck_error *e)
{
    AVPacket *pkt = v->pkt;
    bool shown = !(pkt->flags & AV_PKT_FLAG_DISCARD);
    int64_t id = 0;
    if (!shown)
        ck_ledger_hidden(&v->ledger, pkt->pts, pkt->flags & AV_PKT_FLAG_KEY);
    ck_status s = shown && (pkt->size || v->declared.slots < 0) ? enter(v, incomplete, &id, e) : CK_OK;
    /* An empty packet would tell the decoder that the stream has ended. */
    if (s != CK_OK || pkt->size == 0 || headless(v))
        return s;
    ck_av_set_number(v->dec, pkt, id);
    int r = avcodec_send_packet(v->dec, pkt);
    bool said = v->talkative ? damage_said(v) : ck_av_messages_said(&v->decoder);
    if (v->talkative && r >= 0 && !said)
        ck_av_messages_clear(&v->decoder);
    return said || (r < 0 && r != AVERROR_EOF) ? decoder_failed(v, id, e) : CK_OK;
}

static void say_jump(ck_video *v)
{
    char text[200];
    snprintf(text, sizeof text,
             "timestamps jump from %.3f s to %.3f s, as in joined recordings: continued without a gap", v->packets.from,
             v->packets.to);
    ck_video_say(v, false, text);
}

/* Send one packet of our stream to the decoder, or the end of the stream. */
static ck_status feed(ck_video *v, ck_error *e)
{
    char why[300];
    bool incomplete = false;
    int r = v->landed ? 0 : ck_packets_next(&v->packets, v->pkt, &incomplete);
    v->landed = false;
    if (!ck_seek_follows(v, r, incomplete)) {
        av_packet_unref(v->pkt);
        return CK_OK;
    }
    if (r == 0) {
        /* The demuxer resynchronised after damage. */
        if (!v->gap && ck_av_messages_said(&v->demuxer)) {
            v->gap = true;
            ck_ledger_gap(&v->ledger);
        }
        ck_status s = send(v, incomplete, e);
        av_packet_unref(v->pkt);
        return s;
    }
    if (v->io.status != CK_OK) {
        *e = v->io.error;
        return v->io.status;
    }
    v->joint = r == CK_PACKETS_JUMP;
    if (v->joint)
        say_jump(v);
    else if (r != AVERROR_EOF || ck_av_messages_said(&v->demuxer))
        ck_fail(&v->demuxing, CK_ERR_FORMAT, "cut short or damaged%s",
                ck_av_messages_why(&v->demuxer, why, sizeof why));
    avcodec_send_packet(v->dec, NULL);
    return CK_OK;
}

/* Read the rest of a pipe that the demuxer does not need: the upstream program may still be writing. */
static void drain(ck_video *v)
{
    uint8_t rest[4096];
    while (avio_read(v->fmt->pb, rest, sizeof rest) > 0)
        ;
    ck_whole_check(-1, v->io.head, v->io.head_bytes, v->io.pos, &v->whole);
}

/* Put bad frames for the packets that gave none. */
static ck_status put_rest(ck_video *v, ck_error *e)
{
    ck_note note;
    ck_status s = CK_OK;
    v->ledger.strict = v->one_to_one;
    while (s == CK_OK && ck_ledger_rest(&v->ledger, &note))
        s = put_bad(v, &note, e);
    return s;
}

/* Start again with a joined stream; the decoder has been drained. */
static ck_status restart(ck_video *v, ck_error *e)
{
    ck_status s = put_rest(v, e);
    v->joint = false;
    avcodec_flush_buffers(v->dec);
    ck_ledger_restart(&v->ledger);
    return s;
}

/* Put bad frames for declared frames that are missing, or for the reason why the video is incomplete. */
static ck_status put_missing(ck_video *v, ck_error *e)
{
    ck_error why;
    long missing;
    ck_av_queue *q = &v->queue;
    ck_status s = CK_OK, found = ck_declared_check(&v->declared, v->io.pos, &missing, &why);
    if (found != CK_OK) {
        if (*v->demuxing.text)
            ck_fail_in(&why, found, v->demuxing.text);
        for (long i = 0; s == CK_OK && i < (missing <= CK_MOST_MISSING ? missing : 1); i++)
            s = ck_av_queue_put(q, NULL, NAN, NULL, why.text, e);
    } else if (*v->demuxing.text) {
        s = ck_av_queue_put(q, NULL, NAN, NULL, v->demuxing.text, e);
    } else if (*v->whole.text && (!v->bad || q->shown < v->declared.slots)) {
        do
            s = ck_av_queue_put(q, NULL, NAN, NULL, v->whole.text, e);
        while (s == CK_OK && q->shown < v->declared.slots && v->declared.slots <= CK_MOST_MISSING);
    } else if (!*v->whole.text && v->declared.slots <= CK_MOST_MISSING) {
        while (s == CK_OK && q->shown && q->shown < v->declared.slots)
            s = ck_av_queue_repeat(q, e);
    }
    return s;
}

static void say_counts(const ck_video *v)
{
    char text[200];
    snprintf(text, sizeof text, "%ld frames refer to frames before the start of the stream: discarded", v->orphans);
    if (v->orphans)
        ck_video_say(v, false, text);
    snprintf(text, sizeof text, "%ld frames were dropped in recording: each repeats the previous one",
             v->queue.repeated);
    if (v->queue.repeated)
        ck_video_say(v, true, text);
}

/* Finish after all frames have been decoded. */
static ck_status conclude(ck_video *v, ck_error *e)
{
    if (v->io.waits)
        drain(v);
    ck_status s = put_rest(v, e);
    v->ended = true;
    if (s == CK_OK)
        s = judge_settled(v, e);
    /* Messages of threads that finished after the last packet was sent. */
    if (s == CK_OK && v->threaded && v->talkative && damage_said(v))
        s = decoder_failed(v, v->ledger.last_id, e);
    if (v->lost)
        return s;
    if (s == CK_OK)
        s = put_missing(v, e);
    say_counts(v);
    return s;
}

/* Receive one frame from the decoder, or send it one packet. */
static ck_status step(ck_video *v, ck_error *e)
{
    int r = avcodec_receive_frame(v->dec, v->av);
    ck_status s = r >= 0                 ? accept(v, e)
                  : r == AVERROR(EAGAIN) ? feed(v, e)
                  : r != AVERROR_EOF     ? decoder_failed(v, v->ledger.last_id, e)
                  : v->joint             ? restart(v, e)
                                         : conclude(v, e);
    return s == CK_OK ? judge_settled(v, e) : s;
}

/* Keep the container's own tags of the streams in its header. */
static ck_status keep_tags(ck_video *v, ck_error *e)
{
    v->tags = calloc(v->fmt->nb_streams + 1, sizeof *v->tags);
    if (!v->tags)
        return no_memory(e);
    v->n_tags = v->fmt->nb_streams;
    for (unsigned i = 0; i < v->n_tags; i++)
        v->tags[i] = ck_av_tags_of(v->fmt->streams[i]->codecpar);
    return CK_OK;
}

static ck_status open_container(ck_video *v, ck_error *e)
{
    char why[300];
    ck_status s;
    if (v->io.size >= 0 && ck_whole_check(v->io.fd, NULL, 0, v->io.size, &v->whole) != CK_OK && !v->how.keep_going)
        return ck_fail(e, CK_ERR_FORMAT, "%s: copy it again, or try --keep-going", v->whole.text);
    ck_av_log_install();
    v->fmt = avformat_alloc_context();
    if (!v->fmt)
        return no_memory(e);
    v->fmt->pb = v->io.pb;
    v->fmt->flags |= AVFMT_FLAG_CUSTOM_IO;
    v->fmt->error_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    /* Playlists may name further files, but not network addresses. */
    v->fmt->opaque = &v->demuxer;
    v->fmt->protocol_whitelist = av_strdup("file");
    int r = avformat_open_input(&v->fmt, v->path, NULL, NULL); /* the name is a hint for the format only */
    if (r >= 0 && (s = keep_tags(v, e)) != CK_OK)
        return s;
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
        return ck_fail(e, CK_ERR_FORMAT,
                       "an MP4 or MOV with its index at the end cannot be read from a pipe: name the file, or send "
                       "nut, mkv or ts");
    if (v->io.pos == 0 && (v->io.waits || v->io.size == 0))
        return ck_fail(e, CK_ERR_FORMAT, "no data came in: see the program or file that it is read from");
    return ck_fail(e, CK_ERR_FORMAT, "neither an image nor a video that libav can open (%s)%s",
                   *why ? why + strlen(": ") : av_err2str(r),
                   strcmp(v->path, "-") ? ": copy the file again, or convert it with ffmpeg" : "");
}

static bool is_cover(const AVStream *st)
{
    return st->disposition & AV_DISPOSITION_ATTACHED_PIC;
}

/* List the video streams except one: "2 (h264 1920x1080), 3 (mjpeg 500x500, cover)". */
static void list_streams(const ck_video *v, const AVStream *but, char *buf, size_t n)
{
    size_t at = 0;
    *buf = 0;
    for (unsigned i = 0; i < v->fmt->nb_streams && at < n; i++) {
        const AVStream *st = v->fmt->streams[i];
        const AVCodecParameters *par = st->codecpar;
        if (st == but || par->codec_type != AVMEDIA_TYPE_VIDEO)
            continue;
        at += (size_t)snprintf(buf + at, n - at, "%s%u (%s %dx%d%s)", at ? ", " : "", i,
                               avcodec_get_name(par->codec_id), par->width, par->height, is_cover(st) ? ", cover" : "");
    }
}

static ck_status choose_stream(ck_video *v, ck_error *e)
{
    int i = v->how.stream >= 0 ? v->how.stream : av_find_best_stream(v->fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    v->st = i >= 0 && (unsigned)i < v->fmt->nb_streams ? v->fmt->streams[i] : NULL;
    bool video = v->st && v->st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    list_streams(v, video ? v->st : NULL, v->info.others, sizeof v->info.others);
    if (v->how.stream >= 0 && !video)
        return ck_fail(e, CK_ERR_ARGUMENT, "stream %d is not a video; video streams: %s", i,
                       *v->info.others ? v->info.others : "none");
    if (!video || (v->how.stream < 0 && is_cover(v->st)))
        return ck_fail(e, CK_ERR_FORMAT, "no video in this file%s", video ? ", only a cover: --stream chooses it" : "");
    v->info.stream = i;
    return CK_OK;
}

/* Codecs whose frame threads survive damaged frames.  Others failed an assertion in libav (MPEG-4 Part 2, libav
 * 5.1). */
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
    /* Frames in flight cost memory and delay; intra-coded formats have enough slices. */
    bool exact = v->how.keep_going || v->alone;
    v->threaded = frames && v->how.threads > 1 && !exact && (intra ? !slices : threads_safely(id));
    v->dec->thread_type = v->threaded ? FF_THREAD_FRAME : FF_THREAD_SLICE;
    /* With slice threads the H.264 decoder does not report its errors. */
    v->dec->thread_count = v->how.threads > 1 && (intra || !exact) ? v->how.threads : 1;
    ck_av_number_packets(v->dec);
    v->dec->pkt_timebase = v->st->time_base;
    v->one_to_one = intra || id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_MPEG2VIDEO ||
                    id == AV_CODEC_ID_AV1;
    v->talkative = id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC;
    v->ledger.intra = intra;
    v->ledger.strict = v->one_to_one;
    v->keyed = !intra && (v->one_to_one || threads_safely(id) || id == AV_CODEC_ID_MPEG4);
    if (avcodec_open2(v->dec, NULL, NULL) < 0)
        return ck_fail(e, CK_ERR_FORMAT, "the %s decoder cannot be opened%s", avcodec_get_name(id),
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
    i->frames = v->declared.slots >= 0 ? v->declared.slots : v->declared.frames;
    i->format = v->fmt->iformat->name;
    i->codec = avcodec_get_name(v->dec->codec_id);
    i->timecode = tc ? tc->value : NULL;
    i->turned_oddly = matrix && !ck_orient_from_matrix(matrix, &i->orient);
}

/* Open up to the first packet. */
static ck_status open_parts(ck_video *v, ck_error *e)
{
    v->base = -1;
    v->pkt = av_packet_alloc();
    v->av = av_frame_alloc();
    ck_status s = v->pkt && v->av ? open_container(v, e) : no_memory(e);
    if (s == CK_OK)
        s = choose_stream(v, e);
    if (s == CK_OK)
        s = open_decoder(v, e);
    if (s != CK_OK)
        return s;
    ck_declared_read(v->fmt, v->st, v->io.fd, &v->declared);
    ck_packets_init(&v->packets, v->fmt, v->st, &v->declared);
    AVRational rate = av_guess_frame_rate(v->fmt, v->st, NULL);
    ck_av_queue_init(&v->queue, rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 25, v->declared.slots >= 0);
    return CK_OK;
}

/* Close all but the byte source, and forget what was decoded. */
static void close_parts(ck_video *v)
{
    ck_av_queue_free(&v->queue);
    free(v->tags);
    ck_packets_free(&v->packets);
    ck_ledger_free(&v->ledger);
    av_packet_free(&v->pkt);
    av_frame_free(&v->av);
    avcodec_free_context(&v->dec);
    avformat_close_input(&v->fmt);
    ck_av_table_free(&v->table);
}

/* Open the file again, to decode from its start; without a table.  The byte source stays. */
static ck_status reopen(ck_video *v, ck_error *e)
{
    close_parts(v);
    /* Workers read `info` meanwhile; only the size is found anew. */
    *v = (ck_video){.how = v->how, .path = v->path, .info = v->info, .io = v->io, .next = v->next, .alone = v->alone};
    v->info.first = NULL;
    v->info.w = v->info.h = 0;
    ck_status s = ck_av_io_rewind(&v->io, e);
    return s == CK_OK ? open_parts(v, e) : s;
}

/* Decoding contradicts the table: go back, at last to the start. */
static ck_status give_up(ck_video *v, ck_error *e)
{
    bool threads = v->alone && v->threaded;
    return !threads && ck_seek_retry(v) ? CK_OK : reopen(v, e);
}

/* Let the decoder tell how many frames are shown before the first key packet's. */
static ck_status find_base(ck_video *v, ck_error *e)
{
    ck_av_table table = v->table;
    ck_declared listed = v->listed;
    v->table = (ck_av_table){0};
    ck_status s = reopen(v, e);
    v->table = table;
    v->listed = listed;
    while (s == CK_OK && v->base < 0 && !v->ended)
        s = step(v, e);
    if (s == CK_OK && v->base < 0)
        v->lost = "it starts with damaged frames";
    return s;
}

static ck_status prepare_seek(ck_video *v, ck_error *e)
{
    ck_status s = ck_seek_list(v, e);
    if (s == CK_OK && v->table.led && !v->lost)
        s = find_base(v, e);
    if (s == CK_OK && v->table.n && !v->lost)
        ck_seek_begin(v);
    return s == CK_OK && v->lost ? give_up(v, e) : s;
}

ck_status ck_video_skip(ck_video *v, long index, ck_error *e)
{
    ck_seek_to(v, index);
    return v->lost ? give_up(v, e) : CK_OK;
}

/* Decode up to the first good frame, for its size and colour tags. */
static ck_status find_first(ck_video *v, ck_error *e)
{
    ck_status s = CK_OK;
    while (s == CK_OK && !v->info.first && !v->ended && (!v->bad || v->how.keep_going)) {
        s = step(v, e);
        if (s == CK_OK && v->lost)
            s = give_up(v, e);
    }
    if (s != CK_OK || v->info.first)
        return s;
    return v->bad ? ck_fail(e, CK_ERR_FORMAT, "frame 0: %s", v->queue.all[0].error)
                  : ck_fail(e, CK_ERR_FORMAT, "no frame in this video%s",
                            v->orphans ? " that can be decoded without frames before its start" : "");
}

static ck_status open_video(ck_video *v, ck_error *e)
{
    ck_status s = ck_av_io_open(v->path, v->how.timeout, &v->io, e);
    if (s == CK_OK)
        s = open_parts(v, e);
    if (s != CK_OK)
        return s;
    describe(v);
    if (v->how.skips)
        s = prepare_seek(v, e);
    return s == CK_OK ? find_first(v, e) : s;
}

ck_status ck_video_open(const char *path, const ck_video_how *how, ck_video **out, ck_error *e)
{
    *out = NULL;
    ck_status loaded = ck_av_load(CK_LIBAVFORMAT, e);
    if (loaded != CK_OK)
        return loaded;
    ck_video *v = calloc(1, sizeof *v);
    if (!v)
        return no_memory(e);
    v->how = *how;
    v->io.fd = v->io.wake = -1;
    v->path = strdup(path);
    ck_status s = v->path ? open_video(v, e) : no_memory(e);
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

/* Decode until a frame is there whose index is at least v->next, or the end has come. */
static ck_status find_next(ck_video *v, ck_error *e)
{
    ck_status s = CK_OK;
    ck_av_queue *q = &v->queue;
    for (;;) {
        while (s == CK_OK && q->first == q->judged && !v->ended && !v->lost)
            s = step(v, e);
        if (s == CK_OK && v->lost)
            s = give_up(v, e);
        else if (s != CK_OK || q->first == q->n || q->all[q->first].index >= v->next)
            return s;
        else
            ck_av_queue_drop(q);
    }
}

ck_status ck_video_next(ck_video *v, ck_video_frame *f, ck_error *e)
{
    ck_status s = find_next(v, e);
    ck_av_queue *q = &v->queue;
    if (s != CK_OK)
        return s;
    if (q->first == q->n)
        return CK_END;
    const ck_queued *next = &q->all[q->first++];
    *f = (ck_video_frame){.av = next->av, .pts = next->pts, .error = next->error, .index = next->index};
    v->next = next->index + 1;
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
    close_parts(v);
    ck_av_io_close(&v->io);
    free(ck_drop_const(v->path));
    free(v);
}
