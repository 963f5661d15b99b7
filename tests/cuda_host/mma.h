/* The part of mma.h that the backend uses: tiles of 16 x 16, products of depth 16, or 8 for TF32.
 *
 * Lane l of a warp holds columns l % 2 * 8 to + 7 of row l / 2 of a sum; of a matrix_a all of row l / 2; of a matrix_b
 * those columns.  So each lane computes its own products.  Loads and stores do not synchronise, as on a GPU they need
 * not.  An address or row stride that hardware would not accept ends the program. */
#ifndef CK_TESTS_MMA_H
#define CK_TESTS_MMA_H

#include "cuda_bf16.h"
#include "cuda_fp16.h"

namespace nvcuda
{
namespace wmma
{

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };
namespace precision
{
struct tf32;
}

/* Element type of an operand in memory; TF32's lower bits are truncated, not rounded. */
template <typename T> struct element;
template <> struct element<__half> {
    typedef __half type;
    static float value(__half v) { return (float)v; }
};
template <> struct element<__nv_bfloat16> {
    typedef __nv_bfloat16 type;
    static float value(__nv_bfloat16 v) { return cuda_host_from_bf16(v); }
};
template <> struct element<precision::tf32> {
    typedef float type;
    static float value(float v) { return __uint_as_float(__float_as_uint(v) & ~0x1fffu); }
};

template <typename Use, int M, int N, int K, typename T, typename Layout = void> class fragment;

template <int K, typename T, typename Layout> class fragment<matrix_a, 16, 16, K, T, Layout>
{
  public:
    float x[K];
};

template <int K, typename T, typename Layout> class fragment<matrix_b, 16, 16, K, T, Layout>
{
  public:
    float x[K][8];
};

template <int K> class fragment<accumulator, 16, 16, K, float, void>
{
  public:
    enum { num_elements = 8 };
    float x[8];
};

static inline int cuda_host_lane()
{
    return (int)(threadIdx.x % 32);
}

template <typename T> static inline void cuda_host_suits(const T *p, unsigned ld)
{
    cuda_host_need((uintptr_t)p % 32 == 0, "a tile whose address is no multiple of 32");
    cuda_host_need(ld * sizeof(T) % 16 == 0, "a tile whose rows are no multiple of 16 bytes apart");
}

template <int K, typename T>
static inline void load_matrix_sync(fragment<matrix_a, 16, 16, K, T, row_major> &a, const typename element<T>::type *p,
                                    unsigned ld)
{
    cuda_host_suits(p, ld);
    for (int k = 0; k < K; k++)
        a.x[k] = element<T>::value(p[(unsigned)(cuda_host_lane() / 2) * ld + (unsigned)k]);
}

template <int K, typename T>
static inline void load_matrix_sync(fragment<matrix_b, 16, 16, K, T, row_major> &b, const typename element<T>::type *p,
                                    unsigned ld)
{
    cuda_host_suits(p, ld);
    for (int k = 0; k < K; k++)
        for (int n = 0; n < 8; n++)
            b.x[k][n] = element<T>::value(p[(unsigned)k * ld + (unsigned)(cuda_host_lane() % 2 * 8 + n)]);
}

template <int K, typename T>
static inline void load_matrix_sync(fragment<matrix_b, 16, 16, K, T, col_major> &b, const typename element<T>::type *p,
                                    unsigned ld)
{
    cuda_host_suits(p, ld);
    for (int k = 0; k < K; k++)
        for (int n = 0; n < 8; n++)
            b.x[k][n] = element<T>::value(p[(unsigned)(cuda_host_lane() % 2 * 8 + n) * ld + (unsigned)k]);
}

static inline unsigned cuda_host_sum_at(unsigned ld)
{
    return (unsigned)(cuda_host_lane() / 2) * ld + (unsigned)(cuda_host_lane() % 2 * 8);
}

template <int K>
static inline void load_matrix_sync(fragment<accumulator, 16, 16, K, float, void> &c, const float *p, unsigned ld,
                                    layout_t layout)
{
    cuda_host_suits(p, ld);
    cuda_host_need(layout == mem_row_major, "sums by columns");
    std::memcpy(c.x, p + cuda_host_sum_at(ld), sizeof c.x);
}

template <int K>
static inline void store_matrix_sync(float *p, const fragment<accumulator, 16, 16, K, float, void> &c, unsigned ld,
                                     layout_t layout)
{
    cuda_host_suits(p, ld);
    cuda_host_need(layout == mem_row_major, "sums by columns");
    std::memcpy(p + cuda_host_sum_at(ld), c.x, sizeof c.x);
}

template <int K> static inline void fill_fragment(fragment<accumulator, 16, 16, K, float, void> &c, float v)
{
    for (int i = 0; i < 8; i++)
        c.x[i] = v;
}

template <int K, typename T, typename Layout>
static inline void
mma_sync(fragment<accumulator, 16, 16, K, float, void> &d, const fragment<matrix_a, 16, 16, K, T, row_major> &a,
         const fragment<matrix_b, 16, 16, K, T, Layout> &b, const fragment<accumulator, 16, 16, K, float, void> &c)
{
    __syncwarp(); /* all lanes must reach this */
    float sum[8];
    std::memcpy(sum, c.x, sizeof sum);
    for (int k = 0; k < K; k++)
        for (int n = 0; n < 8; n++)
            sum[n] += a.x[k] * b.x[k][n];
    std::memcpy(d.x, sum, sizeof sum);
}

} /* namespace wmma */
} /* namespace nvcuda */

#endif
