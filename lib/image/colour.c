#include "image/colour.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/clones.h"
#include "base/floats.h"

/* x^p for float x and fixed p, in double: x = 2^e * m with 1 <= m < 2, so x^p = 2^(e*p) * m^p.  The first factor comes
 * from a table by exponent, the second is a polynomial in w = m - 1.5.
 *
 * The exponents are the float32 numbers nearest to 2.4 and 1/2.4, as in a float32 pow().  Coefficients: minimax fits of
 * the relative error (Lawson's iteration on Chebyshev nodes), 2^-35.1 for the first and 2^-36.4 for the second. */
#define P_LIN 2.4000000953674316
#define P_SRGB 0.4166666567325592

static const double POLY_LIN[10] = {2.6461779029683834,     4.233884814193523,      1.9758130558911238,
                                    0.17562780168701486,    -0.017563089307318161,  0.003747792741517899,
                                    -0.0010787466310105134, 0.00036440313926301747, -0.00015932550275458035,
                                    7.5940406234683026e-05};
static const double POLY_SRGB[12] = {1.1840535826178307,     0.32890376497219126,     -0.0639535143944511,
                                     0.022502173478244108,   -0.0096882719730615741,  0.0046285973310244847,
                                     -0.0023599896340503754, 0.0012571460393786583,   -0.00066760380279022721,
                                     0.00036608065114072187, -0.00028861767917754907, 0.00018063153043060883};

static double scale_lin[256], scale_srgb[256]; /* 2^((i-127)*p) */
static float linear8[256];                     /* linear value of code v/255 */

/* Returns the exponent field of x >= 0; *w = mantissa - 1.5. */
static inline int64_t split(float x, double *w)
{
    uint32_t u = ck_float_bits(x);
    *w = (double)(ck_float_of_bits((u & 0x007fffffu) | 0x3f800000u) - 1.5f);
    return (int64_t)((u >> 23) & 0xffu); /* 64 bits like a pointer: otherwise the compiler does not gather with it */
}

/* Evaluated in pairs of terms: short dependency chains fill the vector units. */
static inline float pow_lin(float x)
{
    const double *c = POLY_LIN;
    double w;
    int64_t e = split(x, &w);
    double w2 = w * w, w4 = w2 * w2;
    double a = (c[0] + c[1] * w) + (c[2] + c[3] * w) * w2;
    double b = (c[4] + c[5] * w) + (c[6] + c[7] * w) * w2;
    double y = a + (b + (c[8] + c[9] * w) * w4) * w4;
    return (float)(y * scale_lin[e]);
}

static inline float pow_srgb(float x)
{
    const double *c = POLY_SRGB;
    double w;
    int64_t e = split(x, &w);
    double w2 = w * w, w4 = w2 * w2;
    double a = (c[0] + c[1] * w) + (c[2] + c[3] * w) * w2;
    double b = (c[4] + c[5] * w) + (c[6] + c[7] * w) * w2;
    double d = (c[8] + c[9] * w) + (c[10] + c[11] * w) * w2;
    double y = a + (b + d * w4) * w4;
    return (float)(y * scale_srgb[e]);
}

/* Returns a if `first`, else b, by bit masks.  With ?: the compiler moves the curve behind a branch and does not
 * vectorise. */
static inline float choose(bool first, float a, float b)
{
    uint32_t mask = -(uint32_t)first;
    return ck_float_of_bits((ck_float_bits(a) & mask) | (ck_float_bits(b) & ~mask));
}

/* max(x, 0), but NaN stays. */
static inline float at_least_0(float x)
{
    return choose(x < 0.0f, 0.0f, x);
}

/* Both curves of x >= 0 or NaN. */
static inline float to_linear(float x)
{
    float y = choose(x <= 0.04045f, x / 12.92f, pow_lin((x + 0.055f) / 1.055f));
    return choose(x != x, x, y);
}

