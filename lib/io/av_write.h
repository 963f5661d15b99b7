/* Video files and streams through libavcodec and libavformat.
 *
 *     ck_av_open(&spec, path, timeout, &w, e)     path NULL: standard output
 *     ck_av_frame(w, &picture, time, e)           in order; time NAN: a frame's duration after the last one
 *     ck_av_finish(w, e)                          flush, complete the file, give it its name
 *     ck_av_free(w)                               always; an unfinished file is removed
 *
 * One thread at a time.  The encoders have threads of their own. */
#ifndef CK_IO_AV_WRITE_H
#define CK_IO_AV_WRITE_H

#include "io/picture.h"

typedef struct ck_av_writer ck_av_writer;

typedef enum ck_av_codec {
    CK_AV_H264,       /* libx264, CRF 18, preset medium */
    CK_AV_PRORES4444, /* prores_ks, quantiser 2: visually lossless, as large as the picture needs */
    CK_AV_RAW
} ck_av_codec;

typedef struct ck_av_spec {
    const char *container; /* libavformat's name: "mp4", "mov", "nut" */
    ck_av_codec codec;
    enum AVPixelFormat format;
    int w, h;
    int rate_num, rate_den;
    int sar_num, sar_den; /* width of a pixel over its height */
    int threads;
    /* YCbCr is limited range with 4:2:0 chroma on the left. */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    const ck_meta *tags; /* container metadata; may be NULL */
} ck_av_spec;

/* Fails with CK_ERR_UNSUPPORTED when libavcodec was built without the encoder. */
ck_status ck_av_open(const ck_av_spec *spec, const char *path, double timeout, ck_av_writer **out, ck_error *e);

/* The picture's buffer is shared, not copied: it must not be written to afterwards.
 * time: seconds from the first frame.  One within a millisecond of a multiple of the frame's duration is that multiple,
 * since files round their times to as little; one that is not after the last frame's follows it at once. */
ck_status ck_av_frame(ck_av_writer *w, const ck_picture *p, double time, ck_error *e);

ck_status ck_av_finish(ck_av_writer *w, ck_error *e);
void ck_av_free(ck_av_writer *w); /* NULL is fine */

/* By a plane's encoding ("srgb", "pq", "hlg") or libav's own name; unspecified for the rest. */
enum AVColorTransferCharacteristic ck_av_transfer(const char *encoding);

#endif
