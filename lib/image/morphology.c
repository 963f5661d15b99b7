/* Dilation in strips of columns.  The running maximum of a source row is widened step by step.  When it spans the half
 * width of ellipse row dy, it updates output rows y - dy and y + dy.  Output rows are kept until the last source row
 * that reaches them has passed.  Erosion is the dilation of the complement. */
#include "image/morphology.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"

#define CACHE 28672 /* bytes of output rows, to stay in the L1 cache */

typedef struct strip {
    const int *half; /* half widths of the ellipse's rows */
    int radius, h, w;
    int x0, n;     /* columns x0 ... x0+n-1 */
    size_t width;  /* maximum of n */
    uint8_t flip;  /* 255: erosion; 0: dilation */
    uint8_t *wide; /* two rows of width + 2 radius: the running maximum, and the next */
    uint8_t *rows; /* [2 radius + 1][width] output rows; row y is at y % (2 radius + 1) */
} strip;

void ck_ellipse_rows(int radius, int *half)
{
    for (int dy = -radius; dy <= radius; dy++)
        half[radius + dy] = (int)rint(sqrt((double)radius * radius - (double)dy * dy));
}

/* Load the strip's part of a source row with `radius` more on both sides, 0 outside the image.  False: all 0. */
static inline bool load(const strip *s, const uint8_t *src, uint8_t *wide)
{
    int from = s->x0 - s->radius, end = s->x0 + s->n + s->radius;
    int first = from > 0 ? from : 0, last = end < s->w ? end : s->w;
    uint8_t any = 0, flip = s->flip, *restrict to = wide + (first - from);
    memset(wide, 0, (size_t)(first - from));
    memset(wide + (last - from), 0, (size_t)(end - last));
    src += first;
    for (int x = 0; x < last - first; x++) {
        to[x] = src[x] ^ flip;
        any |= to[x];
    }
    return any != 0;
}

static inline uint8_t max2(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* Running maximum: from |dx| <= have to |dx| <= have + step, for step <= 2 have + 1. */
static inline void widen(const uint8_t *restrict in, uint8_t *restrict out, int have, int step, int total)
{
    for (int x = have + step; x < total - have - step; x++)
        out[x] = max2(in[x], max2(in[x - step], in[x + step]));
}

static inline void offer(const strip *s, const uint8_t *restrict wide, int y)
{
    if (y < 0 || y >= s->h)
        return;
    uint8_t *restrict row = s->rows + (size_t)(y % (2 * s->radius + 1)) * s->width;
    int n = s->n;
    for (int x = 0; x < n; x++)
        row[x] = max2(row[x], wide[x]);
}

CK_CLONES
static void take(const strip *s, const uint8_t *src, int y)
{
    int total = s->n + 2 * s->radius, have = 0;
    uint8_t *now = s->wide, *next = s->wide + s->width + 2 * (size_t)s->radius;
    if (!load(s, src, now))
        return;
    for (int dy = s->radius; dy >= 0; dy--) {
        while (have < s->half[s->radius + dy]) {
            int step = s->half[s->radius + dy] - have;
            step = step < 2 * have + 1 ? step : 2 * have + 1;
            widen(now, next, have, step, total);
            have += step;
            uint8_t *was = now;
            now = next;
            next = was;
        }
        offer(s, now + s->radius, y - dy);
        if (dy)
            offer(s, now + s->radius, y + dy);
    }
}

/* Write output row y, which is complete. */
CK_CLONES
static void give(const strip *s, uint8_t *restrict dst, int y)
{
    uint8_t *restrict row = s->rows + (size_t)(y % (2 * s->radius + 1)) * s->width, flip = s->flip;
    int n = s->n;
    for (int x = 0; x < n; x++)
        dst[x] = row[x] ^ flip;
    memset(row, 0, s->width);
}

static ck_status run(const uint8_t *src, int h, int w, int radius, uint8_t flip, uint8_t *dst, ck_error *e)
{
    if (radius < 0 || radius > CK_MAX_RADIUS || h < 1 || w < 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot erode or dilate %d x %d pixels by %d: the radius goes to %d", w, h,
                       radius, CK_MAX_RADIUS);
    int half[2 * CK_MAX_RADIUS + 1];
    size_t size = 2 * (size_t)radius + 1;
    strip s = {.half = half, .radius = radius, .h = h, .w = w, .flip = flip, .width = CACHE / size / 64 * 64};
    s.width = s.width < 128 ? 128 : s.width > 4096 ? 4096 : s.width;
    ck_buffer *buf = ck_buffer_new(size * s.width + 2 * (s.width + 2 * (size_t)radius));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for erosion or dilation");
    ck_ellipse_rows(radius, half);
    s.rows = buf->data;
    s.wide = s.rows + size * s.width;
    memset(s.rows, 0, size * s.width);
    for (; s.x0 < w; s.x0 += s.n) {
        s.n = w - s.x0 < (int)s.width ? w - s.x0 : (int)s.width;
        for (int y = 0; y < h + radius; y++) {
            if (y < h)
                take(&s, src + (size_t)y * (size_t)w, y);
            if (y >= radius)
                give(&s, dst + (size_t)(y - radius) * (size_t)w + s.x0, y - radius);
        }
    }
    ck_buffer_unref(buf);
    return CK_OK;
}

ck_status ck_erode(const uint8_t *src, int h, int w, int radius, uint8_t *dst, ck_error *e)
{
    return run(src, h, w, radius, 255, dst, e);
}

ck_status ck_dilate(const uint8_t *src, int h, int w, int radius, uint8_t *dst, ck_error *e)
{
    return run(src, h, w, radius, 0, dst, e);
}
