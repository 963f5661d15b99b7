/* Source rows, 16 at a time:
 *
 *     -> transposed, so that 16 rows lie side by side: [column][16]
 *     -> horizontal filter, one weight for 16 samples: no gathers
 *     -> transposed back into a ring of filtered rows
 *     -> vertical filter, row by row of the output */
#include "image/resample.h"

#include <string.h>

#include "base/clamp.h"
#include "base/clones.h"
#include "image/axis.h"

#define LANES 16

typedef struct ring {
    float *rows;   /* [cap][stride]; source row y is at y % cap */
    size_t stride; /* samples per row: the output's width padded, never a power of two */
    int cap;       /* rows, a multiple of LANES */
    int done;      /* rows 0 ... done-1 have been made or skipped */
} ring;

typedef struct pass {
    const ck_axis *x, *y;
    bool reversed;     /* sum vertical taps from last to first, as OpenCV does for cubic and lanczos4 */
    float *transposed; /* [CK_AXIS_PAD + w + CK_AXIS_PAD][LANES] */
    float *made;       /* [dw][LANES] */
    ring ring;
} pass;

typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef float lanes __attribute__((vector_size(LANES * 4), may_alias));

/* dst[c][r] = src[r][c] for 4x4 samples; ss, ds: strides in samples. */
static inline void transpose4(const float *src, size_t ss, float *dst, size_t ds)
{
    quad a = *(const quad *)src, b = *(const quad *)(src + ss), c = *(const quad *)(src + 2 * ss),
         d = *(const quad *)(src + 3 * ss);
    quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), AB = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    quad cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(quad *)dst = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(quad *)(dst + ds) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(quad *)(dst + 2 * ds) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
    *(quad *)(dst + 3 * ds) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
}

/* Transpose `rows` rows into [column][16]; missing lanes repeat the last row, edges are repeated.  In blocks of 16
 * columns, to use up every cache line at once: rows of 4096 samples all share their cache sets. */
static void transpose(const float *src, int rows, int w, float *out)
{
    float *at = out + CK_AXIS_PAD * LANES;
    size_t stride = (size_t)w;
    int x = 0;
    for (; rows == LANES && x + LANES <= w; x += LANES)
        for (int r = 0; r < LANES; r += 4)
            for (int k = x; k < x + LANES; k += 4)
                transpose4(src + (size_t)r * stride + (size_t)k, stride, at + (size_t)k * LANES + r, LANES);
    for (; x < w; x++)
        for (int r = 0; r < LANES; r++)
            at[(size_t)x * LANES + (size_t)r] = src[(size_t)(r < rows ? r : rows - 1) * stride + (size_t)x];
    for (int k = 0; k < CK_AXIS_PAD; k++) {
        memcpy(out + k * LANES, at, LANES * sizeof *out);
        memcpy(at + (size_t)(w + k) * LANES, at + (size_t)(w - 1) * LANES, LANES * sizeof *out);
    }
}

/* Transpose back into the ring, all 16 rows: it has room for them. */
static void turn_back(const float *made, int w, float *dst, size_t stride)
{
    int x = 0;
    for (; x + LANES <= w; x += LANES)
        for (int r = 0; r < LANES; r += 4)
            for (int k = x; k < x + LANES; k += 4)
                transpose4(made + (size_t)k * LANES + r, LANES, dst + (size_t)r * stride + (size_t)k, stride);
    for (; x < w; x++)
        for (int r = 0; r < LANES; r++)
            dst[(size_t)r * stride + (size_t)x] = made[(size_t)x * LANES + (size_t)r];
}

static inline void across(const float *in, const float *w, int taps, float *out)
{
    const lanes *v = (const lanes *)in;
    lanes sum = w[0] * v[0];
    for (int k = 1; k < taps; k++)
        sum += w[k] * v[k];
    *(lanes *)out = sum;
}

CK_CLONES
static void horizontal(const ck_axis *a, const float *transposed, float *made)
{
    const float *in = transposed + CK_AXIS_PAD * LANES;
    for (int o = 0; o < a->out; o++) {
        const float *from = in + (ptrdiff_t)a->first[o] * LANES, *w = a->weight + (size_t)o * (size_t)a->taps;
        float *to = made + (size_t)o * LANES;
        if (!a->fixed)
            across(from, w, a->count[o], to);
        else if (a->taps == 8)
            across(from, w, 8, to);
        else if (a->taps == 4)
            across(from, w, 4, to);
        else
            across(from, w, 2, to);
    }
}

/* Make the ring's next rows, or skip them if only rows from `needed` on are still read. */
static void fill(pass *p, const float *src, int needed)
{
    int y = p->ring.done, rows = p->y->in - y < LANES ? p->y->in - y : LANES;
    p->ring.done += rows;
    if (p->ring.done <= needed)
        return;
    transpose(src + (size_t)y * (size_t)p->x->in, rows, p->x->in, p->transposed);
    horizontal(p->x, p->transposed, p->made);
    turn_back(p->made, p->x->out, p->ring.rows + (size_t)(y % p->ring.cap) * p->ring.stride, p->ring.stride);
}

