/* The part of cuda_bf16.h that the backend uses. */
#ifndef CK_TESTS_CUDA_BF16_H
#define CK_TESTS_CUDA_BF16_H

#include "types.h"

typedef cuda_host_bf16 __nv_bfloat16;

static inline __nv_bfloat16 __float2bfloat16_rn(float f)
{
    return cuda_host_to_bf16(f);
}

static inline float __bfloat162float(__nv_bfloat16 v)
{
    return cuda_host_from_bf16(v);
}

#endif
