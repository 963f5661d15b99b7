/* Video input: every frame in presentation order, or the reason why it is missing.
 *
 *     ck_video_open  ->  ck_video_next ... CK_END  ->  ck_video_free
 *
 * Nothing is skipped silently.  A frame is bad (`error` set) if its packet is damaged, the decoder reports damage or
 * gives no picture, a frame that it refers to is bad, or its size differs from the first frame's.  At the end the
 * container's declarations are compared with what was read:
 *
 *     MP4, MOV      the samples of the index that the edit list shows
 *     AVI           the frames of its index
 *     APNG          the frames of its acTL chunk
 *     Matroska      the duration of the video, if the file states it
 *     Matroska, fragmented MP4, FLV, MXF, IVF
 *                   the duration: the last frame, or another stream, must end within 1.5 frames of it (the longest
 *                   frame distance if the rate varies), 0.05 s more if other streams are read
 *     files         the number of bytes (whole.h)
 *
 * Frames missing at the end are returned as bad frames, one for each if their number is known.
 *
 * Not failures, but reported to `say`:
 *
 *     a start inside a group of pictures    frames that refer to earlier ones are left out
 *     joined streams (TS)                   a new start; times continue
 *     dropped frames (AVI)                  the previous frame is repeated at each of their times */
#ifndef CK_IO_AV_READ_H
#define CK_IO_AV_READ_H

#include <stdbool.h>

#include "io/orient.h"
#include "base/status.h"

struct AVFrame;
typedef struct ck_video ck_video;

typedef struct ck_video_how {
    int threads;     /* of the decoder */
    double timeout;  /* seconds without data on standard input, 0 = none */
    bool keep_going; /* identify every bad frame, not only the first: no frame threads */
    int stream;      /* stream index in the container, -1 = the best one */
    bool skips;      /* not all frames from 0 on are wanted: */
    long first;      /* the first one wanted */
    long last;       /* the last one wanted, LONG_MAX = the last of the video */
    long cover;      /* from this one to the last, all are wanted; LONG_MAX = frames are skipped up to the end */
    /* Called with remarks that are not failures; may be NULL. */
    void (*say)(const void *whose, bool asked, const char *text); /* asked: print only under --verbose */
    const void *whose;
} ck_video_how;

typedef struct ck_video_info {
    int w, h;               /* of the first good frame, as stored */
    ck_orient orient;       /* rotation that makes it upright */
    bool turned_oddly;      /* the display matrix is not a quarter turn and was ignored */
    int rate_num, rate_den; /* frames per second; 0/1 = unknown */
    int sar_num, sar_den;   /* pixel aspect ratio; 1/1 if unknown */
    long frames;            /* declared number, -1 = not declared */
    bool interlaced;
    const char *format, *codec;  /* libav's names */
    const char *timecode;        /* of the first frame, or NULL */
    int stream;                  /* index of the stream in the container */
    char others[300];            /* "2 (h264 1920x1080), 3 (mjpeg 500x500, cover)", or "" */
    char differ[300];            /* tags of the container that contradict the codec's, else "" */
    const struct AVFrame *first; /* first good frame, for its tags; valid until it is returned and freed */
    long first_index;            /* of that frame */
} ck_video_info;

typedef struct ck_video_frame {
    struct AVFrame *av; /* owned, av_frame_free; NULL if bad */
    double pts;         /* seconds from the first frame */
    char *error;        /* owned, free; the reason why it is bad, or NULL */
    long index;         /* among all frames of the video, from 0 */
} ck_video_frame;

/* Open and decode up to the first good frame, from how->first on where it can be sought; fails without one.  path "-"
 * is standard input. */
ck_status ck_video_open(const char *path, const ck_video_how *how, ck_video **out, ck_error *e);
const ck_video_info *ck_video_info_view(const ck_video *v);

/* Frames before `index` are not wanted.  They are returned all the same unless they could be skipped without decoding
 * (av_seek.h). */
ck_status ck_video_skip(ck_video *v, long index, ck_error *e);

/* The next frame, good or bad; CK_END after the last.  A failure is final: reading has stopped. */
ck_status ck_video_next(ck_video *v, ck_video_frame *f, ck_error *e);
void ck_video_frame_free(ck_video_frame *f); /* leaves it empty */

/* Any thread: a ck_video_next that waits for input fails with CK_ERR_CLOSED. */
void ck_video_cancel(ck_video *v);
void ck_video_free(ck_video *v);

#endif
