/* Queries and keys of attention inside windows. */
#ifndef CK_NN_CUDA_WINDOW_H
#define CK_NN_CUDA_WINDOW_H

#include "nn/cuda/kernel.h"

struct ck_cuda_windows {
    int n, side;     /* number of windows and their side in tokens; side 0: the map is one window */
    int nq, nk;      /* queries and keys per window */
    const int *rows; /* tokens of the queries, on the device; NULL: all in order */
};

static inline ck_cuda_windows windows_of(ck_cuda_device *d, const ck_nn_step *s)
{
    int pixels = s->x[1].h * s->x[1].w, queries;
    ck_cuda_windows all = {1, s->window, 0, s->window ? s->window * s->window : pixels, ck_cuda_rows(d, s, &queries)};
    all.n = pixels / all.nk;
    all.nq = queries / all.n;
    return all;
}

/* Pixel i, in row-major order, of window `win`; every map has the same number of windows. */
__device__ static inline size_t pixel_of(const ck_cuda_windows &all, const ck_nn_tensor &keys, const ck_nn_tensor &t,
                                         int win, int i)
{
    if (!all.side)
        return (size_t)i;
    int across = keys.w / all.side, side = t.w / across;
    int y = win / across * side + i / side, x = win % across * side + i % side;
    return (size_t)y * (size_t)t.w + (size_t)x;
}

/* Pixel of query i of window `win`, in the maps of queries and results. */
__device__ static inline size_t query_of(const ck_cuda_windows &all, const ck_nn_tensor &keys, const ck_nn_tensor &t,
                                         int win, int i)
{
    return all.rows ? (size_t)all.rows[i] : pixel_of(all, keys, t, win, i);
}

struct ck_cuda_attention_args {
    ck_cuda_windows all;
    int heads, width; /* width: channels per head */
    float scale;      /* log2(e) / sqrt(width): weights are powers of 2 */
    ck_nn_tensor q, k, v, y;
};

#endif
