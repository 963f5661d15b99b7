/* Kernels of bf16 products with AMX. */
#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,amx-tile,amx-bf16")
#endif
#include "nn/cpu/bf16_product.h"

#define KERNELS ck_cpu_kernels_amx
#define NAME "amx"

typedef struct palette {
    uint8_t number, start_row, none[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} palette;

static void begin(void)
{
    palette p = {.number = 1};
    for (int i = 0; i < 8; i++) {
        p.row_bytes[i] = 64;
        p.rows[i] = 16;
    }
    _tile_loadconfig(&p);
}

static void end(void)
{
    _tile_release();
}

static inline __attribute__((always_inline)) void multiply(const product *p)
{
    const char *b = p->b;
    if (p->add) {
        _tile_loadd(0, p->c, p->c_pitch);
        _tile_loadd(1, p->c + p->c_across, p->c_pitch);
        _tile_loadd(2, p->c + p->c_down, p->c_pitch);
        _tile_loadd(3, p->c + p->c_down + p->c_across, p->c_pitch);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (size_t i = 0; i < p->steps; i++, b += p->b_step) {
        const char *a = p->a + p->a_step[i];
        _tile_loadd(6, b, 64);
        _tile_loadd(4, a, p->a_pitch);
        _tile_loadd(7, b + p->b_tile, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, a + p->a_tile, p->a_pitch);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, p->c, p->c_pitch);
    _tile_stored(1, p->c + p->c_across, p->c_pitch);
    _tile_stored(2, p->c + p->c_down, p->c_pitch);
    _tile_stored(3, p->c + p->c_down + p->c_across, p->c_pitch);
}

#include "nn/cpu/conv_bf16_kernel.h"
#include "nn/cpu/attention_bf16_kernel.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
