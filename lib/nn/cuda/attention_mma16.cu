/* Attention to all keys with 16-bit operands; scores, weights and sums stay in registers (after FlashAttention-2, Dao
 * 2023).
 *
 * A thread block computes QUERIES queries of a head, a warp ROWS of them.  Keys are copied KEYS at a time, the next
 * ones asynchronously during the current ones' computation.  Weights are rounded to the operand type; their sum is
 * not. */
#include "nn/cuda/attention_tile.h"

#define KEYS 64
#define WARPS 4
#define THREADS (WARPS * WARP)

/* Tiles of 16 queries per warp: as many as have their sums in registers. */
template <int D> struct share {
    static const int TILES = D > 8 ? 1 : 2, ROWS = 16 * TILES, QUERIES = ROWS * WARPS;
};

/* Rows past the last query are zero. */
template <typename T, int D>
__device__ static inline void fetch_queries(const ck_cuda_attention_args &a, int head, int first, T *to)
{
    for (int i = threadIdx.x; i < share<D>::QUERIES * D; i += THREADS) {
        bool there = first + i / D < a.all.nq;
        copy_piece<T>(a, a.q, there ? query_of(a.all, a.k, a.q, 0, first + i / D) : 0, there, head, i % D,
                      to + (i / D * (D | 1) + i % D) * PIECE);
    }
}

/* The pieces of a tile of keys or values that a thread copies: source offset in elements from the tile's first key
 * (negative: zeros), and destination.  Computed once, since they are the same for all tiles. */
template <typename T, int D> struct tile_copies {
    static const int N = (KEYS * D + THREADS - 1) / THREADS;
    int from[N], to[N];

    __device__ void begin(const ck_cuda_attention_args &a)
    {
        UNROLL
        for (int n = 0; n < N; n++) {
            int i = threadIdx.x + n * THREADS, row = i / D, piece = i % D;
            from[n] = piece * PIECE < a.width ? row * a.k.ld + piece * PIECE : -1;
            to[n] = (row * (D | 1) + piece) * PIECE;
        }
    }

    /* Copy a tile of up to `left` keys from `first` on. */
    __device__ void run(const T *first, int left, T *stage) const
    {
        UNROLL
        for (int n = 0; n < N; n++) {
            int i = threadIdx.x + n * THREADS;
            if (i < KEYS * D) {
                bool there = from[n] >= 0 && i / D < left;
                copy_16(stage + to[n], there ? first + from[n] : first, there ? 16 : 0);
            }
        }
    }
};

template <typename T, int D> static __global__ void __launch_bounds__(THREADS, 2) attend_mma16(ck_cuda_attention_args a)
{
    typedef ck_cuda_attention_tile<T, D, share<D>::TILES, KEYS / 8> tile;
    CK_CUDA_DYNAMIC_SHARED(shared_memory);
    const int STAGE = KEYS * tile::PITCH, ROWS = share<D>::ROWS, QUERIES = share<D>::QUERIES;
    T *queries = (T *)shared_memory, *keys = queries + QUERIES * tile::PITCH, *values = keys + 2 * STAGE;
    int tiles = (a.all.nq + QUERIES - 1) / QUERIES, head = blockIdx.x / tiles, first = blockIdx.x % tiles * QUERIES;
    int own = threadIdx.x / WARP * ROWS;
    const T *k = (const T *)a.k.data + head * a.width, *v = (const T *)a.v.data + head * a.width;
    const size_t next = (size_t)KEYS * (size_t)a.k.ld;
    tile t;
    tile_copies<T, D> copies;
    fetch_queries<T, D>(a, head, first, queries);
    copies.begin(a);
    copies.run(k, a.all.nk, keys);
    copies.run(v, a.all.nk, values);
    end_copies();
    wait_copies<0>();
    __syncthreads();
    t.begin(queries + own * tile::PITCH);
    for (int key = 0, stage = 0; key < a.all.nk; key += KEYS, stage ^= STAGE) {
        wait_copies<0>();
        __syncthreads();
        if (key + KEYS < a.all.nk) {
            copies.run(k += next, a.all.nk - key - KEYS, keys + (stage ^ STAGE));
            copies.run(v += next, a.all.nk - key - KEYS, values + (stage ^ STAGE));
            end_copies();
        }
        t.score(keys + stage);
        if (key + KEYS > a.all.nk)
            t.mask([&](int, int column) { return key + column < a.all.nk; });
        t.weigh(a.scale);
        t.add_values(values + stage);
    }
    t.store(a.width, [&](int row) {
        int query = first + own + row;
        return query < a.all.nq ? (T *)a.y.data + index_of(a.y, query_of(a.all, a.k, a.y, 0, query)) + head * a.width
                                : (T *)NULL;
    });
}

/* ---- on the host ---- */

struct way {
    void (*kernel)(ck_cuda_attention_args);
    int queries;
    size_t shared; /* bytes */
};

template <typename T, int D> static way way_for(int width)
{
    way w = {attend_mma16<T, D>, share<D>::QUERIES, row_bytes(width, share<D>::QUERIES + 2 * 2 * KEYS)};
    return w;
}

template <typename T> static way of_width(int width)
{
    switch (pieces_of(width)) {
    case 4:
        return way_for<T, 4>(width);
    case 7:
        return way_for<T, 7>(width);
    case 8:
        return way_for<T, 8>(width);
    case 9:
        return way_for<T, 9>(width);
    default:
        return way_for<T, 12>(width);
    }
}

static way way_of(const ck_nn_step *s)
{
    int width = s->y.c / s->heads;
    return s->x[0].type == CK_NN_F16 ? of_width<__half>(width) : of_width<__nv_bfloat16>(width);
}

bool ck_cuda_attention_mma16_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    if (s->window)
        return ck_cuda_declines(why, "%s", "");
    if (!attention_tiles_serve(d, s, why))
        return false;
    if (s->x[1].ld != s->x[2].ld || s->x[1].ld >= 1 << 24)
        return ck_cuda_declines(why, "keys and values with different strides");
    return ck_cuda_has_shared(d, way_of(s).shared, why);
}

ck_status ck_cuda_prepare_attention_mma16(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    way w = way_of(s);
    (void)d;
    (void)scratch;
    return allow_shared(w.kernel, w.shared, e);
}

void ck_cuda_attention_mma16(ck_cuda_device *d, const ck_nn_step *s)
{
    ck_cuda_attention_args a = attention_args_of(s);
    way w = way_of(s);
    if (!with_rows(d, s, &a))
        return;
    unsigned grid = (unsigned)a.heads * grid_for((size_t)a.all.nq, (unsigned)w.queries);
    CK_CUDA_LAUNCH_SHARED(w.kernel, grid, THREADS, w.shared, d->stream, a);
}
