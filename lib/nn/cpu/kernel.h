/* Inner loops per instruction set: the device chooses a table when its precision is set.
 *
 * Attention computes one block of queries of one head.  Rows are a pixel's `width` channels of one head, f32 or bf16,
 * at any address.  Keys and values are packed once, `panel` keys at a time, and read by all blocks of queries. */
#ifndef CK_NN_CPU_KERNEL_H
#define CK_NN_CPU_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CK_CPU_QUERIES 128 /* queries per call, at most: the keys are read once for all of them */
#define CK_CPU_KEYS 96     /* keys per block in f32: the running maximum is updated once per block */
#define CK_CPU_DEEP 32
#define CK_CPU_PANEL 96 /* largest panel */

#define CK_CPU_WIDE 2048 /* channels of a head, at most, with bf16 operands */

typedef struct ck_cpu_attend {
    int width;                 /* channels per head */
    int nk, nq;                /* keys; queries */
    const void *const *q;      /* [nq] rows */
    void *const *y;            /* [nq] rows: the result */
    const void *keys, *values; /* packed */
    void *scratch;             /* scratch_bytes, aligned to 64 */
} ck_cpu_attend;

/* A block of a 3x3 convolution in f32, see conv_kernel.h.  x and y are maps of one size. */
#define CK_CPU_CONV_SIDE 32     /* pixels a side of a block, at most */
#define CK_CPU_CONV_TILE 4      /* results a side of a tile */
#define CK_CPU_CONV_PRODUCTS 36 /* per tile */
#define CK_CPU_POINT_A 1.0f
#define CK_CPU_POINT_B 2.0f

typedef struct ck_cpu_conv_block {
    int in, out, dilation;
    int h, w;           /* of the maps */
    int y0, x0, y1, x1; /* the block */
    int tiles;          /* of the block, in a row: dilation times as many as in one of its interleaved parts */
    const float *x, *norm;
    float *y;
    size_t x_pixel, y_pixel; /* floats between pixels */
    const float *weights;    /* [36][out / group][in][group], transformed */
    const float *bias;       /* [out rounded up to group] */
    double *sums;            /* [2][out rounded up to group]: sums of y by output, sums of its squares; NULL: none */
    void *scratch;           /* conv_scratch bytes, aligned to 64 */
} ck_cpu_conv_block;

/* A tile of a 3x3 convolution with bf16 operands.  Channels of x are padded to a multiple of CK_CPU_DEEP. */
#define CK_CPU_CONV_IN 1024 /* channels of x, at most */

typedef struct ck_cpu_conv_tile {
    int in, out, dilation;
    int rows, columns; /* of y: at most 32 x 32 */
    const void *x;     /* [32 + 2 dilation][side = 32 + 2 dilation][in] bf16, aligned to 64 */
    const void *w;     /* [out / 32][9 taps][in / 32][2][16 pairs of inputs][16 outputs][2] bf16, aligned to 64 */
    const float *bias; /* [out rounded up to 32] */
    void *y;           /* pixels are y_pixel bytes apart, rows y_row */
    size_t y_pixel, y_row;
    bool bf16_y;
    double *sums; /* [2][out rounded up to 32]: sums of y by channel, sums of its squares; NULL: none */
} ck_cpu_conv_tile;

typedef struct ck_cpu_kernels {
    const char *name;
    bool bf16;   /* type of rows */
    int queries; /* per call, at most */
    int panel;
    size_t (*panel_bytes)(int width); /* packed keys of a panel; packed values take as many */
    size_t (*scratch_bytes)(int width);
    /* Pack n <= panel keys and values, and pad them. */
    void (*pack)(int width, const void *const *k, const void *const *v, int n, void *keys, void *values);
    void (*attend)(const ck_cpu_attend *a);

    /* f32 only. */
    int group; /* of outputs */
    size_t (*conv_scratch)(int out, int in);
    void (*conv_f32)(const ck_cpu_conv_block *c);

    /* bf16 only.  gather: copy n pixels of `channels`, ld elements apart, to n of `in`, zero padded; relu(x * scale +
     * shift) if there is a norm [2][channels]. */
    void (*gather)(const uint16_t *from, size_t ld, int n, int channels, const float *norm, uint16_t *to, int in);
    void (*conv_bf16)(const ck_cpu_conv_tile *c);
} ck_cpu_kernels;

extern const ck_cpu_kernels ck_cpu_kernels_plain;
#if defined(__x86_64__)
extern const ck_cpu_kernels ck_cpu_kernels_avx2, ck_cpu_kernels_avx512;
extern const ck_cpu_kernels ck_cpu_kernels_avx512_bf16, ck_cpu_kernels_amx;
#endif

/* Kernels for rows of a type that this machine can run, fastest first; NULL past the last. */
const ck_cpu_kernels *ck_cpu_kernels_at(bool bf16, int i);

#endif
