/* Colour tags of a container (colr, Matroska's Colour), used where the codec leaves them unspecified. */
#ifndef CK_IO_AV_TAGS_H
#define CK_IO_AV_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/av_load.h"

typedef struct ck_av_tags {
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVChromaLocation chroma;
} ck_av_tags;

/* Read the container's tags.  Call before avformat_find_stream_info, which replaces them by the codec's. */
ck_av_tags ck_av_tags_of(const AVCodecParameters *par);

/* Set the frame's unspecified tags to the container's. */
void ck_av_tags_fill(const ck_av_tags *tags, AVFrame *av);

/* List tags that both specify differently, as "transfer smpte2084 (the codec: bt709), ..."; else "". */
void ck_av_tags_differ(const ck_av_tags *tags, const AVFrame *av, char *buf, size_t n);

#endif
