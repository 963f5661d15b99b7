/* A file or standard input as libav's byte source: names need no escaping, reads can be given up. */
#ifndef CK_IO_AV_IO_H
#define CK_IO_AV_IO_H

#include <libavformat/avio.h>
#include <stdbool.h>

#include "io/whole.h"

typedef struct ck_av_io {
    AVIOContext *pb;
    int fd, wake;                /* wake: an eventfd, readable once ck_av_io_cancel was called */
    bool own, waits;             /* close fd at the end; reading it may wait for somebody */
    double timeout;              /* seconds, 0 = none */
    int64_t size;                /* bytes, -1 when not known beforehand */
    int64_t pos;                 /* bytes from the start that libav has taken */
    uint8_t head[CK_WHOLE_HEAD]; /* the first bytes of a pipe */
    size_t head_bytes;
    ck_status status;
    ck_error error; /* why a read failed, if libav was not the cause */
} ck_av_io;

/* path "-" is standard input. */
ck_status ck_av_io_open(const char *path, double timeout, ck_av_io *io, ck_error *e);
/* From another thread: a read that waits fails, and so do all later ones. */
void ck_av_io_cancel(ck_av_io *io);
void ck_av_io_close(ck_av_io *io);

#endif
