#include "ck-compare/metrics.h"

#include <math.h>
#include <string.h>

#include "base/clamp.h"
#include "base/mem.h"
#include "image/components.h"

static inline double unit(float v)
{
    return (double)ck_clamp01(v);
}

typedef struct pair {
    const float *t, *p; /* true and other matte */
    int h, w;
    size_t n;
    double *tmp[3]; /* planes to work in */
} pair;

/* ---- filters ---- */

#define RADIUS_GRAD 4
#define RADIUS_SSIM 5
#define TAPS_MAX (2 * RADIUS_SSIM + 1)

/* Correlate src with `across` along rows and `down` along columns; borders are repeated. */
static void filter(const pair *q, const double *src, const double *across, const double *down, int radius, double *tmp,
                   double *dst)
{
    for (int y = 0; y < q->h; y++)
        for (int x = 0; x < q->w; x++) {
            double sum = 0;
            for (int k = -radius; k <= radius; k++)
                sum += across[k + radius] * src[(size_t)y * (size_t)q->w + (size_t)ck_clamp_index(x + k, q->w)];
            tmp[(size_t)y * (size_t)q->w + (size_t)x] = sum;
        }
    for (int y = 0; y < q->h; y++)
        for (int x = 0; x < q->w; x++) {
            double sum = 0;
            for (int k = -radius; k <= radius; k++)
                sum += down[k + radius] * tmp[(size_t)ck_clamp_index(y + k, q->h) * (size_t)q->w + (size_t)x];
            dst[(size_t)y * (size_t)q->w + (size_t)x] = sum;
        }
}

static void copy(const float *from, size_t n, double *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = unit(from[i]);
}

/* ---- gradients ---- */

static void gradient_taps(double *smooth, double *slope)
{
    const double sigma = 1.4;
    double a = 0, b = 0;
    for (int k = -RADIUS_GRAD; k <= RADIUS_GRAD; k++) {
        double g = exp(-k * k / (2 * sigma * sigma));
        smooth[k + RADIUS_GRAD] = g;
        slope[k + RADIUS_GRAD] = -k * g;
        a += g * g;
        b += k * k * g * g;
    }
    for (int k = 0; k <= 2 * RADIUS_GRAD; k++) {
        smooth[k] /= sqrt(a);
        slope[k] /= sqrt(b);
    }
}

/* |grad| of a matte into `out`, which also serves as scratch. */
static void gradient(const pair *q, const float *matte, double *out)
{
    double smooth[TAPS_MAX], slope[TAPS_MAX], *src = q->tmp[0], *gx = q->tmp[1];
    gradient_taps(smooth, slope);
    copy(matte, q->n, src);
    filter(q, src, slope, smooth, RADIUS_GRAD, out, gx);
    filter(q, src, smooth, slope, RADIUS_GRAD, out, src);
    for (size_t i = 0; i < q->n; i++)
        out[i] = sqrt(gx[i] * gx[i] + src[i] * src[i]);
}

static ck_status grad(const pair *q, double *out, ck_error *e)
{
    ck_buffer *b = ck_buffer_new(q->n * sizeof(double));
    if (!b)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for comparing mattes");
    double *t = b->data, *p = q->tmp[2], sum = 0;
    gradient(q, q->t, t);
    gradient(q, q->p, p);
    for (size_t i = 0; i < q->n; i++)
        sum += (t[i] - p[i]) * (t[i] - p[i]);
    ck_buffer_unref(b);
    *out = sum / 1e3;
    return CK_OK;
}

/* ---- connectivity ---- */

/* Set level to `before` for pixels without a level that are outside the largest component where both are >= theta. */
static ck_status cut(const pair *q, double theta, double before, uint8_t *mask, double *level, ck_error *e)
{
    ck_components c = {0};
    uint32_t largest = 0;
    for (size_t i = 0; i < q->n; i++)
        mask[i] = unit(q->t[i]) >= theta && unit(q->p[i]) >= theta;
    ck_status s = ck_components_find(mask, q->h, q->w, 4, &c, e);
    if (s == CK_OK) {
        for (uint32_t i = 1; i < c.n; i++)
            largest = c.area[i] > c.area[largest] ? i : largest;
        memset(mask, 0, q->n);
        for (size_t i = 0; i < c.n_runs; i++)
            if (c.runs[i].component == largest)
                memset(mask + (size_t)c.runs[i].y * (size_t)q->w + (size_t)c.runs[i].x0, 1,
                       (size_t)(c.runs[i].x1 - c.runs[i].x0));
        for (size_t i = 0; i < q->n; i++)
            if (level[i] < 0 && !mask[i])
                level[i] = before;
    }
    ck_components_free(&c);
    return s;
}

static double phi(double v, double level)
{
    double d = v - level;
    return d >= 0.15 ? 1 - d : 1;
}

