/* Frames between the decoder and the caller, in order of showing, with their times.  They wait until it is known
 * what has become of the packets that they may refer to. */
#ifndef CK_IO_AV_QUEUE_H
#define CK_IO_AV_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/av_ledger.h"

/* A container that declares more missing frames than this is not believed. */
#define CK_MOST_MISSING 100000

struct AVFrame;

typedef struct ck_queued {
    struct AVFrame *av; /* owned; NULL: bad */
    double pts;         /* seconds from the first frame */
    char *error;        /* owned; why it is bad, or NULL */
    ck_note note;       /* of its packet, without an error */
} ck_queued;

typedef struct ck_av_queue {
    ck_queued *all; /* owned: [first, n), judged up to `judged` */
    int first, judged, n;
    size_t cap;
    double rate;        /* frames per second */
    bool repeats;       /* a gap between two times is frames that were dropped: the one before stays on the screen */
    ck_queued previous; /* the last one put, where it may be repeated */
    long shown;         /* frames put */
    long repeated;
    double start, last; /* seconds: of the first frame, NAN before; from there to the last one put */
} ck_av_queue;

void ck_av_queue_init(ck_av_queue *q, double rate, bool repeats);

/* Takes av.  pts: seconds of the file, NAN: a frame after the last one.  note, error: copied, or NULL. */
ck_status ck_av_queue_put(ck_av_queue *q, struct AVFrame *av, double pts, const ck_note *note, const char *error,
                          ck_error *e);

/* The last frame once more. */
ck_status ck_av_queue_repeat(ck_av_queue *q, ck_error *e);

void ck_av_queue_free(ck_av_queue *q);

#endif
