#include "io/av_seek.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/av_index.h"

/* Attempts to land on a packet, and to decode from a key packet; each at an earlier one. */
#define ATTEMPTS 3

/* Codecs of one frame a packet, besides those of v->one_to_one. */
static bool single(enum AVCodecID id)
{
    return id == AV_CODEC_ID_FFV1 || id == AV_CODEC_ID_PNG || id == AV_CODEC_ID_QTRLE;
}

/* The reason why the video cannot be searched, as far as its header tells, or NULL.  The frames of a codec must follow
 * from its packets one by one. */
static const char *unfit(const ck_video *v)
{
    if (v->io.size < 0 || !v->io.own)
        return "standard input is not searched";
    if (*v->whole.text)
        return "the file is cut short";
    return v->one_to_one || single(v->dec->codec_id) ? NULL : "packets of its codec may give no frame";
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

/* The time by which the container's index finds the packet: Matroska's has presentation times. */
static int64_t seek_time(const ck_video *v)
{
    bool decoding = v->pkt->dts != AV_NOPTS_VALUE && strncmp(v->fmt->iformat->name, "matroska,", 9);
    return decoding ? v->pkt->dts : v->pkt->pts;
}

/* Read packets into the table, up to those that the last frame wanted needs. */
static ck_status read_rows(ck_video *v, ck_error *e)
{
    ck_av_table *t = &v->table;
    ck_status s = CK_OK;
    int code = 0;
    while (s == CK_OK && !t->unfit && !ck_av_table_covers(t, v->how.last)) {
        bool incomplete = false;
        code = ck_packets_next(&v->packets, v->pkt, &incomplete);
        if (code)
            break;
        t->unfit = odd(v, incomplete);
        /* AVI: such chunks stand for dropped frames, which the times show too. */
        if (v->pkt->size == 0 && v->declared.slots >= 0)
            t->unfit = NULL;
        else if (!t->unfit)
            s = ck_av_table_add(t, v->pkt->pts, v->pkt->dts, seek_time(v), is_key(v), is_shown(v), e);
        av_packet_unref(v->pkt);
    }
    t->complete = code == AVERROR_EOF;
    if (code == CK_PACKETS_JUMP)
        t->unfit = "it is joined of several streams";
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

/* The counts of what the container declares: known now, or not to be compared. */
static void settle_declared(ck_video *v)
{
    ck_av_table *t = &v->table;
    long at = t->unfit ? 0 : ck_av_table_place(t, t->first), row;
    while (!t->unfit && t->complete && (row = ck_av_table_next(t, &at)) >= 0)
        ck_declared_frame(&v->declared, ck_video_seconds(v, t->rows[row].pts));
    if (!t->complete)
        v->declared.frames = v->declared.slots = -1, v->declared.end = 0, v->declared.whole_frames = false;
    if (t->indexed)
        v->declared.packets = count_shown(t);
    v->declared.settled = true;
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
        t->unfit = "its times are those of decoding";
    return s;
}

/* Let the decoder tell how many frames are shown before the first key packet's. */
static ck_status find_base(ck_video *v, ck_error *e)
{
    ck_av_table table = v->table;
    v->table = (ck_av_table){0};
    ck_status s = ck_video_reopen(v, e);
    v->table = table;
    while (s == CK_OK && v->base < 0 && !v->ended)
        s = ck_video_step(v, e);
    if (s == CK_OK && v->base < 0)
        v->table.unfit = "it starts with damaged frames";
    return s;
}

/* Read on to the packet of row v->start.  False if it has been passed, or never comes. */
static bool land(ck_video *v)
{
    bool incomplete = false;
    while (ck_packets_next(&v->packets, v->pkt, &incomplete) == 0) {
        long row = ck_av_table_find(&v->table, v->pkt->pts);
        if (row == v->start && !odd(v, incomplete) && is_shown(v) == v->table.rows[row].shown)
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

/* Forget what was decoded; keep what the whole file says. */
static void forget(ck_video *v)
{
    bool intra = v->ledger.intra, strict = v->ledger.strict;
    avcodec_flush_buffers(v->dec);
    ck_ledger_free(&v->ledger);
    v->ledger.intra = intra;
    v->ledger.strict = strict;
    av_packet_unref(v->pkt);
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

ck_status ck_seek_prepare(ck_video *v, ck_error *e)
{
    const char *why = unfit(v);
    if (why) {
        say_from_start(v, why); /* nothing has been read yet */
        return CK_OK;
    }
    ck_status s = read_table(v, e);
    if (s == CK_OK && !v->table.unfit && v->table.led)
        s = find_base(v, e);
    if (s != CK_OK)
        return s;
    v->lost = v->table.unfit;
    if (v->lost)
        return ck_seek_give_up(v, e);
    v->base = v->table.led ? v->base : 0;
    settle_declared(v);
    ck_av_table_number(&v->table, v->base, av_q2d(v->st->time_base), v->queue.repeats ? v->queue.rate : 0);
    v->can_seek = true;
    if (v->how.first < v->base)
        return CK_OK; /* it is decoded from the start already */
    go(v, ck_av_table_start(&v->table, v->how.first));
    if (v->lost)
        return ck_seek_give_up(v, e);
    say_start(v, v->how.first);
    return CK_OK;
}

ck_status ck_video_skip(ck_video *v, long index, ck_error *e)
{
    if (!v->can_seek || index <= v->next || index < v->base)
        return CK_OK;
    long start = ck_av_table_start(&v->table, index);
    if (start <= v->row)
        return CK_OK;
    v->tries = 0;
    go(v, start);
    return v->lost ? ck_seek_give_up(v, e) : CK_OK;
}

bool ck_seek_follows(ck_video *v, int code, bool incomplete)
{
    const ck_av_table *t = &v->table;
    long row = v->row;
    v->row += code == 0;
    if (!v->sought || v->lost)
        return !v->lost;
    bool same = code == 0 && row < t->n && v->pkt->pts == t->rows[row].pts && is_shown(v) == t->rows[row].shown &&
                (t->indexed || is_key(v) == t->rows[row].key) && !odd(v, incomplete);
    if (code == 0 && row >= t->n && !t->complete)
        return true; /* after the last frame wanted */
    if ((code == 0 && !same) || (code && (code != AVERROR_EOF || row < t->n)) || ck_av_messages_said(&v->demuxer))
        v->lost = "its packets differ after a seek";
    return !v->lost;
}

bool ck_seek_wants(const ck_video *v, long frame)
{
    return v->table.complete || frame <= v->how.last;
}

bool ck_seek_expects(ck_video *v, const AVFrame *av, int64_t pts, const char *error)
{
    const ck_av_table *t = &v->table;
    if (!v->sought || v->lost)
        return !v->lost;
    if (pts != AV_NOPTS_VALUE && pts < t->rows[v->start].pts)
        return false; /* a leading picture */
    if (!ck_seek_wants(v, v->queue.shown))
        return true;
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

/* Try again further back.  libav loses frames after some H.264 key frames that are not IDR, unless it comes from the
 * group before. */
static bool retry(ck_video *v)
{
    if (!v->sought || v->tries == ATTEMPTS)
        return false;
    v->tries++;
    long start = ck_av_table_start(&v->table, v->next);
    for (int i = 0; i < v->tries; i++)
        start = earlier(&v->table, start);
    v->lost = NULL;
    go(v, start);
    if (!v->lost)
        say_start(v, v->next);
    return !v->lost;
}

ck_status ck_seek_give_up(ck_video *v, ck_error *e)
{
    if (retry(v))
        return CK_OK;
    say_from_start(v, v->lost);
    return ck_video_reopen(v, e);
}
