/* Detection of packets to which no other packet refers: their damage does not spread. */
#ifndef CK_IO_AV_REFERENCE_H
#define CK_IO_AV_REFERENCE_H

#include <stdbool.h>

#include "io/av_load.h"

/* False if nothing refers to this packet's picture, true if something may.  type: the picture type found by a parser,
 * or AV_PICTURE_TYPE_NONE. */
bool ck_av_is_reference(const AVCodecParameters *par, const AVPacket *pkt, enum AVPictureType type);

#endif
