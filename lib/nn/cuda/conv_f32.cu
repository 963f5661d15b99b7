/* The 3x3 convolution in float32: a product of PIXELS pixels by OUTS outputs, DEPTH channels of one tap at a time. */
#include "nn/cuda/conv.h"

#define THREADS 256

#define OUTS 64
#define DEPTH 16
#define EACH 4 /* pixels and outputs per thread: (PIXELS / EACH) * (OUTS / EACH) = THREADS */

/* A pixel is summed over taps, then channels: the result does not depend on the tile. */
static __global__ void conv_f32(ck_nn_tensor x, ck_nn_tensor norm, const float *w, const float *bias, int dilation,
                                ck_nn_tensor y, const int *list)
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
            ck_cuda_pixel q = tile_pixel(area, tile, i / DEPTH);
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
        ck_cuda_pixel q = tile_pixel(area, tile, p + i);
        for (int j = 0; j < EACH; j++)
            if (q.inside && first + o + j < y.c)
                put(y, index_of(y, q.y, q.x) + (size_t)(first + o + j), sum[i][j] + bias[first + o + j]);
    }
}

bool ck_cuda_conv_f32_serves(const ck_cuda_device *d, const ck_nn_step *, ck_error *why)
{
    return !ck_cuda_rounds(d) || ck_cuda_declines(why, "operands are rounded");
}

void ck_cuda_conv_f32(ck_cuda_device *d, const ck_nn_step *s)
{
    int n;
    const int *list = ck_cuda_blocks(d, s, &n);
    dim3 grid((unsigned)n * TILES, grid_for((size_t)s->y.c, OUTS));
    if (n == 0)
        return;
    CK_CUDA_LAUNCH(conv_f32, grid, THREADS, d->stream, s->x[0], s->x[1], s->weight->w, s->weight->bias, s->dilation,
                   s->y, list);
    if (ck_nn_has(&s->stats))
        ck_cuda_block_sums(d, s, list, n);
}
