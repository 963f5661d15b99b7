/* Every pixel format of libav, filled with noise, against a sample-by-sample reading by its descriptor in double
 * precision.  YUV arithmetic is tested in yuv_test; here, that the right samples reach it. */
#include "io/av_pixels.h"

#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "tap.h"

enum { W = 37, H = 11 };

static uint64_t seed = 7;

static uint32_t next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static uint8_t *place(const AVFrame *av, int c, int x, int y)
{
    const AVComponentDescriptor *k = &av_pix_fmt_desc_get(av->format)->comp[c];
    return av->data[k->plane] + (ptrdiff_t)y * av->linesize[k->plane] + x * k->step + k->offset;
}

static void put_real(AVFrame *av, int c, int x, int y, float f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    bool swapped = d->flags & AV_PIX_FMT_FLAG_BE;
    uint32_t u;
    uint16_t half;
    ck_f32_to_f16(&f, &half, 1);
    memcpy(&u, &f, 4);
    u = swapped ? __builtin_bswap32(u) : u;
    half = swapped ? __builtin_bswap16(half) : half;
    memcpy(place(av, c, x, y), d->comp[c].depth == 32 ? (const void *)&u : &half, (size_t)d->comp[c].depth / 8);
}

static double real(const AVFrame *av, int c, int x, int y)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    bool swapped = d->flags & AV_PIX_FMT_FLAG_BE;
    uint32_t u = 0;
    uint16_t half;
    float f;
    memcpy(&u, place(av, c, x, y), (size_t)d->comp[c].depth / 8);
    half = swapped ? __builtin_bswap16((uint16_t)u) : (uint16_t)u;
    u = swapped ? __builtin_bswap32(u) : u;
    memcpy(&f, &u, 4);
    if (d->comp[c].depth == 16)
        ck_f16_to_f32_ref(&half, &f, 1);
    return f;
}

static AVFrame *noise(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    AVFrame *av = av_frame_alloc();
    av->format = format;
    av->width = W;
    av->height = H;
    if (av_frame_get_buffer(av, 0) < 0) {
        av_frame_free(&av);
        return NULL;
    }
    for (int i = 0; i < AV_NUM_DATA_POINTERS && av->buf[i]; i++)
        for (size_t k = 0; k < av->buf[i]->size; k++)
            av->buf[i]->data[k] = (uint8_t)next();
    /* Random bits would make NaN and infinity; finite floats are enough here. */
    for (int c = 0; d->flags & AV_PIX_FMT_FLAG_FLOAT && c < d->nb_components; c++)
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                put_real(av, c, x, y, (float)next() / 1e9f - 1);
    return av;
}

/* Component c at (x,y) of its own plane, as read by libav's slow reader; palettes are looked up. */
static double sample(const AVFrame *av, int c, int x, int y)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    if (d->flags & AV_PIX_FMT_FLAG_PAL) {
        uint32_t argb;
        memcpy(&argb, av->data[1] + 4 * av->data[0][y * av->linesize[0] + x], 4);
        return (argb >> (16 - 8 * c) & 255) / 255.0;
    }
    if (d->flags & AV_PIX_FMT_FLAG_FLOAT)
        return real(av, c, x, y);
    /* Read from the row's start: libav 7.1 ignores x for packed 10-bit formats. */
    uint32_t row[W], v;
    av_read_image_line2(row, (const uint8_t **)(uintptr_t)av->data, av->linesize, d, 0, y, c, x + 1, 0, 4);
    v = row[x];
    if (av->format == AV_PIX_FMT_MONOWHITE)
        v = !v;
    return v / (pow(2, d->comp[c].depth) - 1);
}

static double got(const ck_plane *p, int c, int x, int y)
{
    size_t i = ((size_t)c * (size_t)p->h + (size_t)y) * (size_t)p->w + (size_t)x;
    switch (p->type) {
    case CK_U8:
        return ((const uint8_t *)p->data)[i] / 255.0;
    case CK_U16:
        return ((const uint16_t *)p->data)[i] / 65535.0;
    default:
        return ((const float *)p->data)[i];
    }
}

