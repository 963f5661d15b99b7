#include "io/exr_core.h"

#include <stdio.h>
#include <string.h>

#include "base/clones.h"

static _Thread_local char kept[CK_EXR_MESSAGE];

void ck_exr_listen(void)
{
    kept[0] = 0;
}

const char *ck_exr_heard(void)
{
    return kept;
}

void ck_exr_repeat(const char *message)
{
    snprintf(kept, sizeof kept, "%s", message);
}

void ck_exr_on_error(exr_const_context_t ctx, exr_result_t code, const char *text)
{
    (void)ctx;
    (void)code;
    if (!kept[0])
        snprintf(kept, sizeof kept, "%s", text);
    /* Keep it on one line, whatever a broken file's attributes contain. */
    for (char *p = kept; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
}

ck_status ck_exr_fail(ck_error *e, exr_result_t code, const char *what, const char *remedy)
{
    if (code == EXR_ERR_OUT_OF_MEMORY && !kept[0])
        return ck_fail(e, CK_ERR_MEMORY, "out of memory in OpenEXR");
    return ck_fail(e, CK_ERR_FORMAT, "%s (%s): %s", what, kept[0] ? kept : exr_get_default_error_message(code), remedy);
}

CK_CLONES_SHORT
void ck_exr_split(const uint8_t *restrict src, uint8_t *restrict dst, size_t n)
{
    size_t evens = (n + 1) / 2, odds = n / 2;
    if (!n)
        return;
    dst[0] = src[0];
    for (size_t i = 1; i < evens; i++)
        dst[i] = (uint8_t)(src[2 * i] - src[2 * i - 2] + 128);
    if (odds)
        dst[evens] = (uint8_t)(src[1] - src[2 * evens - 2] + 128);
    for (size_t i = 1; i < odds; i++)
        dst[evens + i] = (uint8_t)(src[2 * i + 1] - src[2 * i - 1] + 128);
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* Running sums of 16 differences by doubling steps, plus *before, the previous value. */
static inline bytes16 running_sum(bytes16 d, bytes16 *before)
{
    const bytes16 zero = {0};
    d += 128;
    d += __builtin_shufflevector(zero, d, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    d += __builtin_shufflevector(zero, d, 0, 1, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    d += __builtin_shufflevector(zero, d, 0, 1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
    d += __builtin_shufflevector(zero, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    d += *before;
    *before = __builtin_shufflevector(d, d, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
    return d;
}

static inline uint8_t sum(const uint8_t *src, size_t n)
{
    uint8_t s = 0;
    for (size_t i = 0; i < n; i++)
        s = (uint8_t)(s + src[i]);
    return s;
}

/* The odd half continues from the last even byte, which is the sum of all even differences.  With that known, both
 * halves are summed side by side and stored interleaved. */
CK_CLONES_SHORT
void ck_exr_join(const uint8_t *restrict src, uint8_t *restrict dst, size_t n)
{
    size_t evens = (n + 1) / 2, odds = n / 2, i = 0;
    /* 128 cancels the 128 added to every byte but the first. */
    bytes16 a = (bytes16){0} + 128;
    bytes16 b = (bytes16){0} + (uint8_t)(sum(src, evens) + 128 * (evens - 1));
    for (; i + 16 <= odds; i += 16) {
        bytes16 x, y;
        memcpy(&x, src + i, 16);
        memcpy(&y, src + evens + i, 16);
        x = running_sum(x, &a);
        y = running_sum(y, &b);
        bytes16 low = __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        bytes16 high = __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        memcpy(dst + 2 * i, &low, 16);
        memcpy(dst + 2 * i + 16, &high, 16);
    }
    uint8_t even = a[0], odd = b[0];
    for (; i < evens; i++) {
        dst[2 * i] = even = (uint8_t)(even + src[i] + 128);
        if (i < odds)
            dst[2 * i + 1] = odd = (uint8_t)(odd + src[evens + i] + 128);
    }
}

/* A count byte c >= 0: c + 1 copies of the next byte.  c < 0: the next -c bytes verbatim. */
bool ck_exr_unrle(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    const uint8_t *end = in + in_bytes;
    while (in < end) {
        int c = (int8_t)*in++;
        size_t n = c < 0 ? (size_t)-c : (size_t)c + 1, used = c < 0 ? n : 1;
        if (n > out_bytes || used > (size_t)(end - in))
            return false;
        if (c < 0)
            memcpy(out, in, n);
        else
            memset(out, *in, n);
        in += used;
        out += n;
        out_bytes -= n;
    }
    return out_bytes == 0;
}
