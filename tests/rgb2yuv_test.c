/* RGB to YCbCr against double precision, and pictures made with it. */
#include "io/rgb2yuv.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/picture.h"
#include "tap.h"

enum { N = 4099 }; /* not a multiple of a vector length */

static float noise(void)
{
    static uint32_t x = 1;
    x = x * 1664525u + 1013904223u;
    return (float)(x >> 8) / 16777215.0f;
}

static void fill(float rgb[3][N])
{
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 3; c++)
            rgb[c][i] = noise();
    /* Corners of the colour cube, and grey. */
    for (int i = 0; i < 8; i++)
        for (int c = 0; c < 3; c++)
            rgb[c][i] = (float)(i >> c & 1);
    for (int i = 8; i < 300; i++)
        rgb[0][i] = rgb[1][i] = rgb[2][i] = (float)(i - 8) / 255.0f > 1 ? 1 : (float)(i - 8) / 255.0f;
}

/* H.273, clause 8.3, limited and full range, in double. */
static double exact(const ck_yuv_matrix *m, int plane, int bits, bool full, double r, double g, double b)
{
    double y = m->kr * r + (1 - m->kr - m->kb) * g + m->kb * b, v = plane == 0   ? y
                                                                    : plane == 1 ? (b - y) / (2 - 2 * m->kb)
                                                                                 : (r - y) / (2 - 2 * m->kr);
    double step = ldexp(1, bits - 8), top = ldexp(1, bits) - 1, half = ldexp(1, bits - 1);
    if (full)
        return v * top + (plane ? half : 0);
    return plane ? (224 * v + 128) * step : (219 * v + 16) * step;
}

static void test_rows(void)
{
    static float rgb[3][N];
    static uint16_t wide[N];
    static uint8_t narrow[N];
    fill(rgb);
    for (int k = 0; ck_yuv_matrix_at(k); k++) {
        const ck_yuv_matrix *m = ck_yuv_matrix_at(k);
        for (int bits = 8; bits <= 16; bits += 2) {
            for (int full = 0; full < 2; full++) {
                ck_rgb2yuv c;
                ck_rgb2yuv_init(&c, m, bits, full);
                double worst = 0, top = ldexp(1, bits) - 1;
                int grey = 0;
                for (int p = 0; p < 3; p++) {
                    ck_rgb2yuv_row(&c, p, rgb[0], rgb[1], rgb[2], N, bits == 8 ? (void *)narrow : wide);
                    for (int i = 0; i < N; i++) {
                        int code = bits == 8 ? narrow[i] : wide[i];
                        double want = exact(m, p, bits, full, rgb[0][i], rgb[1][i], rgb[2][i]);
                        want = want > top ? top : want;
                        double d = fabs(code - want);
                        worst = d > worst ? d : worst;
                        grey += p && i >= 8 && i < 300 && code != 1 << (bits - 1);
                    }
                }
                /* Rounding takes half a code.  Float32 adds at most 8 roundings of 2^-24 of full scale: three
                 * coefficients, three products, two sums (including the offset). */
                ok(worst <= 0.5 + ldexp(top, -21), "%s, %d bits, %s range: nearest code (worst %.6f)", m->name, bits,
                   full ? "full" : "limited", worst);
                ok(grey == 0, "%s, %d bits, %s range: grey has neutral chroma", m->name, bits,
                   full ? "full" : "limited");
            }
        }
    }
}

static void test_halve(void)
{
    float a[10], b[10], out[5];
    for (int i = 0; i < 10; i++) {
        a[i] = (float)(i * i);
        b[i] = (float)(3 * i);
    }
    ck_rgb2yuv_halve(a, b, 5, out);
    int bad = 0;
    for (int i = 0; i < 5; i++) {
        int l = i ? 2 * i - 1 : 0;
        float want = (a[l] + 2 * a[2 * i] + a[2 * i + 1] + b[l] + 2 * b[2 * i] + b[2 * i + 1]) / 8; /* exact */
        bad += out[i] != want;
    }
    ok(bad == 0, "4:2:0 weights are 1 2 1 across and 1 1 down");
}

static void test_table(void)
{
    ok(ck_yuv_matrix_by_code(5) == ck_yuv_matrix_by_name("601"), "BT.470BG is 601");
    ok(!ck_yuv_matrix_by_code(0) && !ck_yuv_matrix_by_code(8) && !ck_yuv_matrix_by_name("x"),
       "identity, YCgCo and nonsense are not in the table");
    ok(!ck_yuv_matrix_at(-1) && !ck_yuv_matrix_at(5) && ck_yuv_matrix_at(4), "five matrices");
}