/* Largest difference for RGB and grey: codes must be equal. */
static double compare_rgb(const AVFrame *av, const ck_plane *p)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    bool grey = !(d->flags & AV_PIX_FMT_FLAG_PAL) && d->nb_components < 3;
    double worst = 0;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                worst = worse(worst, fabs(got(p, c, x, y) - sample(av, grey ? 0 : c, x, y)));
    return worst;
}

/* Largest difference for YUV: planar words gathered one by one, through the same arithmetic, must give the same
 * bits. */
static double compare_yuv(const AVFrame *av, const ck_plane *p)
{
    static uint16_t codes[3][H][W];
    static float want[3 * H * W];
    static uint16_t halves[3 * H * W];
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    ck_yuv yuv = {.w = W,
                  .h = H,
                  .log2_w = d->log2_chroma_w,
                  .log2_h = d->log2_chroma_h,
                  .matrix = ck_yuv_matrix_by_name("709"),
                  .site = CK_YUV_TOPLEFT};
    for (int c = 0; c < 3; c++) {
        int w = c ? AV_CEIL_RSHIFT(W, d->log2_chroma_w) : W, h = c ? AV_CEIL_RSHIFT(H, d->log2_chroma_h) : H;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                codes[c][y][x] = (uint16_t)rint(sample(av, c, x, y) * (pow(2, d->comp[c].depth) - 1));
        yuv.c[c] = (ck_samples_view){codes[c], sizeof codes[c][0], 2, 2, 0, d->comp[c].depth};
    }
    if (d->comp[0].depth == 8) /* small enough codes for halves */
        return p->type != CK_F16 || ck_yuv_to_rgb_f16(&yuv, halves, NULL) != CK_OK ||
               memcmp(halves, p->data, sizeof halves);
    return p->type != CK_F32 || ck_yuv_to_rgb(&yuv, want, NULL) != CK_OK || memcmp(want, p->data, sizeof want);
}

static void try_format(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    ck_av_choice choice = {.matrix = 2, .range = 0, .chroma = 1 + CK_YUV_TOPLEFT};
    ck_frame f = {0};
    ck_error e = {{0}};
    bool odd = d->flags & AV_PIX_FMT_FLAG_HWACCEL || format == AV_PIX_FMT_UYYVYY411;
    bool rgb = d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) || d->nb_components < 3;
    AVFrame *av = odd ? av_frame_alloc() : noise(format);
    if (odd) {
        av->format = format;
        av->width = W;
        av->height = H;
    }
    if (!rgb && format != AV_PIX_FMT_XYZ12LE && format != AV_PIX_FMT_XYZ12BE)
        choice.range = 1;
    ck_status s = av ? ck_av_plane(av, &choice, (ck_orient){0}, CK_WANT_RGB, "rgb", &f, &e) : CK_ERR_MEMORY;
    if (odd) {
        ok(s == CK_ERR_UNSUPPORTED && strstr(e.text, d->name), "%s is refused", d->name);
    } else if (s != CK_OK) {
        ok(false, "%s: %s", d->name, e.text);
    } else if (ck_av_needs_swscale(av)) {
        ok(f.planes[0].type == CK_U16 && f.planes[0].c == 3, "%s becomes u16", d->name);
    } else {
        int depth = d->flags & AV_PIX_FMT_FLAG_PAL ? 8 : d->comp[0].depth;
        bool even = d->nb_components < 3 || d->comp[1].depth == depth;
        ck_type want = !rgb                                          ? depth == 8 ? CK_F16 : CK_F32
                       : !even || (d->flags & AV_PIX_FMT_FLAG_FLOAT) ? CK_F32
                       : depth == 8                                  ? CK_U8
                       : depth == 16                                 ? CK_U16
                                                                     : CK_F32;
        double worst = rgb ? compare_rgb(av, &f.planes[0]) : compare_yuv(av, &f.planes[0]);
        /* One rounding of a value up to 2; float formats are exact. */
        ok(worst <= 1.2e-7 && f.planes[0].type == want, "%s: %s, %.1e", d->name, f.planes[0].type_name, worst);
    }
    ck_frame_free(&f);
    av_frame_free(&av);
}

