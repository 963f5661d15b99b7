#include "io/av_fields.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/av_compat.h"
#include "io/av_load.h"

#define FED 4 /* frames in the filter: it keeps two */

struct ck_fields {
    ck_video *v;
    ck_fields_mode mode;
    int threads;
    AVFilterGraph *graph; /* NULL: no frame has been fed since the start, a skip or a bad frame */
    AVFilterContext *in, *out;
    bool flushed; /* the filter was told that no more frames come */
    bool ended;   /* the video has */
    struct {
        double pts;
        long index;
    } fed[FED];         /* frames in the filter, oldest first */
    int n, field;       /* number of them; the field of the oldest that comes next */
    ck_video_frame bad; /* a bad frame that comes after those in the filter; error NULL: none */
    double half;        /* seconds of a field */
    long next;          /* frames before are not wanted */
};

int ck_fields_per_frame(ck_fields_mode mode)
{
    return mode == CK_FIELDS_FIELD ? 2 : 1;
}

ck_video_how ck_fields_how(const ck_video_how *how, ck_fields_mode mode)
{
    ck_video_how h = *how;
    int per = ck_fields_per_frame(mode);
    if (mode == CK_FIELDS_KEEP)
        return h;
    h.first = how->first / per > 0 ? how->first / per - 1 : 0;
    h.last = how->last == LONG_MAX ? LONG_MAX : how->last / per + 1;
    h.cover = how->cover == LONG_MAX ? LONG_MAX : how->cover / per;
    return h;
}

ck_status ck_fields_open(ck_video *v, ck_fields_mode mode, int threads, ck_fields **out, ck_error *e)
{
    *out = NULL;
    ck_status s = mode == CK_FIELDS_KEEP ? CK_OK : ck_av_load(CK_LIBAVFILTER, e);
    if (s != CK_OK)
        return s;
    ck_fields *d = *out = calloc(1, sizeof *d);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
    const ck_video_info *i = ck_video_info_view(v);
    *d = (ck_fields){.v = v, .mode = mode, .threads = threads};
    d->half = i->rate_num > 0 ? 0.5 * i->rate_den / i->rate_num : 0.02;
    return CK_OK;
}

static void close_graph(ck_fields *d)
{
    avfilter_graph_free(&d->graph);
    d->n = d->field = 0;
    d->flushed = false;
}

static ck_status add_filter(AVFilterGraph *g, const char *filter, const char *arguments, AVFilterContext **out)
{
    int r = avfilter_graph_create_filter(out, avfilter_get_by_name(filter), filter, arguments, NULL, g);
    return r >= 0 ? CK_OK : CK_ERR_UNSUPPORTED;
}

/* A graph for frames like `av`.  Without automatic conversion: a format that bwdif lacks is an error, not a loss. */
static ck_status open_graph(ck_fields *d, const AVFrame *av, ck_error *e)
{
    char deinterlace[100];
    AVFilterContext *bwdif;
    const AVFilter *buffer = avfilter_get_by_name("buffer");
    AVBufferSrcParameters *par = av_buffersrc_parameters_alloc();
    d->graph = avfilter_graph_alloc();
    if (!d->graph || !par) {
        av_free(par);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
    }
    d->graph->nb_threads = d->threads;
    avfilter_graph_set_auto_convert(d->graph, (unsigned)AVFILTER_AUTO_CONVERT_NONE);
    snprintf(deinterlace, sizeof deinterlace, "mode=%s:parity=auto:deint=all",
             d->mode == CK_FIELDS_FIELD ? "send_field" : "send_frame");
    *par = (AVBufferSrcParameters){.format = av->format,
                                   .width = av->width,
                                   .height = av->height,
                                   .time_base = {1, 1000},
                                   .sample_aspect_ratio = {1, 1}};
    ck_av_source_colours(par, av);
    d->in = buffer ? avfilter_graph_alloc_filter(d->graph, buffer, "in") : NULL;
    bool fits = d->in && av_buffersrc_parameters_set(d->in, par) >= 0 && avfilter_init_str(d->in, NULL) >= 0;
    av_free(par);
    fits = fits && add_filter(d->graph, "bwdif", deinterlace, &bwdif) == CK_OK &&
           add_filter(d->graph, "buffersink", NULL, &d->out) == CK_OK && avfilter_link(d->in, 0, bwdif, 0) >= 0 &&
           avfilter_link(bwdif, 0, d->out, 0) >= 0 && avfilter_graph_config(d->graph, NULL) >= 0;
    if (fits)
        return CK_OK;
    close_graph(d);
    return ck_fail(e, CK_ERR_UNSUPPORTED, "pixel format %s of %dx%d cannot be deinterlaced: convert it to yuv422p10",
                   av_get_pix_fmt_name(av->format), av->width, av->height);
}

