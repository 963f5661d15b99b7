/* bfloat16, the upper half of a float32, for backends in host memory.  Loops around these functions vectorise. */
#ifndef CK_NN_BF16_H
#define CK_NN_BF16_H

#include <stdint.h>
#include <string.h>

/* Round to nearest, ties to even; a NaN stays one. */
static inline uint16_t ck_bf16_of(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    uint32_t rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16;
    return (uint16_t)(v != v ? 0x7fc0 : rounded);
}

static inline float ck_bf16_value(uint16_t b)
{
    uint32_t u = (uint32_t)b << 16;
    float v;
    memcpy(&v, &u, sizeof v);
    return v;
}

static inline float ck_bf16_rounded(float v)
{
    return ck_bf16_value(ck_bf16_of(v));
}

#endif
