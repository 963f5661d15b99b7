#include "nn/cpu/kernel.h"

#include <stddef.h>

const cpu_kernels *cpu_kernels_at(int i)
{
    const cpu_kernels *list[3];
    int n = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        list[n++] = &cpu_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        list[n++] = &cpu_kernels_avx2;
#endif
    list[n++] = &cpu_kernels_plain;
    return i < n ? list[i] : NULL;
}
