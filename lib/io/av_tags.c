#include "io/av_tags.h"

#include <libavutil/pixdesc.h>
#include <stdio.h>

ck_av_tags ck_av_tags_of(const AVCodecParameters *par)
{
    return (ck_av_tags){par->color_range, par->color_primaries, par->color_trc, par->color_space, par->chroma_location};
}

/* True for YUV.  RGB files are tagged with the matrix of the YUV made from them, which must be ignored. */
static bool has_matrix(const AVFrame *av)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    return d && d->nb_components >= 3 && !(d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

void ck_av_tags_fill(const ck_av_tags *tags, AVFrame *av)
{
    if (av->color_primaries == AVCOL_PRI_UNSPECIFIED || av->color_primaries == AVCOL_PRI_RESERVED0)
        av->color_primaries = tags->primaries;
    if (av->color_trc == AVCOL_TRC_UNSPECIFIED || av->color_trc == AVCOL_TRC_RESERVED0)
        av->color_trc = tags->transfer;
    if (!has_matrix(av))
        return;
    if (av->color_range == AVCOL_RANGE_UNSPECIFIED)
        av->color_range = tags->range;
    if (av->chroma_location == AVCHROMA_LOC_UNSPECIFIED)
        av->chroma_location = tags->chroma;
    /* A container that says RGB for YUV samples is wrong. */
    if ((av->colorspace == AVCOL_SPC_UNSPECIFIED || av->colorspace == AVCOL_SPC_RESERVED) &&
        tags->matrix != AVCOL_SPC_RGB)
        av->colorspace = tags->matrix;
}

static size_t compare(char *buf, size_t n, size_t at, const char *what, const char *container, const char *codec)
{
    if (at >= n)
        return at;
    return at + (size_t)snprintf(buf + at, n - at, "%s%s %s (the codec: %s)", at ? ", " : "", what,
                                 container ? container : "?", codec ? codec : "?");
}

void ck_av_tags_differ(const ck_av_tags *tags, const AVFrame *av, char *buf, size_t n)
{
    size_t at = 0;
    *buf = 0;
    if (tags->primaries != AVCOL_PRI_UNSPECIFIED && tags->primaries != av->color_primaries)
        at = compare(buf, n, at, "primaries", av_color_primaries_name(tags->primaries),
                     av_color_primaries_name(av->color_primaries));
    if (tags->transfer != AVCOL_TRC_UNSPECIFIED && tags->transfer != av->color_trc)
        at = compare(buf, n, at, "transfer", av_color_transfer_name(tags->transfer),
                     av_color_transfer_name(av->color_trc));
    if (!has_matrix(av))
        return;
    if (tags->matrix != AVCOL_SPC_UNSPECIFIED && tags->matrix != AVCOL_SPC_RGB && tags->matrix != av->colorspace)
        at = compare(buf, n, at, "matrix", av_color_space_name(tags->matrix), av_color_space_name(av->colorspace));
    if (tags->range != AVCOL_RANGE_UNSPECIFIED && tags->range != av->color_range)
        compare(buf, n, at, "range", av_color_range_name(tags->range), av_color_range_name(av->color_range));
}
