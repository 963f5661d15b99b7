/* Row by row; all data of a row stay in the L1 cache.
 *
 *     chroma lines a, b --vertical--> blend of both, times 8 --horizontal--> times 64
 *     luma line ----------------------------------------------------------\   |
 *                                                                      combine --> R, G, B
 *
 * Weights are multiples of 1/8, so both interpolations are exact in float (16 + 6 bits); only the last step rounds. */
#include "io/yuv.h"

#include <stdlib.h>

#include "base/clamp.h"
#include "base/clones.h"
#include "base/floats.h"
#include "base/mem.h"
#include "stream/frame.h"

/* Unaligned: cropped frames may start at any address. */
typedef uint16_t __attribute__((aligned(1), may_alias)) word;

CK_CLONES
static void bytes_packed(const uint8_t *restrict src, int shift, unsigned mask, int n, float *restrict dst)
{
    for (int i = 0; i < n; i++)
        dst[i] = (float)(int)((unsigned)src[i] >> shift & mask);
}

CK_CLONES
static void bytes_by_2(const uint8_t *restrict src, int shift, unsigned mask, int n, float *restrict dst)
{
    for (int i = 0; i < n; i++)
        dst[i] = (float)(int)((unsigned)src[2 * i] >> shift & mask);
}

CK_CLONES
static void words_packed(const word *restrict src, int shift, unsigned mask, int n, float *restrict dst)
{
    for (int i = 0; i < n; i++)
        dst[i] = (float)(int)((unsigned)src[i] >> shift & mask);
}

CK_CLONES
static void words_by_2(const word *restrict src, int shift, unsigned mask, int n, float *restrict dst)
{
    for (int i = 0; i < n; i++)
        dst[i] = (float)(int)((unsigned)src[2 * i] >> shift & mask);
}

static void any_step(const ck_samples_view *v, const uint8_t *src, unsigned mask, int n, float *dst)
{
    for (int i = 0; i < n; i++) {
        const uint8_t *p = src + (ptrdiff_t)i * v->step;
        unsigned x = v->elem == 1 ? *p : *(const word *)p;
        dst[i] = (float)(int)(x >> v->shift & mask);
    }
}

void ck_samples_row(const ck_samples_view *v, int y, int n, float *dst)
{
    const uint8_t *src = (const uint8_t *)v->data + y * v->stride;
    unsigned mask = (1u << v->depth) - 1;
    if (v->elem == 1 && v->step == 1)
        bytes_packed(src, v->shift, mask, n, dst);
    else if (v->elem == 1 && v->step == 2)
        bytes_by_2(src, v->shift, mask, n, dst);
    else if (v->elem == 2 && v->step == 2)
        words_packed((const word *)src, v->shift, mask, n, dst);
    else if (v->elem == 2 && v->step == 4)
        words_by_2((const word *)src, v->shift, mask, n, dst);
    else
        any_step(v, src, mask, n, dst);
}

CK_CLONES
static void blend(const float *restrict a, const float *restrict b, float wa, float wb, float mid, int n,
                  float *restrict dst)
{
    for (int i = 0; i < n; i++)
        dst[i] = (a[i] * wa + b[i] * wb) - mid;
}

/* Interpolate chroma horizontally.  c has one more sample on either side.  Phase p of chroma sample i lies between
 * c[i+at[p]] and the next. */
CK_CLONES
static void across_2(const float *restrict c, const int *at, const float *wa, const float *wb, int n,
                     float *restrict dst)
{
    const float *c0 = c + at[0], *c1 = c + at[1];
    float a0 = wa[0], b0 = wb[0], a1 = wa[1], b1 = wb[1];
    for (int i = 0; i < n; i++) {
        dst[2 * i] = c0[i] * a0 + c0[i + 1] * b0;
        dst[2 * i + 1] = c1[i] * a1 + c1[i + 1] * b1;
    }
}

static void across_any(const float *c, const int *at, const float *wa, const float *wb, int f, int n, float *dst)
{
    for (int i = 0; i < n; i++)
        for (int p = 0; p < f; p++)
            dst[f * i + p] = c[i + at[p]] * wa[p] + c[i + at[p] + 1] * wb[p];
}

typedef struct factors {
    float black, white; /* code of Y = 0; difference of codes to Y = 1 */
    float mid;          /* code of neutral chroma */
    float u[3], v[3];   /* change of R, G, B per 1/64 chroma code */
} factors;

CK_CLONES
static void combine(const float *restrict y, const float *restrict u, const float *restrict v, const factors *f, int n,
                    float *restrict r, float *restrict g, float *restrict b)
{
    const float black = f->black, white = f->white;
    const float ru = f->u[0], gu = f->u[1], bu = f->u[2], rv = f->v[0], gv = f->v[1], bv = f->v[2];
    for (int i = 0; i < n; i++) {
        float l = (y[i] - black) / white;
        r[i] = l + (u[i] * ru + v[i] * rv);
        g[i] = l + (u[i] * gu + v[i] * gv);
        b[i] = l + (u[i] * bu + v[i] * bv);
    }
}

