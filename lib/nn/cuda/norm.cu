/* LayerNorm over channels; what follows the convolutions' sums of GroupNorm. */
#include "nn/cuda/kernel.h"

#define THREADS 256

/* A warp a pixel. */
__global__ void layer_norm(ck_nn_tensor x, const float *w, const float *bias, float eps, ck_nn_tensor y)
{
    size_t pixel = thread_number() / WARP;
    int lane = threadIdx.x % WARP, n = x.c;
    if (pixel >= (size_t)x.h * (size_t)x.w)
        return;
    const float *in = at(x, pixel);
    float *out = at(y, pixel);
    float sum = 0, squares = 0;
    for (int c = lane; c < n; c += WARP)
        sum += in[c];
    float mean = lanes_sum(sum, WARP) / n;
    for (int c = lane; c < n; c += WARP)
        squares = fmaf(in[c] - mean, in[c] - mean, squares);
    float scale = 1 / sqrtf(lanes_sum(squares, WARP) / n + eps);
    for (int c = lane; c < n; c += WARP)
        out[c] = (in[c] - mean) * scale * w[c] + bias[c];
}

void cuda_layer_norm(ck_nn *dev, const ck_nn_step *s)
{
    cuda_device *d = cuda_of(dev);
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * WARP, THREADS);
    CUDA_LAUNCH(layer_norm, grid, THREADS, d->stream, s->x[0], s->weight->w, s->weight->bias, s->eps, s->y);
    cuda_launched(d, s);
}

/* ---- GroupNorm ---- */

/* One thread block for all: the sums of a group are added block by block, CHUNK blocks fetched at a time, so that
 * their order is the one that nn.h wants.  The same operations as in host.c. */
#define CHUNK 256

__device__ static void add_sums(const double *sums, int blocks, int group, int groups, double total[2])
{
    __shared__ double part[CHUNK][2];
    total[0] = total[1] = 0;
    for (int first = 0; first < blocks; first += CHUNK) {
        int n = min(CHUNK, blocks - first);
        __syncthreads();
        for (int i = threadIdx.x; i < 2 * n; i += blockDim.x)
            part[i / 2][i % 2] = sums[((size_t)(first + i / 2) * (size_t)groups + (size_t)group) * 2 + (size_t)(i % 2)];
        __syncthreads();
        for (int i = 0; i < n; i++) {
            total[0] += part[i][0];
            total[1] += part[i][1];
        }
    }
}

/* A thread block a group; all threads add up the same. */
__global__ void group_norm(ck_nn_tensor sums, const float *w, const float *bias, double n, double eps, ck_nn_tensor y)
{
    int group = blockIdx.x, groups = gridDim.x, per = y.c / groups;
    double total[2];
    add_sums((const double *)sums.data, sums.h, group, groups, total);
    double mean = total[0] / n, var = total[1] / n - mean * mean;
    double k = 1 / sqrt((var > 0 ? var : 0) + eps);
    float *scale = (float *)y.data, *shift = scale + y.c;
    for (int c = group * per + threadIdx.x; c < (group + 1) * per; c += blockDim.x) {
        scale[c] = (float)(k * (double)w[c]);
        shift[c] = (float)((double)bias[c] - mean * k * (double)w[c]);
    }
}

void cuda_group_norm(ck_nn *dev, const ck_nn_step *s)
{
    cuda_device *d = cuda_of(dev);
    double n = (double)s->pixels * (s->y.c / s->groups);
    CUDA_LAUNCH(group_norm, (unsigned)s->groups, CHUNK, d->stream, s->x[0], s->weight->w, s->weight->bias, n,
                (double)s->eps, s->y);
    cuda_launched(d, s);
}

/* A thread block a block of pixels; threads side by side take channels side by side. */
__global__ void apply(ck_nn_tensor x, ck_nn_tensor norm, ck_nn_tensor add, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    const float *scale = (const float *)norm.data, *shift = scale + y.c;
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across * y.c;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int c = i % y.c, v = a.y0 + i / y.c / across, u = a.x0 + i / y.c % across;
        at(y, v, u)[c] = relu(at(x, v, u)[c] * scale[c] + shift[c] + (add.h ? at(add, v, u)[c] : 0));
    }
}

void cuda_apply(ck_nn *dev, const ck_nn_step *s)
{
    int n;
    cuda_device *d = cuda_of(dev);
    const int *list = cuda_blocks(d, s, &n);
    CUDA_LAUNCH(apply, (unsigned)n, THREADS, d->stream, s->x[0], s->x[1], s->x[2], s->y, list);
    cuda_launched(d, s);
}
