/* Elements of tensors in f32, f16 or bf16, converted from and to float32.
 *
 * get and put take one element and read the type from the tensor.  get_8 and put_8 take eight, 16 bytes of the 16-bit
 * types, in kernels instantiated for one type. */
#ifndef CK_NN_CUDA_ELEMENT_H
#define CK_NN_CUDA_ELEMENT_H

#include <string.h>
#include <type_traits>

#include "nn/cuda/operand.h"

#define VECTOR 8

__device__ static inline size_t index_of(const ck_nn_tensor &t, size_t pixel)
{
    return pixel * (size_t)t.ld;
}

__device__ static inline size_t index_of(const ck_nn_tensor &t, int y, int x)
{
    return index_of(t, (size_t)y * (size_t)t.w + (size_t)x);
}

__device__ static inline float get(const ck_nn_tensor &t, size_t i)
{
    return t.type == CK_NN_F32   ? ((const float *)t.data)[i]
           : t.type == CK_NN_F16 ? value_of(((const __half *)t.data)[i])
                                 : value_of(((const __nv_bfloat16 *)t.data)[i]);
}

__device__ static inline void put(const ck_nn_tensor &t, size_t i, float v)
{
    if (t.type == CK_NN_F32)
        ((float *)t.data)[i] = v;
    else if (t.type == CK_NN_F16)
        ((__half *)t.data)[i] = rounded<__half>(v);
    else
        ((__nv_bfloat16 *)t.data)[i] = rounded<__nv_bfloat16>(v);
}

/* The stored form of a value.  float32 is kept unchanged (`rounded` would make it TF32). */
template <typename T> __device__ inline T stored(float v)
{
    return rounded<T>(v);
}

template <> __device__ inline float stored<float>(float v)
{
    return v;
}

struct ck_cuda_vec8 {
    float v[VECTOR];
};

template <typename T> __device__ inline ck_cuda_vec8 get_8(const T *p)
{
    const int N = VECTOR * (int)sizeof(T) / 16;
    uint4 in[N];
    T values[VECTOR];
    ck_cuda_vec8 r;
    UNROLL
    for (int i = 0; i < N; i++)
        in[i] = ((const uint4 *)p)[i];
    memcpy(values, in, sizeof values);
    UNROLL
    for (int i = 0; i < VECTOR; i++)
        r.v[i] = value_of(values[i]);
    return r;
}

template <typename T> __device__ inline void put_8(T *p, const ck_cuda_vec8 &r)
{
    const int N = VECTOR * (int)sizeof(T) / 16;
    uint4 out[N];
    T values[VECTOR];
    UNROLL
    for (int i = 0; i < VECTOR; i++)
        values[i] = stored<T>(r.v[i]);
    memcpy(out, values, sizeof values);
    UNROLL
    for (int i = 0; i < N; i++)
        ((uint4 *)p)[i] = out[i];
}

template <typename T> __device__ inline void put_4(T *p, float a, float b, float c, float d)
{
    T values[4] = {stored<T>(a), stored<T>(b), stored<T>(c), stored<T>(d)};
    uint2 out;
    memcpy(&out, values, sizeof out);
    *(uint2 *)p = out;
}

template <> __device__ inline void put_4<float>(float *p, float a, float b, float c, float d)
{
    *(float4 *)p = make_float4(a, b, c, d);
}

/* Call f((T *)NULL) with the C++ type of a tensor type. */
template <typename F> static inline void by_type(ck_nn_type type, F f)
{
    if (type == CK_NN_F16)
        f((__half *)NULL);
    else if (type == CK_NN_BF16)
        f((__nv_bfloat16 *)NULL);
    else
        f((float *)NULL);
}

#endif
