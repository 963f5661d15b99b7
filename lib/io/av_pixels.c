/* The stages of the conversion:
 *
 *     AVFrame --views--> components in memory --+--> codes (u8, u16)   --+--> plane, upright
 *        |                   ^                  +--> float               |
 *        | odd layouts       |                  +--> yuv.h -> float    --+
 *        +--unpack, swscale--+ */
#include "io/av_pixels.h"

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "image/convert.h"
#include "io/av_compat.h"
#include "io/pick.h"

typedef struct source {
    const AVFrame *av;
    const AVPixFmtDescriptor *d;
    ck_av_colour colour;
    int channels; /* 1: grey; 3: RGB or YUV */
    int alpha;    /* index of the alpha component, 0 = not wanted */
    bool yuv, real;
    ck_samples_view c[4];
    void *unpacked; /* [4][h][w] 16-bit words, or NULL */
} source;

bool ck_av_needs_swscale(const AVFrame *av)
{
    return av_pix_fmt_desc_get(av->format)->flags & AV_PIX_FMT_FLAG_BAYER || av->format == AV_PIX_FMT_XYZ12LE ||
           av->format == AV_PIX_FMT_XYZ12BE;
}

static bool paletted(const source *s)
{
    return s->d->flags & AV_PIX_FMT_FLAG_PAL;
}

/* True if component i can be read in place: it is whole little-endian bytes or words.  Raw video in a container may lie
 * at odd addresses. */
static bool direct(const source *s, int i)
{
    const AVComponentDescriptor *c = &s->d->comp[i];
    int bits = c->shift + c->depth;
    uintptr_t place = (uintptr_t)s->av->data[c->plane] + (uintptr_t)c->offset + (uintptr_t)s->av->linesize[c->plane];
    return !paletted(s) && !(s->d->flags & (AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_BE)) && bits <= 16 &&
           (bits <= 8 || place % 2 == 0);
}

static void view(source *s, int i)
{
    const AVComponentDescriptor *c = &s->d->comp[i];
    s->c[i] = (ck_samples_view){.data = s->av->data[c->plane] + c->offset,
                                .stride = s->av->linesize[c->plane],
                                .step = c->step,
                                .elem = c->shift + c->depth > 8 ? 2 : 1,
                                .shift = c->shift,
                                .depth = c->depth};
}

static void unpack_palette(const source *s, int i, uint16_t *out)
{
    const uint8_t *palette = s->av->data[1]; /* 256 native 32-bit words, 0xAARRGGBB */
    for (int y = 0; y < s->av->height; y++) {
        const uint8_t *row = s->av->data[0] + (ptrdiff_t)y * s->av->linesize[0];
        for (int x = 0; x < s->av->width; x++) {
            uint32_t argb;
            memcpy(&argb, palette + 4 * row[x], sizeof argb);
            *out++ = (uint16_t)(argb >> (i == 3 ? 24 : 16 - 8 * i) & 255);
        }
    }
}

/* Unpack any other layout: bit fields, big-endian words, packed bits. */
static void unpack(source *s, int i, uint16_t *out)
{
    bool chroma = s->yuv && (i == 1 || i == 2);
    int w = chroma ? AV_CEIL_RSHIFT(s->av->width, s->d->log2_chroma_w) : s->av->width;
    int h = chroma ? AV_CEIL_RSHIFT(s->av->height, s->d->log2_chroma_h) : s->av->height;
    int depth = paletted(s) ? 8 : s->d->comp[i].depth;
    if (paletted(s)) {
        unpack_palette(s, i, out);
    } else {
        for (int y = 0; y < h; y++)
            av_read_image_line2(out + (size_t)y * (size_t)w, (const uint8_t **)(uintptr_t)s->av->data, s->av->linesize,
                                s->d, 0, y, i, w, 0, sizeof *out);
    }
    if (s->av->format == AV_PIX_FMT_MONOWHITE)
        for (size_t k = 0; k < (size_t)w * (size_t)h; k++)
            out[k] ^= 1;
    int elem = depth == 8 ? 1 : 2;
    for (size_t k = 0; k < (size_t)w * (size_t)h && elem == 1; k++)
        ((uint8_t *)out)[k] = (uint8_t)out[k];
    s->c[i] = (ck_samples_view){
        .data = out, .stride = (ptrdiff_t)w * elem, .step = elem, .elem = elem, .shift = 0, .depth = depth};
}