CK_CLONES
static void rescale(float *x, float black, float white, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = (x[i] - black) / white;
}

/* Chroma that is not subsampled across: 8 times the line, as across_2 and across_any have it. */
CK_CLONES
static void across_1(const float *restrict line, int n, float *restrict out)
{
    for (int i = 0; i < n; i++)
        out[i] = line[i] * 8;
}

static factors factors_of(const ck_yuv *yuv)
{
    ck_yuv_range range = ck_yuv_range_of(yuv->c[0].depth, yuv->full);
    double u[3] = {-1, 1, -1}, v[3] = {1, 0, -1}; /* YCgCo */
    if (yuv->kind == CK_YUV_LUMA) {
        double kr = yuv->matrix->kr, kb = yuv->matrix->kb, kg = 1 - kr - kb;
        u[0] = 0;
        u[1] = -2 * kb * (1 - kb) / kg;
        u[2] = 2 * (1 - kb);
        v[0] = 2 * (1 - kr);
        v[1] = -2 * kr * (1 - kr) / kg;
        v[2] = 0;
    }
    factors f = {.black = (float)range.y_offset, .white = (float)range.y_scale, .mid = (float)range.c_offset};
    for (int i = 0; i < 3; i++) {
        f.u[i] = (float)(u[i] / (64 * range.c_scale));
        f.v[i] = (float)(v[i] / (64 * range.c_scale));
    }
    return f;
}

/* Chroma sites: 0 at the first luma sample, 1 between, 2 at the last. */
static int site_across(ck_yuv_site s)
{
    return s == CK_YUV_CENTER || s == CK_YUV_TOP || s == CK_YUV_BOTTOM;
}

static int site_down(ck_yuv_site s)
{
    return s == CK_YUV_LEFT || s == CK_YUV_CENTER ? 1 : s == CK_YUV_TOPLEFT || s == CK_YUV_TOP ? 0 : 2;
}

/* Position of luma sample x among the chroma samples, in eighths: 8 (x - site (f-1)/2) / f. */
static int eighths(int x, int log2, int site)
{
    int f = 1 << log2;
    return (8 * x - 4 * site * (f - 1)) / f; /* exact: f divides 8x, and 4(f-1) unless site is 0 */
}

/* The two chroma lines around luma line y; returns the second one's weight in eighths. */
static int lines_of(const ck_yuv *yuv, int ch, int y, int *a, int *b)
{
    int site = site_down(yuv->site);
    if (yuv->interlaced && yuv->log2_h == 1 && ch > 1) {
        /* Line m of the field of parity p is chroma line 2m+p, at luma line 4m + 2p + site/2. */
        int p = y & 1, at = 2 * y - 4 * p - site, n = (ch - p + 1) / 2;
        *a = 2 * ck_clamp_index(at >> 3, n) + p;
        *b = 2 * ck_clamp_index((at >> 3) + 1, n) + p;
        return at & 7;
    }
    int at = eighths(y, yuv->log2_h, site);
    *a = ck_clamp_index(at >> 3, ch);
    *b = ck_clamp_index((at >> 3) + 1, ch);
    return at & 7;
}

typedef struct work {
    const ck_yuv *yuv;
    factors f;
    int cw, ch;
    int at[4]; /* per horizontal phase: index of the first of two samples, in padded lines */
    float wa[4], wb[4];
    float *luma;      /* [w] */
    float *line[2];   /* [cw + 2] chroma lines, not interpolated */
    float *mixed;     /* [cw + 2] interpolated vertically, padded on both sides */
    float *chroma[2]; /* [cw * 4] at luma positions */
    float *rgb[3];    /* [w] a row that becomes halves */
    void *memory;
} work;

static ck_status prepare(work *k, const ck_yuv *yuv, ck_error *e)
{
    int f = 1 << yuv->log2_w;
    *k = (work){.yuv = yuv, .f = factors_of(yuv)};
    k->cw = (yuv->w + f - 1) >> yuv->log2_w;
    k->ch = (yuv->h + (1 << yuv->log2_h) - 1) >> yuv->log2_h;
    for (int p = 0; p < f; p++) {
        int at = eighths(p, yuv->log2_w, site_across(yuv->site));
        k->at[p] = (at >> 3) + 1;
        k->wb[p] = (float)(at & 7);
        k->wa[p] = 8 - k->wb[p];
    }
    size_t row = ck_pad((size_t)k->cw + 3), wide = ck_pad((size_t)k->cw << yuv->log2_w);
    float *m = k->memory = aligned_alloc(CK_ALIGN, (3 * row + 6 * wide) * sizeof *m);
    if (!m)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a line of %d pixels", yuv->w);
    k->line[0] = m;
    k->line[1] = m + row;
    k->mixed = m + 2 * row;
    k->luma = m + 3 * row;
    k->chroma[0] = k->luma + wide;
    k->chroma[1] = k->luma + 2 * wide;
    for (size_t c = 0; c < 3; c++)
        k->rgb[c] = k->luma + (3 + c) * wide;
    return CK_OK;
}

