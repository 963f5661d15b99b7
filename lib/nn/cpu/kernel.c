#include "nn/cpu/kernel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__)

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA 18
#define AMX_BF16 (1u << 22) /* in edx of leaf 7 */
#define AMX_TILE (1u << 24)

/* Linux saves AMX's registers only for processes that asked. */
static bool has_amx(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & AMX_BF16) && (d & AMX_TILE) &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static int list_bf16(const ck_cpu_kernels **list)
{
    int n = 0;
    if (!__builtin_cpu_supports("avx512bf16") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return 0;
    if (has_amx())
        list[n++] = &ck_cpu_kernels_amx;
    list[n++] = &ck_cpu_kernels_avx512_bf16;
    return n;
}

static int list_f32(const ck_cpu_kernels **list)
{
    int n = 0;
    if (__builtin_cpu_supports("avx512f"))
        list[n++] = &ck_cpu_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        list[n++] = &ck_cpu_kernels_avx2;
    list[n++] = &ck_cpu_kernels_plain;
    return n;
}

#else

static int list_bf16(const ck_cpu_kernels **list)
{
    (void)list;
    return 0;
}

static int list_f32(const ck_cpu_kernels **list)
{
    list[0] = &ck_cpu_kernels_plain;
    return 1;
}

#endif

const ck_cpu_kernels *ck_cpu_kernels_at(bool bf16, int i)
{
    const ck_cpu_kernels *list[3];
    int n = bf16 ? list_bf16(list) : list_f32(list);
    return i < n ? list[i] : NULL;
}
