/* Planes to planar f32 tensors and back: sample types, resampling, sRGB encoding, normalisation.
 *
 * Sums follow the order in frames.h and nothing is contracted, so resampling is bit-exact with the host's. */
#include <cuda_fp16.h>
#include <stdint.h>

#include "nn/cuda/frames.h"
#include "nn/cuda/kernel.h"

#define THREADS 256

/* ---- samples ---- */

__device__ static inline float sample(const uint8_t *p, size_t i)
{
    return (float)p[i] / 255.0f;
}

__device__ static inline float sample(const uint16_t *p, size_t i)
{
    return (float)p[i] / 65535.0f;
}

__device__ static inline float sample(const __half *p, size_t i)
{
    return __half2float(p[i]);
}

__device__ static inline float sample(const float *p, size_t i)
{
    return p[i];
}

__device__ static inline void put(float *p, size_t i, float v)
{
    p[i] = v;
}

__device__ static inline void put(__half *p, size_t i, float v)
{
    p[i] = __float2half_rn(v);
}

/* Output o of an axis; inputs are `stride` samples apart. */
template <typename T> __device__ static inline float weighted(const ck_nn_axis &a, const T *line, int o, size_t stride)
{
    if (a.in == a.out)
        return sample(line, (size_t)o * stride);
    int n = a.count[o], first = a.first[o];
    const float *w = a.weight + (size_t)o * (size_t)a.taps;
    float sum = 0;
    for (int i = 0; i < n; i++) {
        int k = a.reversed ? n - 1 - i : i, at = min(max(first + k, 0), a.in - 1);
        float term = w[k] * sample(line, (size_t)at * stride);
        sum = i ? sum + term : term;
    }
    return sum;
}

/* [rows][a.in] to [rows][a.out], a thread per sample. */
template <typename T> static __global__ void resample_rows(const T *src, size_t rows, ck_nn_axis a, float *dst)
{
    size_t i = thread_number(), row = i / (size_t)a.out;
    if (row < rows)
        dst[i] = weighted(a, src + row * (size_t)a.in, (int)(i % (size_t)a.out), 1);
}

/* ---- after resampling: sRGB encoding, then normalisation ---- */

struct after {
    bool linear, mirrored, normal;
    float mean[CK_NN_HEADS_MAX], deviation[CK_NN_HEADS_MAX];
};

/* The host's formula.  CUDA's powf is within 4 ULP. */
__device__ static inline float to_srgb(float x)
{
    float v = x < 0 ? 0 : x;
    return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 0.4166666567325592f) - 0.055f;
}

/* [c][a.in][w] to [c][a.out][w], a thread per sample. */
template <typename T, typename U>
static __global__ void resample_columns(const T *src, int channels, int w, ck_nn_axis a, after then, U *dst)
{
    size_t i = thread_number(), x = i % (size_t)w, row = i / (size_t)w;
    int c = (int)(row / (size_t)a.out);
    if (c >= channels)
        return;
    const T *column = src + (size_t)c * (size_t)a.in * (size_t)w + x;
    float v = weighted(a, column, (int)(row % (size_t)a.out), (size_t)w);
    if (then.linear)
        v = then.mirrored && v < 0 ? -to_srgb(-v) : to_srgb(v);
    if (then.normal)
        v = (v - then.mean[c]) / then.deviation[c];
    put(dst, i, v);
}

/* Skip the horizontal pass if the width already fits. */
template <typename T, typename U>
static void resample(ck_cuda_device *d, const T *src, int channels, const ck_nn_axis &x, const ck_nn_axis &y,
                     const after &then, float *partial, U *dst)
{
    size_t rows = (size_t)channels * (size_t)y.in;
    unsigned down = grid_for((size_t)channels * (size_t)y.out * (size_t)x.out, THREADS);
    void (*one)(const T *, int, int, ck_nn_axis, after, U *) = resample_columns<T, U>;
    void (*two)(const float *, int, int, ck_nn_axis, after, U *) = resample_columns<float, U>;
    if (x.in == x.out) {
        CK_CUDA_LAUNCH(one, down, THREADS, d->stream, src, channels, x.out, y, then, dst);
        return;
    }
    CK_CUDA_LAUNCH(resample_rows<T>, grid_for(rows * (size_t)x.out, THREADS), THREADS, d->stream, src, rows, x,
                   partial);
    CK_CUDA_LAUNCH(two, down, THREADS, d->stream, partial, channels, x.out, y, then, dst);
}

void ck_cuda_plane_in(ck_cuda_device *d, const ck_cuda_move *move, const void *from, float *partial)
{
    const ck_nn_move *m = &move->is;
    int channels = m->tensor.c;
    after then = {m->linear, m->mirrored, m->mean != NULL, {0}, {0}};
    for (int c = 0; m->mean && c < channels; c++) {
        then.mean[c] = m->mean[c];
        then.deviation[c] = m->deviation[c];
    }
    float *to = (float *)m->tensor.data;
    switch (m->type) {
    case CK_NN_SAMPLE_U8:
        resample(d, (const uint8_t *)from, channels, move->x, move->y, then, partial, to);
        break;
    case CK_NN_SAMPLE_U16:
        resample(d, (const uint16_t *)from, channels, move->x, move->y, then, partial, to);
        break;
    case CK_NN_SAMPLE_F16:
        resample(d, (const __half *)from, channels, move->x, move->y, then, partial, to);
        break;
    default:
        resample(d, (const float *)from, channels, move->x, move->y, then, partial, to);
    }
}

void ck_cuda_plane_out(ck_cuda_device *d, const ck_cuda_move *move, void *to, float *partial)
{
    const ck_nn_move *m = &move->is;
    const float *from = (const float *)m->tensor.data;
    after none = {};
    if (m->type == CK_NN_SAMPLE_F16)
        resample(d, from, m->tensor.c, move->x, move->y, none, partial, (__half *)to);
    else
        resample(d, from, m->tensor.c, move->x, move->y, none, partial, (float *)to);
}
