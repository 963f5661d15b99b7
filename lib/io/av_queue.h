/* Frames between decoder and caller, in presentation order, with their times.  A frame waits here until it is known
 * which of the packets that it may refer to are bad. */
#ifndef CK_IO_AV_QUEUE_H
#define CK_IO_AV_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/av_ledger.h"

/* Most missing frames that are reported one by one; a container that declares more is not believed. */
#define CK_MOST_MISSING 100000

struct AVFrame;

typedef struct ck_queued {
    struct AVFrame *av; /* owned; NULL if bad */
    double pts;         /* seconds from the first frame */
    char *error;        /* owned; the reason why it is bad, or NULL */
    long index;         /* among all frames, from 0 */
    ck_note note;       /* of its packet; its `error` is not set */
} ck_queued;

typedef struct ck_av_queue {
    ck_queued *all; /* owned; frames are [first, n), of which those before `judged` have been judged */
    int first, judged, n;
    size_t cap;
    double rate;        /* frames per second */
    bool repeats;       /* a gap in times means dropped frames: repeat the previous frame */
    ck_queued previous; /* last frame put, if it may be repeated */
    long shown;         /* number of frames put */
    long repeated;
    double start, last; /* seconds: time of the first frame, NAN before it; from there to the last frame */
} ck_av_queue;

/* rate: frames per second.  repeats: see ck_av_queue. */
void ck_av_queue_init(ck_av_queue *q, double rate, bool repeats);

/* Append a frame; takes ownership of av.  pts: seconds of the file; NAN = one frame after the last.  note and error are
 * copied and may be NULL. */
ck_status ck_av_queue_put(ck_av_queue *q, struct AVFrame *av, double pts, const ck_note *note, const char *error,
                          ck_error *e);

/* Drop the first frame. */
void ck_av_queue_drop(ck_av_queue *q);

/* Drop all frames.  The next one is frame `shown`, and its time is `at` seconds from the first frame's, which is
 * `start` seconds of the file unless that is known already. */
void ck_av_queue_restart(ck_av_queue *q, long shown, double at, double start);

/* Repeat the last frame. */
ck_status ck_av_queue_repeat(ck_av_queue *q, ck_error *e);

void ck_av_queue_free(ck_av_queue *q);

#endif
