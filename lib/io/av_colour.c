#include "io/av_colour.h"

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>

#include "colour/primaries.h"

#define YCGCO_CHOICE 6 /* index in CK_AV_MATRICES; GBR follows it */

static const AVPixFmtDescriptor *layout(const AVFrame *av)
{
    return av_pix_fmt_desc_get(av->format);
}

static bool jpeg_format(const AVFrame *av)
{
    return av->format == AV_PIX_FMT_YUVJ420P || av->format == AV_PIX_FMT_YUVJ422P ||
           av->format == AV_PIX_FMT_YUVJ444P || av->format == AV_PIX_FMT_YUVJ440P || av->format == AV_PIX_FMT_YUVJ411P;
}

static bool rgb_format(const AVFrame *av)
{
    return layout(av)->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
}

static bool grey_format(const AVFrame *av)
{
    return layout(av)->nb_components < 3;
}

static ck_status set_matrix(const AVFrame *av, const ck_av_choice *choice, ck_av_colour *out, ck_error *e)
{
    if (choice->matrix) {
        out->matrix = ck_yuv_matrix_at(choice->matrix - 1);
        out->kind = out->matrix ? CK_YUV_LUMA : choice->matrix == YCGCO_CHOICE ? CK_YUV_YCGCO : CK_YUV_GBR;
        return CK_OK;
    }
    out->matrix = ck_yuv_matrix_by_code(av->colorspace);
    out->kind = av->colorspace == AVCOL_SPC_YCGCO ? CK_YUV_YCGCO
                : av->colorspace == AVCOL_SPC_RGB ? CK_YUV_GBR
                                                  : CK_YUV_LUMA;
    if (out->matrix || out->kind != CK_YUV_LUMA)
        return CK_OK;
    if (av->colorspace != AVCOL_SPC_UNSPECIFIED && av->colorspace != AVCOL_SPC_RESERVED)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "YCbCr matrix %s is not supported: choose one with --matrix %s",
                       av_color_space_name(av->colorspace), CK_AV_MATRICES);
    out->matrix_guessed = true;
    bool wide = av->color_primaries == AVCOL_PRI_BT2020;
    out->matrix = wide ? ck_yuv_matrix_by_name("2020") : ck_yuv_matrix_guess(av->height);
    return CK_OK;
}

static void set_range(const AVFrame *av, const ck_av_choice *choice, ck_av_colour *out)
{
    if (choice->range) {
        out->full = choice->range == 2;
    } else if (rgb_format(av) || jpeg_format(av)) {
        out->full = true;
    } else if (av->color_range != AVCOL_RANGE_UNSPECIFIED) {
        out->full = av->color_range == AVCOL_RANGE_JPEG;
    } else {
        out->full = grey_format(av);
        out->range_guessed = true;
    }
}

static void set_site(const AVFrame *av, const ck_av_choice *choice, ck_av_colour *out)
{
    _Static_assert(AVCHROMA_LOC_LEFT == 1 && AVCHROMA_LOC_BOTTOM == 6, "libav's order is ours");
    if (choice->chroma) {
        out->site = (ck_yuv_site)(choice->chroma - 1);
    } else if (av->chroma_location != AVCHROMA_LOC_UNSPECIFIED) {
        out->site = (ck_yuv_site)(av->chroma_location - AVCHROMA_LOC_LEFT);
    } else {
        out->site = jpeg_format(av) ? CK_YUV_CENTER : CK_YUV_LEFT;
        out->chroma_guessed = layout(av)->log2_chroma_w || layout(av)->log2_chroma_h;
    }
}

ck_status ck_av_colour_of(const AVFrame *av, const ck_av_choice *choice, ck_av_colour *out, ck_error *e)
{
    *out = (ck_av_colour){0};
    set_range(av, choice, out);
    set_site(av, choice, out);
    return rgb_format(av) || grey_format(av) ? CK_OK : set_matrix(av, choice, out, e);
}

void ck_av_colour_describe(const AVFrame *av, const ck_av_choice *choice, char *buf, int n)
{
    static const char *const sites[] = {"left", "center", "topleft", "top", "bottomleft", "bottom"};
    const AVPixFmtDescriptor *d = layout(av);
    ck_av_colour c;
    ck_error e;
    int at = snprintf(buf, (size_t)n, "%s %dx%d", d->name, av->width, av->height);
    if (ck_av_colour_of(av, choice, &c, &e) != CK_OK || at >= n)
        return;
    if (!rgb_format(av) && !grey_format(av))
        at += snprintf(buf + at, (size_t)(n - at), ", matrix %s%s",
                       c.matrix                 ? c.matrix->name
                       : c.kind == CK_YUV_YCGCO ? "ycgco"
                                                : "gbr",
                       c.matrix_guessed ? " (guessed)" : "");
    if (at < n)
        at += snprintf(buf + at, (size_t)(n - at), ", %s range%s", c.full ? "full" : "limited",
                       c.range_guessed ? " (guessed)" : "");
    if (at < n && !rgb_format(av) && (d->log2_chroma_w || d->log2_chroma_h))
        snprintf(buf + at, (size_t)(n - at), ", chroma %s%s", sites[c.site], c.chroma_guessed ? " (guessed)" : "");
}

const char *ck_av_encoding_of(int transfer)
{
    switch (transfer) {
    case AVCOL_TRC_LINEAR:
        return "linear";
    case AVCOL_TRC_SMPTE2084:
        return "pq";
    case AVCOL_TRC_ARIB_STD_B67:
        return "hlg";
    case AVCOL_TRC_LOG:
        return "log100";
    case AVCOL_TRC_LOG_SQRT:
        return "log316";
    default:
        return "srgb";
    }
}

/* Float samples without a tag come from formats of linear light (PFM). */
const char *ck_av_encoding(const AVFrame *av)
{
    const char *s = ck_av_encoding_of(av->color_trc);
    return !strcmp(s, "srgb") && layout(av)->flags & AV_PIX_FMT_FLAG_FLOAT ? "linear" : s;
}

const char *ck_av_tag_transfer(const AVFrame *av)
{
    return av->color_trc == AVCOL_TRC_UNSPECIFIED ? NULL : av_color_transfer_name(av->color_trc);
}

const char *ck_av_tag_primaries(const AVFrame *av)
{
    const char *ours = ck_primaries_of_code(av->color_primaries);
    if (ours || av->color_primaries == AVCOL_PRI_UNSPECIFIED)
        return ours;
    return av_color_primaries_name(av->color_primaries);
}