static ck_status conn(const pair *q, double *out, ck_error *e)
{
    double *level = q->tmp[0], sum = 0;
    uint8_t *mask = (uint8_t *)q->tmp[1];
    for (size_t i = 0; i < q->n; i++)
        level[i] = -1;
    ck_status s = CK_OK;
    for (int k = 1; k <= 10 && s == CK_OK; k++)
        s = cut(q, 0.1 * k, 0.1 * (k - 1), mask, level, e);
    for (size_t i = 0; i < q->n && s == CK_OK; i++) {
        double l = level[i] < 0 ? 1 : level[i];
        sum += fabs(phi(unit(q->t[i]), l) - phi(unit(q->p[i]), l));
    }
    *out = sum / 1e3;
    return s;
}

/* ---- structure ---- */

typedef struct moments {
    double t, p, tt, pp, tp;
} moments;

/* Weighted sums over the window around (x,y), which lies inside. */
static moments window(const pair *q, const double *taps, int x, int y)
{
    moments m = {0};
    for (int j = -RADIUS_SSIM; j <= RADIUS_SSIM; j++)
        for (int i = -RADIUS_SSIM; i <= RADIUS_SSIM; i++) {
            size_t o = (size_t)(y + j) * (size_t)q->w + (size_t)(x + i);
            double k = taps[j + RADIUS_SSIM] * taps[i + RADIUS_SSIM], t = unit(q->t[o]), p = unit(q->p[o]);
            m.t += k * t;
            m.p += k * p;
            m.tt += k * t * t;
            m.pp += k * p * p;
            m.tp += k * t * p;
        }
    return m;
}

static double ssim(const pair *q, bool equal)
{
    const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03, sigma = 1.5;
    double taps[TAPS_MAX], all = 0, sum = 0;
    for (int k = -RADIUS_SSIM; k <= RADIUS_SSIM; k++)
        all += taps[k + RADIUS_SSIM] = exp(-k * k / (2 * sigma * sigma));
    for (int k = 0; k < TAPS_MAX; k++)
        taps[k] /= all;
    if (q->h < TAPS_MAX || q->w < TAPS_MAX)
        return equal;
    for (int y = RADIUS_SSIM; y < q->h - RADIUS_SSIM; y++)
        for (int x = RADIUS_SSIM; x < q->w - RADIUS_SSIM; x++) {
            moments m = window(q, taps, x, y);
            double vt = m.tt - m.t * m.t, vp = m.pp - m.p * m.p, v = m.tp - m.t * m.p;
            sum += (2 * m.t * m.p + c1) * (2 * v + c2) / ((m.t * m.t + m.p * m.p + c1) * (vt + vp + c2));
        }
    return sum / ((double)(q->h - 2 * RADIUS_SSIM) * (q->w - 2 * RADIUS_SSIM));
}

/* ---- all ---- */

static void plain(const pair *q, const float *last_truth, const float *last, ck_metrics *m)
{
    double a = 0, b = 0, d = 0, n = (double)q->n;
    for (size_t i = 0; i < q->n; i++) {
        double x = unit(q->p[i]) - unit(q->t[i]);
        a += fabs(x);
        b += x * x;
        double y = last ? x - (unit(last[i]) - unit(last_truth[i])) : 0;
        d += y * y;
    }
    m->mad = 1e3 * a / n;
    m->mse = 1e3 * b / n;
    m->dtssd = 1e2 * sqrt(d / n);
    m->psnr = b > 0 ? 10 * log10(n / b) : (double)INFINITY;
}

ck_status ck_metrics_matte(const float *truth, const float *matte, const float *last_truth, const float *last, int h,
                           int w, ck_metrics *out, ck_error *e)
{
    pair q = {.t = truth, .p = matte, .h = h, .w = w, .n = (size_t)h * (size_t)w};
    size_t plane = ck_pad(q.n * sizeof(double));
    ck_buffer *b = ck_buffer_new(3 * plane);
    if (!b)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for comparing mattes");
    for (size_t i = 0; i < 3; i++)
        q.tmp[i] = (double *)((char *)b->data + i * plane);
    plain(&q, last_truth, last, out);
    ck_status s = grad(&q, &out->grad, e);
    if (s == CK_OK)
        s = conn(&q, &out->conn, e);
    if (s == CK_OK)
        out->ssim = ssim(&q, out->mse == 0);
    ck_buffer_unref(b);
    return s;
}

double ck_metrics_colour(const float *truth, const float *true_fg, const float *fg, int h, int w)
{
    size_t n = (size_t)h * (size_t)w, count = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(truth[i] > 0.05f && truth[i] < 0.95f))
            continue;
        count++;
        for (size_t c = 0; c < 3; c++)
            sum += fabs(unit(fg[c * n + i]) - unit(true_fg[c * n + i]));
    }
    return count ? 1e3 * sum / (3 * (double)count) : 0;
}
