/* Attention with online softmax, see attention_f32.cu, with products on tensor cores by wmma.
 *
 * A warp computes TILE of the thread block's queries.  For every KEYS keys it writes scores to shared memory, where two
 * lanes per row turn them into weights, rounded to the operand type, and multiplies these with the values.  wmma's
 * layout is opaque: a lane loads a tile of row numbers to find the rows of its sums.  The sum is that of the rounded
 * weights, so that they add up to one. */
#include "nn/cuda/element.h"
#include "nn/cuda/tile.h"
#include "nn/cuda/window.h"

using namespace nvcuda;

/* The window, head and first query of a thread block. */
struct share {
    int win, head, first;
};

/* Load rows first … first + ROWS - 1 of a head's queries, keys or values, zero padded past `end` and the width. */
template <typename T, int ROWS, int WIDTH, bool QUERY>
__device__ static inline void fetch(const ck_cuda_attention_args &a, const share &s, const ck_nn_tensor &t, int first,
                                    int end, T *to)
{
    for (int i = threadIdx.x; i < ROWS * WIDTH; i += blockDim.x) {
        int row = i / WIDTH, c = i % WIDTH;
        bool there = c < a.width && first + row < end;
        size_t pixel = !there  ? 0
                       : QUERY ? query_of(a.all, a.k, t, s.win, first + row)
                               : pixel_of(a.all, a.k, t, s.win, first + row);
        to[row * (WIDTH + ck_cuda_tile<T>::PAD) + c] =
            rounded<T>(there ? get(t, index_of(t, pixel) + (size_t)(s.head * a.width + c)) : 0);
    }
}

/* A warp's shared memory and a lane's registers; a lane weighs every second key of row lane / 2. */
template <typename T, int KEYS> struct softmax {
    static const int LD_SCORES = KEYS + 4, LD_WEIGHTS = KEYS + ck_cuda_tile<T>::PAD;
    float *scores, *factors; /* [TILE][LD_SCORES], [TILE] */
    T *weights;              /* [TILE][LD_WEIGHTS] */
    float top, sum;

    /* Turn the scores of the first `there` keys into weights; `factors` rescale the earlier sums. */
    __device__ void weigh(float scale, int there)
    {
        int row = threadIdx.x % WARP / 2, part = threadIdx.x % 2;
        float score[KEYS / 2], best = top, added = 0;
        UNROLL
        for (int j = 0; j < KEYS / 2; j++) {
            score[j] = 2 * j + part < there ? scores[row * LD_SCORES + 2 * j + part] * scale : -INFINITY;
            best = fmaxf(best, score[j]);
        }
        best = lanes_max(best, 2);
        UNROLL
        for (int j = 0; j < KEYS / 2; j++) {
            T p = rounded<T>(exp2f(score[j] - best));
            weights[row * LD_WEIGHTS + 2 * j + part] = p;
            added += value_of(p);
        }
        float factor = exp2f(top - best);
        if (part == 0)
            factors[row] = factor;
        sum = fmaf(sum, factor, added);
        top = best;
    }
};

/* Row numbers of a lane's sums; `scratch` belongs to the warp. */
template <typename T> __device__ static inline void number_rows(float *scratch, int ld, int rows[])
{
    typename ck_cuda_tile<T>::sum numbers;
    for (int i = threadIdx.x % WARP; i < TILE * TILE; i += WARP)
        scratch[i / TILE * ld + i % TILE] = (float)(i / TILE);
    __syncwarp();
    wmma::load_matrix_sync(numbers, scratch, (unsigned)ld, wmma::mem_row_major);
    UNROLL
    for (int i = 0; i < ck_cuda_tile<T>::sum::num_elements; i++)
        rows[i] = (int)numbers.x[i];
    __syncwarp();
}

template <typename T, int KEYS, int WIDTH>
__device__ static inline void score(const typename ck_cuda_tile<T>::a *q, const T *sk, float *to)
{
    const int LD = WIDTH + ck_cuda_tile<T>::PAD;
    typename ck_cuda_tile<T>::b_transposed keys;
    UNROLL
    for (int n = 0; n < KEYS / TILE; n++) {
        typename ck_cuda_tile<T>::sum dot;
        wmma::fill_fragment(dot, 0);
        UNROLL
        for (int i = 0; i < WIDTH / ck_cuda_tile<T>::DEPTH; i++) {
            wmma::load_matrix_sync(keys, sk + n * TILE * LD + i * ck_cuda_tile<T>::DEPTH, LD);
            wmma::mma_sync(dot, q[i], keys, dot);
        }
        wmma::store_matrix_sync(to + n * TILE, dot, softmax<T, KEYS>::LD_SCORES, wmma::mem_row_major);
    }
}

/* o = o * factor + weights . values; the products of these keys are summed separately first. */
template <typename T, int KEYS, int WIDTH>
__device__ static inline void add_values(const softmax<T, KEYS> &m, const T *sv, const int *rows,
                                         typename ck_cuda_tile<T>::sum *o)
{
    const int LD = WIDTH + ck_cuda_tile<T>::PAD;
    typename ck_cuda_tile<T>::a weights[KEYS / ck_cuda_tile<T>::DEPTH];
    typename ck_cuda_tile<T>::b values;
    UNROLL
    for (int i = 0; i < KEYS / ck_cuda_tile<T>::DEPTH; i++)
        wmma::load_matrix_sync(weights[i], m.weights + i * ck_cuda_tile<T>::DEPTH, softmax<T, KEYS>::LD_WEIGHTS);
    UNROLL
    for (int n = 0; n < WIDTH / TILE; n++) {
        typename ck_cuda_tile<T>::sum add;
        wmma::fill_fragment(add, 0);
        UNROLL
        for (int i = 0; i < KEYS / ck_cuda_tile<T>::DEPTH; i++) {
            wmma::load_matrix_sync(values, sv + i * ck_cuda_tile<T>::DEPTH * LD + n * TILE, LD);
            wmma::mma_sync(add, weights[i], values, add);
        }
        UNROLL
        for (int i = 0; i < ck_cuda_tile<T>::sum::num_elements; i++)
            o[n].x[i] = fmaf(o[n].x[i], m.factors[rows[i]], add.x[i]);
    }
}

