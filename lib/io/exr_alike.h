/* Sixteen words that are all one value: bare and solid parts of a matte, and what PIZ makes of them. */
#ifndef CK_IO_EXR_ALIKE_H
#define CK_IO_EXR_ALIKE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CK_EXR_ALIKE 16 /* words */

static inline uint64_t ck_exr_four(const uint16_t *in)
{
    uint64_t v;
    memcpy(&v, in, sizeof v);
    return v;
}

/* v in all four words. */
static inline uint64_t ck_exr_four_of(uint16_t v)
{
    return UINT64_C(0x0001000100010001) * v;
}

static inline bool ck_exr_alike(const uint16_t *in)
{
    uint64_t first = ck_exr_four(in);
    return first == ck_exr_four_of(in[0]) && ck_exr_four(in + 4) == first && ck_exr_four(in + 8) == first &&
           ck_exr_four(in + 12) == first;
}

#endif
