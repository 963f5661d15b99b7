/* Codecs of video files: encoder, containers, samples and defaults.  One row each. */
#ifndef CK_IO_AV_CODECS_H
#define CK_IO_AV_CODECS_H

#include <libavutil/dict.h>

#include "base/status.h"
#include "io/picture.h"

/* In the order of CK_AV_CODECS. */
typedef enum ck_av_codec {
    CK_AV_H264,
    CK_AV_HEVC,
    CK_AV_AV1,
    CK_AV_PRORES4444,
    CK_AV_PRORES4444XQ,
    CK_AV_VP9,
    CK_AV_FFV1,
    CK_AV_QTRLE,
    CK_AV_DNXHR444,
    CK_AV_RAW /* of streams */
} ck_av_codec;
#define CK_AV_CODECS "h264|hevc|av1|prores4444|prores4444xq|vp9|ffv1|qtrle|dnxhr444"

typedef struct ck_av_coding {
    const char *word, *name;      /* "h264", "H.264" */
    const char *encoder, *remedy; /* libavcodec's name; what to use if this libavcodec lacks it */
    const char *containers;       /* that hold it: " mp4 mov mkv " */
    const char *alpha_in;         /* those of them that hold its alpha too; "" = none */
    const char *options;          /* of the encoder: "preset=medium:crf=18" */
    ck_sampling opaque, alpha;    /* samples of planes without and with alpha */
    int quantiser;                /* constant; 0 = by other options */
    bool intra;                   /* every packet is a whole frame */
    int least_w, least_h;         /* smallest picture */
} ck_av_coding;

const ck_av_coding *ck_av_coding_of(ck_av_codec c);

/* The codec called `word`; false if it is none of CK_AV_CODECS. */
bool ck_av_codec_named(const char *word, ck_av_codec *out);

/* CK_ERR_ARGUMENT with the codecs or containers that are possible, if the container ("mp4") cannot hold the codec. */
ck_status ck_av_codec_fits(ck_av_codec c, const char *container, ck_error *e);

/* The same for a picture of that size and number of channels of plane `plane`. */
ck_status ck_av_codec_holds(ck_av_codec c, const char *container, const char *plane, int channels, int w, int h,
                            ck_error *e);

/* Check "KEY=VALUE:KEY=VALUE" against the options of the encoder, if this libavcodec has it. */
ck_status ck_av_codec_check_args(ck_av_codec c, const char *args, ck_error *e);

/* Options for avcodec_open2: ours, then those of `args` (NULL = none).  *own_quality: `args` has a rate or a quality,
 * and replaces ours. */
ck_status ck_av_codec_options(ck_av_codec c, const char *args, int threads, bool alpha, AVDictionary **out,
                              bool *own_quality, ck_error *e);

#endif
