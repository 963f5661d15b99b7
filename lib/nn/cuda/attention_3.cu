/* Attention to all keys, version 3: as attention.cu has it, scores, weights and sums in registers, of 16-bit operands
 * (after Dao 2023, FlashAttention-2).
 *
 * A thread block takes QUERIES queries of a head, a warp ROWS of them.  Keys come KEYS at a time by asynchronous
 * copies, the next while these are worked on.  Weights are rounded as operands are; their sum is not. */
#include "nn/cuda/attention_tile.h"

#define KEYS 64
#define TILES 2 /* of a warp */
#define WARPS 4
#define THREADS (WARPS * WARP)
#define ROWS (16 * TILES)
#define QUERIES (ROWS * WARPS)

template <int D> static size_t shared_bytes()
{
    return (size_t)(QUERIES + 2 * 2 * KEYS) * (D | 1) * PIECE * 2;
}

/* Rows first … first+n-1 of a map, zeros past its end. */
template <typename T, int D>
__device__ static inline void fetch(const attention &a, const ck_nn_tensor &t, int head, int first, int n, int end,
                                    T *to)
{
    for (int i = threadIdx.x; i < n * D; i += THREADS)
        copy_piece<T>(a, t, (size_t)(first + i / D), first + i / D < end, head, i % D,
                      to + (i / D * (D | 1) + i % D) * PIECE);
}

template <typename T, int D> __global__ void __launch_bounds__(THREADS, 2) attend_3(attention a)
{
    typedef attention_tile<T, D, TILES, KEYS / 8> tile;
    DYNAMIC_SHARED(room);
    const int STAGE = KEYS * tile::PITCH;
    T *queries = (T *)room, *keys = queries + QUERIES * tile::PITCH, *values = keys + 2 * STAGE;
    int tiles = (a.all.nq + QUERIES - 1) / QUERIES, head = blockIdx.x / tiles, first = blockIdx.x % tiles * QUERIES;
    int own = threadIdx.x / WARP * ROWS;
    tile t;
    fetch<T, D>(a, a.q, head, first, QUERIES, a.all.nq, queries);
    fetch<T, D>(a, a.k, head, 0, KEYS, a.all.nk, keys);
    fetch<T, D>(a, a.v, head, 0, KEYS, a.all.nk, values);
    end_copies();
    for (int key = 0, stage = 0; key < a.all.nk; key += KEYS, stage ^= STAGE) {
        wait_copies<0>();
        __syncthreads();
        if (key == 0)
            t.begin(queries + own * tile::PITCH);
        if (key + KEYS < a.all.nk) {
            fetch<T, D>(a, a.k, head, key + KEYS, KEYS, a.all.nk, keys + (stage ^ STAGE));
            fetch<T, D>(a, a.v, head, key + KEYS, KEYS, a.all.nk, values + (stage ^ STAGE));
            end_copies();
        }
        t.score(keys + stage);
        if (key + KEYS > a.all.nk)
            t.keep([&](int, int k) { return key + k < a.all.nk; });
        t.weigh(a.scale);
        t.add_values(values + stage);
    }
    t.store(a.width, [&](int row) {
        int query = first + own + row;
        return query < a.all.nq ? (T *)a.y.data + index_of(a.y, (size_t)query) + head * a.width : (T *)NULL;
    });
}

template <typename T, int D> static void launch(cuda_device *d, const attention &a)
{
    unsigned grid = (unsigned)a.heads * grid_for((size_t)a.all.nq, QUERIES);
    void (*kernel)(attention) = attend_3<T, D>;
    size_t shared = shared_bytes<D>();
    if (shared > UNASKED_SHARED)
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared);
    CUDA_LAUNCH_SHARED(kernel, grid, THREADS, shared, d->stream, a);
}

template <typename T> static void by_width(cuda_device *d, const attention &a)
{
    (a.width <= 32 ? launch<T, 4> : a.width == 56 ? launch<T, 7> : launch<T, 8>)(d, a);
}

static bool rows_suit(const ck_nn_tensor &t, ck_nn_type type, size_t bytes)
{
    return t.type == type && (size_t)t.ld * 2 % bytes == 0 && (uintptr_t)t.data % bytes == 0;
}

bool cuda_attention_3(cuda_device *d, const ck_nn_step *s)
{
    int width = s->y.c / s->heads;
    ck_nn_type type = d->base.act;
    if (type == CK_NN_F32 || width % PIECE || width > 64 || !rows_suit(s->y, type, 4))
        return false;
    for (int i = 0; i < 3; i++)
        if (!rows_suit(s->x[i], type, 16))
            return false;
    attention a = {windows_of(s), s->heads, width,   (float)(M_LOG2E / sqrt((double)width)),
                   s->x[0],       s->x[1],  s->x[2], s->y};
    if (s->window)
        return cuda_attention_windows(d, &a);
    (type == CK_NN_F16 ? by_width<__half> : by_width<__nv_bfloat16>)(d, a);
    return true;
}
