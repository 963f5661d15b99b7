/* softmax(q k^T) v for one head and one block of queries, keys in blocks of CK_CPU_KEYS.
 *
 *     for every block of keys:   s = q k^T                       in registers: S_ROWS x 2 vectors
 *                                m' = max(m, s),  p = 2^(s - m'),  l = l 2^(m - m') + sum p
 *                                o = o 2^(m - m') + p v          in registers: V_ROWS x V_VECS vectors
 *     o / l
 *
 * Memory is linear in the number of tokens, and the sum over up to 16,384 keys is a sum of sums of CK_CPU_KEYS, which
 * keeps float32 precise.
 *
 * Packed keys are [width][PANEL] for every PANEL keys, packed values [PANEL][wide]: wide is the width rounded up to
 * LANES.
 *
 * The including file defines LANES, vec (a vector of LANES floats), vec_fma(a, b, c) = a b + c, vec_max,
 * vec_exp2 (2^x for x <= 0; 0 below -126), vec_top and vec_total (maximum and sum of the lanes), S_ROWS, V_ROWS,
 * V_VECS, KERNELS and NAME. */
#include <math.h>
#include <string.h>

#include "nn/cpu/kernel.h"

#define PANEL (2 * LANES)
#define INLINE static inline __attribute__((always_inline))

#define QUERIES 96 /* per call */
#define ROWS 12    /* the number of queries is a multiple of this */

_Static_assert(ROWS % S_ROWS == 0 && ROWS % V_ROWS == 0, "kernels' rows divide ROWS");
_Static_assert(CK_CPU_KEYS % PANEL == 0, "panels divide a block of keys");

