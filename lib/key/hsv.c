#include "key/hsv.h"

#include "base/bits.h"
#include "base/clones.h"

#define BLOCK 1024 /* pixels between the caches' first level and the mask */

/* rint(a/b) for 0 < b < 256 without a table: 1.5 * 2^23 rounds half to even.  The quotients of
 * 255 << 12 and 30 << 12 by 1…255 that end in one half are exact in float32, so this is the table. */
static inline int32_t quotient(float a, int32_t b)
{
    return (int32_t)ck_float_bits(a / (float)b + 12582912.0f) - 0x4b400000;
}

static inline int32_t max2(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int32_t min2(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* A divisor of 0 has a dividend of 0, so any divisor does. */
static inline void convert(const uint8_t *restrict rp, const uint8_t *restrict gp, const uint8_t *restrict bp,
                           uint8_t *restrict hp, uint8_t *restrict sp, uint8_t *restrict vp, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int32_t r = rp[i], g = gp[i], b = bp[i];
        int32_t v = max2(r, max2(g, b)), d = v - min2(r, min2(g, b));
        int32_t s = (d * quotient(255 << 12, max2(v, 1)) + 2048) >> 12;
        int32_t other = v == g ? b - r + 2 * d : r - g + 4 * d;
        int32_t turn = v == r ? g - b : other;
        int32_t h = (turn * quotient(30 << 12, max2(d, 1)) + 2048) >> 12;
        hp[i] = (uint8_t)(h + (h < 0 ? 180 : 0));
        sp[i] = (uint8_t)s;
        vp[i] = (uint8_t)v;
    }
}

CK_CLONES
void ck_hsv(const uint8_t *rgb, size_t plane, uint8_t *hsv, size_t n)
{
    convert(rgb, rgb + plane, rgb + 2 * plane, hsv, hsv + n, hsv + 2 * n, n);
}

CK_CLONES
static void outside(const uint8_t *restrict h, const uint8_t *restrict s, const uint8_t *restrict v, int low, int high,
                    uint8_t *restrict mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int in = (h[i] >= low) & (h[i] <= high) & (s[i] >= CK_HSV_MIN_S) & (v[i] >= CK_HSV_MIN_V);
        mask[i] = (uint8_t)(in - 1);
    }
}

void ck_hsv_subject(const uint8_t *rgb, bool blue, uint8_t *mask, size_t n)
{
    uint8_t hsv[3 * BLOCK];
    int low = blue ? CK_HSV_BLUE_LOW : CK_HSV_GREEN_LOW, high = blue ? CK_HSV_BLUE_HIGH : CK_HSV_GREEN_HIGH;
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        ck_hsv(rgb + i, n, hsv, m);
        outside(hsv, hsv + m, hsv + 2 * m, low, high, mask + i, m);
    }
}
