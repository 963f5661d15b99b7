#include "io/av_packets.h"

/* Seconds.  In formats whose clock may restart, a longer gap is a joint; the limit is ffmpeg's. */
#define LONGEST_GAP 10

void ck_packets_init(ck_packets *p, AVFormatContext *fmt, AVStream *st, ck_declared *declared)
{
    *p = (ck_packets){.fmt = fmt, .st = st, .declared = declared, .last_dts = AV_NOPTS_VALUE, .end = AV_NOPTS_VALUE};
}

/* Read until `want` packets of our stream are waiting. */
static void fill(ck_packets *p, int want)
{
    while (p->n < want && !p->code) {
        AVPacket *pkt = av_packet_alloc();
        p->code = pkt ? av_read_frame(p->fmt, pkt) : AVERROR(ENOMEM);
        bool ours = !p->code && pkt->stream_index == p->st->index;
        if (!p->code)
            ck_declared_packet(p->declared, p->fmt->streams[pkt->stream_index], pkt, ours);
        if (ours)
            p->ahead[p->n++] = pkt;
        else
            av_packet_free(&pkt);
    }
}

static bool jumps(const ck_packets *p, int64_t before, int64_t dts)
{
    if (!(p->fmt->iformat->flags & AVFMT_TS_DISCONT) || before == AV_NOPTS_VALUE || dts == AV_NOPTS_VALUE)
        return false;
    return dts < before || (double)(dts - before) * av_q2d(p->st->time_base) > LONGEST_GAP;
}

/* True if a joint is among the next packets.  At a joint the demuxer misses a counter value and reports the packet that
 * it was reading as incomplete. */
static bool joint_follows(ck_packets *p)
{
    bool joint = false;
    fill(p, CK_PACKETS_AHEAD);
    for (int i = 1; i < p->n; i++)
        joint |= jumps(p, p->ahead[i - 1]->dts, p->ahead[i]->dts);
    return joint;
}

static void jump(ck_packets *p, const AVPacket *pkt)
{
    double unit = av_q2d(p->st->time_base);
    p->jumped = true;
    p->from = (double)p->last_dts * unit;
    p->to = (double)pkt->dts * unit;
    p->offset = p->end - (pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts);
}

static void take(ck_packets *p, AVPacket *pkt)
{
    av_packet_move_ref(pkt, p->ahead[0]);
    av_packet_free(&p->ahead[0]);
    p->n--;
    for (int i = 0; i < p->n; i++)
        p->ahead[i] = p->ahead[i + 1];
    p->last_dts = pkt->dts != AV_NOPTS_VALUE ? pkt->dts : p->last_dts;
    p->jumped = false;
    if (pkt->dts != AV_NOPTS_VALUE)
        pkt->dts += p->offset;
    if (pkt->pts != AV_NOPTS_VALUE)
        pkt->pts += p->offset;
    int64_t at = pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts;
    if (at != AV_NOPTS_VALUE && (p->end == AV_NOPTS_VALUE || at + pkt->duration > p->end))
        p->end = at + pkt->duration;
}

int ck_packets_next(ck_packets *p, AVPacket *pkt, bool *incomplete)
{
    fill(p, 1);
    if (!p->n)
        return p->code;
    if (!p->jumped && p->end != AV_NOPTS_VALUE && jumps(p, p->last_dts, p->ahead[0]->dts)) {
        jump(p, p->ahead[0]);
        return CK_PACKETS_JUMP;
    }
    *incomplete = p->lost;
    p->lost = false;
    if (p->ahead[0]->flags & AV_PKT_FLAG_CORRUPT && !joint_follows(p)) {
        *incomplete = true;
        /* A parser ends a packet where the next one starts, so what is missing may belong to the next one. */
        p->lost = av_stream_get_parser(p->st);
    }
    take(p, pkt);
    return 0;
}

void ck_packets_free(ck_packets *p)
{
    while (p->n)
        av_packet_free(&p->ahead[--p->n]);
}
