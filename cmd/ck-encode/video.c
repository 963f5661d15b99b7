#include "ck-encode/video.h"

#include <libavutil/pixdesc.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/av_colour.h"
#include "colour/primaries.h"
#include "io/timecode.h"
#include "stream/fdio.h"

struct ck_video_sink {
    ck_sampling sampling;
    int bits; /* for CK_PACKED */
    const ck_delivery *to;
    const ck_yuv_matrix *matrix;
    ck_picture shape; /* of every picture; no buffer */
    ck_picture black; /* made when first needed */
    ck_av_writer *av; /* NULL: raw frames, each after `header`; or no segment is open */
    ck_av_spec spec;  /* of segments */
    char timecode[CK_TIMECODE];
    const char *header; /* "FRAME\n" or "" */
    double timeout;
    char words[200];
};

bool ck_rate_parse(const char *text, ck_rate *out)
{
    int end = 0;
    *out = (ck_rate){0, 1};
    if (sscanf(text, "%9d%n/%9d%n", &out->num, &end, &out->den, &end) < 1 || text[end])
        return false;
    return out->num > 0 && out->den > 0;
}

static ck_status write_out(const ck_video_sink *v, const void *data, size_t n, ck_error *e)
{
    struct iovec parts[2] = {ck_iovec(v->header, strlen(v->header)), ck_iovec(data, n)};
    return ck_fd_writev(STDOUT_FILENO, parts, 2, v->timeout, e);
}

static ck_status open_y4m(ck_video_sink *v, const ck_video_sink_spec *spec, const ck_plane *p, ck_error *e)
{
    if (p->c == 4)
        return ck_fail(e, CK_ERR_ARGUMENT, "y4m cannot store the alpha of plane '%s': use -f nut", p->name);
    v->sampling = spec->y4m_depth ? CK_444_8 : CK_444_10;
    v->matrix = spec->y4m_matrix ? ck_yuv_matrix_at(spec->y4m_matrix - 1) : ck_yuv_matrix_guess(p->h);
    const char *depth = v->sampling == CK_444_8 ? "" : "p10";
    char head[200];
    int n =
        snprintf(head, sizeof head, "YUV4MPEG2 W%d H%d F%d:%d Ip A%d:%d C444%s XYSCSS=444%s XCOLORRANGE=LIMITED\n",
                 p->w, p->h, spec->rate.num, spec->rate.den, spec->sar.num, spec->sar.den, depth, *depth ? "P10" : "");
    snprintf(v->words, sizeof v->words, "y4m 444%s, %d x %d, %d/%d frames/s, matrix %s, limited range", depth, p->w,
             p->h, spec->rate.num, spec->rate.den, v->matrix->name);
    ck_status s = write_out(v, head, (size_t)n, e);
    v->header = "FRAME\n";
    return s;
}

static ck_status open_raw(ck_video_sink *v, const ck_video_sink_spec *spec, const ck_plane *p)
{
    snprintf(v->words, sizeof v->words, "rawvideo, for ffmpeg -f rawvideo -pix_fmt %s -s %dx%d -r %d/%d -i -",
             av_get_pix_fmt_name(ck_picture_shape(CK_PACKED, p->c, p->w, p->h, v->bits).format), p->w, p->h,
             spec->rate.num, spec->rate.den);
    return CK_OK;
}

/* Choose container, codec and sampling.  The codec's limits are checked here for a better error message. */
static ck_status choose(ck_video_sink *v, const ck_video_sink_spec *spec, const ck_plane *p, ck_av_spec *av,
                        ck_error *e)
{
    static const char *const words[] = {
        [CK_OUT_MP4] = "mp4", [CK_OUT_MOV] = "mov", [CK_OUT_WEBM] = "webm", [CK_OUT_MKV] = "mkv"};
    bool file = ck_format_is_video(spec->format);
    const char *word = file ? words[spec->format] : "nut";
    av->codec = file ? spec->codec : CK_AV_RAW;
    ck_status s = ck_av_codec_holds(av->codec, word, p->name, p->c, p->w, p->h, e);
    const ck_av_coding *k = ck_av_coding_of(av->codec);
    v->sampling = p->c == 4 ? k->alpha : k->opaque;
    av->container = spec->format == CK_OUT_MKV ? "matroska" : word;
    av->format = ck_picture_shape(v->sampling, p->c, p->w, p->h, v->bits).format;
    return s;
}

/* The transfer that the video is labelled with; none for a matte, which is coverage.  ck-decode labels SDR video srgb
 * but keeps its codes, so such planes are labelled with the source's own transfer, and look like the source. */
static enum AVColorTransferCharacteristic transfer(const ck_video_sink_spec *spec, const ck_display *d)
{
    if (d->to)
        return (enum AVColorTransferCharacteristic)ck_curve_h273(&d->to->curve);
    enum AVColorTransferCharacteristic source = ck_av_transfer(spec->transfer ? spec->transfer : "");
    bool sdr = source != AVCOL_TRC_UNSPECIFIED && !strcmp(ck_av_encoding_of((int)source), "srgb");
    return sdr && !strcmp(d->encoding, "srgb") ? source : ck_av_transfer(d->encoding);
}

/* Primaries of the source; unspecified if H.273 has no code for them.  If the source states none, Rec. 709 for SDR
 * curves, as in sRGB and HD video, else unspecified. */
static enum AVColorPrimaries primaries(const ck_video_sink_spec *spec, const ck_plane *p, const ck_display *d)
{
    if (p->c == 1)
        return AVCOL_PRI_UNSPECIFIED;
    if (!spec->primaries)
        return !strcmp(d->encoding, "srgb") ? AVCOL_PRI_BT709 : AVCOL_PRI_UNSPECIFIED;
    int ours = ck_primaries_code(spec->primaries), libav = av_color_primaries_from_name(spec->primaries);
    if (ours != AVCOL_PRI_UNSPECIFIED)
        return (enum AVColorPrimaries)ours;
    return libav > 0 ? (enum AVColorPrimaries)libav : AVCOL_PRI_UNSPECIFIED;
}