static inline float to_srgb(float x)
{
    float y = choose(x <= 0.0031308f, x * 12.92f, 1.055f * pow_srgb(x) - 0.055f);
    return choose(x != x, x, y);
}

CK_CLONES
void ck_srgb_to_linear(const float *src, float *dst, size_t n)
{
#pragma GCC ivdep /* dst is src or does not overlap it */
    for (size_t i = 0; i < n; i++)
        dst[i] = to_linear(at_least_0(src[i]));
}

CK_CLONES
void ck_linear_to_srgb(const float *src, float *dst, size_t n)
{
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++)
        dst[i] = to_srgb(at_least_0(src[i]));
}

CK_CLONES
void ck_srgb_to_linear_mirrored(const float *src, float *dst, size_t n)
{
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++)
        dst[i] = copysignf(to_linear(fabsf(src[i])), src[i]);
}

CK_CLONES
void ck_linear_to_srgb_mirrored(const float *src, float *dst, size_t n)
{
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++)
        dst[i] = copysignf(to_srgb(fabsf(src[i])), src[i]);
}

/* Codes by the upper bits of a float: exponent and 7 of the mantissa, between which a code changes once at most.  An
 * entry is the code there * 2^16, and added so much that the lower 16 bits carry where the next code begins. */
#define CODE_FROM 0x39800000u /* 2^-12, which is code 0 */
#define CODE_TO 0x3f810000u   /* 1 + 2^-7, which is code 255 */
static uint32_t code8[((CODE_TO - CODE_FROM) >> 16) + 1];

CK_CLONES
void ck_linear_to_srgb8(const float *restrict src, uint8_t *restrict dst, size_t n)
{
    float from = ck_float_of_bits(CODE_FROM), to = ck_float_of_bits(CODE_TO);
    for (size_t i = 0; i < n; i++) {
        float x = src[i] > from ? src[i] : from;
        uint32_t u = ck_float_bits(x < to ? x : to);
        dst[i] = (uint8_t)((code8[(int)(u >> 16) - (int)(CODE_FROM >> 16)] + (u & 0xffffu)) >> 16);
    }
}

static uint32_t code_of(uint32_t u)
{
    float v = to_srgb(ck_float_of_bits(u));
    return (uint32_t)((v < 1 ? v : 1) * 255.0f);
}

static void fill_codes(void)
{
    for (uint32_t i = 0; i < sizeof code8 / sizeof *code8; i++) {
        uint32_t first = CODE_FROM + (i << 16), low = 0, next = 0x10000, code = code_of(first);
        while (next - low > 1) { /* the code is still the same at low, but no longer at next */
            uint32_t middle = (low + next) / 2;
            *(code_of(first + middle) == code ? &low : &next) = middle;
        }
        code8[i] = (code << 16) + 0x10000 - next;
    }
}

__attribute__((constructor)) static void fill_tables(void)
{
    for (int i = 0; i < 256; i++) {
        scale_lin[i] = exp2((i - 127) * P_LIN);
        scale_srgb[i] = exp2((i - 127) * P_SRGB);
        linear8[i] = (float)i / 255.0f;
    }
    scale_lin[255] = scale_srgb[255] = INFINITY;
    ck_srgb_to_linear(linear8, linear8, 256);
    fill_codes();
}

void ck_srgb8_to_linear(const uint8_t *src, float *dst, size_t n)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++)
        dst[i] = linear8[src[i]];
}

#define HALVES (1 << 16)
static float linear16[HALVES]; /* linear value of every half; filled at the first use: few programs read halves */

static void fill_halves(void)
{
    for (uint32_t i = 0; i < HALVES; i += 256) {
        uint16_t h[256];
        for (uint32_t k = 0; k < 256; k++)
            h[k] = (uint16_t)(i + k);
        ck_f16_to_f32(h, linear16 + i, 256);
    }
    ck_srgb_to_linear(linear16, linear16, HALVES);
}

void ck_srgb_half_to_linear(const uint16_t *src, float *dst, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_halves);
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++)
        dst[i] = linear16[src[i]];
}
