#include "base/floats.h"

#include "base/bits.h"
#include "base/clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Bit-exact with VCVTPH2PS: a signalling NaN becomes quiet. */
static inline float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t mag = (uint32_t)(h & 0x7fffu) << 13;
    uint32_t normal = mag + (112u << 23);
    uint32_t special = (mag + (224u << 23)) | (mag > 0x0f800000u ? 0x00400000u : 0);
    uint32_t subnormal = ck_float_bits(ck_float_of_bits(mag + (113u << 23)) - ck_float_of_bits(113u << 23));
    uint32_t out = mag < 0x00800000u ? subnormal : normal;
    out = mag >= 0x0f800000u ? special : out;
    return ck_float_of_bits(out | sign);
}

/* Bit-exact with VCVTPS2PH: round to nearest even, overflow to infinity, NaN quiet with its upper payload bits. */
static inline uint16_t float_to_half(float f)
{
    uint32_t u = ck_float_bits(f);
    uint32_t sign = (u >> 16) & 0x8000u;
    uint32_t mag = u & 0x7fffffffu;
    uint32_t normal = (mag - (112u << 23) + 0xfffu + ((mag >> 13) & 1u)) >> 13;
    /* The last mantissa bit of 0.5f equals a half's last subnormal bit, so the addition does the rounding. */
    uint32_t subnormal = ck_float_bits(ck_float_of_bits(mag < 0x38800000u ? mag : 0) + 0.5f) - ck_float_bits(0.5f);
    uint32_t special = mag > 0x7f800000u ? 0x7e00u | ((mag >> 13) & 0x3ffu) : 0x7c00u;
    uint32_t out = mag < 0x38800000u ? subnormal : normal;
    out = mag >= 0x47800000u ? special : out;
    return (uint16_t)(out | sign);
}

CK_CLONES
static void half_to_f32_plain(const uint16_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = half_to_float(src[i]);
}

CK_CLONES
static void f32_to_half_plain(const float *restrict src, uint16_t *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = float_to_half(src[i]);
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static void half_to_f32_f16c(const uint16_t *src, float *dst, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(src + i))));
    for (; i < n; i++)
        dst[i] = half_to_float(src[i]);
}

__attribute__((target("avx,f16c"))) static void f32_to_half_f16c(const float *src, uint16_t *dst, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((__m128i *)(dst + i), _mm256_cvtps_ph(_mm256_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT));
    for (; i < n; i++)
        dst[i] = float_to_half(src[i]);
}

/* clang 14 cannot test for F16C at run time. */
static int have_f16c(void)
{
#if defined(__clang__)
    return 0;
#else
    return __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");
#endif
}
#else
#define half_to_f32_f16c half_to_f32_plain
#define f32_to_half_f16c f32_to_half_plain
static int have_f16c(void)
{
    return 0;
}
#endif

void ck_f16_to_f32(const uint16_t *src, float *dst, size_t n)
{
    if (have_f16c())
        half_to_f32_f16c(src, dst, n);
    else
        half_to_f32_plain(src, dst, n);
}

void ck_f16_to_f32_ref(const uint16_t *src, float *dst, size_t n)
{
    half_to_f32_plain(src, dst, n);
}

void ck_f32_to_f16(const float *src, uint16_t *dst, size_t n)
{
    if (have_f16c())
        f32_to_half_f16c(src, dst, n);
    else
        f32_to_half_plain(src, dst, n);
}

void ck_f32_to_f16_ref(const float *src, uint16_t *dst, size_t n)
{
    f32_to_half_plain(src, dst, n);
}

CK_CLONES
bool ck_all_finite(const float *v, size_t n)
{
    uint32_t sums = 0; /* an exponent of ones overflows into the sign */
    for (size_t i = 0; i < n; i++)
        sums |= (ck_float_bits(v[i]) & 0x7fffffffu) + 0x00800000u;
    return !(sums & 0x80000000u);
}
