/* Packing of weights, once at load, into the order in which the kernels read them.
 *
 * All copies and kernels of a weight are queued, then waited for once.  Until then their sources must stay: host
 * memory, and the device's float32 values from which rounded ones are made. */
#include <stdlib.h>

#include "base/mem.h"
#include "nn/cuda/cuda.h"

static int taps_of(ck_nn_pack p)
{
    return p == CK_NN_PATCH ? 49 : p == CK_NN_CONV ? 9 : 1;
}

/* True for LINEAR and CONV, which are operands of products. */
static bool is_rounded(const ck_cuda_device *d, ck_nn_pack p)
{
    return ck_cuda_rounds(d) && (p == CK_NN_LINEAR || p == CK_NN_CONV);
}

/* ---- on the host ---- */

/* [out][in][tap] to [tap][in][out], so that adjacent threads read adjacent outputs. */
static void transpose(const float *w, int out, int in, int taps, float *to)
{
    for (int t = 0; t < taps; t++)
        for (int c = 0; c < in; c++)
            for (int o = 0; o < out; o++)
                *to++ = w[((size_t)o * (size_t)in + (size_t)c) * (size_t)taps + (size_t)t];
}

/* [out][in][9] to the order of rounded weights, padded with zeros (see ck_cuda_output_column). */
static void transpose_padded(const float *w, int out, int in, float *to)
{
    size_t rows = (size_t)ck_cuda_padded(in), columns = (size_t)ck_cuda_outputs(out);
    for (size_t t = 0; t < 9; t++)
        for (size_t c = 0; c < (size_t)in; c++)
            for (int o = 0; o < out; o++)
                to[(t * rows + c) * columns + (size_t)ck_cuda_output_column(o)] =
                    w[((size_t)o * (size_t)in + c) * 9 + t];
}

/* Number of values of a weight on the device. */
static size_t value_count(const ck_cuda_device *d, const ck_nn_weight *q)
{
    if (q->pack == CK_NN_SCALE)
        return (size_t)q->out;
    if (q->pack == CK_NN_CONV && is_rounded(d, q->pack))
        return 9 * (size_t)ck_cuda_padded(q->in) * (size_t)ck_cuda_outputs(q->out);
    return (size_t)q->out * (size_t)q->in * (size_t)taps_of(q->pack);
}

/* *values: w in the device's order.  *own: memory to free after use, NULL if that is w itself. */
static ck_status arrange(const ck_cuda_device *d, const ck_nn_weight *q, const float *w, const float **values,
                         float **own, ck_error *e)
{
    *values = w;
    *own = NULL;
    if (taps_of(q->pack) == 1)
        return CK_OK;
    *own = calloc(value_count(d, q), sizeof **own);
    if (!*own)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    if (is_rounded(d, q->pack))
        transpose_padded(w, q->out, q->in, *own);
    else
        transpose(w, q->out, q->in, taps_of(q->pack), *own);
    *values = *own;
    return CK_OK;
}

/* ---- queued on the device's stream ---- */

static ck_status take(void *to, size_t bytes, ck_error *e)
{
    return ck_cuda_check(cudaMalloc(to, bytes), "allocate memory for weights on the device", e);
}

static ck_status send(ck_cuda_device *d, const float *values, size_t n, float **to, ck_error *e)
{
    size_t bytes = n * sizeof *values;
    ck_status s = take(to, bytes, e);
    return s == CK_OK ? ck_cuda_check(cudaMemcpyAsync(*to, values, bytes, cudaMemcpyHostToDevice, d->stream),
                                      "copy weights", e)
                      : s;
}

/* Round `rows` x `columns` float32 values to rows of `ld` elements. */
static ck_status round_to(ck_cuda_device *d, const float *from, size_t rows, int columns, int ld, void **to,
                          ck_error *e)
{
    ck_status s = take(to, rows * (size_t)ld * ck_cuda_operand_size(d), e);
    if (s != CK_OK)
        return s;
    ck_cuda_round(d, from, rows, columns, columns, *to, ld);
    return ck_cuda_check(cudaGetLastError(), "start a kernel", e);
}

static ck_status queue_values(ck_cuda_device *d, ck_nn_weight *q, const float *values, ck_error *e)
{
    ck_status s = send(d, values, value_count(d, q), &q->w, e);
    if (s != CK_OK || !is_rounded(d, q->pack))
        return s;
    int outputs = ck_cuda_outputs(q->out);
    return q->pack == CK_NN_LINEAR
               ? round_to(d, q->w, (size_t)q->out, q->in, ck_cuda_padded(q->in), &q->rounded, e)
               : round_to(d, q->w, 9 * (size_t)ck_cuda_padded(q->in), outputs, outputs, &q->rounded, e);
}

/* Products stored in 16 bits need a 16-bit bias (product.c). */
static ck_status queue_bias(ck_cuda_device *d, ck_nn_weight *q, const float *bias, ck_error *e)
{
    ck_status s = send(d, bias, (size_t)q->out, &q->bias, e);
    bool also_rounded = q->pack == CK_NN_LINEAR && d->base.act != CK_NN_F32;
    return s == CK_OK && also_rounded ? round_to(d, q->bias, 1, q->out, q->out, &q->rounded_bias, e) : s;
}

/* ---- `pack` of the backend's table ---- */

ck_status ck_cuda_pack(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                       ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    const float *values;
    float *own;
    ck_nn_weight *q = calloc(1, sizeof *q);
    if (!q)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    *q = (ck_nn_weight){.pack = p, .out = out, .in = in, .next = d->weights};
    d->weights = q;
    *to = q;
    ck_status s = arrange(d, q, w, &values, &own, e);
    if (s == CK_OK)
        s = queue_values(d, q, values, e);
    if (s == CK_OK && bias)
        s = queue_bias(d, q, bias, e);
    cudaError_t waited = cudaStreamSynchronize(d->stream);
    if (s == CK_OK)
        s = ck_cuda_check(waited, "copy weights", e);
    free(own);
    if (is_rounded(d, p)) {
        cudaFree(q->w);
        q->w = NULL;
    }
    return s;
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
