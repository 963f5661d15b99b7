/* Rounding to operand types of products: T is __half, __nv_bfloat16 or, for TF32, float. */
#ifndef CK_NN_CUDA_OPERAND_H
#define CK_NN_CUDA_OPERAND_H

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "nn/cuda/kernel.h"

/* Round to nearest, ties to even. */
template <typename T> __device__ inline T rounded(float v);

template <> __device__ inline __half rounded<__half>(float v)
{
    return __float2half_rn(v);
}

template <> __device__ inline __nv_bfloat16 rounded<__nv_bfloat16>(float v)
{
    return __float2bfloat16_rn(v);
}

/* TF32: the upper 19 bits of a float32. */
template <> __device__ inline float rounded<float>(float v)
{
    unsigned u = __float_as_uint(v);
    return v != v ? v : __uint_as_float((u + 0xfffu + (u >> 13 & 1)) & ~0x1fffu);
}

__device__ inline float value_of(__half v)
{
    return __half2float(v);
}

__device__ inline float value_of(__nv_bfloat16 v)
{
    return __bfloat162float(v);
}

__device__ inline float value_of(float v)
{
    return v;
}

#endif
