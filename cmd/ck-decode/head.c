#include "ck-decode/head.h"

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "io/av_facts.h"
#include "io/av_pixels.h"
#include "io/sequence_name.h"
#include "shared/inputs.h"

#define MOST_COUNTED 100000000 /* largest number of frames that is counted one by one */

/* The number of frames to come, -1 if unknown. */
static long count(const ck_source *s)
{
    if (!s->video)
        return (long)s->files.n;
    long n = 0, end = ck_ranges_last(&s->keep), frames = ck_source_frames(s);
    if (frames < 0 || s->keep.n == 0)
        return frames;
    bool filled = s->missing == CK_MISSING_BLACK || s->missing == CK_MISSING_NEAREST;
    if (end == CK_RANGE_OPEN || end >= frames)
        end = filled && end != CK_RANGE_OPEN ? end : frames - 1;
    if (end > MOST_COUNTED)
        return -1;
    for (long v = 0; v <= end; v++)
        n += ck_ranges_has(&s->keep, v);
    return n;
}

/* Announce the numbers of the frames to come, for ck-encode to lock.  A list that is too long becomes FIRST-LAST. */
static ck_status numbers(const ck_source *s, ck_meta *head, ck_error *e)
{
    char list[4096];
    ck_ranges all = {0};
    ck_status status = s->video ? CK_OK : ck_sequence_numbers(&s->files, &all, e);
    const ck_ranges *r = s->video ? &s->keep : &all;
    if (status != CK_OK)
        return status;
    long last = s->video ? ck_source_frames(s) - 1 : 0;
    if (r->n == 0 && last >= 0)
        snprintf(list, sizeof list, "0-%ld", last);
    else if (r->n == 0 || (!ck_ranges_format(r, list, sizeof list) && ck_ranges_last(r) == CK_RANGE_OPEN))
        snprintf(list, sizeof list, "%ld-", r->n ? r->r[0].first : 0);
    else if (!ck_ranges_format(r, list, sizeof list))
        snprintf(list, sizeof list, "%ld-%ld", r->r[0].first, ck_ranges_last(r));
    ck_ranges_free(&all);
    return ck_meta_set(head, "numbers", list, e);
}

/* Report holes of a sequence, and put them into HEAD: ck-encode makes no video of it, which would lose its sync. */
static ck_status holes(const ck_source *s, ck_meta *head, ck_error *e)
{
    ck_ranges missing = {0};
    if (s->video || s->opts->frames || s->missing != CK_MISSING_ERROR)
        return CK_OK;
    ck_status status = ck_sequence_holes(&s->files, &missing, e);
    if (status == CK_OK && missing.n) {
        char list[300], links[300] = "";
        ck_ranges_format(&missing, list, sizeof list);
        if (s->files.n_broken)
            snprintf(links, sizeof links, ", %zu of them broken links", s->files.n_broken);
        ck_log_notice("%s: missing frame%s %s%s: see --missing", s->name, ck_ranges_count(&missing, 2) == 1 ? "" : "s",
                      list, links);
        status = ck_meta_set(head, "missing", list, e);
    } else if (status == CK_OK && s->files.n_broken) {
        ck_log_notice("%s: %zu broken links, such as %s", s->name, s->files.n_broken, s->files.broken[0].path);
        status = ck_meta_set(head, "missing", s->files.broken[0].stem, e);
    }
    ck_ranges_free(&missing);
    return status;
}

static ck_status head_of_video(const ck_source *of, ck_meta *head, ck_error *e)
{
    const ck_video_info *i = ck_video_info_view(of->video);
    int per = ck_fields_per_frame(of->mode);
    ck_status s = CK_OK;
    if (i->rate_num > 0)
        s = i->rate_den % per ? ck_meta_setf(head, e, "rate", "%d/%d", i->rate_num * per, i->rate_den)
                              : ck_meta_setf(head, e, "rate", "%d/%d", i->rate_num, i->rate_den / per);
    if (s == CK_OK && i->sar_num != i->sar_den)
        s = ck_meta_setf(head, e, "sar", "%d/%d", i->orient.swap ? i->sar_den : i->sar_num,
                         i->orient.swap ? i->sar_num : i->sar_den);
    return s == CK_OK && i->timecode ? ck_meta_set(head, "start", i->timecode, e) : s;
}

