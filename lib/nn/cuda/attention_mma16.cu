/* Attention to all keys with 16-bit operands; scores, weights and sums stay in registers (after FlashAttention-2, Dao
 * 2023).
 *
 * A thread block computes QUERIES queries of a head, a warp ROWS of them.  Keys are copied KEYS at a time, the next
 * ones asynchronously during the current ones' computation.  Weights are rounded to the operand type; their sum is
 * not. */
#include "nn/cuda/attention_tile.h"

#define KEYS 64
#define TILES 2 /* per warp */
#define WARPS 4
#define THREADS (WARPS * WARP)
#define ROWS (16 * TILES)
#define QUERIES (ROWS * WARPS)

template <int D> static size_t shared_bytes()
{
    return (size_t)(QUERIES + 2 * 2 * KEYS) * (D | 1) * PIECE * 2;
}

/* Rows past the last query are zero. */
template <typename T, int D>
__device__ static inline void fetch_queries(const ck_cuda_attention_args &a, int head, int first, T *to)
{
    for (int i = threadIdx.x; i < QUERIES * D; i += THREADS) {
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
    typedef ck_cuda_attention_tile<T, D, TILES, KEYS / 8> tile;
    CK_CUDA_DYNAMIC_SHARED(shared_memory);
    const int STAGE = KEYS * tile::PITCH;
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
        return query < a.all.nq
                   ? (T *)a.y.data + index_of(a.y, query_of(a.all, a.k, a.y, 0, query)) + head * a.width
                   : (T *)NULL;
    });
}

template <typename T, int D> static void launch(ck_cuda_device *d, const ck_cuda_attention_args &a)
{
    unsigned grid = (unsigned)a.heads * grid_for((size_t)a.all.nq, QUERIES);
    void (*kernel)(ck_cuda_attention_args) = attend_mma16<T, D>;
    size_t shared = shared_bytes<D>();
    allow_shared(kernel, shared);
    CK_CUDA_LAUNCH_SHARED(kernel, grid, THREADS, shared, d->stream, a);
}

template <typename T> static void by_width(ck_cuda_device *d, const ck_cuda_attention_args &a)
{
    (a.width <= 32 ? launch<T, 4> : a.width == 56 ? launch<T, 7> : launch<T, 8>)(d, a);
}

static bool rows_suit(const ck_nn_tensor &t, ck_nn_type type, size_t bytes)
{
    return t.type == type && (size_t)t.ld * 2 % bytes == 0 && (uintptr_t)t.data % bytes == 0;
}

bool ck_cuda_attention_mma16(ck_cuda_device *d, const ck_nn_step *s)
{
    int width = s->y.c / s->heads;
    ck_nn_type type = d->base.act;
    bool same_rows = s->x[1].ld == s->x[2].ld && s->x[1].ld < 1 << 24;
    if (type == CK_NN_F32 || width % PIECE || width > 64 || !same_rows || !rows_suit(s->y, type, 4))
        return false;
    for (int i = 0; i < 3; i++)
        if (!rows_suit(s->x[i], type, 16))
            return false;
    ck_cuda_attention_args a = {windows_of(d, s), s->heads, width,   (float)(M_LOG2E / sqrt((double)width)),
                                s->x[0],       s->x[1],  s->x[2], s->y};
    if (s->window)
        return ck_cuda_attention_windows(d, &a);
    (type == CK_NN_F16 ? by_width<__half> : by_width<__nv_bfloat16>)(d, a);
    return true;
}
