/* YUV to RGB against a second, plain implementation of H.273 in double precision: every pixel's chroma is looked up at
 * its position, without phases, fixed-point weights or shared tables.
 *
 * Tolerance 1e-6 absolute.  Values reach 2.3 (out-of-range chroma on white), where a float's ULP is 2.4e-7; four
 * roundings of a sum of three terms stay below 5e-7. */
#include "io/yuv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "tap.h"

#define TOLERANCE 1e-6

static uint64_t seed = 1;

static uint32_t next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* An image in memory and its layout. */
typedef struct image {
    ck_yuv yuv;
    uint16_t *codes[3]; /* contiguous copy, read by the reference */
    int cw, ch;
    void *memory;
} image;

static int up(int n, int log2)
{
    return (n + (1 << log2) - 1) >> log2;
}

/* Layouts: 0 planar bytes or words; 1 planar with padded rows, upside down; 2 semi-planar (chroma interleaved, words
 * shifted to the top as in p010). */
static image make(int w, int h, int depth, int log2_w, int log2_h, int layout)
{
    image m = {.yuv = {.w = w, .h = h, .log2_w = log2_w, .log2_h = log2_h}};
    int elem = depth > 8 ? 2 : 1, shift = layout == 2 && elem == 2 ? 16 - depth : 0;
    m.cw = up(w, log2_w);
    m.ch = up(h, log2_h);
    uint8_t *first[3], *p = m.memory = calloc((size_t)(w + 9) * (size_t)(h + 1), 16);
    for (int c = 0; c < 3; c++) {
        int cols = c ? m.cw : w, rows = c ? m.ch : h, step = elem * (c && layout == 2 ? 2 : 1);
        ptrdiff_t stride = (ptrdiff_t)cols * step + (layout ? 6 : 0);
        uint8_t *top = p;
        if (c == 2 && layout == 2)
            top = first[1] + elem;
        else
            p += stride * rows;
        if (layout == 1) {
            top += stride * (rows - 1);
            stride = -stride;
        }
        first[c] = top;
        m.yuv.c[c] = (ck_samples_view){
            .data = top, .stride = stride, .step = step, .elem = elem, .shift = shift, .depth = depth};
        m.codes[c] = malloc((size_t)cols * (size_t)rows * 2);
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < cols; x++) {
                unsigned code = next() & ((1u << depth) - 1), word = code << shift;
                if (elem == 2 && !shift && depth < 16 && layout == 1)
                    word |= 1u << 15 << (depth == 16); /* bits above the depth must be ignored */
                m.codes[c][y * cols + x] = (uint16_t)code;
                memcpy(top + y * stride + x * step, &word, (size_t)elem);
            }
        }
    }
    return m;
}

static void drop(image *m)
{
    for (int c = 0; c < 3; c++)
        free(m->codes[c]);
    free(m->memory);
}

static double at(const image *m, int c, int x, int y)
{
    x = x < 0 ? 0 : x >= m->cw ? m->cw - 1 : x;
    y = y < 0 ? 0 : y >= m->ch ? m->ch - 1 : y;
    return m->codes[c][y * m->cw + x];
}

/* Chroma of component c at luma (x,y): the axes are independent, so a product of tent functions. */
static double chroma(const image *m, int c, int x, int y)
{
    static const double across[] = {0, .5, 0, .5, 0, .5}, down[] = {.5, .5, 0, 0, 1, 1};
    int fw = 1 << m->yuv.log2_w, fh = 1 << m->yuv.log2_h;
    double px = (x - across[m->yuv.site] * (fw - 1)) / fw, py = (y - down[m->yuv.site] * (fh - 1)) / fh;
    double ix = floor(px), tx = px - ix;
    int x0 = (int)ix, y0, y1;
    double ty;
    if (m->yuv.interlaced && fh == 2) {
        /* Search the lines of our own parity for the pair around y. */
        int p = y & 1, last = p;
        while (last + 2 < m->ch)
            last += 2;
        y0 = y1 = p;
        ty = 0;
        for (int i = p; i + 2 < m->ch; i += 2) {
            double a = 2 * i + down[m->yuv.site], b = a + 4;
            if (y >= a && y < b) {
                y0 = i;
                y1 = i + 2;
                ty = (y - a) / 4;
            } else if (y >= b) {
                y0 = y1 = last;
            }
        }
    } else {
        double iy = floor(py);
        y0 = (int)iy;
        y1 = y0 + 1;
        ty = py - iy;
    }
    double a = at(m, c, x0, y0) * (1 - tx) + at(m, c, x0 + 1, y0) * tx;
    double b = at(m, c, x0, y1) * (1 - tx) + at(m, c, x0 + 1, y1) * tx;
    return a * (1 - ty) + b * ty;
}

