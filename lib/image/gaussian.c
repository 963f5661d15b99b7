#include "image/gaussian.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"

#define LANES 32

typedef uint8_t bytes __attribute__((vector_size(LANES), aligned(1), may_alias));
typedef uint16_t words __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

void ck_gaussian_weights(int n, int *q)
{
    double sigma = 0.3 * ((n - 1) * 0.5 - 1) + 0.8, centre = (n - 1) * 0.5, k[CK_MAX_BLUR], sum = 0, err = 0;
    int left = 256;
    for (int i = 0; i < n; i++)
        sum += k[i] = exp(-(i - centre) * (i - centre) / (2 * sigma * sigma));
    for (int i = 0; i < n / 2; i++) {
        double a = 256 * k[i] / sum + err;
        q[i] = q[n - 1 - i] = (int)rint(a);
        err = a - q[i];
        left -= 2 * q[i];
    }
    q[n / 2] = left;
}

/* Reflect index i without repeating the edge, repeatedly if needed: an image may be narrower than the blur. */
static int reflect(int i, int n)
{
    if (n == 1)
        return 0;
    int period = 2 * (n - 1);
    i %= period;
    if (i < 0)
        i += period;
    return i < n ? i : period - i;
}

typedef struct blur {
    int q[CK_MAX_BLUR];
    int n, r; /* n: taps; r: n/2 */
    int h, w;
    int skip;       /* number of zero weights at either end */
    size_t stride;  /* samples per ring row: the width rounded up to LANES */
    uint8_t *line;  /* a source row with r reflected pixels on both sides, plus LANES */
    uint16_t *ring; /* [n][stride] horizontally filtered rows; row y is at y % n */
    uint8_t *out;   /* one output row, [stride] */
} blur;

static void load(const blur *b, const uint8_t *src)
{
    memcpy(b->line + b->r, src, (size_t)b->w);
    for (int i = 1; i <= b->r; i++) {
        b->line[b->r - i] = src[reflect(-i, b->w)];
        b->line[b->r + b->w - 1 + i] = src[reflect(b->w - 1 + i, b->w)];
    }
}

/* Horizontal sums are at most 255 * 256, since the weights sum to 256. */
CK_CLONES
static void across(const blur *b, uint16_t *to)
{
    for (size_t x = 0; x < b->stride; x += LANES) {
        const uint8_t *at = b->line + x;
        words sum = __builtin_convertvector(*(const bytes *)(at + b->r), words) * (uint16_t)b->q[b->r];
        for (int k = b->skip; k < b->r; k++) {
            words left = __builtin_convertvector(*(const bytes *)(at + k), words);
            words right = __builtin_convertvector(*(const bytes *)(at + b->n - 1 - k), words);
            sum += (left + right) * (uint16_t)b->q[k];
        }
        *(words *)(to + x) = sum;
    }
}

/* The 32-bit sum in two halves of 16 bits: high and low bytes are weighted separately.  With S = 256 high + low, (S +
 * 32768) >> 16 equals (high + (low >> 8) + 128) >> 8, and neither part can overflow. */
CK_CLONES
static void down(const blur *b, const uint16_t *const *rows)
{
    for (size_t x = 0; x < b->stride; x += LANES) {
        words v = *(const words *)(rows[b->r] + x);
        words high = (v >> 8) * (uint16_t)b->q[b->r], low = (v & 255) * (uint16_t)b->q[b->r];
        for (int k = b->skip; k < b->r; k++) {
            words above = *(const words *)(rows[k] + x), below = *(const words *)(rows[b->n - 1 - k] + x);
            high += ((above >> 8) + (below >> 8)) * (uint16_t)b->q[k];
            low += ((above & 255) + (below & 255)) * (uint16_t)b->q[k];
        }
        *(bytes *)(b->out + x) = __builtin_convertvector((high + (low >> 8) + 128) >> 8, bytes);
    }
}

static void run(const blur *b, const uint8_t *src, uint8_t *dst)
{
    const uint16_t *rows[CK_MAX_BLUR];
    int done = 0;
    for (int y = 0; y < b->h; y++) {
        for (; done < b->h && done <= y + b->r; done++) {
            load(b, src + (size_t)done * (size_t)b->w);
            across(b, b->ring + (size_t)(done % b->n) * b->stride);
        }
        for (int k = 0; k < b->n; k++)
            rows[k] = b->ring + (size_t)(reflect(y - b->r + k, b->h) % b->n) * b->stride;
        down(b, rows);
        memcpy(dst + (size_t)y * (size_t)b->w, b->out, (size_t)b->w);
    }
}

ck_status ck_gaussian(const uint8_t *src, int h, int w, int n, uint8_t *dst, ck_error *e)
{
    if (n < 1 || n > CK_MAX_BLUR || n % 2 == 0 || h < 1 || w < 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot blur %d x %d pixels with %d taps: odd numbers up to %d", w, h, n,
                       CK_MAX_BLUR);
    blur b = {.n = n, .r = n / 2, .h = h, .w = w};
    b.stride = ((size_t)w + LANES - 1) / LANES * LANES + LANES; /* rows a power of two apart would share cache sets */
    size_t line = ck_pad(b.stride + 2 * (size_t)b.r + LANES), ring = b.stride * sizeof *b.ring * (size_t)n;
    ck_buffer *buf = ck_buffer_new(line + ck_pad(ring) + b.stride);
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a blur");
    ck_gaussian_weights(n, b.q);
    while (b.skip < b.r && !b.q[b.skip])
        b.skip++;
    b.line = buf->data;
    memset(b.line, 0, line);
    b.ring = (uint16_t *)(b.line + line);
    b.out = b.line + line + ck_pad(ring);
    run(&b, src, dst);
    ck_buffer_unref(buf);
    return CK_OK;
}
