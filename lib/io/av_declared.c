#include "io/av_declared.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/apng.h"

/* True if the header states the duration.  libav reports one for nearly every format, mostly an estimate. */
static bool states_duration(const AVFormatContext *fmt)
{
    static const char *const known[] = {"mov,", "matroska,", "flv", "mxf", "ivf"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strncmp(fmt->iformat->name, known[i], strlen(known[i])))
            return fmt->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
    return false;
}

/* Number of samples that the edit list shows.  The index of an unfragmented film is complete after opening. */
static long shown_samples(AVStream *st)
{
    long n = 0;
    int entries = avformat_index_get_entries_count(st);
    for (int i = 0; i < entries; i++)
        n += !(avformat_index_get_entry(st, i)->flags & AVINDEX_DISCARD_FRAME);
    return n;
}

/* Chunks of size 0 stand for dropped frames; libav skips them. */
static void read_avi(AVStream *video, ck_declared *d)
{
    AVRational rate = video->r_frame_rate;
    int entries = avformat_index_get_entries_count(video);
    long n = 0;
    for (int i = 0; i < entries; i++)
        n += avformat_index_get_entry(video, i)->size > 0;
    d->frames = n ? n : -1;
    /* A header that was never completed says 2^30 frames. */
    if (video->nb_frames > 0 && video->nb_frames < 1 << 30 && rate.num > 0 && rate.den > 0)
        d->slots = lround((double)video->nb_frames * av_q2d(video->time_base) * av_q2d(rate));
}

/* Matroska's tag for the duration of one stream, in seconds; subtitles and audio may outlast the video.  A tag longer
 * than the file is wrong: some tools copy the tags of other files.  0 without a usable tag. */
static double own_duration(const AVFormatContext *fmt, const AVStream *video, double whole)
{
    const AVDictionaryEntry *tag = av_dict_get(video->metadata, "DURATION", NULL, 0);
    double h, m, s;
    if (strncmp(fmt->iformat->name, "matroska,", 9) || !tag || sscanf(tag->value, "%lf:%lf:%lf", &h, &m, &s) != 3)
        return 0;
    s += 3600 * h + 60 * m;
    return s > 0 && s < whole ? s : 0;
}

/* Read other streams only if the declared duration is that of the longest stream, which may be one of subtitles. */
static void choose_streams(const AVFormatContext *fmt, const AVStream *video, bool needed)
{
    for (unsigned i = 0; i < fmt->nb_streams; i++) {
        AVStream *st = fmt->streams[i];
        if (st != video && (!needed || st->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT))
            st->discard = AVDISCARD_ALL;
    }
}

void ck_declared_read(const AVFormatContext *fmt, AVStream *video, int fd, ck_declared *d)
{
    const char *name = fmt->iformat->name;
    AVRational rate = av_guess_frame_rate((AVFormatContext *)(uintptr_t)fmt, video, NULL);
    *d = (ck_declared){.frames = -1, .slots = -1, .last = NAN, .last_byte = -1};
    d->frame = rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 0;
    d->whole_frames = !strcmp(name, "yuv4mpegpipe") || !strcmp(name, "rawvideo");
    if (!strcmp(name, "avi"))
        read_avi(video, d);
    else if (!strcmp(name, "apng"))
        d->frames = ck_apng_frames(fd) ? ck_apng_frames(fd) : -1;
    else if (video->nb_frames > 0 && video->nb_frames < 1 << 30)
        d->frames = strncmp(name, "mov,", 4) ? (long)video->nb_frames : shown_samples(video);
    /* An IVF header that was never completed says 2^32-1 frames. */
    if (states_duration(fmt) && fmt->duration > 0 && (strcmp(name, "ivf") || video->duration < UINT32_MAX))
        d->end = (double)fmt->duration / AV_TIME_BASE;
    double own = d->end > 0 ? own_duration(fmt, video, d->end) : 0;
    d->end = own > 0 ? own : d->end;
    d->alone = fmt->nb_streams == 1 || d->frames >= 0 || d->end <= 0 || own > 0;
    choose_streams(fmt, video, !d->alone);
}

void ck_declared_packet(ck_declared *d, const AVStream *st, const AVPacket *pkt, bool video)
{
    if (d->settled)
        return;
    int64_t at = pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts;
    if (at != AV_NOPTS_VALUE) {
        double end = (double)(at + pkt->duration) * av_q2d(st->time_base);
        d->found = end > d->found ? end : d->found;
    }
    if (!video)
        return;
    d->packets += !(pkt->flags & AV_PKT_FLAG_DISCARD);
    d->last_byte = pkt->pos >= 0 ? pkt->pos + pkt->size : -1;
}

void ck_declared_frame(ck_declared *d, double pts)
{
    if (d->settled)
        return;
    if (pts - d->last > d->frame)
        d->frame = pts - d->last;
    d->last = pts;
}

ck_status ck_declared_check(const ck_declared *d, int64_t bytes, long *missing, ck_error *e)
{
    *missing = 1;
    if (d->frames > d->packets) {
        *missing = d->frames - d->packets;
        return ck_fail(e, CK_ERR_FORMAT,
                       "the file declares %ld frames, but only %ld are there: cut short or damaged, copy it again",
                       d->frames, d->packets);
    }
    double slack = 1.5 * d->frame + (d->alone ? 0.001 : 0.05);
    if (d->frames < 0 && d->end > 0 && d->found < d->end - slack)
        return ck_fail(
            e, CK_ERR_FORMAT,
            "the file declares a duration of %.3f s, but ends after %.3f s (%ld frames): cut short, copy it again",
            d->end, d->found, d->packets);
    if (d->whole_frames && d->last_byte >= 0 && d->last_byte < bytes)
        return ck_fail(e, CK_ERR_FORMAT, "cut short: %lld bytes follow the last whole frame: copy it again",
                       (long long)(bytes - d->last_byte));
    return CK_OK;
}
