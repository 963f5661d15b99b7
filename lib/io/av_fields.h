/* Whole frames from interlaced video: the filter bwdif of libavfilter between a video and its reader.
 *
 * A frame is made of itself and its neighbours, so a range needs one more at each end; the interface hides that.
 * Frames are counted at the output: at field rate, frames 2i and 2i + 1 are those of frame i.  A bad frame stays
 * bad, and its neighbours are made without it. */
#ifndef CK_IO_AV_FIELDS_H
#define CK_IO_AV_FIELDS_H

#include "io/av_read.h"

typedef enum ck_fields_mode {
    CK_FIELDS_KEEP,  /* frames as they are stored */
    CK_FIELDS_FRAME, /* one frame for each */
    CK_FIELDS_FIELD  /* one frame for each field: twice the rate */
} ck_fields_mode;

typedef struct ck_fields ck_fields;

/* Frames out of the filter for each one into it: 1 or 2. */
int ck_fields_per_frame(ck_fields_mode mode);

/* `how` for the video that is to deliver the frames that `how` names. */
ck_video_how ck_fields_how(const ck_video_how *how, ck_fields_mode mode);

/* v: borrowed; frames are then read by ck_fields_next only.  CK_FIELDS_KEEP hands frames on unchanged. */
ck_status ck_fields_open(ck_video *v, ck_fields_mode mode, int threads, ck_fields **out, ck_error *e);

/* As ck_video_skip and ck_video_next. */
ck_status ck_fields_skip(ck_fields *d, long index, ck_error *e);
ck_status ck_fields_next(ck_fields *d, ck_video_frame *f, ck_error *e);

void ck_fields_free(ck_fields *d); /* NULL is fine */

#endif
