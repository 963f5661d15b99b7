#include "image/axis.h"

#include <math.h>

/* Inputs per output.  Computed as the inverse of outputs per input, as OpenCV does: where o * scale is a whole number,
 * the last bit decides on which side of it floor() falls. */
static double scale_of(const ck_axis *a)
{
    return 1.0 / ((double)a->out / a->in);
}

/* Split position p of output o into i = floor(p) and t = p - i, rounded to float32 first as OpenCV does. */
static float place(const ck_axis *a, int o, int *i)
{
    float p = (float)((o + 0.5) * scale_of(a) - 0.5);
    float whole = floorf(p);
    *i = (int)whole;
    return p - whole;
}

/* Beyond the first and last centre OpenCV uses one input horizontally, but the same input twice vertically; x (1-t) + x
 * t need not equal x. */
static void bilinear(ck_axis *a, int o)
{
    float *w = a->weight + (size_t)o * 2;
    float t = place(a, o, &a->first[o]);
    if (a->across && a->first[o] < 0)
        t = 1.0f;
    if (a->across && a->first[o] >= a->in - 1)
        t = 0.0f;
    w[0] = 1.0f - t;
    w[1] = t;
}

/* Keys' cubic kernel (a = -0.75) at distances 1+t, t, 1-t.  The last weight makes the sum 1. */
static void cubic(ck_axis *a, int o)
{
    const float k = -0.75f;
    float *w = a->weight + (size_t)o * 4;
    float t = place(a, o, &a->first[o]), far = t + 1.0f, near = 1.0f - t;
    a->first[o] -= 1;
    w[0] = ((k * far - 5.0f * k) * far + 8.0f * k) * far - 4.0f * k;
    w[1] = ((k + 2.0f) * t - (k + 3.0f)) * t * t + 1.0f;
    w[2] = ((k + 2.0f) * near - (k + 3.0f)) * near * near + 1.0f;
    w[3] = 1.0f - w[0] - w[1] - w[2];
}

/* sinc(d) sinc(d/4) = sin(pi t) * (-1)^k sin(y) / y^2 up to a constant, with y = pi d/4.  The factor common to all taps
 * cancels in the normalisation.  Exactly on an input the other weights are 0. */
static void lanczos4(ck_axis *a, int o)
{
    float *w = a->weight + (size_t)o * 8, sum = 0.0f;
    float t = place(a, o, &a->first[o]);
    a->first[o] -= 3;
    for (int k = 0; k < 8; k++) {
        float d = t + 3.0f - (float)k;
        double y = (double)d * M_PI * 0.25;
        if (fabsf(d) < 1e-6f) {
            for (int j = 0; j < 8; j++)
                w[j] = j == k;
            return;
        }
        w[k] = (float)((k % 2 ? -1.0 : 1.0) * sin(y) / (y * y));
        sum += w[k];
    }
    sum = 1.0f / sum;
    for (int k = 0; k < 8; k++)
        w[k] *= sum;
}

static void add_tap(ck_axis *a, int o, double weight)
{
    a->weight[(size_t)o * (size_t)a->taps + (size_t)a->count[o]++] = (float)weight;
}

/* The part of each input covered by [o scale, (o+1) scale): a fraction, whole inputs, a fraction. */
static void area_shrink(ck_axis *a, int o)
{
    const double ignored = 1e-3;
    double scale = scale_of(a);
    double from = o * scale, to = from + scale;
    double width = fmin(scale, a->in - from);
    int last = (int)fmin(floor(to), a->in - 1), begin = (int)fmin(ceil(from), last);
    a->count[o] = 0;
    a->first[o] = begin;
    if (begin - from > ignored) {
        a->first[o] = begin - 1;
        add_tap(a, o, (begin - from) / width);
    }
    for (int i = begin; i < last; i++)
        add_tap(a, o, 1.0 / width);
    if (to - last > ignored)
        add_tap(a, o, fmin(fmin(to - last, 1.0), width) / width);
}

static void area_grow(ck_axis *a, int o)
{
    float *w = a->weight + (size_t)o * 2;
    int i = (int)floor(o * scale_of(a));
    float t = (float)((o + 1) - (i + 1) * ((double)a->out / a->in));
    t = t <= 0.0f || (a->across && i >= a->in - 1) ? 0.0f : t - floorf(t);
    a->first[o] = i;
    w[0] = 1.0f - t;
    w[1] = t;
}

static void triangle(ck_axis *a, int o)
{
    float *w = a->weight + (size_t)o * (size_t)a->taps, sum = 0.0f;
    float scale = (float)a->in / (float)a->out, support = fmaxf(scale, 1.0f), inverse = 1.0f / support;
    float centre = scale * ((float)o + 0.5f);
    int lo = (int)fmaxf((float)(int)(centre - support + 0.5f), 0.0f);
    int hi = (int)fminf((float)(int)(centre + support + 0.5f), (float)a->in);
    a->first[o] = lo;
    a->count[o] = hi - lo;
    for (int j = lo; j < hi; j++) {
        float d = fabsf(((float)j - centre + 0.5f) * inverse);
        w[j - lo] = fmaxf(0.0f, 1.0f - d);
        sum += w[j - lo];
    }
    for (int k = 0; k < hi - lo; k++)
        w[k] /= sum;
}

typedef void weigh(ck_axis *a, int o);

static weigh *choose(ck_axis *a, ck_filter f, bool shrinks)
{
    a->fixed = true;
    switch (f) {
    case CK_CUBIC:
        a->taps = 4;
        return cubic;
    case CK_LANCZOS4:
        a->taps = 8;
        return lanczos4;
    case CK_AREA:
        a->fixed = !shrinks;
        a->taps = shrinks ? a->in / a->out + 3 : 2;
        return shrinks ? area_shrink : area_grow;
    case CK_BILINEAR_AA:
        a->fixed = false;
        a->taps = 2 * (a->in / a->out + 1) + 2;
        return triangle;
    default:
        a->taps = 2;
        return bilinear;
    }
}

ck_status ck_axis_new(ck_axis *a, int in, int out, ck_filter f, bool across, bool shrinks, ck_error *e)
{
    *a = (ck_axis){.in = in, .out = out, .across = across, .identity = in == out};
    weigh *weights = choose(a, f, shrinks);
    size_t n = (size_t)out, bytes, more;
    if (!ck_mul(n, (size_t)a->taps * sizeof(float), &bytes) || !ck_mul(n, 2 * sizeof(int), &more) ||
        !ck_add(bytes, more, &bytes) || !(a->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the weights of %d to %d samples", in, out);
    a->first = a->buf->data;
    a->count = a->first + n;
    a->weight = (float *)(a->count + n);
    for (int o = 0; o < out; o++) {
        a->count[o] = a->taps;
        weights(a, o);
    }
    return CK_OK;
}

void ck_axis_free(ck_axis *a)
{
    ck_buffer_unref(a->buf);
    *a = (ck_axis){0};
}
