#include "greenformer/fit.h"
#include "greenformer/self_check.h"

#include <stdint.h>
#include <stdio.h>

/* Bytes of a second program on the same GPU: context, kernels, cuBLASLt's workspace.  An estimate, not measured. */
#define CONTEXT 512e6
#define HOST_SHARE 0.75 /* rings may take the other quarter, see --ring-bytes */

/* Bytes of a checkpoint's tensors as float32.  No backend's packed weights exceed that by much. */
static double weight_bytes(const ck_weights *w)
{
    double n = 0;
    for (size_t i = 0; i < ck_weights_count(w); i++)
        n += (double)ck_weights_at(w, i)->count;
    return n * sizeof(float);
}

static ck_status plan_bytes(const ck_weights *w, const ck_sizes *z, ck_network_options o, double *bytes, ck_error *e)
{
    ck_network *n;
    o.dry = true;
    ck_status s = ck_network_open(w, z, &o, &n, e);
    if (s != CK_OK)
        return s;
    *bytes += (double)ck_nn_plan_bytes(ck_network_plan(n));
    ck_network_close(n);
    return CK_OK;
}

/* Bytes that grow with `side`. */
static ck_status frame_bytes(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, int side,
                             double *bytes, ck_error *e)
{
    ck_network_options one = *o, other = *o;
    one.h = one.w = other.h = other.w = side;
    other.infer = false;
    other.refine = true;
    *bytes = 0;
    ck_status s = plan_bytes(w, z, one, bytes, e);
    return s == CK_OK && !o->refine ? plan_bytes(w, z, other, bytes, e) : s;
}

static ck_status look(const ck_network_options *o, bool *host, ck_fit *out, ck_error *e)
{
    ck_nn *dev;
    *host = false;
    ck_status s = ck_self_check_open(o->device, o->threads, o->precision, false, &dev, e);
    if (s != CK_OK)
        return s;
    *host = dev->ops->host;
    out->left = (*host ? HOST_SHARE : CK_FIT_SHARE) * (dev->ops->available ? (double)dev->ops->available(dev) : 0);
    snprintf(out->device, sizeof out->device, "%s", dev->ops->name);
    ck_nn_close(dev);
    return out->left > 0 ? CK_OK
                         : ck_fail(e, CK_ERR_UNSUPPORTED, "memory of device %s is unknown: use --size N", out->device);
}

/* long_side * part / whole, rounded to a step. */
static int reduced(int long_side, int part, int whole)
{
    int64_t step = (int64_t)whole * CK_FIT_STEP, n = ((int64_t)long_side * part + step / 2) / step;
    return n < 1 ? CK_FIT_STEP : (int)n * CK_FIT_STEP;
}

void ck_fit_aspect(int plate_h, int plate_w, int *h, int *w)
{
    if ((int64_t)*w * plate_h < (int64_t)*h * plate_w)
        *h = reduced(*w, plate_h, plate_w);
    else
        *w = reduced(*h, plate_w, plate_h);
}

typedef struct search {
    const ck_weights *w;
    const ck_sizes *z;
    const ck_network_options *o;
    ck_fit *out;
    double fixed; /* bytes independent of the size */
} search;

/* *fits: this side fits, and `out` is set to it.  *frames: bytes that grow with the side. */
static ck_status try_side(const search *q, int side, bool *fits, double *frames, ck_error *e)
{
    ck_status s = frame_bytes(q->w, q->z, q->o, side, frames, e);
    *fits = s == CK_OK && q->fixed + *frames <= q->out->left;
    if (*fits) {
        q->out->side = side;
        q->out->needed = q->fixed + *frames;
    }
    return s;
}

ck_status ck_fit_network(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_fit *out, ck_error *e)
{
    int most = 4 * z->grid / CK_FIT_STEP * CK_FIT_STEP, side = most, refused = most + CK_FIT_STEP;
    bool host, fits = false;
    double frames = 0;
    *out = (ck_fit){0};
    ck_status s = look(o, &host, out, e);
    search q = {w, z, o, out, weight_bytes(w) + (host || o->refine ? 0 : CONTEXT)};
    while (s == CK_OK && side >= CK_FIT_STEP && !fits) {
        s = try_side(&q, side, &fits, &frames, e);
        if (fits)
            break;
        int next = ck_fit_side(side, frames, out->left - q.fixed);
        refused = side;
        side = next < side ? next : side - CK_FIT_STEP;
    }
    /* Memory is not exactly proportional to pixels: the next sides may fit too. */
    while (s == CK_OK && fits && out->side + CK_FIT_STEP < refused)
        s = try_side(&q, out->side + CK_FIT_STEP, &fits, &frames, e);
    out->whole = out->side == most;
    if (s == CK_OK && !out->side)
        s = ck_fail(e, CK_ERR_MEMORY, "no inference size fits the %.1f MB free on %s: the smallest takes %.1f MB",
                    out->left * 1e-6, out->device, (q.fixed + frames) * 1e-6);
    return s;
}
