/* Instructions of sm_80 and later that have no C++ intrinsic, with their names in the PTX ISA.
 *
 * In fragments lane l is number l % 4 of group l / 4.  See the PTX ISA's "Warp-level matrix instructions":
 * "Matrix Fragments for mma.m16n8k16 with floating point type", "... mma.m16n8k8 ...", "ldmatrix".
 * tests/cuda_host has the same functions for the CPU. */
#ifndef CK_NN_CUDA_PTX_H
#define CK_NN_CUDA_PTX_H

#include "nn/cuda/operand.h"

#ifndef __CUDACC__
#include "ptx_host.h"
#else

__device__ static inline unsigned shared_address(const void *p)
{
    return (unsigned)__cvta_generic_to_shared(p);
}

/* cp.async: 16 bytes to shared memory, the first `bytes` from `from`, the others 0; both addresses are multiples of 16.
 * The copy is complete for this thread after it has waited for its group, for others after a barrier after that. */
__device__ static inline void copy_16(void *to, const void *from, int bytes)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(bytes)
                 : "memory");
}

__device__ static inline void end_copies()
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Wait for all groups of this thread but the last N. */
template <int N> __device__ static inline void wait_copies()
{
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/* ldmatrix: four matrices of 8 x 8; lanes 8 i … 8 i + 7 give the addresses of the rows of matrix i.  r[i] holds
 * elements 2 (l % 4) and 2 (l % 4) + 1 of row l / 4 or, transposed, of column l / 4. */
__device__ static inline void load_matrices(unsigned r[4], const void *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}

__device__ static inline void load_matrices_transposed(unsigned r[4], const void *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}

/* mma: d = a b + c, 16 x 8 sums of 16 products; c may be d.  a: rows l / 4 and l / 4 + 8 of columns 0-7, then of 8-15;
 * b: rows 0-7, then 8-15, of column l / 4; d: columns 2 (l % 4) and the next of row l / 4, then of row l / 4 + 8. */
template <typename T>
__device__ inline void multiply_16(float d[4], const unsigned a[4], unsigned b0, unsigned b1, const float c[4]);

template <>
__device__ inline void multiply_16<__half>(float d[4], const unsigned a[4], unsigned b0, unsigned b1, const float c[4])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%10, %11, %12, %13};"
                 : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(c[0]), "f"(c[1]), "f"(c[2]),
                   "f"(c[3]));
}

template <>
__device__ inline void multiply_16<__nv_bfloat16>(float d[4], const unsigned a[4], unsigned b0, unsigned b1,
                                                  const float c[4])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%10, %11, %12, %13};"
                 : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(c[0]), "f"(c[1]), "f"(c[2]),
                   "f"(c[3]));
}

/* The same with 8 products: the first halves of a and b. */
template <typename T> __device__ inline void multiply_8(float d[4], const unsigned a[2], unsigned b, const float c[4]);

template <> __device__ inline void multiply_8<__half>(float d[4], const unsigned a[2], unsigned b, const float c[4])
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
                 "{%7, %8, %9, %10};"
                 : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}

template <>
__device__ inline void multiply_8<__nv_bfloat16>(float d[4], const unsigned a[2], unsigned b, const float c[4])
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
                 "{%7, %8, %9, %10};"
                 : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}

/* cvt.rn: two rounded values, `low` in the lower half. */
template <typename T> __device__ inline unsigned pair_of(float low, float high);

template <> __device__ inline unsigned pair_of<__half>(float low, float high)
{
    unsigned r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}

template <> __device__ inline unsigned pair_of<__nv_bfloat16>(float low, float high)
{
    unsigned r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}

/* ex2.approx.ftz: 2^x with a relative error of 2^-22; 0 below 2^-126. */
__device__ static inline float power_of_2(float x)
{
    float r;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}

#endif

#endif
