/* softmax(q k^T) v in f32, lanes = queries.
 *
 * Everything is transposed: scores are k q^T and the result is v^T p^T.  A vector then holds one key's or channel's
 * values of LANES queries: maxima, sums and scaling need no reduction across lanes, and keys and values are read as
 * they are, one float for all lanes.
 *
 *     for every block of keys:   s = k q^T                                 in registers: S_ROWS keys x 2 vectors
 *                                m' = max(m, s),  p = 2^(s - m'),  l = l 2^(m - m') + sum p
 *                                o = o 2^(m - m') + v^T p                  in registers: V_ROWS channels x 2 vectors
 *     o / l
 *
 * Memory is linear in the number of tokens, and the sum over up to 16,384 keys is a sum of sums of KEYS, which keeps
 * float32 precise.
 *
 * Packed keys and values are [PANEL][wide]: wide is the width rounded up to V_ROWS.  They are zero padded, to a
 * multiple of S_ROWS keys.
 *
 * The including file defines LANES, vec (a vector of LANES floats), vec_fma(a, b, c) = a b + c, vec_max, vec_exp2 (2^x
 * for x <= 0; 0 below -126), vec_transpose (of LANES vectors), S_ROWS, V_ROWS, KERNELS and NAME. */
#include <math.h>

#include "nn/cpu/kernel.h"
#include "nn/cpu/vec_kernel.h"

#define KEYS CK_CPU_KEYS
#define PANEL KEYS
#define PAIR (2 * LANES) /* queries computed together */
#define QUERIES 96       /* per call */
#define PAIRS (QUERIES / PAIR)
#define FAR (10 * KEYS) /* keys that all pairs visit before the next: they fit the second-level cache */

_Static_assert(KEYS % S_ROWS == 0, "whole rows");

static size_t wide_of(int width)
{
    return ((size_t)width + V_ROWS - 1) / V_ROWS * V_ROWS;
}

static size_t deep_of(int width)
{
    return ((size_t)width + LANES - 1) / LANES * LANES;
}

/* ---- packing ---- */

static size_t panel_bytes(int width)
{
    return PANEL * wide_of(width) * sizeof(float);
}

static void pack_rows(int width, const void *const *rows, int n, float *to)
{
    size_t wide = wide_of(width), used = (size_t)width;
    for (int i = 0; i < n; i++, to += wide) {
        memcpy(to, rows[i], used * sizeof *to);
        memset(to + used, 0, (wide - used) * sizeof *to);
    }
    memset(to, 0, (size_t)((n + S_ROWS - 1) / S_ROWS * S_ROWS - n) * wide * sizeof *to);
}

static void pack(int width, const void *const *k, const void *const *v, int n, void *keys, void *values)
{
    pack_rows(width, k, n, keys);
    pack_rows(width, v, n, values);
}

/* Channels d … d + LANES - 1 of a row, zeros past the last. */
INLINE vec part_of(const float *row, int width, int d)
{
    float part[LANES] = {0};
    if (d + LANES <= width)
        return vec_load(row + d);
    memcpy(part, row + d, (size_t)(width - d) * sizeof *part);
    return vec_load(part);
}

/* Up to PAIR queries, scaled, to [deep][PAIR]. */
static void pack_queries(int width, const void *const *rows, int n, float *to)
{
    float scale = (float)(M_LOG2E / sqrt(width));
    for (int d = 0; d < width; d += LANES)
        for (int half = 0; half < 2; half++) {
            vec r[LANES];
            for (int i = 0; i < LANES; i++)
                if (half * LANES + i < n)
                    r[i] = part_of(rows[half * LANES + i], width, d) * scale;
                else
                    r[i] = vec_all(0);
            vec_transpose(r);
            for (int i = 0; i < LANES; i++)
                vec_store(to + (d + i) * PAIR + half * LANES, r[i]);
        }
}

/* Up to PAIR results from [wide][PAIR], divided by their sums of weights. */
static void store(int width, const float *o, const vec l[2], void *const *y, int n)
{
    for (int d = 0; d < width; d += LANES)
        for (int half = 0; half < 2; half++) {
            vec r[LANES];
            int used = width - d < LANES ? width - d : LANES;
            for (int i = 0; i < LANES; i++)
                if (i < used)
                    r[i] = vec_load(o + (d + i) * PAIR + half * LANES) / l[half];
                else
                    r[i] = vec_all(0);
            vec_transpose(r);
            for (int i = 0; i < LANES && half * LANES + i < n; i++)
                memcpy((float *)y[half * LANES + i] + d, &r[i], (size_t)used * sizeof(float));
        }
}

/* ---- a block of keys ---- */

/* Scores of S_ROWS keys. */
INLINE void scores(const float *k, size_t wide, const float *q, int width, float *s)
{
    vec sum[S_ROWS][2];
    for (int r = 0; r < S_ROWS; r++)
        sum[r][0] = sum[r][1] = (vec){0};
    for (int d = 0; d < width; d++) {
        vec q0 = vec_load(q + d * PAIR), q1 = vec_load(q + d * PAIR + LANES);
#pragma GCC unroll 16
        for (int r = 0; r < S_ROWS; r++) {
            vec x = vec_all(k[(size_t)r * wide + (size_t)d]);
            sum[r][0] = vec_fma(x, q0, sum[r][0]);
            sum[r][1] = vec_fma(x, q1, sum[r][1]);
        }
    }
    for (int r = 0; r < S_ROWS; r++) {
        vec_store(s + r * PAIR, sum[r][0]);
        vec_store(s + r * PAIR + LANES, sum[r][1]);
    }
}

