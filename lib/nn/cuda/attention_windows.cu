/* Attention inside windows with 16-bit operands: several windows per thread block, all keys of a query at once.
 *
 * A thread block computes up to 64 queries of one head: one window of 64 queries, four of 16 or sixteen of 4.  A warp
 * computes 16 queries, whose 16 or 64 keys are contiguous in shared memory.  Where that is small, blocks have fewer
 * queries. */
#include "nn/cuda/attention_tile.h"

#define QUERIES 64 /* at most, per thread block */
#define ROWS 16    /* per warp */

/* Per thread block: queries, windows; keys per warp. */
struct packing {
    int queries, windows, keys;
};

/* n rows of the windows from `first` on, `each` per window. */
template <typename T, int D>
__device__ static inline void fetch(const ck_cuda_attention_args &a, const ck_nn_tensor &t, int head, int first, int n,
                                    int each, T *to)
{
    for (int i = threadIdx.x; i < n * D; i += (int)blockDim.x) {
        int win = first + i / D / each;
        bool there = win < a.all.n;
        copy_piece<T>(a, t, there ? pixel_of(a.all, a.k, t, win, i / D % each) : 0, there, head, i % D,
                      to + (i / D * (D | 1) + i % D) * PIECE);
    }
}

template <typename T, int D, int N>
static __global__ void __launch_bounds__(QUERIES / ROWS * WARP) attend_windows(ck_cuda_attention_args a, packing p)
{
    typedef ck_cuda_attention_tile<T, D, 1, N> tile;
    CK_CUDA_DYNAMIC_SHARED(shared_memory);
    int keys_here = p.windows * a.all.nk, head = blockIdx.x % a.heads, first = blockIdx.x / a.heads * p.windows;
    T *queries = (T *)shared_memory, *keys = queries + p.queries * tile::PITCH,
      *values = keys + keys_here * tile::PITCH;
    int own = threadIdx.x / WARP * ROWS, from = own / a.all.nq * a.all.nk;
    tile t;
    fetch<T, D>(a, a.q, head, first, p.queries, a.all.nq, queries);
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

/* ---- on the host ---- */

static size_t shared_bytes(const ck_cuda_attention_args &a, const packing &p)
{
    return row_bytes(a.width, p.queries + 2 * p.windows * a.all.nk);
}

/* As many queries as fit into shared memory, at least a window's and a warp's. */
static packing packing_of(const ck_cuda_device *d, const ck_cuda_attention_args &a)
{
    int nq = a.all.nq, least = nq > ROWS ? nq : ROWS;
    packing p = {QUERIES, QUERIES / nq, nq < ROWS ? ROWS / nq * a.all.nk : a.all.nk};
    while (shared_bytes(a, p) > d->shared && p.queries / 2 >= least) {
        p.queries /= 2;
        p.windows /= 2;
    }
    return p;
}

typedef void (*kernel)(ck_cuda_attention_args, packing);

template <typename T, int N> static kernel of_width(int width)
{
    int pieces = pieces_of(width);
    return pieces == 4   ? attend_windows<T, 4, N>
           : pieces == 7 ? attend_windows<T, 7, N>
           : pieces == 8 ? attend_windows<T, 8, N>
           : pieces == 9 ? attend_windows<T, 9, N>
                         : attend_windows<T, 12, N>;
}

template <typename T> static kernel of_type(int width, int keys)
{
    return keys == 16 ? of_width<T, 2>(width) : of_width<T, 8>(width);
}

static kernel kernel_of(const ck_nn_step *s, const ck_cuda_attention_args &a, const packing &p)
{
    return s->x[0].type == CK_NN_F16 ? of_type<__half>(a.width, p.keys) : of_type<__nv_bfloat16>(a.width, p.keys);
}

bool ck_cuda_attention_windows_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    if (!s->window)
        return ck_cuda_declines(why, "%s", "");
    if (!attention_tiles_serve(d, s, why))
        return false;
    ck_cuda_attention_args a = attention_args_of(s);
    if (a.all.nq != 4 && a.all.nq != 16 && a.all.nq != 64)
        return ck_cuda_declines(why, "windows of %d queries: 4, 16 or 64", a.all.nq);
    packing p = packing_of(d, a);
    if (p.keys != 16 && p.keys != 64)
        return ck_cuda_declines(why, "%d keys a warp: 16 or 64", p.keys);
    return ck_cuda_has_shared(d, shared_bytes(a, p), why);
}

ck_status ck_cuda_prepare_attention_windows(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    ck_cuda_attention_args a = attention_args_of(s);
    packing p = packing_of(d, a);
    (void)scratch;
    return allow_shared(kernel_of(s, a, p), shared_bytes(a, p), e);
}

void ck_cuda_attention_windows(ck_cuda_device *d, const ck_nn_step *s)
{
    ck_cuda_attention_args a = attention_args_of(s);
    packing p = packing_of(d, a);
    unsigned grid = (unsigned)a.heads * grid_for((size_t)a.all.n, (unsigned)p.windows);
    CK_CUDA_LAUNCH_SHARED(kernel_of(s, a, p), grid, p.queries / ROWS * WARP, shared_bytes(a, p), d->stream, a, p);
}
