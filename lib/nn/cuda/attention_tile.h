/* A warp's part of attention with scores in registers: M tiles of 16 queries by N tiles of 8 keys of one head.
 *
 * A head has D pieces of 8 channels, zero padded.  Rows of queries, keys and values in shared memory are an odd number
 * of pieces apart (PITCH elements), so that eight rows of a matrix lie in different banks. */
#ifndef CK_NN_CUDA_ATTENTION_TILE_H
#define CK_NN_CUDA_ATTENTION_TILE_H

#include "nn/cuda/element.h"
#include "nn/cuda/ptx.h"
#include "nn/cuda/window.h"

#define PIECE 8

template <typename T, int D, int M, int N> struct ck_cuda_attention_tile {
    static const int PITCH = (D | 1) * PIECE;

    unsigned q[M][D][2];        /* rows 0-7 and 8-15 of each tile and piece: operand a of mma */
    float s[M][N][4];           /* scores, then weights */
    float o[M][D][4];           /* sums of values */
    float top[M][2], sum[M][2]; /* of rows lane / 4 and lane / 4 + 8 */
    int lane;

    __device__ void begin(const T *queries)
    {
        lane = threadIdx.x % WARP;
        UNROLL
        for (int m = 0; m < M; m++) {
            UNROLL
            for (int p = 0; p < D; p += 2) {
                unsigned r[4];
                int piece = min(p + lane / 16, D - 1);
                load_matrices(r, queries + (m * 16 + lane % 16) * PITCH + piece * PIECE);
                q[m][p][0] = r[0];
                q[m][p][1] = r[1];
                if (p + 1 < D) {
                    q[m][p + 1][0] = r[2];
                    q[m][p + 1][1] = r[3];
                }
            }
            UNROLL
            for (int i = 0; i < D * 4; i++)
                o[m][i / 4][i % 4] = 0;
            top[m][0] = top[m][1] = -INFINITY;
            sum[m][0] = sum[m][1] = 0;
        }
    }

    /* s = q . keys */
    __device__ void score(const T *keys)
    {
        UNROLL
        for (int n = 0; n < N; n++) {
            UNROLL
            for (int p = 0; p < D; p += 4) {
                unsigned b[4];
                load_matrices(b, keys + (n * 8 + lane % 8) * PITCH + min(p + lane / 8, D - 1) * PIECE);
                UNROLL
                for (int m = 0; m < M; m++) {
                    multiply(m, n, p, b[0], b[1]);
                    if (p + 2 < D)
                        multiply(m, n, p + 2, b[2], b[3]);
                }
            }
        }
    }

    __device__ void multiply(int m, int n, int p, unsigned b0, unsigned b1)
    {
        const float none[4] = {0, 0, 0, 0};
        if (p + 1 < D) {
            unsigned a[4] = {q[m][p][0], q[m][p][1], q[m][p + 1][0], q[m][p + 1][1]};
            multiply_16<T>(s[m][n], a, b0, b1, p ? s[m][n] : none);
        } else
            multiply_8<T>(s[m][n], q[m][p], b0, s[m][n]);
    }

    /* Mask keys past the end or outside this window, where there(row, key) is false.  The barrier keeps the compiler
     * from merging this test into tiles without masked keys. */
    template <typename F> __device__ void mask(F there)
    {
        __syncwarp();
        UNROLL
        for (int m = 0; m < M; m++)
            UNROLL
        for (int n = 0; n < N; n++)
            UNROLL
        for (int i = 0; i < 4; i++)
            if (!there(m * 16 + lane / 4 + i / 2 * 8, n * 8 + lane % 4 * 2 + i % 2))
                s[m][n][i] = -INFINITY;
    }

    /* Update each row's maximum score, as an exponent.  Rescale lazily: keep the old maximum while no weight exceeds
     * 2^LATE, so that sums are rarely multiplied. */
    static const int LATE = 8;

    __device__ void raise(float scale)
    {
        float best[M][2];
        bool higher = false;
        UNROLL
        for (int m = 0; m < M; m++)
            UNROLL
        for (int r = 0; r < 2; r++) {
            float b = fmaxf(s[m][0][2 * r], s[m][0][2 * r + 1]);
            UNROLL
            for (int n = 1; n < N; n++)
                b = fmaxf(b, fmaxf(s[m][n][2 * r], s[m][n][2 * r + 1]));
            best[m][r] = lanes_max(b, 4) * scale;
            higher = higher || best[m][r] > top[m][r] + LATE;
        }
        if (!__any_sync(ALL_LANES, higher))
            return;
        UNROLL
        for (int m = 0; m < M; m++)
            UNROLL
        for (int r = 0; r < 2; r++) {
            float now = fmaxf(top[m][r], best[m][r]), factor = power_of_2(top[m][r] - now);
            top[m][r] = now;
            sum[m][r] *= factor;
            UNROLL
            for (int p = 0; p < D; p++) {
                o[m][p][2 * r] *= factor;
                o[m][p][2 * r + 1] *= factor;
            }
        }
    }

    /* s = 2^(s scale - top) */
    __device__ void weigh(float scale)
    {
        raise(scale);
        UNROLL
        for (int m = 0; m < M; m++)
            UNROLL
        for (int n = 0; n < N; n++)
            UNROLL
        for (int i = 0; i < 4; i++) {
            s[m][n][i] = power_of_2(fmaf(s[m][n][i], scale, -top[m][i / 2]));
            sum[m][i / 2] += s[m][n][i];
        }
    }

    /* o += s . values; the fragments of two tiles of scores have the layout of operand a. */
    __device__ void add_values(const T *values)
    {
        UNROLL
        for (int n = 0; n < N; n += 2) {
            unsigned a[M][4];
            UNROLL
            for (int m = 0; m < M; m++)
                UNROLL
            for (int i = 0; i < 4; i++)
                a[m][i] = pair_of<T>(s[m][n + i / 2][i % 2 * 2], s[m][n + i / 2][i % 2 * 2 + 1]);
            UNROLL
            for (int p = 0; p < D; p += 2) {
                unsigned b[4];
                load_matrices_transposed(b, values + (n * 8 + lane % 16) * PITCH + min(p + lane / 16, D - 1) * PIECE);
                UNROLL
                for (int m = 0; m < M; m++) {
                    multiply_16<T>(o[m][p], a[m], b[0], b[1], o[m][p]);
                    if (p + 1 < D)
                        multiply_16<T>(o[m][p + 1], a[m], b[2], b[3], o[m][p + 1]);
                }
            }
        }
    }

    /* Store row r of the result at to(r), unless that is NULL. */
    template <typename F> __device__ void store(int width, F to)
    {
        UNROLL
        for (int m = 0; m < M; m++)
            UNROLL
        for (int r = 0; r < 2; r++) {
            float all = 1 / lanes_sum(sum[m][r], 4);
            T *row = to(m * 16 + lane / 4 + r * 8);
            UNROLL
            for (int p = 0; p < D; p++)
                if (row && p * PIECE < width)
                    *(unsigned *)(row + p * PIECE + lane % 4 * 2) =
                        pair_of<T>(o[m][p][2 * r] * all, o[m][p][2 * r + 1] * all);
        }
    }
};

