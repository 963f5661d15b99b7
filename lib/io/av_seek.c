#include "io/av_seek.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/av_index.h"

/* Attempts to find a packet, and attempts to decode from a key packet.  Each starts at an earlier key packet. */
#define ATTEMPTS 3

/* Codecs with one frame per packet that v->one_to_one does not cover. */
static bool single(enum AVCodecID id)
{
    return id == AV_CODEC_ID_FFV1 || id == AV_CODEC_ID_PNG || id == AV_CODEC_ID_QTRLE;
}

/* The reason why the video cannot be searched, as far as its header tells, or NULL.  Each packet of its codec must give
 * one frame. */
static const char *unfit(const ck_video *v)
{
    if (v->io.size < 0 || !v->io.own)
        return "standard input is not searched";
    if (*v->whole.text)
        return "the file is cut short";
    return v->one_to_one || single(v->dec->codec_id) ? NULL : "not every packet of its codec gives a frame";
}

/* The reason why the packet just read has no place in a table, or NULL. */
static const char *odd(const ck_video *v, bool incomplete)
{
    const AVCodecParserContext *parser = av_stream_get_parser(v->st);
    if (incomplete || v->pkt->flags & AV_PKT_FLAG_CORRUPT)
        return "a packet is damaged";
    if (parser && (parser->picture_structure == AV_PICTURE_STRUCTURE_TOP_FIELD ||
                   parser->picture_structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD))
        return "its packets are fields";
    return v->pkt->size == 0 ? "a packet is empty" : NULL;
}

static bool is_shown(const ck_video *v)
{
    return !(v->pkt->flags & AV_PKT_FLAG_DISCARD);
}

static bool is_key(const ck_video *v)
{
    return v->ledger.intra || v->pkt->flags & AV_PKT_FLAG_KEY;
}

/* The time by which the container's index finds the packet: its presentation time in Matroska, else its decoding
 * time. */
static int64_t seek_time(const ck_video *v)
{
    bool decoding = v->pkt->dts != AV_NOPTS_VALUE && strncmp(v->fmt->iformat->name, "matroska,", 9);
    return decoding ? v->pkt->dts : v->pkt->pts;
}

static ck_status add(ck_video *v, ck_error *e)
{
    ck_av_row row = {.pts = v->pkt->pts,
                     .seek = seek_time(v),
                     .pos = v->pkt->pos,
                     .size = v->pkt->size,
                     .key = is_key(v),
                     .shown = is_shown(v)};
    return ck_av_table_add(&v->table, &row, v->pkt->dts, e);
}

/* True if the packet just read is that of the row.  In a damaged file, another packet may have the same time. */
static bool is_row(const ck_video *v, long row, bool incomplete)
{
    const ck_av_table *t = &v->table;
    const ck_av_row *r = &t->rows[row];
    return v->pkt->pts == r->pts && v->pkt->size == r->size && v->pkt->pos == r->pos && is_shown(v) == r->shown &&
           (t->indexed || is_key(v) == r->key) && !odd(v, incomplete);
}

/* Read packets into the table, until it has all that the last wanted frame needs. */
static ck_status read_rows(ck_video *v, ck_error *e)
{
    ck_av_table *t = &v->table;
    ck_status s = CK_OK;
    int code = 0;
    while (s == CK_OK && !t->unfit && !ck_av_table_covers(t, v->how.cover)) {
        bool incomplete = false;
        code = ck_packets_next(&v->packets, v->pkt, &incomplete);
        if (code)
            break;
        t->unfit = odd(v, incomplete);
        /* In AVI an empty chunk stands for a dropped frame.  It needs no row, because the times show the gap. */
        if (v->pkt->size == 0 && v->declared.slots >= 0)
            t->unfit = NULL;
        else if (!t->unfit)
            s = add(v, e);
        av_packet_unref(v->pkt);
    }
    t->complete = code == AVERROR_EOF;
    if (code == CK_PACKETS_JUMP)
        t->unfit = "the file joins several streams";
    else if (code && code != AVERROR_EOF)
        t->unfit = "the file is damaged";
    if (!t->unfit && ck_av_messages_said(&v->demuxer))
        t->unfit = "the file is damaged";
    return s;
}

static long count_shown(const ck_av_table *t)
{
    long n = 0;
    for (long i = 0; i < t->n; i++)
        n += t->rows[i].shown;
    return n;
}