INLINE vec vec_load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void vec_store(float *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

INLINE vec vec_all(float x)
{
    return x - (vec){0};
}

/* Scores of S_ROWS queries and one panel of keys, and the maximum of each row. */
INLINE void scores(const float *q, int width, const float *k, float *s, vec *top)
{
    vec sum[S_ROWS][2];
    for (int r = 0; r < S_ROWS; r++)
        sum[r][0] = sum[r][1] = (vec){0};
    for (int d = 0; d < width; d++) {
        vec k0 = vec_load(k + (size_t)d * PANEL), k1 = vec_load(k + (size_t)d * PANEL + LANES);
#pragma GCC unroll 16
        for (int r = 0; r < S_ROWS; r++) {
            vec x = vec_all(q[(size_t)r * (size_t)width + (size_t)d]);
            sum[r][0] = vec_fma(x, k0, sum[r][0]);
            sum[r][1] = vec_fma(x, k1, sum[r][1]);
        }
    }
    for (int r = 0; r < S_ROWS; r++) {
        vec_store(s + (size_t)r * CK_CPU_KEYS, sum[r][0]);
        vec_store(s + (size_t)r * CK_CPU_KEYS + LANES, sum[r][1]);
        top[r] = vec_max(top[r], vec_max(sum[r][0], sum[r][1]));
    }
}

/* o = o * scale[row] + p v for V_ROWS queries, n keys and `vecs` vectors of channels. */
INLINE void values(const float *p, int n, const float *v, size_t wide, const float *scale, float *o, const int vecs)
{
    vec sum[V_ROWS][V_VECS];
    for (int r = 0; r < V_ROWS; r++)
        for (int i = 0; i < vecs; i++)
            sum[r][i] = (vec){0};
    for (int j = 0; j < n; j++) {
        vec x[V_VECS];
        for (int i = 0; i < vecs; i++)
            x[i] = vec_load(v + (size_t)j * wide + (size_t)(i * LANES));
#pragma GCC unroll 16
        for (int r = 0; r < V_ROWS; r++) {
            vec y = vec_all(p[(size_t)r * CK_CPU_KEYS + (size_t)j]);
#pragma GCC unroll 8
            for (int i = 0; i < vecs; i++)
                sum[r][i] = vec_fma(y, x[i], sum[r][i]);
        }
    }
    for (int r = 0; r < V_ROWS; r++)
        for (int i = 0; i < vecs; i++) {
            float *to = o + (size_t)r * wide + (size_t)(i * LANES);
            vec_store(to, vec_fma(vec_load(to), vec_all(scale[r]), sum[r][i]));
        }
}

/* All channels, in groups of vectors that fit into registers. */
static void all_values(const float *p, int n, const float *v, size_t wide, const float *scale, float *o)
{
    size_t c = 0;
    for (; c + V_VECS * LANES <= wide; c += V_VECS * LANES)
        values(p, n, v + c, wide, scale, o + c, V_VECS);
    switch ((wide - c) / LANES) {
    case 3:
        values(p, n, v + c, wide, scale, o + c, V_VECS > 3 ? 3 : 1);
        break;
    case 2:
        values(p, n, v + c, wide, scale, o + c, V_VECS > 2 ? 2 : 1);
        break;
    case 1:
        values(p, n, v + c, wide, scale, o + c, 1);
        break;
    }
}

/* A call's operands: as many rows as its queries rounded up to ROWS. */
typedef struct work {
    int width, nk, nq;
    const float *k, *v;
    float *q;      /* [nq][width], times log2(e) / sqrt(width); zeros in unused rows */
    float *scores; /* [nq][CK_CPU_KEYS] */
    float *o;      /* [nq][wide]: the result */
} work;

static size_t wide_of(int width)
{
    return ((size_t)width + LANES - 1) / LANES * LANES;
}

static void block_scores(const work *a, int first, int n, vec *top)
{
    for (int r = 0; r < a->nq; r++)
        top[r] = vec_all(-INFINITY);
    for (int j = 0; j < n; j += PANEL) {
        const float *k = a->k + (size_t)(first + j) * wide_of(a->width);
        for (int r = 0; r < a->nq; r += S_ROWS)
            scores(a->q + (size_t)r * (size_t)a->width, a->width, k, a->scores + (size_t)r * CK_CPU_KEYS + j, top + r);
    }
}

/* Mask the last panel: scores past the last key become minus infinity, whose power is 0. */
static int mask_tail(const work *a, int n, vec *top)
{
    int whole = (n + PANEL - 1) / PANEL * PANEL;
    for (int r = 0; r < a->nq; r++) {
        float *s = a->scores + (size_t)r * CK_CPU_KEYS;
        for (int j = n; j < whole; j++)
            s[j] = -INFINITY;
        top[r] = vec_load(s);
        for (int j = LANES; j < whole; j += LANES)
            top[r] = vec_max(top[r], vec_load(s + j));
    }
    return whole;
}

/* Replace n scores, a multiple of PANEL, by powers and return their sum. */
INLINE float powers(float *s, int n, float largest)
{
    vec base = vec_all(largest), sum[2] = {{0}, {0}};
    for (int j = 0; j < n; j += PANEL)
        for (int i = 0; i < 2; i++) {
            vec p = vec_exp2(vec_load(s + j + i * LANES) - base);
            vec_store(s + j + i * LANES, p);
            sum[i] += p;
        }
    return vec_total(sum[0] + sum[1]);
}

typedef struct running {          /* by query */
    float m[QUERIES], l[QUERIES]; /* largest score so far; sum of powers */
    float shrink[QUERIES];        /* factor that rescales the sums so far */
} running;

_Static_assert(QUERIES % LANES == 0, "queries are whole vectors");

/* Powers of a block of n scores, and the running sums. */
static void block_powers(const work *a, int n, const vec *top, running *q)
{
    float m[QUERIES] = {0};
    for (int r = 0; r < a->nq; r++) {
        float largest = vec_top(top[r]);
        m[r] = largest > q->m[r] ? largest : q->m[r];
    }
    for (int r = 0; r < a->nq; r += LANES)
        vec_store(q->shrink + r, vec_exp2(vec_load(q->m + r) - vec_load(m + r)));
    for (int r = 0; r < a->nq; r++) {
        q->l[r] = q->l[r] * q->shrink[r] + powers(a->scores + (size_t)r * CK_CPU_KEYS, n, m[r]);
        q->m[r] = m[r];
    }
}

static void attend_all(const work *a)
{
    vec top[QUERIES];
    running q = {.l = {0}};
    size_t wide = wide_of(a->width);
    for (int r = 0; r < QUERIES; r++)
        q.m[r] = -INFINITY;
    memset(a->o, 0, (size_t)a->nq * wide * sizeof *a->o);
    for (int first = 0; first < a->nk; first += CK_CPU_KEYS) {
        int n = a->nk - first < CK_CPU_KEYS ? a->nk - first : CK_CPU_KEYS;
        block_scores(a, first, n, top);
        block_powers(a, n % PANEL ? mask_tail(a, n, top) : n, top, &q);
        for (int r = 0; r < a->nq; r += V_ROWS)
            all_values(a->scores + (size_t)r * CK_CPU_KEYS, n, a->v + (size_t)first * wide, wide, q.shrink + r,
                       a->o + (size_t)r * wide);
    }
    for (int r = 0; r < a->nq; r++)
        for (size_t c = 0; c < wide; c++)
            a->o[(size_t)r * wide + c] /= q.l[r];
}

/* ---- the table ---- */

static size_t panel_bytes(int width)
{
    return PANEL * wide_of(width) * sizeof(float);
}

static size_t scratch_bytes(int width)
{
    return QUERIES * ((size_t)width + CK_CPU_KEYS + wide_of(width)) * sizeof(float);
}

static void pack(int width, const void *const *k, const void *const *v, int n, void *keys, void *values)
{
    float *to = keys;
    size_t wide = wide_of(width), used = (size_t)width;
    for (int d = 0; d < width; d++)
        for (int i = 0; i < PANEL; i++)
            *to++ = i < n ? ((const float *)k[i])[d] : 0;
    to = values;
    for (int i = 0; i < n; i++, to += wide) {
        memcpy(to, v[i], used * sizeof *to);
        memset(to + used, 0, (wide - used) * sizeof *to);
    }
}

static void attend(const ck_cpu_attend *a)
{
    size_t width = (size_t)a->width, nq = (size_t)a->nq, wide = wide_of(a->width);
    work w = {.width = a->width, .nk = a->nk, .nq = (a->nq + ROWS - 1) / ROWS * ROWS, .k = a->keys, .v = a->values};
    float scale = (float)(M_LOG2E / sqrt(a->width));
    w.scores = a->scratch;
    w.o = w.scores + QUERIES * CK_CPU_KEYS;
    w.q = w.o + QUERIES * wide;
    for (size_t r = 0; r < nq; r++)
        for (size_t d = 0; d < width; d++)
            w.q[r * width + d] = ((const float *)a->q[r])[d] * scale;
    memset(w.q + nq * width, 0, ((size_t)w.nq - nq) * width * sizeof *w.q);
    attend_all(&w);
    for (size_t r = 0; r < nq; r++)
        memcpy(a->y[r], w.o + r * wide, width * sizeof *w.o);
}

const ck_cpu_kernels KERNELS = {.name = NAME,
                                .queries = QUERIES,
                                .panel = PANEL,
                                .panel_bytes = panel_bytes,
                                .scratch_bytes = scratch_bytes,
                                .pack = pack,
                                .attend = attend};