/* Grey of limited and full range, hints, transposed pictures, unaligned words. */
static void ranges(void)
{
    AVFrame *av = noise(AV_PIX_FMT_GRAY10LE);
    ck_av_choice choice = {.range = 1};
    ck_frame f = {0};
    double worst = 0;
    uint16_t *row = (uint16_t *)(void *)av->data[0];
    for (int x = 0; x < W; x++)
        row[x] &= 1023;
    bool good = ck_av_plane(av, &choice, (ck_orient){0}, CK_WANT_RGB, "rgb", &f, NULL) == CK_OK;
    for (int x = 0; x < W && good; x++)
        worst = worse(worst, fabs(got(&f.planes[0], 1, x, 0) - (row[x] - 64) / 876.0));
    ok(good && worst < 1.2e-7 && f.planes[0].type == CK_F32, "grey of limited range keeps its excursions: %.1e", worst);
    ck_frame_free(&f);
    av_frame_free(&av);
}

static void hints(void)
{
    AVFrame *av = noise(AV_PIX_FMT_GRAY8);
    ck_av_choice choice = {0};
    ck_frame f = {0};
    bool good = ck_av_plane(av, &choice, (ck_orient){0}, CK_WANT_HINT, "hint", &f, NULL) == CK_OK;
    ok(good && f.planes[0].type == CK_U8 && f.planes[0].c == 1 && !*f.planes[0].encoding &&
           !memcmp(f.planes[0].data, av->data[0], W),
       "a grey hint keeps its bytes");
    ck_frame_free(&f);
    av_frame_free(&av);
    av = noise(AV_PIX_FMT_YUV444P16LE);
    choice.matrix = 2;
    choice.range = 2;
    ck_frame g = {0};
    good = ck_av_plane(av, &choice, (ck_orient){0}, CK_WANT_RGB, "rgb", &g, NULL) == CK_OK &&
           ck_av_plane(av, &choice, (ck_orient){0}, CK_WANT_HINT, "hint", &f, NULL) == CK_OK;
    double worst = 0;
    for (int x = 0; x < W && good; x++) {
        double y = 0.2126 * got(g.planes, 0, x, 3) + 0.7152 * got(g.planes, 1, x, 3) + 0.0722 * got(g.planes, 2, x, 3);
        worst = worse(worst, fabs(y - got(f.planes, 0, x, 3)));
    }
    /* Three products and two sums of values up to 2. */
    ok(good && worst < 5e-7, "a colour hint is its luminance: %.1e", worst);
    ck_frame_free(&f);
    ck_frame_free(&g);
    av_frame_free(&av);
}

static void turned(void)
{
    AVFrame *av = noise(AV_PIX_FMT_RGB24);
    ck_av_choice choice = {0};
    ck_orient quarter = {.swap = true, .flip_y = true}; /* clockwise */
    ck_frame f = {0};
    int wrong = 0;
    bool good = ck_av_plane(av, &choice, quarter, CK_WANT_RGB, "rgb", &f, NULL) == CK_OK;
    for (int c = 0; c < 3 && good; c++)
        for (int y = 0; y < W; y++)
            for (int x = 0; x < H; x++)
                wrong += got(f.planes, c, x, y) != sample(av, c, y, H - 1 - x);
    ok(good && !wrong && f.n == 1 && f.planes[0].w == H && f.planes[0].h == W, "a quarter turn swaps the sides");
    ck_frame_free(&f);
    av_frame_free(&av);
}

static void unaligned(void)
{
    AVFrame *av = noise(AV_PIX_FMT_RGB48LE), *odd = av_frame_clone(av);
    ck_av_choice choice = {0};
    ck_frame f = {0};
    for (int y = 0; y < H; y++)
        memmove(odd->data[0] + y * odd->linesize[0] + 1, odd->data[0] + y * odd->linesize[0], 6 * W);
    odd->data[0]++;
    bool good = ck_av_plane(odd, &choice, (ck_orient){0}, CK_WANT_RGB, "rgb", &f, NULL) == CK_OK;
    ok(good && compare_rgb(odd, f.planes) == 0, "words at odd addresses");
    ck_frame_free(&f);
    av_frame_free(&odd);
    av_frame_free(&av);
}

