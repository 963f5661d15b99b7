/* LayerNorm over channels; GroupNorm from the convolutions' sums. */
#include "nn/cuda/element.h"

#define THREADS 256

/* A warp per pixel. */
static __global__ void layer_norm(ck_nn_tensor x, const float *w, const float *bias, float eps, ck_nn_tensor y)
{
    size_t pixel = thread_number() / WARP;
    int lane = threadIdx.x % WARP, n = x.c;
    if (pixel >= (size_t)x.h * (size_t)x.w)
        return;
    const float *in = at(x, pixel);
    size_t out = index_of(y, pixel);
    float sum = 0, squares = 0;
    for (int c = lane; c < n; c += WARP)
        sum += in[c];
    float mean = lanes_sum(sum, WARP) / n;
    for (int c = lane; c < n; c += WARP)
        squares = fmaf(in[c] - mean, in[c] - mean, squares);
    float scale = 1 / sqrtf(lanes_sum(squares, WARP) / n + eps);
    for (int c = lane; c < n; c += WARP)
        put(y, out + (size_t)c, (in[c] - mean) * scale * w[c] + bias[c]);
}

/* The same with the pixel in registers: a lane has N vectors of four channels, WARP vectors apart. */
template <typename T, int N>
static __global__ void layer_norm_4(ck_nn_tensor x, const float *w, const float *bias, float eps, ck_nn_tensor y)
{
    size_t pixel = thread_number() / WARP;
    int lane = threadIdx.x % WARP, n = x.c;
    if (pixel >= (size_t)x.h * (size_t)x.w)
        return;
    const float4 *in = (const float4 *)at(x, pixel);
    T *out = (T *)y.data + index_of(y, pixel);
    float4 v[N];
    float sum = 0, squares = 0;
    UNROLL
    for (int i = 0; i < N; i++) {
        v[i] = 4 * (lane + i * WARP) < n ? in[lane + i * WARP] : make_float4(0, 0, 0, 0);
        sum += v[i].x + v[i].y + (v[i].z + v[i].w);
    }
    float mean = lanes_sum(sum, WARP) / n;
    UNROLL
    for (int i = 0; i < N; i++)
        if (4 * (lane + i * WARP) < n) {
            v[i] = make_float4(v[i].x - mean, v[i].y - mean, v[i].z - mean, v[i].w - mean);
            squares = fmaf(v[i].x, v[i].x, fmaf(v[i].y, v[i].y, squares));
            squares = fmaf(v[i].z, v[i].z, fmaf(v[i].w, v[i].w, squares));
        }
    float scale = 1 / sqrtf(lanes_sum(squares, WARP) / n + eps);
    UNROLL
    for (int i = 0; i < N; i++)
        if (4 * (lane + i * WARP) < n) {
            float4 k = ((const float4 *)w)[lane + i * WARP], b = ((const float4 *)bias)[lane + i * WARP];
            put_4(out + 4 * (lane + i * WARP), v[i].x * scale * k.x + b.x, v[i].y * scale * k.y + b.y,
                  v[i].z * scale * k.z + b.z, v[i].w * scale * k.w + b.w);
        }
}

#define VECTORS 7 /* per lane: more do not fit registers */

template <typename T>
static void (*layer_norm_of(int c))(ck_nn_tensor, const float *, const float *, float, ck_nn_tensor)
{
    int n = (c + 4 * WARP - 1) / (4 * WARP);
    return n <= 1   ? layer_norm_4<T, 1>
           : n <= 2 ? layer_norm_4<T, 2>
           : n <= 4 ? layer_norm_4<T, 4>
                    : layer_norm_4<T, VECTORS>;
}

bool ck_cuda_layer_norm_4_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    if (s->y.c > 4 * WARP * VECTORS)
        return ck_cuda_declines(why, "%d channels: at most %d", s->y.c, 4 * WARP * VECTORS);
    return ck_cuda_in_vectors(&s->x[0], why) && ck_cuda_in_vectors(&s->y, why);
}

void ck_cuda_layer_norm_4(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * WARP, THREADS);
    by_type(s->y.type, [&](auto *t) {
        CK_CUDA_LAUNCH(layer_norm_of<std::remove_pointer_t<decltype(t)>>(s->y.c), grid, THREADS, d->stream, s->x[0],
                       s->weight->w, s->weight->bias, s->eps, s->y);
    });
}

void ck_cuda_layer_norm(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * WARP, THREADS);
    CK_CUDA_LAUNCH(layer_norm, grid, THREADS, d->stream, s->x[0], s->weight->w, s->weight->bias, s->eps, s->y);
}

/* ---- GroupNorm ---- */

/* Sums for GROUP_NORM, if the convolution did not compute them.  One thread block per block of pixels and group: its
 * threads add up their samples, then pairs of sums. */
static __global__ void block_sums(ck_nn_tensor y, ck_nn_tensor stats, const int *list)
{
    __shared__ double part[THREADS][2];
    int groups = gridDim.y, group = blockIdx.y, per = y.c / groups, t = threadIdx.x;
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across * per;
    double sum = 0, squares = 0;
    for (int i = t; i < n; i += THREADS) {
        size_t pixel = index_of(y, a.y0 + i / per / across, a.x0 + i / per % across);
        double v = (double)get(y, pixel + (size_t)(group * per + i % per));
        sum += v;
        squares += v * v;
    }
    part[t][0] = sum;
    part[t][1] = squares;
    for (int half = THREADS / 2; half; half /= 2) {
        __syncthreads();
        if (t < half) {
            part[t][0] += part[t + half][0];
            part[t][1] += part[t + half][1];
        }
    }
    if (t == 0) {
        size_t block = list ? (size_t)list[blockIdx.x] : blockIdx.x;
        double *to = (double *)stats.data + (block * (size_t)groups + (size_t)group) * 2;
        to[0] = part[0][0];
        to[1] = part[0][1];
    }
}

