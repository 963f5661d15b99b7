/* Video files and streams through libavcodec and libavformat.
 *
 *     ck_av_open(&spec, path, timeout, &w, e)     path NULL: standard output
 *     ck_av_frame(w, &picture, &stamp, e)         in order
 *     ck_av_finish(w, e)                          flush, complete the file, rename it to its name
 *     ck_av_free(w)                               always; removes an unfinished file
 *
 * One thread at a time.  Encoders use threads of their own. */
#ifndef CK_IO_AV_WRITE_H
#define CK_IO_AV_WRITE_H

#include "io/av_codecs.h"
#include "io/picture.h"

typedef struct ck_av_writer ck_av_writer;

typedef struct ck_av_spec {
    const char *container; /* libavformat's name: "mp4", "mov", "webm", "matroska", "nut" */
    ck_av_codec codec;
    const char *args; /* for the encoder, "KEY=VALUE:KEY=VALUE"; may be NULL */
    enum AVPixelFormat format;
    int w, h;
    int rate_num, rate_den;
    int sar_num, sar_den; /* pixel width / pixel height */
    int threads;
    /* RGB is full range.  YCbCr is limited range; 4:2:0 chroma is located left. */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    const ck_meta *tags;  /* container metadata; may be NULL */
    const char *timecode; /* of time 0; may be NULL */
    const char *sound;    /* file whose sound is copied into the video; NULL: none */
    double sound_start;   /* the time of that file, in seconds, at which the shot begins */
} ck_av_spec;

/* Open the output.  CK_ERR_UNSUPPORTED if libavcodec was built without the encoder. */
ck_status ck_av_open(const ck_av_spec *spec, const char *path, double timeout, ck_av_writer **out, ck_error *e);

/* Open a segment (av_segment.h) of the video that the spec describes.  job: of ck-job.json.  With a codec that encodes
 * frames one by one, what was written stays when the writer is killed or freed; else an unfinished segment is
 * removed. */
ck_status ck_av_open_segment(const ck_av_spec *spec, const char *path, const char *job, ck_av_writer **out,
                             ck_error *e);

typedef struct ck_av_stamp {
    /* Seconds from the first frame; NAN: one frame duration after the last.  A time within a millisecond of a multiple
     * of the frame duration becomes that multiple, since files round their times.  A time not after the last frame's
     * is moved to just after it. */
    double time;
    long number; /* for segments: of the frame, in the shot */
    bool failed; /* for segments: the picture stands for a frame that failed */
    double from; /* seconds from the start of the shot to time 0, for sound; NAN: not known yet */
} ck_av_stamp;

/* Encode a picture.  Its buffer is shared, not copied: do not write to it afterwards. */
ck_status ck_av_frame(ck_av_writer *w, const ck_picture *p, const ck_av_stamp *at, ck_error *e);

/* Write a packet that is encoded already, instead of frames.  p: times in ticks of the encoder's time base. */
struct ck_segment_packet;
ck_status ck_av_packet(ck_av_writer *w, const struct ck_segment_packet *p, const void *data, ck_error *e);

/* Without ck_av_frame: time 0 is this many seconds from the start of the shot. */
void ck_av_begin(ck_av_writer *w, double from);

/* A sentence about sound that is not in the file, or "". */
const char *ck_av_note(const ck_av_writer *w);

/* Bytes of the file so far; encoders keep frames back. */
uint64_t ck_av_bytes(const ck_av_writer *w);

ck_status ck_av_finish(ck_av_writer *w, ck_error *e);
void ck_av_free(ck_av_writer *w); /* NULL is fine */

/* The transfer code for a plane's encoding ("srgb", "pq", "hlg") or libav's name; else unspecified. */
enum AVColorTransferCharacteristic ck_av_transfer(const char *encoding);

#endif
