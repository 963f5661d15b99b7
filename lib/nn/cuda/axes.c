/* Weights of resampling on the device, kept by size. */
#include "image/axis.h"

#include "nn/cuda/frames.h"

/* Whoever uses them has been queued before. */
static void forget_all(ck_cuda_device *d)
{
    struct ck_cuda_frames *f = d->frames;
    cudaStreamSynchronize(d->stream);
    for (int i = 0; i < f->n_axes; i++)
        cudaFree((void *)f->axis[i].first);
    f->n_axes = 0;
}

/* ck_axis_new's three tables lie one behind the other. */
static ck_status send(ck_cuda_device *d, const ck_axis *a, ck_cuda_axis *to, ck_error *e)
{
    size_t n = (size_t)a->out, bytes = n * (2 * sizeof(int) + (size_t)a->taps * sizeof(float));
    int *p = NULL;
    ck_status s = ck_cuda_check(cudaMalloc((void **)&p, bytes), "take memory for weights of resampling", e);
    if (s != CK_OK)
        return s;
    s = ck_cuda_check(cudaMemcpyAsync(p, a->first, bytes, cudaMemcpyHostToDevice, d->stream), "copy weights", e);
    if (s == CK_OK) /* `a` goes */
        s = ck_cuda_check(cudaStreamSynchronize(d->stream), "copy weights", e);
    to->taps = a->taps;
    to->first = p;
    to->count = p + n;
    to->weight = (const float *)(p + 2 * n);
    if (s != CK_OK)
        cudaFree(p);
    return s;
}

static ck_status axis(ck_cuda_device *d, int in, int out, ck_filter f, bool across, ck_cuda_axis *to, ck_error *e)
{
    struct ck_cuda_frames *k = d->frames;
    *to = (ck_cuda_axis){.in = in, .out = out, .filter = f, .across = across};
    if (in == out)
        return CK_OK;
    for (int i = 0; i < k->n_axes; i++)
        if (k->axis[i].in == in && k->axis[i].out == out && k->axis[i].filter == f && k->axis[i].across == across) {
            *to = k->axis[i];
            return CK_OK;
        }
    if (k->n_axes == CK_CUDA_AXES)
        forget_all(d);
    ck_axis a;
    ck_status s = ck_axis_new(&a, in, out, f, across, false, e);
    if (s != CK_OK)
        return s;
    s = send(d, &a, to, e);
    ck_axis_free(&a);
    if (s == CK_OK)
        k->axis[k->n_axes++] = *to;
    return s;
}

ck_status ck_cuda_axes(ck_cuda_device *d, const ck_nn_move *m, bool in, ck_cuda_axis *x, ck_cuda_axis *y, ck_error *e)
{
    int h = m->tensor.h, w = m->tensor.w;
    ck_status s = axis(d, in ? m->w : w, in ? w : m->w, m->filter, true, x, e);
    return s == CK_OK ? axis(d, in ? m->h : h, in ? h : m->h, m->filter, false, y, e) : s;
}
