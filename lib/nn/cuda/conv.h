/* Pixels of a tile and their inputs, shared by the f32 and wmma kernels of the 3x3 convolution. */
#ifndef CK_NN_CUDA_CONV_H
#define CK_NN_CUDA_CONV_H

#include "nn/cuda/element.h"

#define PIXELS 64 /* per tile */
#define ROWS (PIXELS / CK_NN_BLOCK)
#define TILES (CK_NN_BLOCK / ROWS) /* per block */

struct ck_cuda_pixel {
    int y, x;
    bool inside; /* inside the map and the block */
};

/* Pixel i of a tile, which is ROWS rows of a block. */
__device__ static inline ck_cuda_pixel tile_pixel(const ck_nn_area &a, int tile, int i)
{
    ck_cuda_pixel p = {a.y0 + tile * ROWS + i / CK_NN_BLOCK, a.x0 + i % CK_NN_BLOCK, false};
    p.inside = p.y < a.y1 && p.x < a.x1;
    return p;
}

/* One input, relu(x * scale + shift) if `norm` is given; zero outside the map. */
__device__ static inline float input(const ck_nn_tensor &x, const ck_nn_tensor &norm, int v, int u, int c)
{
    if (v < 0 || v >= x.h || u < 0 || u >= x.w || c >= x.c)
        return 0;
    float in = get(x, index_of(x, v, u) + (size_t)c);
    if (!norm.h)
        return in;
    const float *scale = (const float *)norm.data;
    return relu(in * scale[c] + scale[x.c + c]);
}

#endif
