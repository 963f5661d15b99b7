/* Helpers shared by all kernels.
 *
 * Compiled without contraction: a multiplication and an addition are rounded separately, so that element-wise kernels
 * are bit-exact with the reference.  Long sums call fmaf explicitly. */
#ifndef CK_NN_CUDA_KERNEL_H
#define CK_NN_CUDA_KERNEL_H

#include <math.h>

#include "nn/cuda/cuda.h"

/* tests/cuda_host runs kernels on the CPU and defines its own launch.  It plants faults by the name of the function
 * that launches: ck_cuda_KERNEL launches its kernel itself, not through a helper that several kernels share. */
#ifndef CK_CUDA_LAUNCH
#define CK_CUDA_LAUNCH(kernel, grid, block, stream, ...) kernel<<<grid, block, 0, stream>>>(__VA_ARGS__)
#define CK_CUDA_LAUNCH_SHARED(kernel, grid, block, shared, stream, ...)                                                \
    kernel<<<grid, block, shared, stream>>>(__VA_ARGS__)
/* Dynamic shared memory, of the size that the launch gives. */
#define CK_CUDA_DYNAMIC_SHARED(name)                                                                                   \
    extern __shared__ __align__(128) unsigned char dynamic_shared[];                                                   \
    unsigned char *name = dynamic_shared
#endif

#ifdef __CUDACC__
#define UNROLL _Pragma("unroll")
#define UNROLL_8 _Pragma("unroll 8")
#else
#define UNROLL
#define UNROLL_8
#endif

#define WARP 32
#define ALL_LANES 0xffffffffu

#define UNASKED_SHARED ((size_t)48 << 10) /* bytes per thread block; a kernel must request more */

/* Allow a kernel `bytes` of dynamic shared memory on the current device, and as many thread blocks per multiprocessor
 * as fit. */
template <typename F> static inline ck_status allow_shared(F *kernel, size_t bytes, ck_error *e)
{
    cudaError_t r = cudaSuccess;
    if (bytes > UNASKED_SHARED)
        r = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
    if (r == cudaSuccess) /* per cent of the L1 cache */
        r = cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout, 100);
    return ck_cuda_check(r, "allow a kernel its shared memory", e);
}

/* Call launch(list, n) for the step's blocks, if there are any. */
template <typename F> static inline void with_blocks(ck_cuda_device *d, const ck_nn_step *s, F launch)
{
    int n;
    const int *list = ck_cuda_blocks(d, s, &n);
    if (n > 0)
        launch(list, (unsigned)n);
}

static inline unsigned grid_for(size_t n, unsigned block)
{
    return (unsigned)((n + block - 1) / block);
}

/* Global number of this thread in a one-dimensional grid. */
__device__ static inline size_t thread_number()
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ static inline float *at(const ck_nn_tensor &t, size_t pixel)
{
    return (float *)t.data + pixel * (size_t)t.ld;
}

__device__ static inline float *at(const ck_nn_tensor &t, int y, int x)
{
    return at(t, (size_t)y * (size_t)t.w + (size_t)x);
}

__device__ static inline float *planar(const ck_nn_tensor &t, int c, int y, int x)
{
    return (float *)t.data + ((size_t)c * (size_t)t.h + (size_t)y) * (size_t)t.w + (size_t)x;
}

/* ---- sums and maxima over a warp, or over groups of `lanes` neighbours; every lane gets the result ---- */

__device__ static inline float lanes_sum(float v, int lanes)
{
    for (int n = lanes / 2; n; n /= 2)
        v += __shfl_xor_sync(ALL_LANES, v, n);
    return v;
}

__device__ static inline float lanes_max(float v, int lanes)
{
    for (int n = lanes / 2; n; n /= 2)
        v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, n));
    return v;
}

/* ---- blocks of CK_NN_BLOCK x CK_NN_BLOCK pixels ---- */

/* Block i of the list, or of the map if list is NULL. */
__device__ static inline ck_nn_area block_area(const ck_nn_tensor &t, const int *list, int i)
{
    int block = list ? list[i] : i, across = (t.w + CK_NN_BLOCK - 1) / CK_NN_BLOCK;
    ck_nn_area a = {block / across * CK_NN_BLOCK, block % across * CK_NN_BLOCK, 0, 0};
    a.y1 = min(a.y0 + CK_NN_BLOCK, t.h);
    a.x1 = min(a.x0 + CK_NN_BLOCK, t.w);
    return a;
}

/* ---- bilinear enlargement: half-pixel centres, edges clamped ---- */

struct ck_cuda_tap {
    int i0, i1;
    float f; /* weight of i1 */
};

/* Position of output o of `out` among `in` inputs, in <= out: (o + 1/2) in / out - 1/2, whose fraction is exact before
 * it is rounded.  Sides are at most 16384, so products fit an int. */
__device__ static inline ck_cuda_tap tap_at(int o, int in, int out)
{
    int p = (2 * o + 1) * in - out;
    p = p > 0 ? p : 0;
    int i = min(p / (2 * out), in - 1);
    ck_cuda_tap t = {i, min(i + 1, in - 1), (float)((double)(p - i * 2 * out) / (2 * out))};
    return t;
}

__device__ static inline float mix(float a, float b, float f)
{
    return a * (1 - f) + b * f;
}

/* Bilinear mix of four samples: a and b above c and d. */
__device__ static inline float between(float a, float b, float c, float d, float fy, float fx)
{
    return mix(mix(a, c, fy), mix(b, d, fy), fx);
}

__device__ static inline float relu(float v)
{
    return v < 0 ? 0 : v; /* NaN stays NaN */
}

#endif