void ck_cuda_block_sums(ck_cuda_device *d, const ck_nn_step *s, const int *list, int n)
{
    dim3 grid((unsigned)n, (unsigned)s->groups);
    CK_CUDA_LAUNCH(block_sums, grid, THREADS, d->stream, s->y, s->stats, list);
}

/* Sums of a group in the order of nn.h: each thread adds up a run, then all threads add up the runs, CHUNK at a time.
 * The same operations as in host.c. */
#define CHUNK 128

/* part: shared memory, which is the kernel's: nvcc names that of a function with internal linkage at random, and two
 * builds would differ. */
__device__ static void add_sums(const double *sums, int blocks, int group, int groups, double part[CHUNK][2],
                                double total[2])
{
    int t = threadIdx.x, runs = (blocks + CK_NN_RUN - 1) / CK_NN_RUN;
    total[0] = total[1] = 0;
    for (int first = 0; first < runs; first += CHUNK) {
        int n = min(CHUNK, runs - first), from = (first + t / 2) * CK_NN_RUN, end = min(from + CK_NN_RUN, blocks);
        double sum = 0;
        UNROLL_8
        for (int i = from; i < end; i++)
            sum += sums[((size_t)i * (size_t)groups + (size_t)group) * 2 + (size_t)(t % 2)];
        __syncthreads();
        part[t / 2][t % 2] = sum;
        __syncthreads();
        for (int i = 0; i < n; i++) {
            total[0] += part[i][0];
            total[1] += part[i][1];
        }
    }
}

/* One thread block per group; all its threads compute the same sums. */
static __global__ void group_norm(ck_nn_tensor sums, const float *w, const float *bias, double n, double eps,
                                  ck_nn_tensor y)
{
    int group = blockIdx.x, groups = gridDim.x, per = y.c / groups;
    __shared__ double part[CHUNK][2];
    double total[2];
    add_sums((const double *)sums.data, sums.h, group, groups, part, total);
    double mean = total[0] / n, var = total[1] / n - mean * mean;
    double k = 1 / sqrt((var > 0 ? var : 0) + eps);
    float *scale = (float *)y.data, *shift = scale + y.c;
    for (int c = group * per + threadIdx.x; c < (group + 1) * per; c += blockDim.x) {
        scale[c] = (float)(k * (double)w[c]);
        shift[c] = (float)((double)bias[c] - mean * k * (double)w[c]);
    }
}

void ck_cuda_group_norm(ck_cuda_device *d, const ck_nn_step *s)
{
    double n = (double)s->pixels * (s->y.c / s->groups);
    CK_CUDA_LAUNCH(group_norm, (unsigned)s->groups, 2 * CHUNK, d->stream, s->x[0], s->weight->w, s->weight->bias, n,
                   (double)s->eps, s->y);
}

/* One thread block per block of pixels; adjacent threads compute adjacent channels. */
template <typename T>
static __global__ void apply_8(ck_nn_tensor x, ck_nn_tensor norm, ck_nn_tensor add, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int each = y.c / VECTOR, across = a.x1 - a.x0, n = (a.y1 - a.y0) * across * each;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int c = i % each * VECTOR, v = a.y0 + i / each / across, u = a.x0 + i / each % across;
        ck_cuda_vec8 in = get_8((const T *)x.data + index_of(x, v, u) + c), more = {{0}};
        ck_cuda_vec8 scale = get_8((const float *)norm.data + c), shift = get_8((const float *)norm.data + y.c + c);
        if (add.h)
            more = get_8((const T *)add.data + index_of(add, v, u) + c);
        UNROLL
        for (int k = 0; k < VECTOR; k++)
            in.v[k] = relu(in.v[k] * scale.v[k] + shift.v[k] + more.v[k]);
        put_8((T *)y.data + index_of(y, v, u) + c, in);
    }
}

static __global__ void apply(ck_nn_tensor x, ck_nn_tensor norm, ck_nn_tensor add, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    const float *scale = (const float *)norm.data, *shift = scale + y.c;
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across * y.c;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int c = i % y.c, v = a.y0 + i / y.c / across, u = a.x0 + i / y.c % across;
        float more = add.h ? get(add, index_of(add, v, u) + (size_t)c) : 0;
        float in = get(x, index_of(x, v, u) + (size_t)c) * scale[c] + shift[c];
        put(y, index_of(y, v, u) + (size_t)c, relu(in + more));
    }
}

bool ck_cuda_apply_8_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    const ck_nn_tensor *add = &s->x[2];
    if (ck_nn_has(add) && !(ck_cuda_same_types(add, &s->y, why) && ck_cuda_in_vectors(add, why)))
        return false;
    return ck_cuda_same_types(&s->x[0], &s->y, why) && ck_cuda_in_vectors(&s->x[0], why) &&
           ck_cuda_in_vectors(&s->x[1], why) && ck_cuda_in_vectors(&s->y, why);
}

void ck_cuda_apply_8(ck_cuda_device *d, const ck_nn_step *s)
{
    with_blocks(d, s, [&](const int *list, unsigned n) {
        by_type(s->y.type, [&](auto *t) {
            CK_CUDA_LAUNCH(apply_8<std::remove_pointer_t<decltype(t)>>, n, THREADS, d->stream, s->x[0], s->x[1],
                           s->x[2], s->y, list);
        });
    });
}

void ck_cuda_apply(ck_cuda_device *d, const ck_nn_step *s)
{
    with_blocks(d, s, [&](const int *list, unsigned n) {
        CK_CUDA_LAUNCH(apply, n, THREADS, d->stream, s->x[0], s->x[1], s->x[2], s->y, list);
    });
}
