#include "nn/cpu/kernel.h"

#include <stddef.h>

const ck_cpu_kernels *ck_cpu_kernels_at(int i)
{
    const ck_cpu_kernels *list[3];
    int n = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        list[n++] = &ck_cpu_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        list[n++] = &ck_cpu_kernels_avx2;
#endif
    list[n++] = &ck_cpu_kernels_plain;
    return i < n ? list[i] : NULL;
}