/* Sound and camera, for outputs to carry on.  Sound cannot be read again from standard input. */
static ck_status facts_of_video(const ck_source *s, ck_meta *head, ck_error *e)
{
    double start;
    ck_status status = ck_av_camera(s->video, CK_CAMERA, head, e);
    struct stat st;
    if (status != CK_OK || !ck_av_has_sound(s->video, &start) || stat(s->name, &st) || !S_ISREG(st.st_mode))
        return status;
    char *path = realpath(s->name, NULL);
    status = ck_meta_set(head, CK_SOUND, path, e);
    free(path);
    return status == CK_OK ? ck_meta_setf(head, e, CK_SOUND_START, "%.6f", start) : status;
}

/* The name of INPUT.  Of several files it is their common pattern: whichever of them were given, the name is the
 * same. */
static ck_status source_name(const ck_source *s, ck_meta *head, ck_error *e)
{
    ck_sequence_name n = ck_sequence_name_of(s->name);
    if (s->video || s->single || !s->listed || n.number == CK_NO_NUMBER)
        return ck_meta_set(head, "source", s->name, e);
    return ck_meta_setf(head, e, "source", "%.*s*%s", (int)n.from, s->name, s->name + n.to);
}

ck_status ck_decode_fill_head(const ck_source *s, const ck_plane *rgb, ck_meta *head, ck_error *e)
{
    long n = count(s);
    ck_status status = source_name(s, head, e);
    if (status == CK_OK)
        status = ck_meta_setf(head, e, "width", "%d", rgb->w);
    if (status == CK_OK)
        status = ck_meta_setf(head, e, "height", "%d", rgb->h);
    if (status == CK_OK && n >= 0)
        status = ck_meta_setf(head, e, "frames", "%ld", n);
    if (status == CK_OK && s->video)
        status = head_of_video(s, head, e);
    if (status == CK_OK && s->video)
        status = facts_of_video(s, head, e);
    if (status == CK_OK && !s->video && s->files.numbered)
        status = ck_meta_setf(head, e, "start", "%ld", s->files.files[0].number);
    if (status == CK_OK)
        status = numbers(s, head, e);
    if (status == CK_OK)
        status = holes(s, head, e);
    if (status == CK_OK)
        status = ck_inputs_host(head, e);
    return status == CK_OK && s->video ? ck_inputs_add(head, s->name, e) : status;
}

static void explain_video(const ck_source *s)
{
    const ck_video_info *i = ck_video_info_view(s->video);
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(i->first->format);
    char colour[200];
    ck_av_colour_describe(i->first, &s->colour, colour, sizeof colour);
    ck_log_info("%s: %s in %s, %s", s->name, i->codec, i->format, colour);
    if (*i->differ)
        ck_log_notice("%s: the container says %s: the codec's value is used", s->name, i->differ);
    if (*i->others)
        ck_log_info("%s: reading video stream %d; others: %s (--stream)", s->name, i->stream, i->others);
    if (i->frames >= 0)
        ck_log_info("%s: the container declares %ld frames", s->name, i->frames);
    if (d->flags & AV_PIX_FMT_FLAG_ALPHA && !s->alpha)
        ck_log_info("%s: alpha channel discarded", s->name);
    if (ck_av_needs_swscale(i->first))
        ck_log_info("%s: %s is converted to 16-bit RGB by libswscale", s->name, d->name);
    if (ck_orient_changes(i->orient))
        ck_log_info("%s: rotated upright by its display matrix", s->name);
    if (i->turned_oddly)
        ck_log_info("%s: display matrix is not a multiple of 90 degrees: ignored", s->name);
    if (i->sar_num != i->sar_den)
        ck_log_info("%s: pixels are not square (%d:%d): not resampled", s->name, i->sar_num, i->sar_den);
    if (i->interlaced && s->mode == CK_FIELDS_KEEP)
        ck_log_info("%s: flagged as interlaced: --deinterlace makes whole frames", s->name);
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
}

void ck_decode_explain_count(const ck_source *s, long frames)
{
    if (s->video && ck_source_frames(s) < 0)
        ck_log_info("%s: %ld frames; the container declares no count", s->name, frames);
}
