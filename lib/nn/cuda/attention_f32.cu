/* Attention with online softmax in float32, without tensor cores.
 *
 * A thread block computes QUERIES queries of one head in one window, over KEYS keys at a time.  Four threads share a
 * query: each scores every fourth key and sums every fourth column of the values.  With the running maximum m,
 *
 *     p = 2^(score - m)      o = o 2^(m_before - m) + p V      sum = sum 2^(m_before - m) + sum of p
 *
 * and the result is o / sum (Milakov and Gimelshein 2018; Dao et al. 2022).  Each tile of keys is summed separately, so
 * that sums over many keys stay precise. */
#include "nn/cuda/window.h"

#define TEAM 4 /* threads per query */

/* Load rows first … first + ROWS - 1 of a head's queries, keys or values times `scale`, zero padded to WIDTH. */
template <int ROWS, int WIDTH, bool QUERY>
__device__ static inline void fetch(const ck_cuda_windows &all, const ck_nn_tensor &keys, const ck_nn_tensor &t,
                                    int win, int head, int width, int first, int end, float scale,
                                    float to[ROWS][WIDTH + 1])
{
    for (int i = threadIdx.x; i < ROWS * WIDTH; i += blockDim.x) {
        int row = i / WIDTH, c = i % WIDTH;
        bool there = c < width && first + row < end;
        size_t pixel = !there  ? 0
                       : QUERY ? query_of(all, keys, t, win, first + row)
                               : pixel_of(all, keys, t, win, first + row);
        to[row][c] = there ? at(t, pixel)[head * width + c] * scale : 0;
    }
}

template <int QUERIES, int KEYS, int WIDTH>
static __global__ void attend_f32(ck_cuda_windows all, int heads, float scale, ck_nn_tensor q, ck_nn_tensor k,
                                  ck_nn_tensor v, ck_nn_tensor y)
{
    __shared__ float sq[QUERIES][WIDTH + 1], sk[KEYS][WIDTH + 1], sv[KEYS][WIDTH + 1], sp[QUERIES][KEYS + 1];
    int tiles = (all.nq + QUERIES - 1) / QUERIES, width = y.c / heads;
    int tile = blockIdx.x % tiles, head = blockIdx.x / tiles % heads, win = blockIdx.x / tiles / heads;
    int row = threadIdx.x / TEAM, part = threadIdx.x % TEAM, first = tile * QUERIES;
    float top = -INFINITY, sum = 0, o[WIDTH / TEAM] = {0};
    fetch<QUERIES, WIDTH, true>(all, k, q, win, head, width, first, all.nq, scale, sq);
    for (int key = 0; key < all.nk; key += KEYS) {
        __syncthreads();
        fetch<KEYS, WIDTH, false>(all, k, k, win, head, width, key, all.nk, 1, sk);
        fetch<KEYS, WIDTH, false>(all, k, v, win, head, width, key, all.nk, 1, sv);
        __syncthreads();
        float score[KEYS / TEAM], best = top, weights = 0, add[WIDTH / TEAM] = {0};
        for (int j = 0; j < KEYS / TEAM; j++) {
            float dot = 0;
            for (int c = 0; c < width; c++)
                dot = fmaf(sq[row][c], sk[j * TEAM + part][c], dot);
            score[j] = key + j * TEAM + part < all.nk ? dot : -INFINITY;
            best = fmaxf(best, score[j]);
        }
        best = lanes_max(best, TEAM);
        for (int j = 0; j < KEYS / TEAM; j++) {
            float p = exp2f(score[j] - best);
            sp[row][j * TEAM + part] = p;
            weights += p;
        }
        __syncwarp();
        for (int j = 0; j < KEYS; j++)
            for (int c = 0; c < WIDTH / TEAM; c++)
                add[c] = fmaf(sp[row][j], sv[j][c * TEAM + part], add[c]);
        float factor = exp2f(top - best);
        for (int c = 0; c < WIDTH / TEAM; c++)
            o[c] = fmaf(o[c], factor, add[c]);
        sum = fmaf(sum, factor, weights);
        top = best;
    }
    sum = lanes_sum(sum, TEAM);
    if (first + row >= all.nq)
        return;
    float *out = at(y, query_of(all, k, y, win, first + row)) + head * width;
    for (int c = 0; c < WIDTH / TEAM; c++)
        if (c * TEAM + part < width)
            out[c * TEAM + part] = o[c] / sum;
}

bool ck_cuda_attention_f32_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    if (ck_cuda_rounds(d))
        return ck_cuda_declines(why, "operands are rounded");
    return width_fits(s, CK_CUDA_WIDTH_MAX, why);
}

void ck_cuda_attention_f32(ck_cuda_device *d, const ck_nn_step *s)
{
    ck_cuda_attention_args a = attention_args_of(s);
    if (!with_rows(d, s, &a))
        return;
    bool narrow = a.width <= 64;
    int queries = narrow ? 64 : 32;
    /* Two kernels, so that each fits the 48 KiB of shared memory that every device has. */
    void (*kernel)(ck_cuda_windows, int, float, ck_nn_tensor, ck_nn_tensor, ck_nn_tensor, ck_nn_tensor) =
        narrow ? attend_f32<64, 32, 64> : attend_f32<32, 16, CK_CUDA_WIDTH_MAX>;
    unsigned grid = (unsigned)(a.all.n * a.heads) * grid_for((size_t)a.all.nq, (unsigned)queries);
    CK_CUDA_LAUNCH(kernel, grid, queries * TEAM, d->stream, a.all, a.heads, a.scale, a.q, a.k, a.v, a.y);
}