static ck_status open_av(ck_video_sink *v, const ck_video_sink_spec *spec, const ck_plane *p, ck_error *e)
{
    ck_av_spec av = {.w = p->w,
                     .h = p->h,
                     .rate_num = spec->rate.num,
                     .rate_den = spec->rate.den,
                     .sar_num = spec->sar.num,
                     .sar_den = spec->sar.den,
                     .threads = spec->threads,
                     .args = ck_format_is_video(spec->format) ? spec->args : NULL,
                     .sound = spec->sound,
                     .sound_start = spec->sound_start,
                     .timecode = spec->timecode,
                     .tags = spec->about};
    ck_display d;
    ck_status s = ck_display_init(&d, p, spec->to, e);
    if (s == CK_OK)
        s = choose(v, spec, p, &av, e);
    if (s != CK_OK)
        return s;
    av.transfer = transfer(spec, &d);
    av.primaries = primaries(spec, p, &d);
    v->matrix = ck_yuv_matrix_by_name(av.primaries == AVCOL_PRI_BT2020 ? "2020" : "709");
    av.matrix = ck_sampling_packed(v->sampling) ? AVCOL_SPC_RGB : (enum AVColorSpace)v->matrix->code;
    snprintf(v->words, sizeof v->words, "%s %s, %d x %d, %d/%d frames/s", ck_av_coding_of(av.codec)->name,
             av_get_pix_fmt_name(av.format), p->w, p->h, spec->rate.num, spec->rate.den);
    v->spec = av;
    return spec->segmented ? CK_OK : ck_av_open(&av, spec->path, spec->timeout, &v->av, e);
}

static ck_status open_kind(ck_video_sink *v, const ck_video_sink_spec *spec, const ck_plane *like, ck_error *e)
{
    if (spec->format != CK_OUT_STREAM)
        return open_av(v, spec, like, e);
    if (isatty(STDOUT_FILENO))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "standard output is a terminal: pipe the video on, as in ... | ffmpeg -i - comp.mkv");
    ck_fd_widen(STDOUT_FILENO);
    if (spec->stream == CK_STREAM_NUT)
        return open_av(v, spec, like, e);
    return spec->stream == CK_STREAM_Y4M ? open_y4m(v, spec, like, e) : open_raw(v, spec, like);
}

ck_status ck_video_sink_open(ck_video_sink **out, const ck_video_sink_spec *spec, const ck_plane *like, ck_error *e)
{
    ck_display d;
    ck_status s = ck_display_init(&d, like, spec->to, e);
    if (s != CK_OK)
        return s;
    ck_video_sink *v = *out = calloc(1, sizeof *v);
    if (!v)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a video");
    v->sampling = CK_PACKED;
    v->bits = ck_display_bits(like, spec->to);
    v->to = spec->to;
    v->timeout = spec->timeout;
    v->header = "";
    s = open_kind(v, spec, like, e);
    v->shape = ck_picture_shape(v->sampling, like->c, like->w, like->h, v->bits);
    return s;
}

ck_status ck_video_sink_picture(const ck_video_sink *v, const ck_plane *p, ck_picture *out, ck_error *e)
{
    ck_display d;
    ck_status s = ck_display_init(&d, p, v->to, e);
    return s == CK_OK ? ck_picture_make(out, &d, v->sampling, v->bits, v->matrix, e) : s;
}

ck_status ck_video_sink_segment(ck_video_sink *v, const char *path, const char *job, const ck_av_stamp *at,
                                const char *timecode, ck_error *e)
{
    ck_status s = ck_video_sink_finish(v, e);
    ck_av_free(v->av);
    v->av = NULL;
    /* A segment states the timecode of the shot's start, so that any of them can be the first of a video. */
    long frames = lround(at->time * v->spec.rate_num / v->spec.rate_den);
    bool known = timecode && ck_timecode_add(timecode, v->spec.rate_num, v->spec.rate_den, -frames, v->timecode);
    v->spec.timecode = known ? v->timecode : NULL;
    return s == CK_OK ? ck_av_open_segment(&v->spec, path, job, &v->av, e) : s;
}

ck_status ck_video_sink_write(ck_video_sink *v, const ck_picture *p, const ck_av_stamp *at, ck_error *e)
{
    if (!p && !v->black.buf) {
        ck_status s = ck_picture_black(&v->black, &v->shape, e);
        if (s != CK_OK)
            return s;
    }
    p = p ? p : &v->black;
    return v->av ? ck_av_frame(v->av, p, at, e) : write_out(v, p->buf->data, p->bytes, e);
}

bool ck_video_sink_timed(const ck_video_sink *v)
{
    return v->av || v->spec.container; /* the latter between two segments */
}

uint64_t ck_video_sink_bytes(const ck_video_sink *v)
{
    return v->av ? ck_av_bytes(v->av) : 0;
}

ck_status ck_video_sink_finish(ck_video_sink *v, ck_error *e)
{
    return v->av ? ck_av_finish(v->av, e) : CK_OK;
}

void ck_video_sink_free(ck_video_sink *v)
{
    if (!v)
        return;
    ck_av_free(v->av);
    ck_picture_free(&v->black);
    free(v);
}

const char *ck_video_sink_describe(const ck_video_sink *v)
{
    return v->words;
}

const char *ck_video_sink_note(const ck_video_sink *v)
{
    return v->av ? ck_av_note(v->av) : "";
}