/* Save what the list of packets tells about the declared counts.  forget() restores it. */
static void keep_counts(ck_video *v)
{
    const ck_av_table *t = &v->table;
    v->listed = v->declared;
    v->listed.settled = true;
    if (t->indexed)
        v->listed.packets = count_shown(t);
}

/* Measure the distances of all listed frames now, since skipped frames are not measured later. */
static void measure_frames(ck_video *v)
{
    const ck_av_table *t = &v->table;
    long at = ck_av_table_place(t, t->first), row;
    while ((row = ck_av_table_next(t, &at)) >= 0 && (t->complete || t->rows[row].frame <= v->how.cover))
        ck_declared_frame(&v->listed, ck_video_seconds(v, t->rows[row].pts));
    v->listed.last = NAN;
}

static ck_status read_table(ck_video *v, ck_error *e)
{
    ck_av_table *t = &v->table;
    t->indexed = ck_av_index_complete(v->fmt, v->st, v->io.fd, v->io.size);
    ck_status s = t->indexed ? ck_av_index_read(v->path, v->st->index, v->ledger.intra, t, e) : read_rows(v, e);
    if (v->io.status != CK_OK) {
        *e = v->io.error;
        return v->io.status;
    }
    if (t->indexed && !t->unfit && count_shown(t) != v->declared.frames)
        t->unfit = "its index is not complete";
    if (s == CK_OK)
        s = ck_av_table_settle(t, e);
    if (!t->unfit && !v->ledger.intra && !t->reordered && v->dec->has_b_frames)
        t->unfit = "its packets have decoding times only";
    return s;
}

/* Read on to the packet of row v->start.  False if it has been passed, or never comes. */
static bool land(ck_video *v)
{
    bool incomplete = false;
    while (ck_packets_next(&v->packets, v->pkt, &incomplete) == 0) {
        long row = ck_av_table_find(&v->table, v->pkt->pts);
        if (row == v->start && is_row(v, row, incomplete))
            return true;
        av_packet_unref(v->pkt);
        if (row >= v->start)
            return false;
    }
    return false;
}

/* The key packet before a row, or the first one. */
static long earlier(const ck_av_table *t, long row)
{
    do
        row--;
    while (row > t->first && !t->rows[row].key);
    return row > t->first ? row : t->first;
}

/* Position the demuxer at row v->start, whose packet is then in v->pkt. */
static bool find_packet(ck_video *v)
{
    const ck_av_row *rows = v->table.rows;
    long key = v->start;
    for (int i = 0; i < ATTEMPTS; i++) {
        ck_packets_free(&v->packets);
        ck_packets_init(&v->packets, v->fmt, v->st, &v->declared);
        if (av_seek_frame(v->fmt, v->st->index, rows[key].seek, AVSEEK_FLAG_BACKWARD) >= 0 && land(v))
            return true;
        key = earlier(&v->table, key);
    }
    return false;
}

/* Reset the decoding.  Keep what holds for the whole file. */
static void forget(ck_video *v)
{
    bool intra = v->ledger.intra, strict = v->ledger.strict;
    avcodec_flush_buffers(v->dec);
    ck_ledger_free(&v->ledger);
    v->ledger.intra = intra;
    v->ledger.strict = strict;
    av_packet_unref(v->pkt);
    v->declared = v->listed;
    v->ended = v->joint = v->bad = false;
    v->info.first = NULL;
    v->reordered = v->table.reordered;
    ck_av_messages_clear(&v->decoder);
}

/* Go on decoding at row `start`. */
static void go(ck_video *v, long start)
{
    const ck_av_table *t = &v->table;
    const ck_av_row *rows = t->rows;
    forget(v);
    v->start = v->row = start;
    v->place = ck_av_table_place(t, start);
    long at = v->place, zero = 0, row = ck_av_table_next(t, &at), first = ck_av_table_next(t, &zero);
    if (row < 0 || !find_packet(v)) {
        v->lost = "the packet of its key frame is not found again";
        return;
    }
    ck_av_messages_clear(&v->demuxer);
    double from = isnan(v->queue.start) ? ck_video_seconds(v, rows[first].pts) : v->queue.start;
    ck_av_queue_restart(&v->queue, rows[row].frame, ck_video_seconds(v, rows[row].pts) - from, from);
    v->landed = v->sought = true;
    v->next = rows[row].frame > v->next ? rows[row].frame : v->next;
}

