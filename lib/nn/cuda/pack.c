/* Weights, once at load: in the order in which the kernels read them. */
#include <stdlib.h>

#include "base/mem.h"
#include "nn/cuda/cuda.h"

static int taps_of(ck_nn_pack p)
{
    return p == CK_NN_PATCH ? 49 : p == CK_NN_CONV ? 9 : 1;
}

/* [out][in][tap] to [tap][in][out]: threads side by side take outputs side by side. */
static void outputs_inside(const float *w, int out, int in, int taps, float *to)
{
    for (int t = 0; t < taps; t++)
        for (int c = 0; c < in; c++)
            for (int o = 0; o < out; o++)
                *to++ = w[((size_t)o * (size_t)in + (size_t)c) * (size_t)taps + (size_t)t];
}

/* By the stream that reads them; waited for, since `values` may go. */
static ck_status send(ck_cuda_device *d, const float *values, size_t n, float **to, ck_error *e)
{
    size_t bytes = n * sizeof *values;
    ck_status s = ck_cuda_check(cudaMalloc((void **)to, bytes), "take memory for weights on the device", e);
    if (s == CK_OK)
        s = ck_cuda_check(cudaMemcpyAsync(*to, values, bytes, cudaMemcpyHostToDevice, d->stream), "copy weights", e);
    return s == CK_OK ? ck_cuda_check(cudaStreamSynchronize(d->stream), "copy weights", e) : s;
}

static ck_status send_transposed(ck_cuda_device *d, const float *w, int out, int in, int taps, size_t n, float **to,
                                 ck_error *e)
{
    float *turned = malloc(n * sizeof *turned);
    if (!turned)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    outputs_inside(w, out, in, taps, turned);
    ck_status s = send(d, turned, n, to, e);
    free(turned);
    return s;
}

/* [out][in][9] in the order of rounded weights; what is not there is 0. */
static ck_status send_padded(ck_cuda_device *d, const float *w, ck_nn_weight *q, ck_error *e)
{
    size_t in = (size_t)ck_cuda_padded(q->in), out = (size_t)ck_cuda_outputs(q->out);
    float *turned = calloc(9 * in * out, sizeof *turned);
    if (!turned)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    for (size_t t = 0; t < 9; t++)
        for (size_t c = 0; c < (size_t)q->in; c++)
            for (int o = 0; o < q->out; o++)
                turned[(t * in + c) * out + (size_t)ck_cuda_output_column(o)] =
                    w[((size_t)o * (size_t)q->in + c) * 9 + t];
    ck_status s = send(d, turned, 9 * in * out, &q->w, e);
    free(turned);
    return s;
}

/* Operands: through float32 on the device, whose kernel rounds. */
static ck_status round_packed(ck_cuda_device *d, ck_nn_weight *q, ck_error *e)
{
    bool linear = q->pack == CK_NN_LINEAR;
    size_t rows = linear ? (size_t)q->out : 9 * (size_t)ck_cuda_padded(q->in);
    int columns = linear ? q->in : ck_cuda_outputs(q->out), ld = linear ? ck_cuda_padded(columns) : columns;
    ck_status s = ck_cuda_check(cudaMalloc(&q->rounded, rows * (size_t)ld * ck_cuda_operand_size(d)),
                                "take memory for weights on the device", e);
    if (s != CK_OK)
        return s;
    ck_cuda_round(d, q->w, rows, columns, columns, q->rounded, ld);
    s = ck_cuda_check(cudaGetLastError(), "start a kernel", e);
    if (s == CK_OK)
        s = ck_cuda_check(cudaStreamSynchronize(d->stream), "round weights", e);
    cudaFree(q->w);
    q->w = NULL;
    return s;
}

static ck_status round_bias(ck_cuda_device *d, ck_nn_weight *q, ck_error *e)
{
    ck_status s = ck_cuda_check(cudaMalloc(&q->rounded_bias, (size_t)q->out * ck_cuda_operand_size(d)),
                                "take memory for weights on the device", e);
    if (s != CK_OK)
        return s;
    ck_cuda_round(d, q->bias, 1, q->out, q->out, q->rounded_bias, q->out);
    s = ck_cuda_check(cudaGetLastError(), "start a kernel", e);
    return s == CK_OK ? ck_cuda_check(cudaStreamSynchronize(d->stream), "round weights", e) : s;
}

ck_status ck_cuda_pack(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                       ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    int taps = taps_of(p);
    size_t n = (size_t)out * (p == CK_NN_SCALE ? 1 : (size_t)in * (size_t)taps);
    ck_nn_weight *q = calloc(1, sizeof *q);
    if (!q)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    *q = (ck_nn_weight){.pack = p, .out = out, .in = in, .next = d->weights};
    d->weights = q;
    *to = q;
    bool rounds = ck_cuda_rounds(d) && (p == CK_NN_LINEAR || p == CK_NN_CONV);
    ck_status s = rounds && taps > 1 ? send_padded(d, w, q, e)
                  : taps > 1         ? send_transposed(d, w, out, in, taps, n, &q->w, e)
                                     : send(d, w, n, &q->w, e);
    if (s == CK_OK && rounds)
        s = round_packed(d, q, e);
    if (s == CK_OK && bias)
        s = send(d, bias, (size_t)out, &q->bias, e);
    return s == CK_OK && bias && p == CK_NN_LINEAR && d->base.act != CK_NN_F32 ? round_bias(d, q, e) : s;
}

void ck_cuda_free_weights(ck_cuda_device *d)
{
    for (ck_nn_weight *w = d->weights, *next; w; w = next) {
        next = w->next;
        cudaFree(w->w);
        cudaFree(w->bias);
        cudaFree(w->rounded);
        cudaFree(w->rounded_bias);
        free(w);
    }
    d->weights = NULL;
}
