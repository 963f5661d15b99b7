/* A file or standard input as libav's byte source.  Names need no escaping; reads can be cancelled. */
#ifndef CK_IO_AV_IO_H
#define CK_IO_AV_IO_H

#include <stdbool.h>

#include "io/av_load.h"
#include "io/whole.h"

typedef struct ck_av_io {
    AVIOContext *pb;
    int fd, wake;                /* wake: an eventfd, readable after ck_av_io_cancel */
    bool own, waits;             /* own: close fd at the end; waits: reads of fd may block */
    double timeout;              /* seconds, 0 = none */
    int64_t size;                /* bytes, -1 = unknown */
    int64_t pos;                 /* bytes taken by libav so far */
    uint8_t head[CK_WHOLE_HEAD]; /* first bytes of a pipe */
    size_t head_bytes;
    bool blind; /* set it for a file: reads do not touch it any more, and give bytes of any value */
    ck_status status;
    ck_error error; /* cause of a failed read, if it arose here and not in libav */
} ck_av_io;

/* Open `path`; "-" is standard input.  timeout: seconds without data, 0 = none. */
ck_status ck_av_io_open(const char *path, double timeout, ck_av_io *io, ck_error *e);
/* Of a file: begin again at its start. */
ck_status ck_av_io_rewind(ck_av_io *io, ck_error *e);
/* Any thread: the waiting read and all later ones fail. */
void ck_av_io_cancel(ck_av_io *io);
void ck_av_io_close(ck_av_io *io);

#endif