static ck_frame frame;

static ck_plane *plane(ck_type t, int c, int h, int w, const char *encoding)
{
    ck_plane *p;
    ck_frame_free(&frame);
    if (ck_frame_add(&frame, "p", t, c, h, w, encoding, &p, NULL))
        abort();
    return p;
}

static double srgb(double x)
{
    return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
}

static void test_display(void)
{
    /* 4 pixels: half covered, thin and bright, none, coverage above 1; linear and premultiplied. */
    static const float v[4][4] = {
        {0.1f, 0.5f, 0.3f, 0.51f}, {0.0f, 0.6f, -0.1f, 0.2f}, {1, 0, 0, 0}, {0.5f, 0, 0, 1.02f}};
    ck_plane *p = plane(CK_F32, 4, 1, 4, "linear");
    memcpy(ck_plane_data(p), v, sizeof v);
    ck_display d;
    float out[16];
    ok(ck_display_init(&d, p, NULL, NULL) == CK_OK && d.premultiplied && !strcmp(d.encoding, "srgb"),
       "linear RGBA is premultiplied and shown as sRGB");
    ck_display_row(&d, 0, out);
    double worst = 0;
    for (int i = 0; i < 4; i++) {
        double a = v[3][i];
        for (int c = 0; c < 3; c++) {
            double x = a > 0 ? (double)v[c][i] / a : 0;
            x = srgb(x > 0 ? x : 0);
            x = x > 1 ? 1 : x;
            worst = worse(worst, fabs((double)out[c * 4 + i] - x));
        }
        worst = worse(worst, fabs((double)out[12 + i] - fmin(a, 1)));
    }
    /* A division, the curve's power and its two operations: 4 roundings of at most 2^-24. */
    ok(worst <= ldexp(1, -22), "unpremultiplied, then the sRGB curve, then clamped (worst %.2g)", worst);

    p = plane(CK_F32, 3, 1, 1, "srgb");
    memcpy(ck_plane_data(p), (float[]){-0.5f, NAN, 1.5f}, 12);
    ck_display_init(&d, p, NULL, NULL);
    ck_display_row(&d, 0, out);
    ok(out[0] == 0 && out[1] == 0 && out[2] == 1, "clamped to 0...1, NaN to 0");
    p = plane(CK_F32, 1, 1, 1, "linear");
    *(float *)ck_plane_data(p) = 0.5f;
    ck_display_init(&d, p, NULL, NULL);
    ck_display_row(&d, 0, out);
    ok(out[0] == 0.5f, "a matte is not bent");
    ok(ck_display_init(&d, plane(CK_U8, 2, 1, 1, ""), NULL, NULL) == CK_ERR_UNSUPPORTED &&
           ck_display_init(&d, plane(CK_U8, 5, 1, 1, ""), NULL, NULL) == CK_ERR_UNSUPPORTED,
       "2 and 5 channels are refused");
}

static void test_packed(void)
{
    int bad = 0;
    for (int c = 1; c <= 4; c += c == 1 ? 2 : 1) {
        for (int bits = 8; bits <= 16; bits += 8) {
            ck_plane *p = plane(bits == 8 ? CK_U8 : CK_U16, c, 5, 37, "srgb");
            for (size_t i = 0; i < p->bytes; i++)
                ((uint8_t *)ck_plane_data(p))[i] = (uint8_t)(noise() * 255.9f);
            ck_display d;
            ck_picture pic;
            ck_display_init(&d, p, NULL, NULL);
            if (ck_picture_make(&pic, &d, CK_PACKED, bits, NULL, NULL))
                abort();
            for (size_t y = 0; y < 5; y++)
                for (size_t x = 0; x < 37; x++)
                    for (size_t k = 0; k < (size_t)c; k++) {
                        size_t from = (k * 5 + y) * 37 + x, to = (y * 37 + x) * (size_t)c + k;
                        bad += bits == 8 ? ((const uint8_t *)p->data)[from] != ((uint8_t *)pic.buf->data)[to]
                                         : ((const uint16_t *)p->data)[from] != ((uint16_t *)pic.buf->data)[to];
                    }
            bad += pic.bytes != p->bytes;
            ck_picture_free(&pic);
        }
    }
    ok(bad == 0, "integer planes are packed bit by bit");
}

