/* Operand types, stored in memory as on a GPU, rounded to nearest. */
#ifndef CK_TESTS_CUDA_TYPES_H
#define CK_TESTS_CUDA_TYPES_H

#include <stdint.h>
#include <string.h>

typedef _Float16 cuda_host_half;
typedef struct cuda_host_bf16 {
    uint16_t bits;
} cuda_host_bf16;

static inline float cuda_host_from_bf16(cuda_host_bf16 v)
{
    uint32_t u = (uint32_t)v.bits << 16;
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* f with its upper `kept` bits, ties to even; NaN stays NaN. */
static inline float cuda_host_rounded(float f, int kept)
{
    uint32_t u, below = (1u << (32 - kept)) - 1;
    if (f != f)
        return f;
    memcpy(&u, &f, sizeof u);
    u = (u + below / 2 + ((u >> (32 - kept)) & 1)) & ~below;
    memcpy(&f, &u, sizeof f);
    return f;
}

static inline cuda_host_bf16 cuda_host_to_bf16(float f)
{
    cuda_host_bf16 v;
    uint32_t u;
    f = cuda_host_rounded(f, 16);
    memcpy(&u, &f, sizeof u);
    v.bits = (uint16_t)(u >> 16 | (f != f ? 0x40 : 0));
    return v;
}

#endif
