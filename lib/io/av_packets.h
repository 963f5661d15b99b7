/* The packets of one stream, across places where streams were joined.
 *
 * The clock of a joined transport stream jumps.  Times continue here without a gap.  The jump is reported, since the
 * packets after it do not refer to those before. */
#ifndef CK_IO_AV_PACKETS_H
#define CK_IO_AV_PACKETS_H

#include <stdbool.h>

#include "io/av_declared.h"
#include "io/av_load.h"

#define CK_PACKETS_JUMP 1
#define CK_PACKETS_AHEAD 3

typedef struct ck_packets {
    AVFormatContext *fmt; /* borrowed, as are st and declared */
    AVStream *st;
    ck_declared *declared;
    AVPacket *ahead[CK_PACKETS_AHEAD]; /* owned */
    int n, code;                       /* code: libav's result after the last packet */
    int64_t last_dts;                  /* file time */
    int64_t end;                       /* end of the last packet read, in continuous time */
    int64_t offset;                    /* continuous time - file time */
    bool jumped;                       /* the jump before the next packet has been reported */
    bool lost;                         /* the next packet is incomplete too */
    double from, to;                   /* the last jump, in seconds of the file */
} ck_packets;

void ck_packets_init(ck_packets *p, AVFormatContext *fmt, AVStream *st, ck_declared *declared);

/* Read a packet: 0, with *incomplete set if data are missing; CK_PACKETS_JUMP before a packet at which time jumps; else
 * libav's error, AVERROR_EOF at the end. */
int ck_packets_next(ck_packets *p, AVPacket *pkt, bool *incomplete);

void ck_packets_free(ck_packets *p);

#endif
