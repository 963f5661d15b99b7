#include "ck-decode/head.h"

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#include "base/log.h"
#include "io/av_pixels.h"

/* The number of frames to come, -1 if unknown. */
static long count(const ck_source *s)
{
    if (!s->video)
        return (long)s->files.n;
    const ck_video_info *i = ck_video_info_view(s->video);
    if (i->frames < 0 || s->keep.n == 0)
        return i->frames;
    long n = 0;
    for (int r = 0; r < s->keep.n; r++) {
        long last = s->keep.r[r].last < i->frames ? s->keep.r[r].last : i->frames - 1;
        n += last >= s->keep.r[r].first ? last - s->keep.r[r].first + 1 : 0;
    }
    return n;
}

/* An option overrides the file's own name for its curve. */
static const char *transfer(const ck_source *s, const ck_plane *rgb)
{
    const AVFrame *first = s->video ? ck_video_info_view(s->video)->first : NULL;
    if (s->opts->linear)
        return "linear";
    if (s->opts->srgb)
        return "iec61966-2-1";
    return first ? ck_av_tag_transfer(first) : !strcmp(rgb->encoding, "linear") ? "linear" : NULL;
}

static ck_status head_of_video(const ck_video_info *i, ck_meta *head, ck_error *e)
{
    ck_status s = CK_OK;
    if (i->rate_num > 0)
        s = ck_meta_setf(head, e, "rate", "%d/%d", i->rate_num, i->rate_den);
    if (s == CK_OK && i->sar_num != i->sar_den)
        s = ck_meta_setf(head, e, "sar", "%d/%d", i->orient.swap ? i->sar_den : i->sar_num,
                         i->orient.swap ? i->sar_num : i->sar_den);
    if (s == CK_OK && i->timecode)
        s = ck_meta_set(head, "start", i->timecode, e);
    return s == CK_OK ? ck_meta_set(head, "primaries", ck_av_tag_primaries(i->first), e) : s;
}

ck_status ck_decode_fill_head(const ck_source *s, const ck_plane *rgb, ck_meta *head, ck_error *e)
{
    long n = count(s);
    ck_status status = ck_meta_set(head, "source", s->name, e);
    if (status == CK_OK)
        status = ck_meta_setf(head, e, "width", "%d", rgb->w);
    if (status == CK_OK)
        status = ck_meta_setf(head, e, "height", "%d", rgb->h);
    if (status == CK_OK && n >= 0)
        status = ck_meta_setf(head, e, "frames", "%ld", n);
    if (status == CK_OK)
        status = ck_meta_set(head, "transfer", transfer(s, rgb), e);
    if (status == CK_OK && s->video)
        status = head_of_video(ck_video_info_view(s->video), head, e);
    if (status == CK_OK && !s->video && s->files.numbered)
        status = ck_meta_setf(head, e, "start", "%ld", s->files.files[0].number);
    return status;
}

static void explain_video(const ck_source *s)
{
    const ck_video_info *i = ck_video_info_view(s->video);
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(i->first->format);
    char colour[200];
    ck_av_colour_describe(i->first, &s->opts->colour, colour, sizeof colour);
    ck_log_info("%s: %s in %s, %s", s->name, i->codec, i->format, colour);
    if (*i->differ)
        ck_log_notice("%s: the container says %s: the codec counts", s->name, i->differ);
    if (*i->others)
        ck_log_info("%s: stream %d is read; further video streams: %s (--stream)", s->name, i->stream, i->others);
    if (i->frames >= 0)
        ck_log_info("%s: the container declares %ld frames", s->name, i->frames);
    if (d->flags & AV_PIX_FMT_FLAG_ALPHA && !s->hint)
        ck_log_info("%s: its alpha channel is dropped", s->name);
    if (ck_av_needs_swscale(i->first))
        ck_log_info("%s: %s goes through libswscale to 16-bit RGB", s->name, d->name);
    if (ck_orient_changes(i->orient))
        ck_log_info("%s: turned upright as its display matrix says", s->name);
    if (i->turned_oddly)
        ck_log_info("%s: its display matrix is no quarter turn: left as stored", s->name);
    if (i->sar_num != i->sar_den)
        ck_log_info("%s: its pixels are not square (%d:%d): left as stored", s->name, i->sar_num, i->sar_den);
    if (i->interlaced)
        ck_log_info("%s: interlaced: both fields stay in one frame; deinterlace it first to key it well", s->name);
}

void ck_decode_explain(const ck_source *s, const ck_plane *rgb)
{
    if (s->video)
        explain_video(s);
    else
        ck_log_info("%s: %zu still%s%s", s->name, s->files.n, s->files.n == 1 ? "" : "s",
                    s->files.numbered ? ", numbered" : "");
    if (rgb)
        ck_log_info("%s: %s of %s, %dx%d, %s", s->name, rgb->name, rgb->type_name, rgb->w, rgb->h,
                    *rgb->encoding ? rgb->encoding : "coverage");
    for (size_t i = 1; !s->video && s->files.numbered && i < s->files.n; i++)
        if (s->files.files[i].number != s->files.files[i - 1].number + 1 && !s->opts->frames)
            ck_log_info("%s: the numbers jump from %ld to %ld", s->name, s->files.files[i - 1].number,
                        s->files.files[i].number);
}

void ck_decode_explain_count(const ck_source *s, long frames)
{
    if (s->video && ck_video_info_view(s->video)->frames < 0)
        ck_log_info("%s: %ld frames; the container declares no count", s->name, frames);
}
