#include "image/convert.h"

#include <string.h>

#include "base/bits.h"
#include "base/clamp.h"
#include "base/clones.h"

/* 1.5 * 2^23: x + ROUND_MAGIC holds x, rounded half to even, in its low bits. */
#define ROUND_MAGIC 12582912.0f

CK_CLONES
static void u8_to_f32(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)src[i] / 255.0f;
}

CK_CLONES
static void u16_to_f32(const uint16_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)src[i] / 65535.0f;
}

void ck_to_f32(const void *src, ck_type t, float *dst, size_t n)
{
    switch (t) {
    case CK_U8:
        u8_to_f32(src, dst, n);
        break;
    case CK_U16:
        u16_to_f32(src, dst, n);
        break;
    case CK_F16:
        ck_f16_to_f32(src, dst, n);
        break;
    default:
        memcpy(dst, src, n * sizeof *dst);
    }
}

ck_status ck_f32_view(const ck_plane *p, const float **view, ck_buffer **hold, ck_error *e)
{
    size_t n = p->bytes / p->elem;
    *hold = NULL;
    *view = p->data;
    if (p->type == CK_F32)
        return CK_OK;
    *hold = ck_buffer_new(n * sizeof(float));
    if (!*hold)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a float copy of plane '%s'", p->name);
    ck_to_f32(p->data, p->type, (*hold)->data, n);
    *view = (*hold)->data;
    return CK_OK;
}

CK_CLONES
void ck_f32_to_u8(const float *restrict src, uint8_t *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)ck_float_bits(ck_clamp01(src[i]) * 255.0f + ROUND_MAGIC);
}

CK_CLONES
void ck_f32_to_u16(const float *restrict src, uint16_t *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint16_t)ck_float_bits(ck_clamp01(src[i]) * 65535.0f + ROUND_MAGIC);
}

CK_CLONES
void ck_f32_to_u10(const float *restrict src, uint16_t *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint16_t)ck_float_bits(ck_clamp01(src[i]) * 1023.0f + ROUND_MAGIC);
}

CK_CLONES
void ck_f32_to_u8_trunc(const float *restrict src, uint8_t *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)(int32_t)(ck_clamp01(src[i]) * 255.0f);
}

/* NaN and infinity have an exponent of all ones. */

CK_CLONES
void ck_clamp01_all(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = ck_clamp01(v[i]);
}
