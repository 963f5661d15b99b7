/* Colour tags of a container (colr, Matroska's Colour), which fill in what the codec leaves unspecified. */
#ifndef CK_IO_AV_TAGS_H
#define CK_IO_AV_TAGS_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct ck_av_tags {
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVChromaLocation chroma;
} ck_av_tags;

/* Before avformat_find_stream_info, which replaces them with those of the codec. */
ck_av_tags ck_av_tags_of(const AVCodecParameters *par);

/* Tags of the frame that the codec left unspecified are the container's from now on. */
void ck_av_tags_fill(const ck_av_tags *tags, AVFrame *av);

/* "transfer smpte2084 (the codec: bt709), ..." into buf: where both specify one and they differ; else "". */
void ck_av_tags_differ(const ck_av_tags *tags, const AVFrame *av, char *buf, size_t n);

#endif
