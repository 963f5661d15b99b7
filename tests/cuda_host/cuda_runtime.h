/* CUDA's language extensions for a C++ compiler: included before every .cu that is built for the CPU.
 *
 * Thread blocks run one at a time, their threads in turn from one barrier to the next (threads.cc).  The program ends
 * with an error at a barrier that some threads of a block or lanes of a warp never reach, and at a launch that no GPU
 * would accept.  With CK_CUDA_HOST_REVERSE in the environment, threads and blocks run from last to first: a missing
 * barrier changes results. */
#ifndef CK_TESTS_CUDA_RUNTIME_H
#define CK_TESTS_CUDA_RUNTIME_H

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <type_traits>

#include "cuda_runtime_api.h"

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct alignas(8) uint2 {
    unsigned x, y;
};

struct alignas(16) float4 {
    float x, y, z, w;
};

static inline float4 make_float4(float x, float y, float z, float w)
{
    return float4{x, y, z, w};
}

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

extern dim3 threadIdx, blockIdx, blockDim, gridDim;

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

using std::max;
using std::min;

/* Run a kernel at once, with `shared` bytes of dynamic shared memory, filled with NaN. */
void cuda_host_run(dim3 grid, dim3 block, size_t shared, bool faulty, const std::function<void()> &kernel);
/* Queue a kernel on its stream.  `address` identifies the kernel, for its limit of shared memory; faulty: its last
 * thread block does nothing. */
void cuda_host_launch(dim3 grid, dim3 block, size_t shared, const void *address, cudaStream_t stream, bool faulty,
                      std::function<void()> kernel);
/* True if a launch in this file and function is to be faulty; listed: with a list of tokens or blocks. */
bool cuda_host_faulty(const char *file, const char *function, bool listed);
/* End the program if the kernel has not requested more than the default limit of shared memory. */
void cuda_host_check_shared(const void *address, size_t bytes);
void *cuda_host_shared();

template <typename T> struct cuda_host_same {
    typedef T type;
};

/* List of tokens or blocks in a kernel's argument; NULL: none, or all of them. */
template <typename T> std::enable_if_t<std::is_same<T, const int *>::value, T> cuda_host_list(const T &list, int)
{
    return list;
}

template <typename T> auto cuda_host_list(const T &a, int) -> decltype(a.list)
{
    return a.list;
}

template <typename T> auto cuda_host_list(const T &a, int) -> decltype(a.rows)
{
    return a.rows;
}

template <typename T> auto cuda_host_list(const T &a, int) -> decltype(a.all.rows)
{
    return a.all.rows;
}

template <typename T> const int *cuda_host_list(const T &, long)
{
    return NULL;
}

/* Arguments are copied at the launch. */
template <typename... P>
void cuda_host_start(const char *file, const char *function, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared,
                     cudaStream_t stream, typename cuda_host_same<P>::type... args)
{
    bool faulty = cuda_host_faulty(file, function, (... || (cuda_host_list(args, 0) != NULL)));
    cuda_host_launch(grid, block, shared, (const void *)kernel, stream, faulty, [=]() { kernel(args...); });
}

/* Planted faults go by the function: launches stand in ck_cuda_NAME, or alone in NAME.cu. */
#define CK_CUDA_LAUNCH_SHARED(kernel, grid, block, shared, stream, ...)                                                \
    cuda_host_start(__FILE__, __PRETTY_FUNCTION__, kernel, grid, block, shared, stream, __VA_ARGS__)
#define CK_CUDA_LAUNCH(kernel, grid, block, stream, ...)                                                               \
    CK_CUDA_LAUNCH_SHARED(kernel, grid, block, 0, stream, __VA_ARGS__)
#define CK_CUDA_DYNAMIC_SHARED(name) unsigned char *name = (unsigned char *)cuda_host_shared()

enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
    cudaFuncAttributePreferredSharedMemoryCarveout = 9
};
cudaError_t cuda_host_allow_shared(const void *kernel, int bytes);
template <typename F> static inline cudaError_t cudaFuncSetAttribute(F *kernel, cudaFuncAttribute what, int n)
{
    bool size = what == cudaFuncAttributeMaxDynamicSharedMemorySize;
    return size ? cuda_host_allow_shared((const void *)kernel, n) : cudaSuccess;
}

static inline unsigned __float_as_uint(float f)
{
    unsigned u;
    std::memcpy(&u, &f, sizeof u);
    return u;
}

static inline float __uint_as_float(unsigned u)
{
    float f;
    std::memcpy(&f, &u, sizeof f);
    return f;
}

/* A requirement of hardware: if it is not met, the program ends. */
void cuda_host_need(bool good, const char *what);

void __syncthreads();
void __syncwarp();
float __shfl_xor_sync(unsigned mask, float v, int lanes);
int __any_sync(unsigned mask, int v);

/* Exchange among the lanes of a warp: each provides n bytes and can read those of all lanes until its next exchange. */
#define CUDA_HOST_SHARE 64 /* bytes: the maximum, and the distance between lanes */
void cuda_host_share(const void *mine, size_t n);
const void *cuda_host_of_lane(int lane);

/* Asynchronous copy of 16 bytes to shared memory, n of them from `from`; NaN until the thread has waited for the
 * group. */
void cuda_host_copy_later(void *to, const void *from, size_t n);
void cuda_host_end_copies();
void cuda_host_wait_copies(int but);

#endif