/* Chroma of component c for luma line y, minus neutral, times 64. */
static void chroma_line(work *k, int c, int a, int b, int weight)
{
    const ck_samples_view *s = &k->yuv->c[c];
    float *second = k->line[0];
    ck_samples_row(s, a, k->cw, k->line[0]);
    if (weight) {
        second = k->line[1];
        ck_samples_row(s, b, k->cw, second);
    }
    blend(k->line[0], second, (float)(8 - weight), (float)weight, 8 * k->f.mid, k->cw, k->mixed + 1);
    k->mixed[0] = k->mixed[1];
    k->mixed[k->cw + 1] = k->mixed[k->cw + 2] = k->mixed[k->cw];
    int f = 1 << k->yuv->log2_w;
    if (f == 1)
        across_1(k->mixed + 1, k->cw, k->chroma[c - 1]);
    else if (f == 2)
        across_2(k->mixed, k->at, k->wa, k->wb, k->cw, k->chroma[c - 1]);
    else
        across_any(k->mixed, k->at, k->wa, k->wb, f, k->cw, k->chroma[c - 1]);
}

/* Row y of three colours, r g b. */
static void gbr_row(work *k, int y, float *const rgb[3])
{
    static const int plane[3] = {1, 2, 0};
    for (int c = 0; c < 3; c++) {
        ck_samples_row(&k->yuv->c[c], y, k->yuv->w, rgb[plane[c]]);
        rescale(rgb[plane[c]], k->f.black, k->f.white, k->yuv->w);
    }
}

static void yuv_row(work *k, int y, float *const rgb[3])
{
    int a, b, weight = lines_of(k->yuv, k->ch, y, &a, &b);
    ck_samples_row(&k->yuv->c[0], y, k->yuv->w, k->luma);
    chroma_line(k, 1, a, b, weight);
    chroma_line(k, 2, a, b, weight);
    combine(k->luma, k->chroma[0], k->chroma[1], &k->f, k->yuv->w, rgb[0], rgb[1], rgb[2]);
}

static ck_status check(const ck_yuv *yuv, ck_error *e)
{
    bool good = yuv->w > 0 && yuv->h > 0 && yuv->w <= CK_MAX_SIDE && yuv->h <= CK_MAX_SIDE &&
                (unsigned)yuv->log2_w <= 2 && (unsigned)yuv->log2_h <= 2 &&
                (yuv->kind == CK_YUV_LUMA) == (yuv->matrix != NULL) &&
                !(yuv->kind == CK_YUV_GBR && (yuv->log2_w || yuv->log2_h));
    for (int i = 0; i < 3; i++) {
        const ck_samples_view *c = &yuv->c[i];
        good = good && c->depth >= 8 && c->depth <= 16 && c->depth == yuv->c[0].depth &&
               (c->elem == 1 || c->elem == 2) && c->step >= c->elem && c->shift >= 0 &&
               c->shift + c->depth <= 8 * c->elem;
    }
    return good ? CK_OK
                : ck_fail(e, CK_ERR_UNSUPPORTED,
                          "an image of %d x %d in an unsupported YCbCr layout: convert it with ffmpeg", yuv->w, yuv->h);
}

/* One of floats and halves is NULL. */
static ck_status convert(const ck_yuv *yuv, float *floats, uint16_t *halves, ck_error *e)
{
    work k;
    ck_status s = check(yuv, e);
    if (s == CK_OK)
        s = prepare(&k, yuv, e);
    if (s != CK_OK)
        return s;
    size_t w = (size_t)yuv->w, area = (size_t)yuv->h * w;
    for (int y = 0; y < yuv->h; y++) {
        size_t at = (size_t)y * w;
        float *rgb[3];
        for (size_t c = 0; c < 3; c++)
            rgb[c] = floats ? floats + c * area + at : k.rgb[c];
        (yuv->kind == CK_YUV_GBR ? gbr_row : yuv_row)(&k, y, rgb);
        for (size_t c = 0; c < 3 && halves; c++)
            ck_f32_to_f16(rgb[c], halves + c * area + at, w);
    }
    free(k.memory);
    return CK_OK;
}

ck_status ck_yuv_to_rgb(const ck_yuv *yuv, float *rgb, ck_error *e)
{
    return convert(yuv, rgb, NULL, e);
}

ck_status ck_yuv_to_rgb_f16(const ck_yuv *yuv, uint16_t *rgb, ck_error *e)
{
    return convert(yuv, NULL, rgb, e);
}