/* Guesses, overridden by the file, overridden by the user. */
static void colours(void)
{
    static const struct {
        const char *what;
        enum AVPixelFormat format;
        int height, space, range, primaries, location;
        ck_av_choice choice;
        const char *matrix;
        bool full;
        ck_yuv_site site;
        bool guessed;
    } cases[] = {
        {"nothing said, small", AV_PIX_FMT_YUV420P, 576, 2, 0, 2, 0, {0}, "601", false, CK_YUV_LEFT, true},
        {"nothing said, 720 lines", AV_PIX_FMT_YUV420P, 720, 2, 0, 2, 0, {0}, "709", false, CK_YUV_LEFT, true},
        {"nothing but wide primaries", AV_PIX_FMT_YUV420P, 480, 2, 0, 9, 0, {0}, "2020", false, CK_YUV_LEFT, true},
        {"JPEG's own format", AV_PIX_FMT_YUVJ420P, 720, 5, 0, 2, 0, {0}, "601", true, CK_YUV_CENTER, false},
        {"all tags", AV_PIX_FMT_YUV420P, 480, 9, 2, 9, 3, {0}, "2020", true, CK_YUV_TOPLEFT, false},
        {"tags overruled", AV_PIX_FMT_YUV420P, 480, 9, 2, 9, 3, {1, 1, 2}, "601", false, CK_YUV_CENTER, false},
        {"SMPTE 240M", AV_PIX_FMT_YUV422P, 480, 7, 1, 2, 1, {0}, "240m", false, CK_YUV_LEFT, false},
        {"FCC", AV_PIX_FMT_YUV422P, 480, 4, 1, 2, 6, {0}, "fcc", false, CK_YUV_BOTTOM, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AVFrame *av = av_frame_alloc();
        ck_av_colour c;
        av->format = cases[i].format;
        av->width = 100;
        av->height = cases[i].height;
        av->colorspace = cases[i].space;
        av->color_range = cases[i].range;
        av->color_primaries = cases[i].primaries;
        av->chroma_location = cases[i].location;
        bool good = ck_av_colour_of(av, &cases[i].choice, &c, NULL) == CK_OK;
        ok(good && c.matrix && !strcmp(c.matrix->name, cases[i].matrix) && c.full == cases[i].full &&
               c.site == cases[i].site && c.matrix_guessed == cases[i].guessed,
           "%s: %s, %s, site %d", cases[i].what, cases[i].matrix, cases[i].full ? "full" : "limited", cases[i].site);
        av_frame_free(&av);
    }
    AVFrame *av = av_frame_alloc();
    ck_av_choice choice = {0};
    ck_av_colour c;
    ck_error e;
    av->format = AV_PIX_FMT_YUV444P;
    av->colorspace = AVCOL_SPC_BT2020_CL;
    ok(ck_av_colour_of(av, &choice, &c, &e) == CK_ERR_UNSUPPORTED && strstr(e.text, "bt2020c"),
       "constant luminance is refused: %s", e.text);
    choice.matrix = 7;
    ok(ck_av_colour_of(av, &choice, &c, &e) == CK_OK && c.kind == CK_YUV_GBR, "unless the user knows better");
    choice.matrix = 6;
    ok(ck_av_colour_of(av, &choice, &c, &e) == CK_OK && c.kind == CK_YUV_YCGCO, "YCgCo");
    av_frame_free(&av);
}

int main(void)
{
    const AVPixFmtDescriptor *d = NULL;
    while ((d = av_pix_fmt_desc_next(d)))
        try_format(av_pix_fmt_desc_get_id(d));
    ranges();
    hints();
    turned();
    unaligned();
    colours();
    return done_testing();
}
