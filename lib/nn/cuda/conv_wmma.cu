/* The 3x3 convolution on tensor cores by wmma: a product of gathered pixels and weights.
 *
 * A thread block computes PIXELS pixels of OUTS outputs, DEPTH channels of one tap at a time; each of its four warps
 * computes two by two tiles.  A pixel is summed over taps, then channels: the result does not depend on the tile. */
#include "nn/cuda/conv.h"
#include "nn/cuda/tile.h"

using namespace nvcuda;

#define WARPS 4
#define THREADS (WARPS * WARP)
#define OUTS 64
#define HALF 32 /* pixels and outputs per warp */
#define MINE (HALF / TILE)

struct wmma_args {
    ck_nn_tensor x, norm, y;
    const void *w; /* see ck_cuda_output_column */
    int in, out;   /* rows and columns of w */
    const float *bias;
    const int *list;
    int dilation;
};

/* Load DEPTH channels from c0 on of one tap: inputs of the tile's pixels, weights of outputs from `first` on. */
template <typename T, int DEPTH>
__device__ static inline void fetch(const wmma_args &k, const ck_nn_area &a, int tile_number, int first, int tap,
                                    int c0, T *in, T *weights)
{
    const T *w = (const T *)k.w;
    int dy = (tap / 3 - 1) * k.dilation, dx = (tap % 3 - 1) * k.dilation;
    for (int i = threadIdx.x; i < PIXELS * DEPTH; i += THREADS) {
        ck_cuda_pixel p = tile_pixel(a, tile_number, i / DEPTH);
        float v = p.inside ? input(k.x, k.norm, p.y + dy, p.x + dx, c0 + i % DEPTH) : 0;
        in[i / DEPTH * (DEPTH + ck_cuda_tile<T>::PAD) + i % DEPTH] = rounded<T>(v);
    }
    for (int i = threadIdx.x; i < DEPTH * OUTS; i += THREADS) {
        int c = c0 + i / OUTS, out = first + i % OUTS;
        bool there = c < k.x.c && out < k.y.c;
        weights[i / OUTS * (OUTS + ck_cuda_tile<T>::PAD) + i % OUTS] =
            there ? w[((size_t)tap * (size_t)k.in + (size_t)c) * (size_t)k.out + (size_t)ck_cuda_output_column(out)]
                  : rounded<T>(0);
    }
}

/* A warp's pixels and outputs. */
template <typename T, int DEPTH>
__device__ static inline void multiply(const T *in, const T *weights, typename ck_cuda_tile<T>::sum sum[MINE][MINE])
{
    const int LD_IN = DEPTH + ck_cuda_tile<T>::PAD, LD_WEIGHTS = OUTS + ck_cuda_tile<T>::PAD;
    typename ck_cuda_tile<T>::a a;
    typename ck_cuda_tile<T>::b b[MINE];
    UNROLL
    for (int d = 0; d < DEPTH; d += ck_cuda_tile<T>::DEPTH) {
        UNROLL
        for (int j = 0; j < MINE; j++)
            wmma::load_matrix_sync(b[j], weights + d * LD_WEIGHTS + j * TILE, LD_WEIGHTS);
        UNROLL
        for (int i = 0; i < MINE; i++) {
            wmma::load_matrix_sync(a, in + i * TILE * LD_IN + d, LD_IN);
            UNROLL
            for (int j = 0; j < MINE; j++)
                wmma::mma_sync(sum[i][j], a, b[j], sum[i][j]);
        }
    }
}

/* Add the bias and store; `results` [PIXELS][OUTS + 4] is in shared memory. */
template <typename T>
__device__ static inline void store(const wmma_args &k, const ck_nn_area &a, int tile_number, int first, int own_p,
                                    int own_o, const typename ck_cuda_tile<T>::sum sum[MINE][MINE], float *results)
{
    const int LD = OUTS + 4;
    UNROLL
    for (int i = 0; i < MINE; i++)
        UNROLL
    for (int j = 0; j < MINE; j++)
        wmma::store_matrix_sync(results + (own_p + i * TILE) * LD + own_o + j * TILE, sum[i][j], LD,
                                wmma::mem_row_major);
    __syncthreads();
    for (int i = threadIdx.x; i < PIXELS * OUTS; i += THREADS) {
        ck_cuda_pixel p = tile_pixel(a, tile_number, i / OUTS);
        int out = first + i % OUTS;
        if (p.inside && out < k.y.c)
            put(k.y, index_of(k.y, p.y, p.x) + (size_t)out, results[i / OUTS * LD + i % OUTS] + k.bias[out]);
    }
}

template <typename T, int DEPTH> static __global__ void conv_wmma(wmma_args k)
{
    const int LD_IN = DEPTH + ck_cuda_tile<T>::PAD, LD_WEIGHTS = OUTS + ck_cuda_tile<T>::PAD;
    __shared__ __align__(32) T in[PIXELS * LD_IN], weights[DEPTH * LD_WEIGHTS];
    __shared__ __align__(32) float results[PIXELS * (OUTS + 4)];
    ck_nn_area a = block_area(k.y, k.list, blockIdx.x / TILES);
    int tile_number = blockIdx.x % TILES, first = blockIdx.y * OUTS, warp = threadIdx.x / WARP;
    int own_p = warp / 2 * HALF, own_o = warp % 2 * HALF;
    typename ck_cuda_tile<T>::sum sum[MINE][MINE];
    UNROLL
    for (int i = 0; i < MINE; i++)
        UNROLL
    for (int j = 0; j < MINE; j++)
        wmma::fill_fragment(sum[i][j], 0);
    for (int tap = 0; tap < 9; tap++)
        for (int c0 = 0; c0 < k.x.c; c0 += DEPTH) {
            __syncthreads();
            fetch<T, DEPTH>(k, a, tile_number, first, tap, c0, in, weights);
            __syncthreads();
            multiply<T, DEPTH>(in + own_p * LD_IN, weights + own_o, sum);
        }
    store<T>(k, a, tile_number, first, own_p, own_o, sum, results);
}

/* Maps of few channels, such as the stem's, take one step per tap. */
template <typename T> static void launch(ck_cuda_device *d, const wmma_args &k, int blocks)
{
    dim3 grid((unsigned)blocks * TILES, grid_for((size_t)k.y.c, OUTS));
    void (*kernel)(wmma_args) = k.x.c <= 16 ? conv_wmma<T, 16> : conv_wmma<T, 32>;
    CK_CUDA_LAUNCH(kernel, grid, THREADS, d->stream, k);
}

bool ck_cuda_conv_wmma_serves(const ck_cuda_device *d, const ck_nn_step *, ck_error *why)
{
    return ck_cuda_rounds(d) || ck_cuda_declines(why, "operands are not rounded");
}

void ck_cuda_conv_wmma(ck_cuda_device *d, const ck_nn_step *s)
{
    int n;
    const int *list = ck_cuda_blocks(d, s, &n);
    wmma_args k = {
        s->x[0],         s->x[1], s->y,       s->weight->rounded, ck_cuda_padded(s->x[0].c), ck_cuda_outputs(s->y.c),
        s->weight->bias, list,    s->dilation};
    if (n == 0)
        return;
    if (d->base.precision == CK_NN_PRECISION_F16)
        launch<__half>(d, k, n);
    else if (d->base.precision == CK_NN_PRECISION_BF16)
        launch<__nv_bfloat16>(d, k, n);
    else
        launch<float>(d, k, n);
    if (ck_nn_has(&s->stats))
        ck_cuda_block_sums(d, s, list, n);
}