static ck_status flush(ck_fields *d, ck_error *e)
{
    d->flushed = true;
    return av_buffersrc_add_frame(d->in, NULL) >= 0 ? CK_OK
                                                    : ck_fail(e, CK_ERR_MEMORY, "cannot deinterlace the last frame");
}

/* Feed one frame of the video, or learn that a bad one or the end follows. */
static ck_status feed(ck_fields *d, ck_error *e)
{
    ck_video_frame f;
    ck_status s = ck_video_next(d->v, &f, e);
    if (s != CK_OK && s != CK_END)
        return s;
    d->ended = s == CK_END;
    if (d->ended || f.error) {
        if (!d->ended)
            d->bad = f;
        return d->graph ? flush(d, e) : CK_OK;
    }
    s = d->graph ? CK_OK : open_graph(d, f.av, e);
    f.av->pts = f.index;
    if (s == CK_OK && (d->n == FED || av_buffersrc_add_frame(d->in, f.av) < 0))
        s = ck_fail(e, CK_ERR_MEMORY, "cannot deinterlace frame %ld", f.index);
    if (s == CK_OK) {
        d->fed[d->n].pts = f.pts;
        d->fed[d->n++].index = f.index;
    }
    ck_video_frame_free(&f);
    return s;
}

/* The frame that the filter has made. */
static void take(ck_fields *d, AVFrame *av, ck_video_frame *f)
{
    int per = ck_fields_per_frame(d->mode);
    *f = (ck_video_frame){
        .av = av, .pts = d->fed[0].pts + d->field * d->half, .index = d->fed[0].index * per + d->field};
    if (++d->field < per)
        return;
    d->field = 0;
    memmove(d->fed, d->fed + 1, (size_t)--d->n * sizeof *d->fed);
}

/* The bad frame, once for each field. */
static ck_status take_bad(ck_fields *d, ck_video_frame *f, ck_error *e)
{
    int per = ck_fields_per_frame(d->mode);
    *f = (ck_video_frame){.pts = d->bad.pts + d->field * d->half, .index = d->bad.index * per + d->field};
    f->error = strdup(d->bad.error);
    if (++d->field == per) {
        ck_video_frame_free(&d->bad);
        d->field = 0;
    }
    return f->error ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
}

static ck_status make_next(ck_fields *d, ck_video_frame *f, ck_error *e)
{
    ck_status s = CK_OK;
    AVFrame *av = av_frame_alloc();
    if (!av)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for video");
    while (s == CK_OK) {
        int r = d->graph ? av_buffersink_get_frame(d->out, av) : AVERROR(EAGAIN);
        if (r >= 0 && d->n) {
            take(d, av, f);
            return CK_OK;
        }
        if (r == AVERROR_EOF)
            close_graph(d);
        if (!d->graph && (d->bad.error || d->ended)) {
            s = d->bad.error ? take_bad(d, f, e) : CK_END;
            break;
        }
        s = d->flushed && r != AVERROR_EOF ? ck_fail(e, CK_ERR_FORMAT, "cannot deinterlace") : feed(d, e);
    }
    av_frame_free(&av);
    return s;
}

ck_status ck_fields_next(ck_fields *d, ck_video_frame *f, ck_error *e)
{
    if (d->mode == CK_FIELDS_KEEP)
        return ck_video_next(d->v, f, e);
    ck_status s;
    while ((s = make_next(d, f, e)) == CK_OK && f->index < d->next)
        ck_video_frame_free(f);
    return s;
}

/* The frame before the wanted one is fed too.  What is in the filter is dropped if the video can jump. */
ck_status ck_fields_skip(ck_fields *d, long index, ck_error *e)
{
    int per = ck_fields_per_frame(d->mode);
    if (d->mode == CK_FIELDS_KEEP)
        return ck_video_skip(d->v, index, e);
    d->next = index;
    long first = index / per - 1, latest = d->n ? d->fed[d->n - 1].index : -1;
    if (first <= latest + 1 || d->bad.error || d->ended)
        return CK_OK;
    close_graph(d);
    return ck_video_skip(d->v, first, e);
}

void ck_fields_free(ck_fields *d)
{
    if (!d)
        return;
    if (d->graph) /* else libavfilter may not be loaded */
        avfilter_graph_free(&d->graph);
    ck_video_frame_free(&d->bad);
    free(d);
}
