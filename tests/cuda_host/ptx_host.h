/* The functions of nn/cuda/ptx.h on the CPU; see there.
 *
 * Copies arrive as late as allowed: their destination is NaN until the thread waits.  Lanes of a warp exchange the
 * elements of their fragments at the positions given in the PTX ISA, so a wrong position gives a wrong result. */
#ifndef CK_TESTS_PTX_HOST_H
#define CK_TESTS_PTX_HOST_H

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "cuda_runtime.h"

static inline void copy_16(void *to, const void *from, int bytes)
{
    cuda_host_need((uintptr_t)to % 16 == 0 && (uintptr_t)from % 16 == 0 && bytes >= 0 && bytes <= 16,
                   "a copy that is not of 16 bytes at multiples of 16");
    cuda_host_copy_later(to, from, (size_t)bytes);
}

static inline void end_copies()
{
    cuda_host_end_copies();
}

template <int N> static inline void wait_copies()
{
    cuda_host_wait_copies(N);
}

static inline void load_matrices(unsigned r[4], const void *row)
{
    cuda_host_need((uintptr_t)row % 16 == 0, "a matrix whose row is no multiple of 16");
    cuda_host_share(row, 16);
    int lane = (int)threadIdx.x % 32;
    for (int i = 0; i < 4; i++)
        std::memcpy(&r[i], (const char *)cuda_host_of_lane(8 * i + lane / 4) + lane % 4 * 4, 4);
}

static inline void load_matrices_transposed(unsigned r[4], const void *row)
{
    cuda_host_need((uintptr_t)row % 16 == 0, "a matrix whose row is no multiple of 16");
    cuda_host_share(row, 16);
    int lane = (int)threadIdx.x % 32;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++)
            std::memcpy((char *)&r[i] + 2 * k, (const char *)cuda_host_of_lane(8 * i + lane % 4 * 2 + k) + lane / 4 * 2,
                        2);
}

template <typename T> static inline float cuda_host_value(T v);

template <> inline float cuda_host_value<__half>(__half v)
{
    return __half2float(v);
}

template <> inline float cuda_host_value<__nv_bfloat16>(__nv_bfloat16 v)
{
    return __bfloat162float(v);
}

/* A lane's parts of a and b, for its warp, as values; those of depth 8 leave the second halves unused. */
struct cuda_host_parts {
    float a[8], b[4];
    char to_the_next[CUDA_HOST_SHARE - 12 * sizeof(float)];
};

template <typename T> static inline void cuda_host_unpack(float *to, const unsigned *r, int n)
{
    for (int i = 0; i < 2 * n; i++) {
        T v;
        std::memcpy(&v, (const char *)r + 2 * i, 2);
        to[i] = cuda_host_value(v);
    }
}

/* Positions of elements: a (m, k) is in register k / 8 * 2 + m / 8 of lane m % 8 * 4 + k % 8 / 2; b (k, n) in register
 * k / 8 of lane n * 4 + k % 8 / 2, in half k % 2; d (m, n) in register m / 8 * 2 + n % 2 of lane m % 8 * 4 + n / 2. */
static inline void cuda_host_multiply(float d[4], const cuda_host_parts &mine, int depth, const float c[4])
{
    cuda_host_share(&mine, 12 * sizeof(float));
    int lane = (int)threadIdx.x % 32;
    const cuda_host_parts *all = (const cuda_host_parts *)cuda_host_of_lane(0);
    for (int i = 0; i < 4; i++) {
        int m = lane / 4 + i / 2 * 8, n = lane % 4 * 2 + i % 2;
        const cuda_host_parts *a = all + m % 8 * 4, *b = all + n * 4;
        float sum = c[i];
        for (int half = 0; half < depth / 8; half++)
            for (int k = 0; k < 8; k++)
                sum += a[k / 2].a[(half * 2 + m / 8) * 2 + k % 2] * b[k / 2].b[half * 2 + k % 2];
        d[i] = sum;
    }
}

template <typename T>
static inline void multiply_16(float d[4], const unsigned a[4], unsigned b0, unsigned b1, const float c[4])
{
    cuda_host_parts mine;
    unsigned b[2] = {b0, b1};
    cuda_host_unpack<T>(mine.a, a, 4);
    cuda_host_unpack<T>(mine.b, b, 2);
    cuda_host_multiply(d, mine, 16, c);
}

template <typename T> static inline void multiply_8(float d[4], const unsigned a[2], unsigned b, const float c[4])
{
    cuda_host_parts mine;
    std::memset(&mine, 0, sizeof mine);
    cuda_host_unpack<T>(mine.a, a, 2);
    cuda_host_unpack<T>(mine.b, &b, 1);
    cuda_host_multiply(d, mine, 8, c);
}

template <typename T> static inline unsigned pair_of(float low, float high)
{
    T both[2] = {rounded<T>(low), rounded<T>(high)};
    unsigned r;
    std::memcpy(&r, both, sizeof r);
    return r;
}

static inline float power_of_2(float x)
{
    return x < -126 ? 0 : exp2f(x);
}

#endif