static const float *row(pass *p, const float *src, int y)
{
    y = ck_clamp_index(y, p->y->in);
    if (p->x->identity)
        return src + (size_t)y * (size_t)p->x->in;
    return p->ring.rows + (size_t)(y % p->ring.cap) * p->ring.stride;
}

/* dst = (or dst +=) the weighted sum of up to four rows, added in the given order. */
CK_CLONES
static void blend(const float *const *r, const float *w, int taps, bool add, float *restrict dst, int n)
{
    const float *a = r[0], *b = r[taps > 1], *c = r[taps > 2 ? 2 : 0], *d = r[taps > 3 ? 3 : 0];
    if (taps == 4 && add)
        for (int x = 0; x < n; x++)
            dst[x] = dst[x] + a[x] * w[0] + b[x] * w[1] + c[x] * w[2] + d[x] * w[3];
    else if (taps == 4)
        for (int x = 0; x < n; x++)
            dst[x] = a[x] * w[0] + b[x] * w[1] + c[x] * w[2] + d[x] * w[3];
    else if (taps == 2 && !add)
        for (int x = 0; x < n; x++)
            dst[x] = a[x] * w[0] + b[x] * w[1];
    else
        for (int k = 0; k < taps; k++, add = true)
            for (int x = 0; x < n; x++)
                dst[x] = add ? dst[x] + r[k][x] * w[k] : r[k][x] * w[k];
}

/* Make output row o from its source rows. */
static void vertical(pass *p, const float *src, int o, float *dst)
{
    const ck_axis *a = p->y;
    const float *w = a->weight + (size_t)o * (size_t)a->taps;
    int count = a->count[o], first = a->first[o];
    if (a->identity) {
        memcpy(dst, row(p, src, o), (size_t)p->x->out * sizeof *dst);
        return;
    }
    for (int k = 0; k < count; k += 4) {
        const float *rows[4];
        float weights[4];
        int n = count - k < 4 ? count - k : 4;
        for (int j = 0; j < n; j++) {
            int tap = p->reversed ? count - 1 - (k + j) : k + j;
            rows[j] = row(p, src, first + tap);
            weights[j] = w[tap];
        }
        blend(rows, weights, n, k > 0, dst, p->x->out);
    }
}

static void plane(pass *p, const float *src, float *dst)
{
    const ck_axis *y = p->y;
    p->ring.done = 0;
    for (int o = 0; o < y->out; o++) {
        int first = y->identity ? o : y->first[o], last = y->identity ? o : first + y->count[o] - 1;
        while (!p->x->identity && p->ring.done <= ck_clamp_index(last, y->in))
            fill(p, src, ck_clamp_index(first, y->in));
        vertical(p, src, o, dst + (size_t)o * (size_t)p->x->out);
    }
}

/* Allocate the transposed rows and the ring; nothing if the horizontal axis is copied. */
static ck_status scratch(pass *p, ck_buffer **buf, ck_error *e)
{
    size_t transposed, made, rows, bytes;
    p->ring.cap = (p->y->taps + 2 * LANES - 1) / LANES * LANES;
    p->ring.stride = ((size_t)p->x->out + LANES - 1) / LANES * LANES + LANES;
    if (!ck_mul((size_t)p->x->in + 2 * CK_AXIS_PAD, LANES, &transposed) || !ck_mul((size_t)p->x->out, LANES, &made) ||
        !ck_mul(p->ring.stride, (size_t)p->ring.cap, &rows) || !ck_add(transposed, made, &bytes) ||
        !ck_add(bytes, rows, &bytes) || !ck_mul(bytes, sizeof(float), &bytes) || !(*buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for resampling to %d x %d", p->x->out, p->y->out);
    p->transposed = (*buf)->data;
    p->made = p->transposed + transposed;
    p->ring.rows = p->made + made;
    return CK_OK;
}

ck_status ck_resample(const float *src, int c, int h, int w, float *dst, int dh, int dw, ck_filter f, ck_error *e)
{
    if (c < 1 || h < 1 || w < 1 || dh < 1 || dw < 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot resample %d x %d to %d x %d: sides must be positive", w, h, dw, dh);
    ck_axis x = {0}, y = {0};
    ck_buffer *buf = NULL;
    bool shrinks = dw <= w && dh <= h;
    ck_status s = ck_axis_new(&x, w, dw, f, true, shrinks, e);
    if (s == CK_OK)
        s = ck_axis_new(&y, h, dh, f, false, shrinks, e);
    pass p = {.x = &x, .y = &y, .reversed = f == CK_CUBIC || f == CK_LANCZOS4};
    if (s == CK_OK)
        s = scratch(&p, &buf, e);
    for (int k = 0; s == CK_OK && k < c; k++)
        plane(&p, src + (size_t)k * (size_t)h * (size_t)w, dst + (size_t)k * (size_t)dh * (size_t)dw);
    ck_buffer_unref(buf);
    ck_axis_free(&x);
    ck_axis_free(&y);
    return s;
}
