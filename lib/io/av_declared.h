/* The contents that a container declares, compared with those that were read. */
#ifndef CK_IO_AV_DECLARED_H
#define CK_IO_AV_DECLARED_H

#include <libavformat/avformat.h>
#include <stdbool.h>

#include "base/status.h"

typedef struct ck_declared {
    long frames;       /* packets that are to be shown; -1 = not declared */
    long slots;        /* of an AVI, frames that were dropped when it was recorded included; -1 = not declared */
    double end;        /* seconds, of the video or else of the longest stream; 0 = not declared */
    bool whole_frames; /* raw frames of one size: bytes after the last are the start of another */

    long packets;      /* shown, so far */
    double found;      /* seconds: the end of the latest packet of any stream */
    double frame;      /* seconds between two frames: nominal, or the longest so far */
    double last;       /* the previous frame's time */
    bool alone;        /* no other stream is read */
    int64_t last_byte; /* where the last packet ended, -1 = not known */
} ck_declared;

/* After avformat_find_stream_info; fd: the file, for what libav does not tell. */
void ck_declared_read(const AVFormatContext *fmt, AVStream *video, int fd, ck_declared *d);

/* Every packet that is read, of any stream. */
void ck_declared_packet(ck_declared *d, const AVStream *st, const AVPacket *pkt, bool video);
/* Every frame that is shown. */
void ck_declared_frame(ck_declared *d, double pts);

/* At the end; bytes: how many the file or pipe had.  CK_ERR_FORMAT names what was declared and what was
 * found; *missing is how many frames that makes, at least 1. */
ck_status ck_declared_check(const ck_declared *d, int64_t bytes, long *missing, ck_error *e);

#endif