static void reference(const image *m, const double k[2], int x, int y, double rgb[3])
{
    int n = m->yuv.c[0].depth;
    double top = pow(2, n) - 1, s = pow(2, n - 8), half = pow(2, n - 1);
    double l = m->codes[0][y * m->yuv.w + x], u = chroma(m, 1, x, y), v = chroma(m, 2, x, y);
    bool full = m->yuv.full;
    if (m->yuv.kind == CK_YUV_GBR) {
        double in[3] = {v, l, u};
        for (int i = 0; i < 3; i++)
            rgb[i] = full ? in[i] / top : (in[i] - 16 * s) / (219 * s);
        return;
    }
    l = full ? l / top : (l - 16 * s) / (219 * s);
    u = full ? (u - half) / top : (u - 128 * s) / (224 * s);
    v = full ? (v - half) / top : (v - 128 * s) / (224 * s);
    if (m->yuv.kind == CK_YUV_YCGCO) {
        rgb[0] = l - u + v;
        rgb[1] = l + u;
        rgb[2] = l - u - v;
        return;
    }
    /* From the definition of Cb and Cr: B = Y + 2(1-Kb) Cb, R likewise, G from Y = sum of K times RGB. */
    rgb[0] = l + 2 * (1 - k[0]) * v;
    rgb[2] = l + 2 * (1 - k[1]) * u;
    rgb[1] = (l - k[0] * rgb[0] - k[1] * rgb[2]) / (1 - k[0] - k[1]);
}

/* The largest error; *beyond counts values outside [0, 1]. */
static double compare(const image *m, const double k[2], long *beyond)
{
    size_t area = (size_t)m->yuv.w * (size_t)m->yuv.h;
    float *rgb = malloc(3 * area * sizeof *rgb);
    ck_error e = {{0}};
    double worst = 0;
    if (ck_yuv_to_rgb(&m->yuv, rgb, &e) != CK_OK) {
        printf("# %s\n", e.text);
        worst = 1;
    }
    for (int y = 0; y < m->yuv.h && worst < 1; y++) {
        for (int x = 0; x < m->yuv.w; x++) {
            double want[3];
            reference(m, k, x, y, want);
            for (int c = 0; c < 3; c++) {
                double d = fabs((double)rgb[(size_t)c * area + (size_t)(y * m->yuv.w + x)] - want[c]);
                worst = d > worst || isnan(d) ? d : worst;
                *beyond += want[c] < 0 || want[c] > 1;
            }
        }
    }
    free(rgb);
    return worst;
}

static const double k601[2] = {.299, .114}, k709[2] = {.2126, .0722}, k2020[2] = {.2627, .0593}, k240[2] = {.212, .087},
                    kfcc[2] = {.30, .11};
static const struct {
    const char *name;
    ck_yuv_kind kind;
    const double *k;
} matrices[] = {
    {"601", CK_YUV_LUMA, k601},  {"709", CK_YUV_LUMA, k709}, {"2020", CK_YUV_LUMA, k2020},
    {"240m", CK_YUV_LUMA, k240}, {"fcc", CK_YUV_LUMA, kfcc}, {"ycgco", CK_YUV_YCGCO, NULL},
    {"gbr", CK_YUV_GBR, NULL},
};
static const struct {
    const char *name;
    int w, h;
} grids[] = {{"4:4:4", 0, 0}, {"4:2:2", 1, 0}, {"4:2:0", 1, 1}, {"4:4:0", 0, 1}, {"4:1:1", 2, 0}, {"4:1:0", 2, 2}};
static const char *const sites[] = {"left", "center", "topleft", "top", "bottomleft", "bottom"};

