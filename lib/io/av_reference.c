#include "io/av_reference.h"

/* Decide by the NAL header of a slice.  H.264: nal_ref_idc.  HEVC: unit types below 16 and even are not referred to
 * within their temporal layer.  Encoders with several layers put such pictures into upper ones; only the lowest layer
 * is judged. */
static bool slice_header(enum AVCodecID id, const uint8_t *nal, bool *reference)
{
    int type = id == AV_CODEC_ID_H264 ? nal[0] & 31 : nal[0] >> 1 & 63;
    if (id == AV_CODEC_ID_H264) {
        *reference = nal[0] >> 5 & 3;
        return type >= 1 && type <= 5;
    }
    *reference = type >= 16 || type % 2 || (nal[1] & 7) != 1;
    return type < 32;
}

static bool nal_reference(const AVCodecParameters *par, const AVPacket *pkt)
{
    const uint8_t *p = pkt->data, *end = p + pkt->size, *extra = par->extradata;
    /* prefixed: avcC or hvcC, with lengths; otherwise start codes. */
    bool reference = true, prefixed = par->extradata_size > 3 && (extra[0] || extra[1] || extra[2] > 1);
    if (!prefixed) {
        for (; end - p > 5; p++)
            if (!p[0] && !p[1] && p[2] == 1 && slice_header(par->codec_id, p + 3, &reference))
                return reference;
        return true;
    }
    int at = par->codec_id == AV_CODEC_ID_H264 ? 4 : 21;
    int bytes = par->extradata_size > at ? (extra[at] & 3) + 1 : 4;
    while (end - p > bytes + 2) {
        uint32_t n = 0;
        for (int i = 0; i < bytes; i++)
            n = n << 8 | *p++;
        if (slice_header(par->codec_id, p, &reference))
            return reference;
        if (n > (size_t)(end - p))
            return true;
        p += n;
    }
    return true;
}

bool ck_av_is_reference(const AVCodecParameters *par, const AVPacket *pkt, enum AVPictureType type)
{
    switch (par->codec_id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
        return nal_reference(par, pkt);
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
        return type != AV_PICTURE_TYPE_B;
    default:
        return true;
    }
}