/* Copy a piece of a row of queries, keys or values asynchronously; zeros if it does not exist. */
template <typename T>
__device__ static inline void copy_piece(const ck_cuda_attention_args &a, const ck_nn_tensor &t, size_t pixel,
                                         bool there, int head, int piece, T *to)
{
    there = there && piece * PIECE < a.width;
    const T *from = (const T *)t.data + (there ? index_of(t, pixel) + (size_t)(head * a.width + piece * PIECE) : 0);
    copy_16(to, from, there ? 16 : 0);
}

/* ---- on the host ---- */

/* Pieces of a head, padded to one of the numbers that kernels are compiled for: published models have heads of 56, 72
 * and 96 channels. */
static inline int pieces_of(int width)
{
    return width <= 32 ? 4 : width == 56 ? 7 : width <= 64 ? 8 : width <= 72 ? 9 : 12;
}

/* Rows of `rows` queries, keys and values in shared memory. */
static inline size_t row_bytes(int width, int rows)
{
    return (size_t)rows * (size_t)(pieces_of(width) | 1) * PIECE * 2;
}

static inline bool attention_rows_suit(const ck_nn_tensor &t, ck_nn_type type, size_t bytes)
{
    return t.type == type && (size_t)t.ld * 2 % bytes == 0 && ck_cuda_address(&t) % bytes == 0;
}

/* Requirements of both kernels. */
static inline bool attention_tiles_serve(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    int width = s->y.c / s->heads;
    ck_nn_type type = d->base.act;
    if (type == CK_NN_F32)
        return ck_cuda_declines(why, "activations of 32 bits");
    if (width % PIECE)
        return ck_cuda_declines(why, "heads of %d channels: no multiple of %d", width, PIECE);
    bool good = attention_rows_suit(s->y, type, 4);
    for (int i = 0; i < 3; i++)
        good = good && attention_rows_suit(s->x[i], type, 16);
    if (!good)
        return ck_cuda_declines(why, "rows of 32 bits, or not at multiples of 16 bytes");
    return width_fits(s, 96, why);
}

#endif
