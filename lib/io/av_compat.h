/* One interface for libav 5.1 to 7.1.  The only file that depends on libav's version. */
#ifndef CK_IO_AV_COMPAT_H
#define CK_IO_AV_COMPAT_H

#include <stdbool.h>
#include <stdint.h>

#include "io/av_load.h"

/* Carries a number with a packet through the decoder to its frame.  Enable it before the decoder is opened. */
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
static inline void ck_av_number_packets(AVCodecContext *dec)
{
    dec->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
}

static inline void ck_av_set_number(AVCodecContext *dec, AVPacket *pkt, int64_t number)
{
    (void)dec;
    pkt->opaque = (void *)(intptr_t)number;
}

static inline int64_t ck_av_number(const AVFrame *av)
{
    return (intptr_t)av->opaque;
}
#else
static inline void ck_av_number_packets(AVCodecContext *dec)
{
    (void)dec;
}

static inline void ck_av_set_number(AVCodecContext *dec, AVPacket *pkt, int64_t number)
{
    (void)pkt;
    dec->reordered_opaque = number;
}

static inline int64_t ck_av_number(const AVFrame *av)
{
    return av->reordered_opaque;
}
#endif

static inline bool ck_av_interlaced(const AVFrame *av)
{
#ifdef AV_FRAME_FLAG_INTERLACED
    return av->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return av->interlaced_frame;
#endif
}

/* The container's display matrix, 9 numbers valid as long as the stream, or NULL. */
static inline const int32_t *ck_av_display_matrix(const AVStream *st)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 100)
    const AVPacketSideData *side = st->codecpar->coded_side_data;
    int n = st->codecpar->nb_coded_side_data;
#else
    const AVPacketSideData *side = st->side_data;
    int n = st->nb_side_data;
#endif
    for (int i = 0; i < n; i++)
        if (side[i].type == AV_PKT_DATA_DISPLAYMATRIX && side[i].size >= 9 * sizeof(int32_t))
            return (const void *)side[i].data;
    return NULL;
}

/* True if the Matroska muxer states the delay of Opus, but does not add it to the times of packets. */
#define CK_AV_MKV_OMITS_DELAY (LIBAVFORMAT_VERSION_MAJOR < 61)

/* Buffer type of avio_alloc_context's write callback. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t ck_av_written;
#else
typedef uint8_t ck_av_written;
#endif

/* The colour tags of frames that will be fed to a filter's source; older versions do not compare them. */
static inline void ck_av_source_colours(AVBufferSrcParameters *par, const AVFrame *av)
{
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(9, 16, 100)
    par->color_space = av->colorspace;
    par->color_range = av->color_range;
#else
    (void)par;
    (void)av;
#endif
}

#endif
