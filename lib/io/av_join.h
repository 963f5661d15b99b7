/* A video made of segments, without encoding again. */
#ifndef CK_IO_AV_JOIN_H
#define CK_IO_AV_JOIN_H

#include "io/av_segment.h"

/* A frame of the video to be joined: packet `packet` of segment `segment`. */
typedef struct ck_segment_ref {
    size_t segment, packet;
} ck_segment_ref;

/* Write the packets, in the order of decoding, to a new video at `path`.  note: ck_av_note's. */
ck_status ck_av_join(const ck_segment *segments, const ck_segment_ref *refs, size_t n, const char *path, char *note,
                     size_t note_size, ck_error *e);

#endif
