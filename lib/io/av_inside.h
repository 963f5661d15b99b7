/* State of a video, shared by decoding (av_read.c) and seeking (av_seek.c). */
#ifndef CK_IO_AV_INSIDE_H
#define CK_IO_AV_INSIDE_H

#include <math.h>

#include "io/av_declared.h"
#include "io/av_io.h"
#include "io/av_ledger.h"
#include "io/av_load.h"
#include "io/av_log.h"
#include "io/av_packets.h"
#include "io/av_queue.h"
#include "io/av_read.h"
#include "io/av_table.h"
#include "io/av_tags.h"

struct ck_video {
    ck_video_how how;
    const char *path; /* owned */
    ck_video_info info;
    ck_av_io io;
    AVFormatContext *fmt;
    AVStream *st;
    AVCodecContext *dec;
    AVPacket *pkt;
    AVFrame *av;
    ck_packets packets;
    ck_ledger ledger;
    ck_declared declared;
    ck_av_tags *tags; /* owned; the containers' tags, for each stream present at the start */
    unsigned n_tags;
    bool one_to_one; /* one packet gives one frame */
    bool keyed;      /* key packets are marked reliably */
    bool reordered;  /* packets came whose decoding order is not presentation order */
    bool gap;        /* the demuxer has reported damage */
    bool joint;      /* a joined stream begins; the decoder is drained first */
    bool ended;
    bool threaded; /* frame threads: the packet of an error is unknown */
    bool alone;    /* a packet is damaged: decode again without frame threads, to find out which */
    ck_av_messages demuxer, decoder;
    bool talkative;    /* the decoder also logs errors about good frames */
    ck_error demuxing; /* why reading stopped before the end, else "" */
    ck_error whole;    /* missing parts according to the file's structure, else "" */
    ck_av_queue queue;
    long orphans; /* number of frames left out */
    bool bad;     /* at least one frame is bad */

    /* Seeking (av_seek.h) */
    ck_av_table table;  /* empty: no frame is sought */
    ck_declared listed; /* counts of the packets in the table */
    bool can_seek;      /* the table is numbered */
    long base;          /* index of the first key packet's frame, or of the first one after it; -1 = unknown */
    long row;           /* next packet to be sent, if there is a table */
    bool sought;        /* decoding began at the row `start`; what follows is compared with the table */
    bool landed;        /* its packet is in `pkt` */
    long start, place;  /* place: in table.order, of the next frame */
    const char *lost;   /* why the table is wrong, or NULL */
    int tries;          /* number of times that decoding began further back */
    long next;          /* index of the frame for the next ck_video_next */
};

/* Pass a remark on; asked: only under --verbose. */
static inline void ck_video_say(const ck_video *v, bool asked, const char *text)
{
    if (v->how.say)
        v->how.say(v->how.whose, asked, text);
}

/* Seconds of the file, NAN without a time. */
static inline double ck_video_seconds(const ck_video *v, int64_t pts)
{
    return pts == AV_NOPTS_VALUE ? (double)NAN : (double)pts * av_q2d(v->st->time_base);
}

#endif
