/* Row by row of the output: filter the columns into a line, then filter the line.  Weighted differences are added to
 * the centre sample, so that flat parts keep their value exactly. */
#include "image/soften.h"

#include <math.h>
#include <string.h>

#include "base/clamp.h"
#include "base/clones.h"
#include "base/mem.h"

#define REACH 3 /* sigmas */
#define MAX_REACH (REACH * CK_MAX_SOFTEN)

typedef struct blur {
    const float *src;
    int h, w, reach;
    float weight[MAX_REACH + 1]; /* weight[k]: of the two samples at distance k */
    float *sum;                  /* [w] weighted differences */
    float *line;                 /* [reach + w + reach] */
} blur;

static void weigh(blur *b, double sigma)
{
    double v[MAX_REACH + 1], sum = 1;
    for (int k = 1; k <= b->reach; k++) {
        v[k] = exp(-(double)k * k / (2 * sigma * sigma));
        sum += 2 * v[k];
    }
    for (int k = 1; k <= b->reach; k++)
        b->weight[k] = (float)(v[k] / sum);
}

CK_CLONES
static void add(const float *a, const float *b, const float *centre, float weight, float *restrict sum, int n)
{
    for (int x = 0; x < n; x++)
        sum[x] += weight * ((a[x] + b[x]) - 2.0f * centre[x]);
}

CK_CLONES
static void total(const float *centre, const float *sum, float *restrict out, int n)
{
    for (int x = 0; x < n; x++)
        out[x] = centre[x] + sum[x];
}

static const float *row(const blur *b, int y)
{
    return b->src + (size_t)ck_clamp_index(y, b->h) * (size_t)b->w;
}

static void make_row(const blur *b, int y, float *dst)
{
    float *line = b->line + b->reach;
    memset(b->sum, 0, (size_t)b->w * sizeof *b->sum);
    for (int k = 1; k <= b->reach; k++)
        add(row(b, y - k), row(b, y + k), row(b, y), b->weight[k], b->sum, b->w);
    total(row(b, y), b->sum, line, b->w);
    for (int x = 1; x <= b->reach; x++) {
        line[-x] = line[0];
        line[b->w - 1 + x] = line[b->w - 1];
    }
    memset(b->sum, 0, (size_t)b->w * sizeof *b->sum);
    for (int k = 1; k <= b->reach; k++)
        add(line - k, line + k, line, b->weight[k], b->sum, b->w);
    total(line, b->sum, dst, b->w);
}

ck_status ck_soften(const float *src, int h, int w, double sigma, float *dst, ck_error *e)
{
    if (!(sigma >= 0 && sigma <= CK_MAX_SOFTEN) || h < 1 || w < 1)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot soften %d x %d pixels by %g: from 0 to %d", w, h, sigma,
                       CK_MAX_SOFTEN);
    blur b = {.src = src, .h = h, .w = w, .reach = (int)ceil(REACH * sigma)};
    ck_buffer *buf = ck_buffer_new((2 * (size_t)w + 2 * (size_t)b.reach) * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for softening a matte");
    weigh(&b, sigma);
    b.sum = buf->data;
    b.line = b.sum + w;
    for (int y = 0; y < h; y++)
        make_row(&b, y, dst + (size_t)y * (size_t)w);
    ck_buffer_unref(buf);
    return CK_OK;
}
