/* The patch embedding: a 7x7 convolution of stride 4, in float32. */
#include "nn/cuda/element.h"

#define THREADS 256

/* Any shape, one thread per output; w [7][7][in][out]. */
static __global__ void patch_simple(ck_nn_tensor x, const float *w, const float *bias, const float *extra,
                                    ck_nn_tensor y)
{
    size_t i = thread_number(), token = i / (size_t)y.c;
    int o = (int)(i % (size_t)y.c);
    if (token >= (size_t)y.h * (size_t)y.w)
        return;
    int y0 = 4 * (int)(token / (size_t)y.w) - 3, x0 = 4 * (int)(token % (size_t)y.w) - 3;
    float sum = 0;
    for (int tap = 0; tap < 49; tap++) {
        int v = y0 + tap / 7, u = x0 + tap % 7;
        if (v < 0 || v >= x.h || u < 0 || u >= x.w)
            continue;
        for (int c = 0; c < x.c; c++)
            sum = fmaf(*planar(x, c, v, u), w[(tap * x.c + c) * y.c + o], sum);
    }
    at(y, token)[o] = sum + bias[o] + extra[i];
}

/* At most CHANNELS channels, outputs a multiple of EACH.  A thread block computes TOKENS tokens of a row and OUTS
 * outputs from shared memory, a thread MINE tokens and EACH outputs.  Sums are in the order of patch_simple:
 * bit-identical. */
#define TOKENS 32
#define OUTS 128
#define EACH 4
#define MINE 8 /* tokens per thread, the same for all threads of a warp */
#define TEAM (OUTS / EACH * (TOKENS / MINE))
#define COLUMNS (4 * TOKENS + 3)
#define CHANNELS 4

static __global__ void __launch_bounds__(TEAM)
    patch_tiled(ck_nn_tensor x, const float *w, const float *bias, const float *extra, ck_nn_tensor y)
{
    __shared__ float in[CHANNELS][7][COLUMNS];
    int across = (y.w + TOKENS - 1) / TOKENS, row = blockIdx.x / across, first = blockIdx.x % across * TOKENS;
    int o = blockIdx.y * OUTS + threadIdx.x % WARP * EACH, mine = threadIdx.x / WARP * MINE;
    for (int i = threadIdx.x; i < CHANNELS * 7 * COLUMNS; i += TEAM) {
        int c = i / (7 * COLUMNS), dy = i / COLUMNS % 7, dx = i % COLUMNS, v = 4 * row - 3 + dy, u = 4 * first - 3 + dx;
        bool there = v >= 0 && v < x.h && u >= 0 && u < x.w && c < x.c;
        in[c][dy][dx] = there ? *planar(x, c, v, u) : 0;
    }
    __syncthreads();
    if (o >= y.c)
        return;
    float sum[MINE][EACH] = {{0}};
    for (int dy = 0; dy < 7; dy++)
        for (int dx = 0; dx < 7; dx++)
            for (int c = 0; c < x.c; c++) {
                float4 k = *(const float4 *)(w + ((dy * 7 + dx) * x.c + c) * y.c + o);
                UNROLL
                for (int t = 0; t < MINE; t++) {
                    float v = in[c][dy][4 * (mine + t) + dx];
                    sum[t][0] = fmaf(v, k.x, sum[t][0]);
                    sum[t][1] = fmaf(v, k.y, sum[t][1]);
                    sum[t][2] = fmaf(v, k.z, sum[t][2]);
                    sum[t][3] = fmaf(v, k.w, sum[t][3]);
                }
            }
    for (int t = 0; t < MINE && first + mine + t < y.w; t++) {
        size_t token = (size_t)row * (size_t)y.w + (size_t)(first + mine + t);
        for (int i = 0; i < EACH; i++)
            at(y, token)[o + i] = sum[t][i] + bias[o + i] + extra[token * (size_t)y.c + (size_t)(o + i)];
    }
}

bool ck_cuda_patch_tiled_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    return (s->y.c % EACH == 0 && s->x[0].c <= CHANNELS) ||
           ck_cuda_declines(why, "%d to %d channels: at most %d, to a multiple of %d", s->x[0].c, s->y.c, CHANNELS,
                            EACH);
}

void ck_cuda_patch_tiled(ck_cuda_device *d, const ck_nn_step *s)
{
    const ck_nn_tensor *y = &s->y;
    dim3 grid((unsigned)y->h * grid_for((size_t)y->w, TOKENS), grid_for((size_t)y->c, OUTS));
    CK_CUDA_LAUNCH(patch_tiled, grid, TEAM, d->stream, s->x[0], s->weight->w, s->weight->bias, s->extra->w, *y);
}

void ck_cuda_patch_simple(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c, THREADS);
    CK_CUDA_LAUNCH(patch_simple, grid, THREADS, d->stream, s->x[0], s->weight->w, s->weight->bias, s->extra->w, s->y);
}
