/* Packets that no other packet refers to: damage to one of them stays there. */
#ifndef CK_IO_AV_REFERENCE_H
#define CK_IO_AV_REFERENCE_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

/* False if nothing refers to the picture in this packet; true if that is not certain.
 * `type`: the picture's type as a parser found it, AV_PICTURE_TYPE_NONE when not known. */
bool ck_av_is_reference(const AVCodecParameters *par, const AVPacket *pkt, enum AVPictureType type);

#endif
