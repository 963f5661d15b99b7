/* Segments: the encoded packets of some frames of a video, in a file of their own.  ck_av_join (av_join.h) makes the
 * video from segments without encoding again.
 *
 * A segment is written packet by packet.  If the writer is killed, all packets but the last are whole, and a reader
 * takes those.  Little-endian:
 *
 *     "ck-seg2\n"
 *     u32 n; n bytes: what the muxer must know, KEY NUL VALUE NUL ... (ck_av_spec)
 *     per packet: ck_segment_packet's fields as below, then `size` bytes of data, then `extra` bytes
 *     at the end: a packet with the flag CK_SEGMENT_END, without data, if all frames of the segment are there */
#ifndef CK_IO_AV_SEGMENT_H
#define CK_IO_AV_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/av_write.h"

#define CK_SEGMENT_KEY 1u    /* a key frame */
#define CK_SEGMENT_FAILED 2u /* a black picture for a frame that failed */
#define CK_SEGMENT_END 4u
#define CK_SEGMENT_HEADER 8u /* `extra` is the header of the stream, which some encoders give with the first packet */

/* On disk in this order: u32 mark, u32 flags, i64 number, pts, dts, duration, u64 size, extra. */
typedef struct ck_segment_packet {
    uint32_t flags;
    int64_t number;             /* of the frame, in the shot */
    int64_t pts, dts, duration; /* in ticks of the encoder's time base; times are the shot's */
    uint64_t size, extra;       /* bytes of the data, and of VP9's alpha or of a header, which follow them */
    int64_t at;                 /* byte offset of the data in the file; not on disk */
} ck_segment_packet;

typedef struct ck_segment {
    char *path;
    ck_meta about;              /* the pairs of the header */
    bool ended;                 /* the last packet has been written */
    bool intra;                 /* every packet is a whole frame */
    ck_segment_packet *packets; /* owned */
    size_t n, cap;
} ck_segment;

/* Write the header, or a packet, at the current position of a file. */
ck_status ck_segment_put_header(int fd, const ck_meta *about, ck_error *e);
ck_status ck_segment_put(int fd, const ck_segment_packet *p, const void *data, const void *extra, ck_error *e);

/* Read the header and list the whole packets; ignores an incomplete end.  CK_ERR_FORMAT if it is no segment. */
ck_status ck_segment_read(const char *path, ck_segment *out, ck_error *e);
void ck_segment_free(ck_segment *s);

/* Write the spec into pairs, and read it back.  The texts of *spec are then borrowed from the segment's pairs, and
 * spec->tags points to *tags. */
ck_status ck_segment_describe(const ck_av_spec *spec, const char *job, ck_meta *about, ck_error *e);
ck_status ck_segment_spec(const ck_segment *s, ck_av_spec *spec, ck_meta *tags, ck_error *e);

/* Read the data of a packet into `to`, which has p->size + p->extra bytes; fd: of the segment's file. */
bool ck_segment_get(int fd, const ck_segment_packet *p, void *to);

#endif