/* Store results through the scores' shared memory; a lane stores half a row. */
template <typename T, int KEYS, int WIDTH>
__device__ static inline void store(const ck_cuda_attention_args &a, const share &s, const softmax<T, KEYS> &m, int own,
                                    const typename ck_cuda_tile<T>::sum *o)
{
    const int LD = softmax<T, KEYS>::LD_SCORES;
    int row = threadIdx.x % WARP / 2, part = threadIdx.x % 2, query = s.first + own + row;
    float sum = lanes_sum(m.sum, 2);
    size_t pixel = query < a.all.nq ? query_of(a.all, a.k, a.y, s.win, query) : 0;
    size_t to = index_of(a.y, pixel) + (size_t)(s.head * a.width);
    UNROLL
    for (int n = 0; n < WIDTH / TILE; n++) {
        __syncwarp();
        wmma::store_matrix_sync(m.scores, o[n], LD, wmma::mem_row_major);
        __syncwarp();
        for (int i = 0; i < TILE / 2; i++) {
            int c = 2 * i + part;
            if (query < a.all.nq && n * TILE + c < a.width)
                put(a.y, to + (size_t)(n * TILE + c), m.scores[row * LD + c] / sum);
        }
    }
}

template <typename T, int QUERIES, int KEYS, int WIDTH> static __global__ void attend_wmma(ck_cuda_attention_args a)
{
    typedef ck_cuda_tile<T> t;
    typedef softmax<T, KEYS> soft;
    const int LD = WIDTH + t::PAD;
    __shared__ __align__(32) T sq[QUERIES * LD], sk[KEYS * LD], sv[KEYS * LD], weights[QUERIES * soft::LD_WEIGHTS];
    __shared__ __align__(32) float scores[QUERIES * soft::LD_SCORES], factors[QUERIES];
    int tiles = (a.all.nq + QUERIES - 1) / QUERIES, tile_number = blockIdx.x % tiles, rows[t::sum::num_elements];
    share s = {(int)blockIdx.x / tiles / a.heads, (int)blockIdx.x / tiles % a.heads, tile_number * QUERIES};
    int own = threadIdx.x / WARP * TILE;
    soft m = {scores + own * soft::LD_SCORES, factors + own, weights + own * soft::LD_WEIGHTS, -INFINITY, 0};
    typename t::a q[WIDTH / t::DEPTH];
    typename t::sum o[WIDTH / TILE];
    fetch<T, QUERIES, WIDTH, true>(a, s, a.q, s.first, a.all.nq, sq);
    number_rows<T>(m.scores, soft::LD_SCORES, rows);
    __syncthreads();
    UNROLL
    for (int i = 0; i < WIDTH / t::DEPTH; i++)
        wmma::load_matrix_sync(q[i], sq + own * LD + i * t::DEPTH, LD);
    UNROLL
    for (int n = 0; n < WIDTH / TILE; n++)
        wmma::fill_fragment(o[n], 0);
    for (int key = 0; key < a.all.nk; key += KEYS) {
        __syncthreads();
        fetch<T, KEYS, WIDTH, false>(a, s, a.k, key, a.all.nk, sk);
        fetch<T, KEYS, WIDTH, false>(a, s, a.v, key, a.all.nk, sv);
        __syncthreads();
        score<T, KEYS, WIDTH>(q, sk, m.scores);
        __syncwarp();
        m.weigh(a.scale, a.all.nk - key);
        __syncwarp();
        add_values<T, KEYS, WIDTH>(m, sv, rows, o);
    }
    store<T, KEYS, WIDTH>(a, s, m, own, o);
}

template <typename T, int QUERIES, int KEYS, int WIDTH>
static void launch(ck_cuda_device *d, const ck_cuda_attention_args &a)
{
    unsigned grid = (unsigned)(a.all.n * a.heads) * grid_for((size_t)a.all.nq, QUERIES);
    void (*kernel)(ck_cuda_attention_args) = attend_wmma<T, QUERIES, KEYS, WIDTH>;
    CK_CUDA_LAUNCH(kernel, grid, QUERIES / TILE * WARP, d->stream, a);
}

bool ck_cuda_attention_wmma_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    if (!ck_cuda_rounds(d))
        return ck_cuda_declines(why, "operands are not rounded");
    return width_fits(s, CK_CUDA_WIDTH_MAX, why);
}

/* Two widths, so that each fits the 48 KiB of shared memory that every device has. */
void ck_cuda_attention_wmma(ck_cuda_device *d, const ck_nn_step *s)
{
    ck_cuda_attention_args a = attention_args_of(s);
    if (!with_rows(d, s, &a))
        return;
    bool narrow = a.width <= 64;
    if (d->base.precision == CK_NN_PRECISION_F16)
        (narrow ? launch<__half, 64, 32, 64> : launch<__half, 32, 32, CK_CUDA_WIDTH_MAX>)(d, a);
    else if (d->base.precision == CK_NN_PRECISION_BF16)
        (narrow ? launch<__nv_bfloat16, 64, 32, 64> : launch<__nv_bfloat16, 32, 32, CK_CUDA_WIDTH_MAX>)(d, a);
    else
        (narrow ? launch<float, 32, 32, 64> : launch<float, 32, 16, CK_CUDA_WIDTH_MAX>)(d, a);
}
