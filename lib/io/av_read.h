/* Video: every frame in presentation order, or the reason why there is none.
 *
 *     ck_video_open  ->  ck_video_next ... CK_END  ->  ck_video_free
 *
 * Nothing is skipped in silence.  A frame is bad (`error` set) when its packet is damaged, the decoder
 * says so, the decoder gives no picture for it, a frame it refers to was bad, or it has another size
 * than the first.  At the end, what the container declares is compared with what came:
 *
 *     MP4, MOV      the samples of the index that the edit list shows
 *     AVI           the frames of its index
 *     APNG          the frames of its acTL chunk
 *     Matroska      the duration of the video, where the file says that one
 *     Matroska, fragmented MP4, FLV, MXF, IVF
 *                   the duration: the last frame, or another stream, must come within 1.5 frames (the longest
 *                   distance of two frames, where the rate varies) of it, 0.05 s more where other streams run along
 *     files         the number of bytes (whole.h)
 *
 * Frames that are missing at the end come out as bad ones, one each where the count is known.
 *
 * No failures, but reported to `say`:
 *
 *     a start inside a group of pictures    what refers to frames before the start is left out
 *     joined streams (TS)                   a new start; times go on
 *     dropped frames (AVI)                  the frame before is repeated at each of their times */
#ifndef CK_IO_AV_READ_H
#define CK_IO_AV_READ_H

#include <stdbool.h>

#include "io/orient.h"
#include "base/status.h"

struct AVFrame;
typedef struct ck_video ck_video;

typedef struct ck_video_how {
    int threads;     /* the decoder's */
    double timeout;  /* seconds to wait for standard input, 0 = none */
    bool keep_going; /* identify each bad frame, not only that there is one: no frame threads */
    int stream;      /* the container's number of the stream, -1 = the best one */
    /* Hears what was done to a video that is no failure; may be NULL. */
    void (*say)(const void *whose, bool asked, const char *text); /* asked: only of interest under --verbose */
    const void *whose;
} ck_video_how;

typedef struct ck_video_info {
    int w, h;               /* of the first good frame, as stored */
    ck_orient orient;       /* what makes it upright */
    bool turned_oddly;      /* a display matrix that is no quarter turn: ignored */
    int rate_num, rate_den; /* frames per second; 0/1 = not known */
    int sar_num, sar_den;   /* of a pixel; 1/1 when not known */
    long frames;            /* declared, -1 = not */
    bool interlaced;
    const char *format, *codec;  /* libav's names */
    const char *timecode;        /* of the first frame, or NULL */
    int stream;                  /* the number of the stream */
    char others[300];            /* "2 (h264 1920x1080), 3 (mjpeg 500x500, cover)", or "" */
    char differ[300];            /* tags of the container that the codec contradicts, "" if none */
    const struct AVFrame *first; /* the first good frame, for its tags; valid until it was given out and freed */
} ck_video_info;

typedef struct ck_video_frame {
    struct AVFrame *av; /* owned, av_frame_free; NULL when bad */
    double pts;         /* seconds from the first frame */
    char *error;        /* owned, free; why it is bad, or NULL */
} ck_video_frame;

/* Decodes up to the first good frame; a video without one is a failure.  path "-" is standard input. */
ck_status ck_video_open(const char *path, const ck_video_how *how, ck_video **out, ck_error *e);
const ck_video_info *ck_video_info_view(const ck_video *v);

/* CK_END after the last.  Other failures are final (reading was given up); bad frames are none. */
ck_status ck_video_next(ck_video *v, ck_video_frame *f, ck_error *e);
void ck_video_frame_free(ck_video_frame *f); /* leaves it empty */

/* From another thread: a ck_video_next that waits for input fails with CK_ERR_CLOSED. */
void ck_video_cancel(ck_video *v);
void ck_video_free(ck_video *v);

#endif