static ck_status find_components(source *s, ck_error *e)
{
    size_t area = (size_t)s->av->width * (size_t)s->av->height;
    for (int i = 0; i < 4 && !s->real; i++) {
        if (i >= s->channels && (!s->alpha || i != s->alpha))
            continue;
        if (direct(s, i)) {
            view(s, i);
            continue;
        }
        if (!s->unpacked)
            s->unpacked = malloc(4 * area * sizeof(uint16_t));
        if (!s->unpacked)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a frame of %d x %d", s->av->width, s->av->height);
        unpack(s, i, (uint16_t *)s->unpacked + (size_t)i * area);
    }
    return CK_OK;
}

static ck_status look(source *s, const AVFrame *av, const ck_av_choice *choice, ck_want want, ck_error *e)
{
    *s = (source){.av = av, .d = av_pix_fmt_desc_get(av->format)};
    uint64_t flags = s->d->flags;
    if (flags & AV_PIX_FMT_FLAG_HWACCEL || av->format == AV_PIX_FMT_UYYVYY411)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "pixel format %s is not supported: convert it with ffmpeg", s->d->name);
    s->real = flags & AV_PIX_FMT_FLAG_FLOAT;
    s->channels = !paletted(s) && s->d->nb_components < 3 ? 1 : 3;
    if (want != CK_WANT_RGB && flags & AV_PIX_FMT_FLAG_ALPHA)
        s->alpha = s->channels; /* follows the colours, in palettes too */
    s->yuv = s->channels == 3 && !(flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
    ck_status status = ck_av_colour_of(av, choice, &s->colour, e);
    return status == CK_OK ? find_components(s, e) : status;
}

/* The sample type that keeps the codes unchanged, or float.  Colours of 8-bit YUV are halves: they round by an eighth
 * of a code at most, and 4K planes are large. */
static ck_type natural_type(const source *s, ck_want want)
{
    if (s->yuv && want == CK_WANT_RGB && s->c[0].depth == 8)
        return CK_F16;
    if (s->real || s->yuv || !s->colour.full)
        return CK_F32;
    int depth = s->c[0].depth;
    for (int i = 1; i < s->channels + (s->alpha > 0); i++)
        depth = s->c[i].depth == depth ? depth : 0;
    return depth == 8 ? CK_U8 : depth == 16 ? CK_U16 : CK_F32;
}

CK_CLONES
static void scale_row(float *x, float black, float white, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = (x[i] - black) / white;
}

/* Row y of component i as float. */
static void scaled_row(const source *s, int i, int y, float *dst)
{
    int depth = s->c[i].depth;
    ck_yuv_range range = {.y_scale = (1 << depth) - 1};
    if (!s->colour.full && depth >= 8 && !(s->alpha && i == s->alpha))
        range = ck_yuv_range_of(depth, false);
    ck_samples_row(&s->c[i], y, s->av->width, dst);
    scale_row(dst, (float)range.y_offset, (float)range.y_scale, s->av->width);
}

/* Row y of component i of f16 or f32 samples: either byte order, planar or packed. */
static void real_row(const source *s, int i, int y, float *dst)
{
    const AVComponentDescriptor *c = &s->d->comp[i];
    const uint8_t *from = s->av->data[c->plane] + c->offset + (ptrdiff_t)y * s->av->linesize[c->plane];
    bool swapped = s->d->flags & AV_PIX_FMT_FLAG_BE;
    for (int x = 0; x < s->av->width; x++, from += c->step) {
        uint32_t u = 0;
        uint16_t half = 0;
        if (c->depth == 32) {
            memcpy(&u, from, sizeof u);
            u = swapped ? __builtin_bswap32(u) : u;
            memcpy(dst + x, &u, sizeof u);
        } else {
            memcpy(&half, from, sizeof half);
            half = swapped ? __builtin_bswap16(half) : half;
            ck_f16_to_f32(&half, dst + x, 1);
        }
    }
}

/* Pick RGB and grey row by row; scratch holds four rows of floats. */
static void pick_rows(const source *s, const ck_pick *k, float *scratch)
{
    for (int y = 0; y < s->av->height; y++) {
        const void *row[4] = {NULL};
        for (int i = 0; i < s->channels + (s->alpha > 0); i++) {
            float *f = scratch + (size_t)i * (size_t)s->av->width;
            row[i] = k->type == CK_F32 ? f : (const void *)((const char *)s->c[i].data + y * s->c[i].stride);
            if (s->real)
                real_row(s, i, y, f);
            else if (k->type == CK_F32)
                scaled_row(s, i, y, f);
        }
        int step = k->type == CK_F32 ? 1 : s->c[0].step / s->c[0].elem;
        const void *g = s->channels == 3 ? row[1] : NULL, *b = s->channels == 3 ? row[2] : NULL;
        ck_pick_row(k, y, 0, s->av->width, &(ck_row){row[0], g, b, step, s->alpha ? row[s->alpha] : NULL});
    }
}

