#include "io/av_index.h"

#include <string.h>
#include <unistd.h>

#include "io/av_io.h"
#include "io/av_log.h"

static uint64_t big(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

/* True if ISO 14496-12 boxes of type moof follow: each has an index of its own. */
static bool fragmented(int fd, int64_t bytes)
{
    uint8_t b[16];
    for (int64_t at = 0; at < bytes && pread(fd, b, sizeof b, at) == sizeof b;) {
        uint64_t n = big(b, 4);
        n = n == 1 ? big(b + 8, 8) : n;
        if (!memcmp(b + 4, "moof", 4))
            return true;
        if (n < 8 || n > (uint64_t)(bytes - at))
            return false;
        at += (int64_t)n;
    }
    return false;
}

bool ck_av_index_complete(const AVFormatContext *fmt, const AVStream *st, int fd, int64_t bytes)
{
    return !strncmp(fmt->iformat->name, "mov,", 4) && avformat_index_get_entries_count(st) > 0 &&
           !fragmented(fd, bytes);
}

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a table of packets");
}

/* The data of these packets are bytes of any value. */
static ck_status list(AVFormatContext *fmt, int stream, bool intra, ck_av_table *t, ck_error *e)
{
    AVPacket *pkt = av_packet_alloc();
    ck_status s = pkt ? CK_OK : no_memory(e);
    int code = 0;
    while (s == CK_OK && !t->unfit && (code = av_read_frame(fmt, pkt)) == 0) {
        if (pkt->stream_index == stream && pkt->flags & AV_PKT_FLAG_CORRUPT)
            t->unfit = "its index points past its end";
        else if (pkt->stream_index == stream)
            s = ck_av_table_add(t, pkt->pts, pkt->dts, pkt->dts, intra || pkt->flags & AV_PKT_FLAG_KEY,
                                !(pkt->flags & AV_PKT_FLAG_DISCARD), e);
        av_packet_unref(pkt);
    }
    if (code && code != AVERROR_EOF)
        t->unfit = "its index is damaged";
    t->complete = true;
    av_packet_free(&pkt);
    return s;
}

static ck_status open_and_list(AVFormatContext *fmt, ck_av_io *io, const char *path, int stream, bool intra,
                               ck_av_table *t, ck_error *e)
{
    ck_av_messages words = {0};
    fmt->pb = io->pb;
    fmt->opaque = &words;
    /* No parser may look at the data. */
    fmt->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    if (avformat_open_input(&fmt, path, NULL, NULL) < 0 || (unsigned)stream >= fmt->nb_streams) {
        avformat_close_input(&fmt);
        t->unfit = "its index cannot be read again";
        return CK_OK;
    }
    for (unsigned i = 0; i < fmt->nb_streams; i++)
        if (i != (unsigned)stream)
            fmt->streams[i]->discard = AVDISCARD_ALL;
    io->blind = true;
    ck_status s = list(fmt, stream, intra, t, e);
    if (ck_av_messages_said(&words))
        t->unfit = "its index is damaged";
    avformat_close_input(&fmt);
    return s;
}

ck_status ck_av_index_read(const char *path, int stream, bool intra, ck_av_table *t, ck_error *e)
{
    ck_av_io io;
    ck_status s = ck_av_io_open(path, 0, &io, e);
    if (s != CK_OK)
        return s;
    AVFormatContext *fmt = avformat_alloc_context();
    s = fmt ? open_and_list(fmt, &io, path, stream, intra, t, e) : no_memory(e);
    if (s == CK_OK && io.status != CK_OK) {
        *e = io.error;
        s = io.status;
    }
    ck_av_io_close(&io);
    return s;
}