/* Every site, both ranges, all layouts and scans of one combination; sizes that do not divide evenly. */
static void combination(int matrix, int grid, int depth)
{
    double worst = 0;
    long beyond = 0, cases = 0;
    char where[80] = "";
    for (int i = 0; i < 6 * 2 * 3 * 2; i++) {
        int site = i % 6, full = i / 6 % 2, layout = i / 12 % 3, interlaced = i / 36;
        if (interlaced && grids[grid].h != 1)
            continue;
        int w = 35 + (int)(next() % 4), h = 9 + (int)(next() % 4);
        image m = make(w, h, depth, grids[grid].w, grids[grid].h, layout);
        m.yuv.kind = matrices[matrix].kind;
        m.yuv.matrix = m.yuv.kind == CK_YUV_LUMA ? ck_yuv_matrix_by_name(matrices[matrix].name) : NULL;
        m.yuv.site = (ck_yuv_site)site;
        m.yuv.full = full;
        m.yuv.interlaced = interlaced;
        double d = compare(&m, matrices[matrix].k, &beyond);
        if (d > worst) {
            worst = d;
            snprintf(where, sizeof where, "%s, %s, layout %d%s, %dx%d", sites[site], full ? "full" : "limited", layout,
                     interlaced ? ", interlaced" : "", w, h);
        }
        cases++;
        drop(&m);
    }
    ok(worst <= TOLERANCE && beyond > 0, "%s %s %2d bits: %ld cases within %.1e, excursions kept",
       matrices[matrix].name, grids[grid].name, depth, cases, worst);
    if (worst > TOLERANCE)
        printf("# worst at %s\n", where);
}

/* One, two and three pixels wide and high: only edges. */
static void tiny(void)
{
    double worst = 0;
    long beyond = 0;
    for (int i = 0; i < 3 * 3 * 6 * 6; i++) {
        int grid = i / 9 % 6;
        image m = make(1 + i % 3, 1 + i / 3 % 3, 8, grids[grid].w, grids[grid].h, 0);
        m.yuv.kind = CK_YUV_LUMA;
        m.yuv.matrix = ck_yuv_matrix_by_name("709");
        m.yuv.site = (ck_yuv_site)(i / 54);
        double d = compare(&m, k709, &beyond);
        worst = d > worst ? d : worst;
        drop(&m);
    }
    ok(worst <= TOLERANCE, "images of 1 to 3 pixels a side: %.1e", worst);
}

/* Long lines, so that the vector loops and their remainders both run. */
static void wide(void)
{
    double worst = 0;
    long beyond = 0;
    for (int w = 1000; w < 1070; w++) {
        image m = make(w, 3, w & 1 ? 10 : 8, 1, 1, w % 3);
        m.yuv.kind = CK_YUV_LUMA;
        m.yuv.matrix = ck_yuv_matrix_by_name("2020");
        double d = compare(&m, k2020, &beyond);
        worst = d > worst ? d : worst;
        drop(&m);
    }
    ok(worst <= TOLERANCE, "70 widths from 1000: %.1e", worst);
}

