/* The refiner's 3x3 convolution and the sums that it leaves for GroupNorm. */
#include "nn/cuda/conv.h"

#define THREADS 256

/* ---- 3x3 as a product, version 1 (2 and 3: conv_2.cu, conv_3.cu): PIXELS pixels by OUTS outputs, DEPTH channels of
 * one tap at a time ---- */

#define OUTS 64
#define DEPTH 16
#define EACH 4 /* pixels and outputs of a thread: (PIXELS / EACH) * (OUTS / EACH) = THREADS */

/* A pixel's sum is over taps, then channels, whoever makes it: the result does not depend on the tile. */
__global__ void conv(ck_nn_tensor x, ck_nn_tensor norm, const float *w, const float *bias, int dilation, ck_nn_tensor y,
                     const int *list)
{
    __shared__ float in[DEPTH][PIXELS + 1], weights[DEPTH][OUTS];
    ck_nn_area area = block_area(y, list, blockIdx.x / TILES);
    int tile = blockIdx.x % TILES, first = blockIdx.y * OUTS, t = threadIdx.x;
    int o = t % (OUTS / EACH) * EACH, p = t / (OUTS / EACH) * EACH;
    float sum[EACH][EACH] = {{0}};
    int chunks = (x.c + DEPTH - 1) / DEPTH;
    for (int step = 0; step < 9 * chunks; step++) {
        int tap = step / chunks, c0 = step % chunks * DEPTH;
        int dy = (tap / 3 - 1) * dilation, dx = (tap % 3 - 1) * dilation;
        __syncthreads();
        for (int i = t; i < DEPTH * PIXELS; i += THREADS) {
            place q = place_of(area, tile, i / DEPTH);
            in[i % DEPTH][i / DEPTH] = q.inside ? input(x, norm, q.y + dy, q.x + dx, c0 + i % DEPTH) : 0;
        }
        for (int i = t; i < DEPTH * OUTS; i += THREADS) {
            int c = c0 + i / OUTS, out = first + i % OUTS;
            weights[i / OUTS][i % OUTS] = c < x.c && out < y.c ? w[(tap * x.c + c) * y.c + out] : 0;
        }
        __syncthreads();
        for (int k = 0; k < DEPTH; k++)
            for (int i = 0; i < EACH; i++)
                for (int j = 0; j < EACH; j++)
                    sum[i][j] = fmaf(in[k][p + i], weights[k][o + j], sum[i][j]);
    }
    for (int i = 0; i < EACH; i++) {
        place q = place_of(area, tile, p + i);
        for (int j = 0; j < EACH; j++)
            if (q.inside && first + o + j < y.c)
                put(y, index_of(y, q.y, q.x) + (size_t)(first + o + j), sum[i][j] + bias[first + o + j]);
    }
}

/* ---- sums for GroupNorm ---- */

/* A thread block a block of pixels and a group: every thread adds up its samples, then pairs of threads do. */
__global__ void block_sums(ck_nn_tensor y, ck_nn_tensor stats, const int *list)
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

void ck_cuda_conv(ck_nn *dev, const ck_nn_step *s)
{
    int n;
    ck_cuda_device *d = ck_cuda_of(dev);
    const int *list = ck_cuda_blocks(d, s, &n);
    dim3 grid((unsigned)n * TILES, grid_for((size_t)s->y.c, OUTS));
    if (n && ck_cuda_rounds(d) && ck_cuda_conv_3(d, s, list, n))
        return ck_cuda_launched(d, s);
    if (ck_cuda_rounds(d))
        ck_cuda_conv_2(d, s, list, n);
    else
        CK_CUDA_LAUNCH(conv, grid, THREADS, d->stream, s->x[0], s->x[1], s->weight->w, s->weight->bias, s->dilation,
                       s->y, list);
    if (ck_nn_has(&s->stats)) {
        dim3 sums((unsigned)n, (unsigned)s->groups);
        CK_CUDA_LAUNCH(block_sums, sums, THREADS, d->stream, s->y, s->stats, list);
    }
    ck_cuda_launched(d, s);
}