/* Every component of a picture against single pixels computed in double. */
static void test_yuv_pictures(void)
{
    const ck_yuv_matrix *m = ck_yuv_matrix_by_name("709");
    ck_plane *p = plane(CK_U8, 3, 6, 34, "srgb");
    for (size_t i = 0; i < p->bytes; i++)
        ((uint8_t *)ck_plane_data(p))[i] = (uint8_t)(noise() * 255.9f);
    const uint8_t *s = p->data;
    ck_display d;
    ck_picture pic, black;
    ck_display_init(&d, p, NULL, NULL);
#define AT(c, y, x) (s[((c)*6 + (y)) * 34 + (x)] / 255.0)
    double worst = 0;
    if (ck_picture_make(&pic, &d, CK_444_10, 8, m, NULL))
        abort();
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 6; y++)
            for (int x = 0; x < 34; x++) {
                uint16_t v = ((uint16_t *)((char *)pic.buf->data + pic.offset[c]))[y * 34 + x];
                worst = worse(worst, fabs(v - exact(m, c, 10, false, AT(0, y, x), AT(1, y, x), AT(2, y, x))));
            }
    /* As above, plus one rounding of v/255. */
    ok(worst <= 0.5 + ldexp(1023, -20), "4:4:4 picture of 10 bits (worst %.6f)", worst);
    ck_picture_free(&pic);

    if (ck_picture_make(&pic, &d, CK_420_8, 8, m, NULL))
        abort();
    worst = 0;
    for (int c = 1; c < 3; c++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 17; x++) {
                double rgb[3];
                for (int k = 0; k < 3; k++) {
                    rgb[k] = 0;
                    for (int i = -1; i <= 1; i++)
                        for (int j = 0; j < 2; j++)
                            rgb[k] += AT(k, 2 * y + j, 2 * x + i < 0 ? 0 : 2 * x + i) * (i ? 1 : 2) / 8;
                }
                uint8_t v = ((uint8_t *)pic.buf->data + pic.offset[c])[y * 17 + x];
                worst = worse(worst, fabs(v - exact(m, c, 8, false, rgb[0], rgb[1], rgb[2])));
            }
    ok(worst <= 0.5 + ldexp(255, -20), "4:2:0 chroma is filtered, left-sited (worst %.6f)", worst);
    if (ck_picture_black(&black, &pic, NULL))
        abort();
    const uint8_t *b = black.buf->data;
    ok(black.bytes == 34 * 6 * 3 / 2 && b[0] == 16 && b[34 * 6 - 1] == 16 && b[34 * 6] == 128 &&
           b[black.bytes - 1] == 128,
       "black of 4:2:0");
    ck_picture_free(&black);
    ck_picture_free(&pic);
    p->w = 33;
    ok(ck_picture_make(&pic, &d, CK_420_8, 8, m, NULL) == CK_ERR_ARGUMENT, "an odd width is refused");
}

static void test_alpha(void)
{
    ck_plane *p = plane(CK_F32, 4, 1, 1024, "srgb");
    float *f = ck_plane_data(p);
    for (int i = 0; i < 4 * 1024; i++)
        f[i] = (float)(i % 1024) / 1023.0f;
    ck_display d;
    ck_picture pic, black;
    ck_display_init(&d, p, NULL, NULL);
    if (ck_picture_make(&pic, &d, CK_444_10_ALPHA, 8, ck_yuv_matrix_by_name("709"), NULL))
        abort();
    const uint16_t *a = (uint16_t *)((char *)pic.buf->data + pic.offset[3]);
    int bad = pic.format != AV_PIX_FMT_YUVA444P10LE;
    for (int i = 0; i < 1024; i++)
        bad += a[i] != i;
    ok(bad == 0, "alpha is full range");
    if (ck_picture_black(&black, &pic, NULL))
        abort();
    const uint16_t *b = black.buf->data;
    ok(b[0] == 64 && b[1024] == 512 && b[2048] == 512 && b[3072] == 0 && b[4095] == 0, "black with alpha is clear");
    ck_picture_free(&black);
    ck_picture_free(&pic);
}

int main(void)
{
    test_table();
    test_rows();
    test_halve();
    test_display();
    test_packed();
    test_yuv_pictures();
    test_alpha();
    ck_frame_free(&frame);
    ck_pool_trim();
    return done_testing();
}
