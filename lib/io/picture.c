#include "io/picture.h"

#include <libavutil/pixdesc.h>
#include <string.h>

#include "base/clones.h"
#include "image/convert.h"
#include "io/rgb2yuv.h"

bool ck_sampling_packed(ck_sampling s)
{
    return s == CK_PACKED || s == CK_BGRA || s == CK_ARGB_8;
}

/* Chroma of half the width and height. */
static bool halves(ck_sampling s)
{
    return s == CK_420_8 || s == CK_420_8_ALPHA || s == CK_420_10;
}

static int yuv_bits(ck_sampling s)
{
    return s == CK_420_10 || s == CK_444_10 || s == CK_444_10_ALPHA ? 10 : 8;
}

static enum AVPixelFormat packed_format(ck_sampling s, int c, int bits)
{
    if (s == CK_ARGB_8)
        return c == 4 ? AV_PIX_FMT_ARGB : AV_PIX_FMT_RGB24;
    if (c == 1)
        return bits == 8 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_GRAY16LE;
    if (s == CK_BGRA && bits == 8)
        return c == 4 ? AV_PIX_FMT_BGRA : AV_PIX_FMT_BGR0;
    if (c == 3)
        return bits == 8 ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGB48LE;
    return bits == 8 ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGBA64LE;
}

static enum AVPixelFormat format_of(ck_sampling s, int c, int bits)
{
    switch (s) {
    case CK_420_8:
        return AV_PIX_FMT_YUV420P;
    case CK_420_8_ALPHA:
        return AV_PIX_FMT_YUVA420P;
    case CK_420_10:
        return AV_PIX_FMT_YUV420P10LE;
    case CK_444_8:
        return AV_PIX_FMT_YUV444P;
    case CK_444_10:
        return AV_PIX_FMT_YUV444P10LE;
    case CK_444_10_ALPHA:
        return c == 4 ? AV_PIX_FMT_YUVA444P10LE : AV_PIX_FMT_YUV444P10LE;
    default:
        return packed_format(s, c, bits);
    }
}

/* No overflow: sides are at most CK_MAX_SIDE and a pixel at most 8 bytes. */
ck_picture ck_picture_shape(ck_sampling s, int c, int w, int h, int bits)
{
    ck_picture p = {.format = format_of(s, c, bits), .w = w, .h = h};
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(p.format);
    bool packed = ck_sampling_packed(s);
    int n = packed ? 1 : d->nb_components;
    int sample = packed ? av_get_padded_bits_per_pixel(d) / 8 : yuv_bits(s) > 8 ? 2 : 1;
    for (int i = 0; i < n; i++) {
        int half = halves(s) && (i == 1 || i == 2);
        p.stride[i] = (w >> half) * sample;
        p.size[i] = (size_t)p.stride[i] * (size_t)(h >> half);
        p.offset[i] = p.bytes;
        p.bytes += p.size[i];
    }
    return p;
}

/* State for making rows.  The scratch holds two display rows and one halved row. */
typedef struct maker {
    ck_picture *p;
    const ck_display *d;
    ck_rgb2yuv yuv;
    int bits; /* of a sample */
    float *row, *second, *half;
} maker;

static uint8_t *at(const ck_picture *p, int component, int y)
{
    return (uint8_t *)p->buf->data + p->offset[component] + (size_t)y * (size_t)p->stride[component];
}

/* Interleave one row: sample k of a pixel is channel ORDER[k].  Constants let the compiler shuffle whole vectors. */
#define PACK(NAME, T, C, ...)                                                                                          \
    CK_CLONES                                                                                                          \
    static void NAME(const T *restrict src, size_t w, T *restrict dst)                                                 \
    {                                                                                                                  \
        static const size_t order[] = {__VA_ARGS__};                                                                   \
        for (size_t i = 0; i < w; i++)                                                                                 \
            for (size_t c = 0; c < C; c++)                                                                             \
                dst[i * C + c] = src[order[c] * w + i];                                                                \
    }
PACK(pack8_3, uint8_t, 3, 0, 1, 2)
PACK(pack8_4, uint8_t, 4, 0, 1, 2, 3)
PACK(pack8_bgr0, uint8_t, 4, 2, 1, 0, 0) /* the last one is not used */
PACK(pack8_bgra, uint8_t, 4, 2, 1, 0, 3)
PACK(pack8_argb, uint8_t, 4, 3, 0, 1, 2)
PACK(pack8_grey, uint8_t, 3, 0, 0, 0)
PACK(pack16_3, uint16_t, 3, 0, 1, 2)
PACK(pack16_4, uint16_t, 4, 0, 1, 2, 3)

static void pack8(const maker *m, const uint8_t *codes, size_t w, uint8_t *to)
{
    switch (m->p->format) {
    case AV_PIX_FMT_RGB24:
        m->d->plane->c == 1 ? pack8_grey(codes, w, to) : pack8_3(codes, w, to);
        break;
    case AV_PIX_FMT_RGBA:
        pack8_4(codes, w, to);
        break;
    case AV_PIX_FMT_BGR0:
        pack8_bgr0(codes, w, to);
        break;
    case AV_PIX_FMT_BGRA:
        pack8_bgra(codes, w, to);
        break;
    default:
        pack8_argb(codes, w, to);
        break;
    }
}