static void say_start(const ck_video *v, long frame)
{
    char text[160];
    snprintf(text, sizeof text, "frame %ld: decoding starts at frame %ld, %ld packets are skipped", frame,
             v->queue.shown, v->row);
    ck_video_say(v, true, text);
}

static void say_from_start(const ck_video *v, const char *why)
{
    char text[200];
    snprintf(text, sizeof text, "decoded from its start: %s", why);
    ck_video_say(v, true, text);
}

ck_status ck_seek_list(ck_video *v, ck_error *e)
{
    const char *why = unfit(v);
    if (why) {
        say_from_start(v, why); /* nothing has been read yet */
        return CK_OK;
    }
    ck_status s = read_table(v, e);
    keep_counts(v);
    v->lost = v->table.unfit;
    return s;
}

void ck_seek_begin(ck_video *v)
{
    v->base = v->table.led ? v->base : 0;
    ck_av_table_number(&v->table, v->base, av_q2d(v->st->time_base), v->queue.repeats ? v->queue.rate : 0);
    measure_frames(v);
    v->can_seek = true;
    if (v->how.first < v->base)
        return; /* it is decoded from the start already */
    go(v, ck_av_table_start(&v->table, v->how.first));
    if (!v->lost)
        say_start(v, v->how.first);
}

void ck_seek_to(ck_video *v, long index)
{
    if (!v->can_seek || index <= v->next || index < v->base)
        return;
    long start = ck_av_table_start(&v->table, index);
    if (start <= v->row)
        return;
    v->tries = 0;
    go(v, start);
}

bool ck_seek_follows(ck_video *v, int code, bool incomplete)
{
    const ck_av_table *t = &v->table;
    long row = v->row;
    v->row += code == 0;
    if (v->sought && !t->complete && v->row >= t->n)
        v->declared.settled = false; /* the next packet has not been counted */
    if (!v->sought || v->lost)
        return !v->lost;
    bool same = code == 0 && row < t->n && is_row(v, row, incomplete);
    if (code == 0 && row >= t->n && !t->complete)
        return true; /* not listed */
    if ((code == 0 && !same) || (code && (code != AVERROR_EOF || row < t->n)) || ck_av_messages_said(&v->demuxer))
        v->lost = "its packets differ after a seek";
    return !v->lost;
}

bool ck_seek_wants(const ck_video *v, long frame)
{
    return frame <= v->how.last;
}

bool ck_seek_expects(ck_video *v, const AVFrame *av, int64_t pts, const char *error)
{
    const ck_av_table *t = &v->table;
    if (!v->sought || v->lost)
        return !v->lost;
    if (pts != AV_NOPTS_VALUE && pts < t->rows[v->start].pts)
        return false; /* a leading picture */
    if (!t->complete && v->queue.shown > v->how.cover) {
        if (error && ck_seek_wants(v, v->queue.shown))
            v->lost = "a frame is damaged";
        return !v->lost;
    }
    long row = ck_av_table_next(t, &v->place);
    if (error || row < 0 || pts != t->rows[row].pts)
        v->lost = error ? "a frame is damaged" : "its frames differ from its packets";
    else if (row == v->start && av->pict_type != AV_PICTURE_TYPE_I && av->pict_type != AV_PICTURE_TYPE_NONE)
        v->lost = "a key frame refers to earlier frames";
    return !v->lost;
}

bool ck_seek_accepts(const ck_video *v, const AVFrame *av)
{
    const AVCodecParameters *par = v->st->codecpar;
    return !v->sought || (av->width == par->width && av->height == par->height);
}

/* Starts at an earlier key frame each time, because libav loses frames after some H.264 key frames that are not IDR,
 * unless it also decodes the group before. */
bool ck_seek_retry(ck_video *v)
{
    bool again = v->sought && v->tries < ATTEMPTS;
    if (again) {
        v->tries++;
        long start = ck_av_table_start(&v->table, v->next);
        for (int i = 0; i < v->tries; i++)
            start = earlier(&v->table, start);
        v->lost = NULL;
        go(v, start);
    }
    if (v->lost)
        say_from_start(v, v->lost);
    else
        say_start(v, v->next);
    return again && !v->lost;
}