/* rgb: of ck_type `type`, f32 or f16. */
static ck_status yuv_rgb(const source *s, ck_type type, void *rgb, ck_error *e)
{
    ck_yuv yuv = {.w = s->av->width,
                  .h = s->av->height,
                  .log2_w = s->d->log2_chroma_w,
                  .log2_h = s->d->log2_chroma_h,
                  .c = {s->c[0], s->c[1], s->c[2]},
                  .kind = s->colour.kind,
                  .matrix = s->colour.matrix,
                  .full = s->colour.full,
                  .site = s->colour.site,
                  .interlaced = ck_av_interlaced(s->av)};
    return type == CK_F16 ? ck_yuv_to_rgb_f16(&yuv, rgb, e) : ck_yuv_to_rgb(&yuv, rgb, e);
}

/* Pick a mask from YUV, or RGB with alpha.  Scratch holds an RGB picture and a row. */
static ck_status pick_yuv(const source *s, const ck_pick *k, float *rgb, ck_error *e)
{
    size_t w = (size_t)s->av->width, area = w * (size_t)s->av->height;
    float *alpha = rgb + 3 * area;
    ck_status status = yuv_rgb(s, CK_F32, rgb, e);
    for (size_t y = 0; y < (size_t)s->av->height && status == CK_OK; y++) {
        if (s->alpha)
            scaled_row(s, s->alpha, (int)y, alpha);
        ck_pick_row(k, (int)y, 0, s->av->width,
                    &(ck_row){rgb + y * w, rgb + area + y * w, rgb + 2 * area + y * w, 1, alpha});
    }
    return status;
}

static ck_status make(const source *s, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    ck_pick k;
    size_t w = (size_t)s->av->width, area = w * (size_t)s->av->height;
    ck_status status = ck_pick_open(&k, f, name, want, natural_type(s, want), s->channels + (s->alpha > 0),
                                    s->av->width, s->av->height, ck_av_encoding(s->av), e);
    if (status != CK_OK)
        return status;
    if (s->yuv && want == CK_WANT_RGB)
        return ck_pick_end(&k, f, name, yuv_rgb(s, k.type, k.data_view, e), e);
    ck_buffer *scratch = ck_buffer_new((s->yuv ? 3 * area + w : 4 * w) * sizeof(float));
    if (!scratch)
        status = ck_fail(e, CK_ERR_MEMORY, "out of memory for a frame of %d x %d", s->av->width, s->av->height);
    else if (s->yuv)
        status = pick_yuv(s, &k, scratch->data, e);
    else
        pick_rows(s, &k, scratch->data);
    ck_buffer_unref(scratch);
    return ck_pick_end(&k, f, name, status, e);
}

bool ck_av_whole_numbers(const AVFrame *av)
{
    return !(av_pix_fmt_desc_get(av->format)->flags & AV_PIX_FMT_FLAG_FLOAT);
}

static ck_status by_swscale(const AVFrame *av, AVFrame **out, ck_error *e)
{
    AVFrame *rgb = av_frame_alloc();
    struct SwsContext *sws = sws_getContext(av->width, av->height, av->format, av->width, av->height,
                                            AV_PIX_FMT_RGB48LE, SWS_BILINEAR | SWS_ACCURATE_RND, NULL, NULL, NULL);
    ck_status s = CK_OK;
    if (rgb) {
        rgb->format = AV_PIX_FMT_RGB48LE;
        rgb->width = av->width;
        rgb->height = av->height;
        rgb->color_trc = av->color_trc;
    }
    if (!rgb || !sws || av_frame_get_buffer(rgb, 0) < 0 ||
        sws_scale(sws, (const uint8_t *const *)av->data, av->linesize, 0, av->height, rgb->data, rgb->linesize) !=
            av->height)
        s = ck_fail(e, CK_ERR_UNSUPPORTED, "libswscale cannot convert pixel format %s: convert it with ffmpeg",
                    av_get_pix_fmt_name(av->format));
    sws_freeContext(sws);
    if (s != CK_OK)
        av_frame_free(&rgb);
    *out = rgb;
    return s;
}

ck_status ck_av_plane(const AVFrame *av, const ck_av_choice *choice, ck_orient o, ck_want want, const char *name,
                      ck_frame *f, ck_error *e)
{
    source src;
    AVFrame *converted = NULL;
    if (ck_av_needs_swscale(av)) {
        ck_status s = by_swscale(av, &converted, e);
        if (s != CK_OK)
            return s;
        av = converted;
    }
    ck_status s = look(&src, av, choice, want, e);
    if (s == CK_OK)
        s = make(&src, want, name, f, e);
    if (s == CK_OK && ck_orient_changes(o))
        s = ck_orient_plane(f, name, o, e);
    free(src.unpacked);
    av_frame_free(&converted);
    return s;
}
