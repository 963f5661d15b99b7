/* A libav decoder that reports damage instead of hiding it. */
#ifndef CK_IO_AV_DECODER_H
#define CK_IO_AV_DECODER_H

#include <stdbool.h>

#include "base/status.h"
#include "io/av_load.h"
#include "io/av_log.h"

/* Make an unopened decoder, so that threads can still be set.  par may be NULL.  Its messages go to `words`.  Errors
 * end the decoding of a frame, checksums are verified, and frames whose references are missing (before the first key
 * frame) are not output. */
ck_status ck_av_decoder_new(enum AVCodecID id, const AVCodecParameters *par, ck_av_messages *words,
                            AVCodecContext **out, ck_error *e);

/* True if the decoder concealed errors in the frame. */
bool ck_av_damaged(const AVFrame *av);

#endif
