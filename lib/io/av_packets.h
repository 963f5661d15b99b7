/* The packets of one stream, across places where streams were joined.
 *
 * A transport stream that was joined from two jumps in time.  Its times go on here as if it were one, and the jump is
 * reported, since what follows it has nothing to do with what is before. */
#ifndef CK_IO_AV_PACKETS_H
#define CK_IO_AV_PACKETS_H

#include <libavformat/avformat.h>
#include <stdbool.h>

#include "io/av_declared.h"

#define CK_PACKETS_JUMP 1
#define CK_PACKETS_AHEAD 3

typedef struct ck_packets {
    AVFormatContext *fmt; /* borrowed, as is the rest of what comes from outside */
    AVStream *st;
    ck_declared *declared;
    AVPacket *ahead[CK_PACKETS_AHEAD]; /* owned */
    int n, code;                       /* code: libav's, after the last packet */
    int64_t last_dts;                  /* as in the file */
    int64_t end;                       /* of what was read so far, in times that go on */
    int64_t offset;                    /* to such times from the file's */
    bool jumped;                       /* the jump before the next packet was reported */
    bool lost;                         /* data of the next packet are missing too */
    double from, to;                   /* the last jump, seconds of the file */
} ck_packets;

void ck_packets_init(ck_packets *p, AVFormatContext *fmt, AVStream *st, ck_declared *declared);

/* 0 and a packet, which may be known to be incomplete; CK_PACKETS_JUMP before one from which time jumps;
 * else libav's error, AVERROR_EOF at the end. */
int ck_packets_next(ck_packets *p, AVPacket *pkt, bool *incomplete);

void ck_packets_free(ck_packets *p);

#endif