static void packed_row(const maker *m, int y)
{
    size_t w = (size_t)m->p->w;
    int c = m->d->plane->c;
    ck_display_row(m->d, y, m->row);
    uint8_t *to = at(m->p, 0, y);
    bool copy = c == 1 && m->p->format != AV_PIX_FMT_RGB24;
    void *codes = copy ? (void *)to : m->second;
    if (m->bits == 8)
        ck_f32_to_u8(m->row, codes, w * (size_t)c);
    else
        ck_f32_to_u16(m->row, codes, w * (size_t)c);
    if (copy)
        return;
    if (m->bits == 8)
        pack8(m, codes, w, to);
    else
        c == 3 ? pack16_3(codes, w, (uint16_t *)to) : pack16_4(codes, w, (uint16_t *)to);
}

/* Channel i of a display row; grey stands for all three. */
static const float *channel(const maker *m, const float *row, size_t i)
{
    return row + (m->d->plane->c == 1 ? 0 : i * (size_t)m->p->w);
}

static void yuv_row(const maker *m, const float *row, int first, int last, int y)
{
    for (int i = first; i <= last; i++)
        ck_rgb2yuv_row(&m->yuv, i, channel(m, row, 0), channel(m, row, 1), channel(m, row, 2), (size_t)m->p->w,
                       at(m->p, i, y));
}

CK_CLONES
static void alpha10(const float *restrict a, uint16_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint16_t)(int32_t)(a[i] * 1023.0f + 0.5f);
}

CK_CLONES
static void alpha8(const float *restrict a, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(int32_t)(a[i] * 255.0f + 0.5f);
}

static void alpha_row(const maker *m, const float *row, int y)
{
    size_t w = (size_t)m->p->w;
    if (m->p->size[3] && m->bits > 8)
        alpha10(row + 3 * w, (uint16_t *)at(m->p, 3, y), w);
    else if (m->p->size[3])
        alpha8(row + 3 * w, at(m->p, 3, y), w);
}

static void full_row(const maker *m, int y)
{
    ck_display_row(m->d, y, m->row);
    yuv_row(m, m->row, 0, 2, y);
    alpha_row(m, m->row, y);
}

static void row_pair(const maker *m, int y)
{
    size_t n = (size_t)m->p->w / 2;
    ck_display_row(m->d, y, m->row);
    ck_display_row(m->d, y + 1, m->second);
    yuv_row(m, m->row, 0, 0, y);
    yuv_row(m, m->second, 0, 0, y + 1);
    alpha_row(m, m->row, y);
    alpha_row(m, m->second, y + 1);
    for (size_t i = 0; i < 3; i++)
        ck_rgb2yuv_halve(channel(m, m->row, i), channel(m, m->second, i), n, m->half + i * n);
    for (int i = 1; i < 3; i++)
        ck_rgb2yuv_row(&m->yuv, i, m->half, m->half + n, m->half + 2 * n, n, at(m->p, i, y / 2));
}

static ck_status no_memory(const ck_picture *p, ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", p->w, p->h);
}

ck_status ck_picture_make(ck_picture *out, const ck_display *d, ck_sampling s, int bits, const ck_yuv_matrix *matrix,
                          ck_error *e)
{
    const ck_plane *p = d->plane;
    if (halves(s) && ((p->w | p->h) & 1))
        return ck_fail(e, CK_ERR_ARGUMENT, "a picture of %d x %d cannot be 4:2:0: width and height must be even", p->w,
                       p->h);
    *out = ck_picture_shape(s, p->c, p->w, p->h, bits);
    out->buf = ck_buffer_new(out->bytes);
    size_t row = 4 * (size_t)p->w;
    ck_buffer *scratch = ck_buffer_new((2 * row + row / 2) * sizeof(float));
    if (!out->buf || !scratch) {
        ck_buffer_unref(scratch);
        ck_picture_free(out);
        return no_memory(out, e);
    }
    float *f = scratch->data;
    bool packed = ck_sampling_packed(s);
    int depth = packed ? s == CK_ARGB_8 ? 8 : bits : yuv_bits(s);
    maker m = {.p = out, .d = d, .bits = depth, .row = f, .second = f + row, .half = f + 2 * row};
    if (!packed)
        ck_rgb2yuv_init(&m.yuv, matrix, depth, false);
    for (int y = 0; y < p->h; y += halves(s) ? 2 : 1)
        (packed ? packed_row : halves(s) ? row_pair : full_row)(&m, y);
    ck_buffer_unref(scratch);
    return CK_OK;
}

static void fill16(uint8_t *to, size_t bytes, uint16_t v)
{
    for (size_t i = 0; i + 1 < bytes; i += 2)
        memcpy(to + i, &v, 2);
}

ck_status ck_picture_black(ck_picture *out, const ck_picture *p, ck_error *e)
{
    *out = *p;
    out->buf = ck_buffer_new(p->bytes);
    if (!out->buf)
        return no_memory(p, e);
    uint8_t *data = out->buf->data;
    memset(data, 0, p->bytes);
    if (!p->size[1]) /* packed RGB */
        return CK_OK;
    bool deep = av_pix_fmt_desc_get(p->format)->comp[0].depth > 8;
    ck_yuv_range r = ck_yuv_range_of(deep ? 10 : 8, false);
    for (int i = 0; i < 3; i++) {
        int v = (int)(i ? r.c_offset : r.y_offset);
        if (deep)
            fill16(data + p->offset[i], p->size[i], (uint16_t)v);
        else
            memset(data + p->offset[i], v, p->size[i]);
    }
    return CK_OK;
}

void ck_picture_free(ck_picture *p)
{
    ck_buffer_unref(p->buf);
    p->buf = NULL;
}
