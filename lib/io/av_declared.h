/* Comparison of a container's declared contents with those read. */
#ifndef CK_IO_AV_DECLARED_H
#define CK_IO_AV_DECLARED_H

#include <stdbool.h>

#include "base/status.h"
#include "io/av_load.h"

typedef struct ck_declared {
    long frames;       /* packets to be shown; -1 = not declared */
    long slots;        /* of an AVI: frames including those dropped during recording; -1 = not declared */
    double end;        /* seconds: end of the video, or else of the longest stream; 0 = not declared */
    bool whole_frames; /* raw frames of one size: trailing bytes are an incomplete frame */

    long packets;      /* shown so far */
    double found;      /* seconds: end of the latest packet of any stream */
    double frame;      /* seconds between frames: nominal, or the longest so far */
    double last;       /* time of the previous frame, seconds */
    bool alone;        /* no other stream is read */
    int64_t last_byte; /* end of the last packet in the file, -1 = unknown */
    bool settled;      /* packets were counted before: later calls count none */
} ck_declared;

/* Read the declarations.  Call after avformat_find_stream_info.  fd: the file, for facts that libav does not give. */
void ck_declared_read(const AVFormatContext *fmt, AVStream *video, int fd, ck_declared *d);

/* Call for every packet of any stream. */
void ck_declared_packet(ck_declared *d, const AVStream *st, const AVPacket *pkt, bool video);
/* Call for every shown frame. */
void ck_declared_frame(ck_declared *d, double pts);

/* Compare at the end.  bytes: size of the file or pipe.  CK_ERR_FORMAT names what was declared and what was found;
 * *missing is the number of missing frames, at least 1. */
ck_status ck_declared_check(const ck_declared *d, int64_t bytes, long *missing, ck_error *e);

#endif
