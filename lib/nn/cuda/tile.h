/* wmma tiles: products with 16 x 16 results, T as in operand.h.
 *
 * Tiles lie in shared memory at multiples of 32 bytes with rows a multiple of 16 bytes apart; PAD extra elements per
 * row avoid bank conflicts. */
#ifndef CK_NN_CUDA_TILE_H
#define CK_NN_CUDA_TILE_H

#include <mma.h>

#include "nn/cuda/operand.h"

#define TILE 16 /* side of a tile */

template <typename T, typename Element, int K> struct ck_cuda_tile_of {
    static const int DEPTH = K, PAD = 16 / (int)sizeof(T);
    typedef nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, TILE, TILE, K, Element, nvcuda::wmma::row_major> a;
    typedef nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, TILE, TILE, K, Element, nvcuda::wmma::row_major> b;
    typedef nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, TILE, TILE, K, Element, nvcuda::wmma::col_major>
        b_transposed;
    typedef nvcuda::wmma::fragment<nvcuda::wmma::accumulator, TILE, TILE, K, float> sum;
};

template <typename T> struct ck_cuda_tile : ck_cuda_tile_of<T, T, 16> {
};
template <> struct ck_cuda_tile<float> : ck_cuda_tile_of<float, nvcuda::wmma::precision::tf32, 8> {
};

#endif
