/* A libav decoder that reports damage instead of concealing it. */
#ifndef CK_IO_AV_DECODER_H
#define CK_IO_AV_DECODER_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

#include "base/status.h"
#include "io/av_log.h"

/* Not yet opened, so that threads can be set; par may be NULL; its messages go to `words`.  Errors end decoding of a
 * frame, checksums are checked, frames without their references (before the first key frame) give no picture. */
ck_status ck_av_decoder_new(enum AVCodecID id, const AVCodecParameters *par, ck_av_messages *words,
                            AVCodecContext **out, ck_error *e);

/* The decoder has concealed errors in the frame. */
bool ck_av_damaged(const AVFrame *av);

#endif
