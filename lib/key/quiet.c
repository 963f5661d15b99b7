#include "key/quiet.h"

#include <string.h>

#include "base/clones.h"

#define SIDE 5
#define HALF (SIDE / 2)
#define GRAINY_FROM 0.005f /* relative deviation of the screen's light, up to which rows stay as they are */
#define GRAINY_TO 0.02f    /* and from here all of the grain is taken out that can be */
#define LEFT 0.45f      /* of its standard deviation then: 25 pixels are seldom alike, and grain is not quite white */
#define READ_NOISE 0.3f /* part of the grain's variance that does not fall with the light */

ck_status ck_key_quiet_new(ck_key_quiet *q, const ck_plane *rgb, const ck_key_screen *s, int band, ck_error *e)
{
    float share = ck_key_ramp(s->sigma[0], GRAINY_FROM, GRAINY_TO);
    *q = (ck_key_quiet){.rgb = rgb, .s = s, .share = share, .left = 1 - share * (1 - LEFT), .kept = band + 2 * HALF};
    if (share <= 0)
        return CK_OK;
    size_t w = (size_t)rgb->w, kept = (size_t)q->kept, floats = kept * (3 * w + 3) + 4 * (w + 2 * HALF) + 3 * w;
    q->buf = ck_buffer_new(floats * sizeof(float));
    if (!q->buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the plate's rows");
    q->rows = q->buf->data;
    q->sum = q->rows + kept * 3 * w;
    q->square = q->sum + 3 * (w + 2 * HALF);
    q->bg = q->square + w + 2 * HALF;
    q->held = (int(*)[3])(q->bg + 3 * w);
    for (size_t k = 0; k < kept; k++)
        q->held[k][0] = -1;
    return CK_OK;
}

void ck_key_quiet_free(ck_key_quiet *q)
{
    ck_buffer_unref(q->buf);
    q->buf = NULL;
}

/* Columns from x0 to x1 of row y, or of the nearest one.  Only what lies between the columns that are asked for is
 * converted. */
static const float *row_at(ck_key_quiet *q, int y, int x0, int x1)
{
    y = ck_clamp_index(y, q->rgb->h);
    int k = y % q->kept, *held = q->held[k];
    size_t w = (size_t)q->rgb->w;
    float *row = q->rows + (size_t)k * 3 * w;
    if (held[0] != y)
        held[0] = y, held[1] = held[2] = x0;
    if (x0 < held[1]) {
        ck_key_row(q->rgb, y, x0, (size_t)(held[1] - x0), row + x0, w);
        held[1] = x0;
    }
    if (x1 > held[2]) {
        ck_key_row(q->rgb, y, held[2], (size_t)(x1 - held[2]), row + held[2], w);
        held[2] = x1;
    }
    return row;
}

CK_CLONES
static void add(float *restrict sum, float *restrict square, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += x[i];
        square[i] += x[i] * x[i];
    }
}

/* Columns x-HALF … x+n+HALF-1 of the five rows around y, those at the border repeated. */
static void add_columns(ck_key_quiet *q, int y, int x, int n)
{
    int w = q->rgb->w, from = x > HALF ? x - HALF : 0, to = x + n + HALF < w ? x + n + HALF : w, pad = x - HALF;
    size_t side = (size_t)w + 2 * HALF;
    size_t all = ((size_t)n + 2 * HALF) * sizeof(float);
    for (size_t c = 0; c < 3; c++)
        memset(q->sum + c * side, 0, all);
    memset(q->square, 0, all);
    for (int d = -HALF; d <= HALF; d++) {
        const float *row = row_at(q, y + d, from, to);
        for (size_t c = 0; c < 3; c++)
            add(q->sum + c * side + (from - pad), q->square + (from - pad), row + c * (size_t)w + from,
                (size_t)(to - from));
    }
    for (int i = 0; i < n + 2 * HALF; i++) {
        int near = ck_clamp_index(pad + i, w) - pad;
        for (size_t c = 0; c < 3 && near != i; c++)
            q->sum[c * side + (size_t)i] = q->sum[c * side + (size_t)near];
        q->square[i] = q->square[near];
    }
}

static inline float five(const float *v)
{
    return v[0] + v[1] + v[2] + v[3] + v[4];
}

/* n pixels; the sums' side, the row's and the screen's w, and out's stride between channels. */
CK_CLONES
static void estimate(const float *sum, const float *square, size_t side, const float *row, const float *bg, size_t w,
                     const float noise[2], size_t n, float *out, size_t stride)
{
    const float per = 1.0f / (SIDE * SIDE);
    for (size_t i = 0; i < n; i++) {
        float r = per * five(sum + i), g = per * five(sum + side + i), b = per * five(sum + 2 * side + i);
        float variance = per * five(square + i) - (r * r + g * g + b * b);
        float bb = bg[i] * bg[i] + bg[w + i] * bg[w + i] + bg[2 * w + i] * bg[2 * w + i];
        float light = (r + g + b) / (bg[i] + bg[w + i] + bg[2 * w + i] + 1e-9f);
        light = READ_NOISE + (1 - READ_NOISE) * (light < 1 ? light : 1);
        float grain = (bb * noise[0] + noise[1]) * light;
        float own = variance > grain ? 1 - grain / variance : 0;
        out[i] = r + own * (row[i] - r);
        out[stride + i] = g + own * (row[w + i] - g);
        out[2 * stride + i] = b + own * (row[2 * w + i] - b);
    }
}

void ck_key_quiet_row(ck_key_quiet *q, int y, int x, size_t n, float *out, size_t stride)
{
    if (q->share <= 0) {
        ck_key_row(q->rgb, y, x, n, out, stride);
        return;
    }
    size_t w = (size_t)q->rgb->w, o = (size_t)x;
    const float *sigma = q->s->sigma,
                noise[2] = {q->share * ck_key_sq(sigma[0]), q->share * (ck_key_sq(sigma[1]) + ck_key_sq(sigma[2]))};
    add_columns(q, y, x, (int)n);
    ck_key_screen_run(q->s, y, x, x + (int)n, q->bg);
    estimate(q->sum, q->square, w + 2 * HALF, row_at(q, y, x, x + (int)n) + o, q->bg + o, w, noise, n, out, stride);
}
