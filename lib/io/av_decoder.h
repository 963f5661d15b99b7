/* A libav decoder that says what is wrong instead of painting over it. */
#ifndef CK_IO_AV_DECODER_H
#define CK_IO_AV_DECODER_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

#include "base/status.h"
#include "io/av_log.h"

/* Not yet opened, so that threads can be set; par may be NULL; what it says goes to `words`.  Errors end decoding of a
 * frame, checksums are checked, frames that hang in the air (before the first key frame) come out, marked. */
ck_status ck_av_decoder_new(enum AVCodecID id, const AVCodecParameters *par, ck_av_messages *words,
                            AVCodecContext **out, ck_error *e);

/* The decoder knows that parts of the frame are made up. */
bool ck_av_damaged(const AVFrame *av);

#endif
