/* The part of cuda_fp16.h that the backend uses. */
#ifndef CK_TESTS_CUDA_FP16_H
#define CK_TESTS_CUDA_FP16_H

#include "types.h"

typedef cuda_host_half __half;

static inline __half __float2half_rn(float f)
{
    return (__half)f;
}

static inline float __half2float(__half v)
{
    return (float)v;
}

#endif