/* o = o * shrink + v^T p for V_ROWS channels and n keys. */
INLINE void values(const float *v, size_t wide, const float *p, int n, const vec shrink[2], float *o)
{
    vec sum[V_ROWS][2];
    for (int r = 0; r < V_ROWS; r++)
        sum[r][0] = sum[r][1] = (vec){0};
    for (int j = 0; j < n; j++) {
        vec p0 = vec_load(p + j * PAIR), p1 = vec_load(p + j * PAIR + LANES);
#pragma GCC unroll 16
        for (int r = 0; r < V_ROWS; r++) {
            vec x = vec_all(v[(size_t)j * wide + (size_t)r]);
            sum[r][0] = vec_fma(x, p0, sum[r][0]);
            sum[r][1] = vec_fma(x, p1, sum[r][1]);
        }
    }
    for (int r = 0; r < V_ROWS; r++)
        for (int i = 0; i < 2; i++) {
            float *to = o + r * PAIR + i * LANES;
            vec_store(to, vec_fma(vec_load(to), shrink[i], sum[r][i]));
        }
}

typedef struct running { /* by query */
    vec m[2], l[2];      /* largest score so far; sum of powers */
} running;

/* Replace n scores by powers; shrink: factor that rescales the sums so far. */
INLINE void weigh(float *s, int n, running *q, vec shrink[2])
{
    vec top[2] = {q->m[0], q->m[1]}, sum[2] = {{0}, {0}};
    for (int j = 0; j < n; j++)
        for (int i = 0; i < 2; i++)
            top[i] = vec_max(top[i], vec_load(s + j * PAIR + i * LANES));
    for (int j = 0; j < n; j++)
        for (int i = 0; i < 2; i++) {
            vec p = vec_exp2(vec_load(s + j * PAIR + i * LANES) - top[i]);
            vec_store(s + j * PAIR + i * LANES, p);
            sum[i] += p;
        }
    for (int i = 0; i < 2; i++) {
        shrink[i] = vec_exp2(q->m[i] - top[i]);
        q->l[i] = q->l[i] * shrink[i] + sum[i];
        q->m[i] = top[i];
    }
}

/* A pair of vectors of queries and n <= KEYS keys. */
INLINE void block(const float *k, const float *v, int n, int width, const float *q, float *s, float *o, running *state)
{
    size_t wide = wide_of(width);
    vec shrink[2];
    for (int j = 0; j < n; j += S_ROWS)
        scores(k + (size_t)j * wide, wide, q, width, s + j * PAIR);
    weigh(s, n, state, shrink);
    for (size_t c = 0; c < wide; c += V_ROWS)
        values(v + c, wide, s, n, shrink, o + c * PAIR);
}

/* ---- the table ---- */

static size_t pair_floats(int width)
{
    return (deep_of(width) + wide_of(width)) * PAIR;
}

static size_t scratch_bytes(int width)
{
    return PAIRS * sizeof(running) + (KEYS * PAIR + PAIRS * pair_floats(width)) * sizeof(float);
}

static void attend(const ck_cpu_attend *a)
{
    running *state = a->scratch;
    float *s = (float *)(state + PAIRS), *q = s + KEYS * PAIR;
    size_t wide = wide_of(a->width), deep = deep_of(a->width), per = pair_floats(a->width);
    int pairs = (a->nq + PAIR - 1) / PAIR;
    for (int i = 0; i < pairs; i++) {
        int left = a->nq - i * PAIR;
        pack_queries(a->width, a->q + i * PAIR, left < PAIR ? left : PAIR, q + (size_t)i * per);
        memset(q + (size_t)i * per + deep * PAIR, 0, wide * PAIR * sizeof *q);
        state[i] = (running){.m = {vec_all(-INFINITY), vec_all(-INFINITY)}};
    }
    for (int far = 0; far < a->nk; far += FAR)
        for (int i = 0; i < pairs; i++)
            for (int key = far; key < far + FAR && key < a->nk; key += KEYS) {
                size_t at = (size_t)key * wide;
                float *own = q + (size_t)i * per;
                int n = a->nk - key < KEYS ? a->nk - key : KEYS;
                const float *k = (const float *)a->keys + at, *v = (const float *)a->values + at;
                if (a->width == 56) /* the published models': constant strides */
                    block(k, v, n, 56, own, s, own + deep * PAIR, &state[i]);
                else
                    block(k, v, n, a->width, own, s, own + deep * PAIR, &state[i]);
            }
    for (int i = 0; i < pairs; i++) {
        int left = a->nq - i * PAIR;
        store(a->width, q + (size_t)i * per + deep * PAIR, state[i].l, a->y + i * PAIR, left < PAIR ? left : PAIR);
    }
}

const ck_cpu_kernels KERNELS = {.name = NAME,
                                .queries = QUERIES,
                                .panel = PANEL,
                                .panel_bytes = panel_bytes,
                                .scratch_bytes = scratch_bytes,
                                .pack = pack,
                                .attend = attend,
                                .group = GROUP,
                                .conv_scratch = conv_scratch,
                                .conv_f32 = conv};
