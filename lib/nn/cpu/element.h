/* Elements of f32 and bf16 arrays in vectorised loops.  `bf16` is a constant where these functions are inlined: a loop
 * is compiled once for each type. */
#ifndef CK_NN_CPU_ELEMENT_H
#define CK_NN_CPU_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/bf16.h"

#define CK_CPU_INLINE static inline __attribute__((always_inline))

CK_CPU_INLINE float ck_cpu_get(const void *p, bool bf16, size_t i)
{
    return bf16 ? ck_bf16_value(((const uint16_t *)p)[i]) : ((const float *)p)[i];
}

CK_CPU_INLINE void ck_cpu_put(void *p, bool bf16, size_t i, float v)
{
    if (bf16)
        ((uint16_t *)p)[i] = ck_bf16_of(v);
    else
        ((float *)p)[i] = v;
}

#endif