/* Grey codes must give exactly grey, black exactly 0 and white exactly 1, in every format. */
static void exact(void)
{
    int wrong = 0;
    for (int i = 0; i < 5 * 9 * 2; i++) {
        int depth = 8 + i / 5 % 9, full = i / 45, elem = depth > 8 ? 2 : 1, s = 1 << (depth - 8);
        int black = full ? 0 : 16 * s, white = full ? (1 << depth) - 1 : 235 * s, grey = 100 * s + 3;
        uint16_t y[3] = {(uint16_t)black, (uint16_t)white, (uint16_t)grey}, c[2] = {0};
        uint8_t y8[3] = {(uint8_t)black, (uint8_t)white, (uint8_t)grey}, c8[2] = {128, 128};
        c[0] = c[1] = (uint16_t)(128 * s);
        ck_samples_view l = {elem == 2 ? (void *)y : y8, 0, elem, elem, 0, depth};
        ck_samples_view n = {elem == 2 ? (void *)c : c8, 0, elem, elem, 0, depth};
        ck_yuv yuv = {.w = 3, .h = 1, .log2_w = 1, .c = {l, n, n}, .matrix = ck_yuv_matrix_at(i % 5), .full = full};
        float rgb[9];
        if (ck_yuv_to_rgb(&yuv, rgb, NULL) != CK_OK)
            wrong++;
        for (int p = 0; p < 3; p++)
            wrong += rgb[3 * p] != 0.0f || rgb[3 * p + 1] != 1.0f || rgb[3 * p + 2] != rgb[2];
    }
    ok(wrong == 0, "black is 0, white is 1, grey is grey, exactly");
}

static void halves(void)
{
    int wrong = 0;
    for (int i = 0; i < 2 * 6; i++) {
        image m = make(1000 + i, 5, 8, grids[i % 6].w, grids[i % 6].h, 0);
        bool gbr = i >= 6 && !m.yuv.log2_w && !m.yuv.log2_h;
        m.yuv.kind = gbr ? CK_YUV_GBR : CK_YUV_LUMA;
        m.yuv.matrix = gbr ? NULL : ck_yuv_matrix_by_name("709");
        size_t n = 3 * (size_t)m.yuv.w * (size_t)m.yuv.h;
        float *rgb = malloc(n * sizeof *rgb);
        uint16_t *got = malloc(2 * n * sizeof *got), *want = got + n;
        wrong += ck_yuv_to_rgb(&m.yuv, rgb, NULL) != CK_OK || ck_yuv_to_rgb_f16(&m.yuv, got, NULL) != CK_OK;
        ck_f32_to_f16_ref(rgb, want, n);
        wrong += memcmp(got, want, n * sizeof *got) != 0;
        free(rgb);
        free(got);
        drop(&m);
    }
    ok(wrong == 0, "halves are the floats, rounded");
}

static void refusals(void)
{
    image m = make(8, 8, 8, 1, 1, 0);
    float rgb[3 * 8 * 8];
    ck_error e = {{0}};
    m.yuv.kind = CK_YUV_GBR;
    ok(ck_yuv_to_rgb(&m.yuv, rgb, &e) == CK_ERR_UNSUPPORTED && *e.text, "subsampled GBR is refused: %s", e.text);
    m.yuv.kind = CK_YUV_LUMA;
    ok(ck_yuv_to_rgb(&m.yuv, rgb, &e) == CK_ERR_UNSUPPORTED, "a missing matrix is refused");
    m.yuv.matrix = ck_yuv_matrix_at(0);
    m.yuv.c[1].depth = 10;
    ok(ck_yuv_to_rgb(&m.yuv, rgb, &e) == CK_ERR_UNSUPPORTED, "words deeper than their bytes are refused");
    m.yuv.c[1].depth = 8;
    m.yuv.w = 0;
    ok(ck_yuv_to_rgb(&m.yuv, rgb, &e) == CK_ERR_UNSUPPORTED, "no pixels are refused");
    drop(&m);
}

int main(void)
{
    static const int depths[] = {8, 9, 10, 12, 14, 16};
    for (int matrix = 0; matrix < 7; matrix++)
        for (int grid = 0; grid < (matrices[matrix].kind == CK_YUV_GBR ? 1 : 6); grid++)
            for (int d = 0; d < 6; d++)
                combination(matrix, grid, depths[d]);
    tiny();
    wide();
    exact();
    halves();
    refusals();
    return done_testing();
}
