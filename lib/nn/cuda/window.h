/* Queries and keys of attention inside windows. */
#ifndef CK_NN_CUDA_WINDOW_H
#define CK_NN_CUDA_WINDOW_H

#include "nn/cuda/kernel.h"

struct ck_cuda_windows {
    int n, side;     /* number of windows and their side in tokens; side 0: the map is one window */
    int nq, nk;      /* queries and keys per window */
    const int *rows; /* tokens of the queries, on the device; NULL: all in order */
};

static inline ck_cuda_windows windows_of(const ck_nn_step *s)
{
    int pixels = s->x[1].h * s->x[1].w;
    ck_cuda_windows all = {1, s->window, 0, s->window ? s->window * s->window : pixels, NULL};
    all.n = pixels / all.nk;
    all.nq = s->x[0].h * s->x[0].w / all.n;
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

static inline ck_cuda_attention_args attention_args_of(const ck_nn_step *s)
{
    int width = s->y.c / s->heads;
    ck_cuda_attention_args a = {windows_of(s), s->heads, width,   (float)(M_LOG2E / sqrt((double)width)),
                                s->x[0],       s->x[1],  s->x[2], s->y};
    return a;
}

/* Restrict the queries to the step's tokens; false if the list is empty or could not be copied. */
static inline bool with_rows(ck_cuda_device *d, const ck_nn_step *s, ck_cuda_attention_args *a)
{
    int n;
    a->all.rows = ck_cuda_rows(d, s, &n);
    a->all.nq = s->rows ? n : a->all.nq;
    return a->all.nq > 0;
}

static inline bool width_fits(const ck_nn_step *s, int most, ck_error *why)
{
    int width = s->y.c / s->heads;
    return width <= most || ck_cuda_declines(why, "heads of %d channels: at most %d", width, most);
}

#endif
