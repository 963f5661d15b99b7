/* Attention inside windows with 16-bit operands: several windows per thread block, all keys of a query at once.
 *
 * A thread block computes QUERIES queries of one head: one window of 64 queries, four of 16 or sixteen of 4.  A warp
 * computes 16 queries, whose 16 or 64 keys are contiguous in shared memory. */
#include "nn/cuda/attention_tile.h"

#define QUERIES 64
#define ROWS 16 /* per warp */
#define THREADS (QUERIES / ROWS * WARP)

/* Windows per thread block, keys per warp. */
struct packing {
    int windows, keys;
};

/* n rows of the windows from `first` on, `each` per window. */
template <typename T, int D>
__device__ static inline void fetch(const ck_cuda_attention_args &a, const ck_nn_tensor &t, int head, int first, int n,
                                    int each, T *to)
{
    for (int i = threadIdx.x; i < n * D; i += THREADS) {
        int win = first + i / D / each;
        bool there = win < a.all.n;
        copy_piece<T>(a, t, there ? pixel_of(a.all, a.k, t, win, i / D % each) : 0, there, head, i % D,
                      to + (i / D * (D | 1) + i % D) * PIECE);
    }
}

template <typename T, int D, int N>
static __global__ void __launch_bounds__(THREADS) attend_windows(ck_cuda_attention_args a, packing p)
{
    typedef ck_cuda_attention_tile<T, D, 1, N> tile;
    CK_CUDA_DYNAMIC_SHARED(shared_memory);
    int keys_here = p.windows * a.all.nk, head = blockIdx.x % a.heads, first = blockIdx.x / a.heads * p.windows;
    T *queries = (T *)shared_memory, *keys = queries + QUERIES * tile::PITCH, *values = keys + keys_here * tile::PITCH;
    int own = threadIdx.x / WARP * ROWS, from = own / a.all.nq * a.all.nk;
    tile t;
    fetch<T, D>(a, a.q, head, first, QUERIES, a.all.nq, queries);
    fetch<T, D>(a, a.k, head, first, keys_here, a.all.nk, keys);
    fetch<T, D>(a, a.v, head, first, keys_here, a.all.nk, values);
    end_copies();
    wait_copies<0>();
    __syncthreads();
    t.begin(queries + own * tile::PITCH);
    t.score(keys + from * tile::PITCH);
    if (a.all.nq < ROWS)
        t.mask([&](int row, int k) { return row / a.all.nq == k / a.all.nk; });
    t.weigh(a.scale);
    t.add_values(values + from * tile::PITCH);
    t.store(a.width, [&](int row) {
        int query = own + row, win = first + query / a.all.nq;
        return win < a.all.n
                   ? (T *)a.y.data + index_of(a.y, pixel_of(a.all, a.k, a.y, win, query % a.all.nq)) + head * a.width
                   : (T *)NULL;
    });
}

template <typename T, int D, int N>
static void launch(ck_cuda_device *d, const ck_cuda_attention_args &a, const packing &p)
{
    unsigned grid = (unsigned)a.heads * grid_for((size_t)a.all.n, (unsigned)p.windows);
    void (*kernel)(ck_cuda_attention_args, packing) = attend_windows<T, D, N>;
    size_t shared = (size_t)(QUERIES + 2 * p.windows * a.all.nk) * (D | 1) * PIECE * sizeof(T);
    allow_shared(kernel, shared);
    CK_CUDA_LAUNCH_SHARED(kernel, grid, THREADS, shared, d->stream, a, p);
}

template <typename T, int N> static void by_width(ck_cuda_device *d, const ck_cuda_attention_args &a, const packing &p)
{
    (a.width <= 32 ? launch<T, 4, N> : a.width == 56 ? launch<T, 7, N> : launch<T, 8, N>)(d, a, p);
}

bool ck_cuda_attention_windows(ck_cuda_device *d, const struct ck_cuda_attention_args *a)
{
    packing p = {QUERIES / a->all.nq, a->all.nq < ROWS ? ROWS / a->all.nq * a->all.nk : a->all.nk};
    bool whole = a->all.nq == 4 || a->all.nq == 16 || a->all.nq == 64;
    if (!whole || (p.keys != 16 && p.keys != 64))
        return false;
    if (d->base.act == CK_NN_F16)
        (p.keys == 16 ? by_width<__half, 2> : by_width<__half, 8>)(d, *a, p);
    else
        (p.keys == 16 ? by_width<__nv_bfloat16, 2> : by_width<__nv_bfloat16, 8>)(d, *a, p);
    return true;
}
