/* softmax(q k^T) v with bf16 operands, lanes = queries.
 *
 * Everything is transposed: scores are k q^T and the result is v^T p^T.  A vector then holds one key's or channel's
 * values of 16 queries, and maxima, sums and scaling need no reduction across lanes.
 *
 *     for every panel of keys:   s = k q^T                                 [keys][16 queries] f32
 *                                p = 2^(s - m),  l = l + sum p             m: at most SLACK below all scores
 *                                o = o + v^T p                             [channels][16 queries] f32
 *     o / l
 *
 * Packed are left tiles of [16 keys][32 channels] and [16 channels][32 keys], right tiles of pairs of channels and of
 * pairs of keys.  The including file defines KERNELS, NAME, multiply (bf16_product.h), and begin and end around it. */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/cpu/kernel.h"

/* Minimax polynomial of 2^x for x in [0, 1]; relative error 8e-8, with rounding 1.6e-7. */
#define POWER_0 0.9999999403953552f
#define POWER_1 0.6931530833244324f
#define POWER_2 0.24015361070632935f
#define POWER_3 0.05582631751894951f
#define POWER_4 0.008989340625703335f
#define POWER_5 0.0018775766948238015f

#define PANEL 32
#define FAR 32  /* panels that all groups visit before the next: they fit the second-level cache */
#define SLACK 8 /* see raise */
#define GROUPS (CK_CPU_QUERIES / LANES)
#define INLINE static inline __attribute__((always_inline))

_Static_assert(PANEL == DEEP, "a panel of values is one step");

static size_t deep(int width) /* tiles across a head's channels as operands */
{
    return ((size_t)width + DEEP - 1) / DEEP;
}

static size_t panel_bytes(int width) /* two tiles of keys, or of channels, for every 32 channels */
{
    return 2 * deep(width) * TILE;
}

/* ---- packing ---- */

/* Transpose 16 vectors of 16 32-bit elements. */
INLINE void transpose(__m512i r[LANES])
{
    __m512i t[LANES];
#pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 4) {
        __m512i a = _mm512_unpacklo_epi32(r[i], r[i + 1]), b = _mm512_unpackhi_epi32(r[i], r[i + 1]);
        __m512i c = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]), d = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);
        t[i] = _mm512_unpacklo_epi64(a, c);
        t[i + 1] = _mm512_unpackhi_epi64(a, c);
        t[i + 2] = _mm512_unpacklo_epi64(b, d);
        t[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m512i a = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x44), b = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xee);
        __m512i c = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x44),
                d = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xee);
        r[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        r[i + 4] = _mm512_shuffle_i32x4(a, c, 0xdd);
        r[i + 8] = _mm512_shuffle_i32x4(b, d, 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
}

/* Mask of the `n` first lanes of `all`; none below 0. */
static uint32_t first(int n, int all)
{
    return n <= 0 ? 0 : n >= all ? (uint32_t)((1ull << all) - 1) : (1u << n) - 1;
}

/* Channels c … c + 31 of a row, zeros past the last; zeros without a row. */
INLINE __m512i load(const void *row, int width, int c)
{
    return row ? _mm512_maskz_loadu_epi16(first(width - c, DEEP), (const uint16_t *)row + c) : _mm512_setzero_si512();
}

static void pack_keys(int width, const void *const *rows, int n, char *to)
{
    for (int tile = 0; tile < PANEL / LANES; tile++)
        for (int c = 0; c < width; c += DEEP, to += TILE)
            for (int r = 0; r < LANES; r++) {
                int i = tile * LANES + r;
                _mm512_store_si512(to + r * 64, load(i < n ? rows[i] : NULL, width, c));
            }
}

/* 16 channels of 32 keys; odd: the channels that unpackhi puts together. */
INLINE void pack_channels(const __m512i rows[PANEL], bool odd, char *to)
{
    __m512i r[LANES];
    for (int i = 0; i < LANES; i++)
        r[i] = odd ? _mm512_unpackhi_epi16(rows[2 * i], rows[2 * i + 1])
                   : _mm512_unpacklo_epi16(rows[2 * i], rows[2 * i + 1]);
    transpose(r);
    for (int i = 0; i < LANES; i++) /* four channels of every eight */
        _mm512_store_si512(to + (i / 4 * 8 + i % 4 + (odd ? 4 : 0)) * 64, r[i]);
}

static void pack_values(int width, const void *const *rows, int n, char *to)
{
    for (int c = 0; c < width; c += DEEP, to += 2 * TILE) {
        __m512i r[PANEL];
        for (int i = 0; i < PANEL; i++)
            r[i] = load(i < n ? rows[i] : NULL, width, c);
        pack_channels(r, false, to);
        pack_channels(r, true, to);
    }
}

static void pack(int width, const void *const *k, const void *const *v, int n, void *keys, void *values)
{
    pack_keys(width, k, n, keys);
    pack_values(width, v, n, values);
}

/* A group of up to 16 queries. */
static void pack_queries(int width, const void *const *rows, int n, char *to)
{
    for (int c = 0; c < width; c += DEEP, to += TILE) {
        __m512i r[LANES];
        for (int i = 0; i < LANES; i++)
            r[i] = load(i < n ? rows[i] : NULL, width, c);
        transpose(r);
        for (int i = 0; i < LANES; i++)
            _mm512_store_si512(to + i * 64, r[i]);
    }
}

/* ---- softmax ---- */

/* 2^x for x <= 0: 2^floor(x) times the polynomial of the rest. */
INLINE __m512 power(__m512 x)
{
    __m512 f = _mm512_reduce_ps(x, 9); /* x - floor(x); 0 for minus infinity */
    __m512 p = _mm512_set1_ps(POWER_5);
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(POWER_4));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(POWER_3));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(POWER_2));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(POWER_1));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(POWER_0));
    return _mm512_scalef_ps(p, x);
}

/* By query. */
typedef struct running {
    __m512 m, l; /* reference for powers, in units of log2; sum of powers */
} running;

/* Factor that rescales the sums of a group whose reference must rise to hold a panel of scores; true if any lane has
 * one that is not 1.  References rise by more than SLACK or not at all: most blocks need no rescaling, and powers stay
 * below 2^SLACK. */
static bool raise(const float *s, __m512 scale, running *q, __m512 *shrink)
{
    __m512 tops[4], top;
    for (int k = 0; k < 4; k++)
        tops[k] = _mm512_load_ps(s + k * LANES);
    for (int i = 4; i < PANEL; i += 4)
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++)
            tops[k] = _mm512_max_ps(tops[k], _mm512_load_ps(s + (i + k) * LANES));
    top = _mm512_max_ps(_mm512_max_ps(tops[0], tops[1]), _mm512_max_ps(tops[2], tops[3]));
    top = _mm512_mul_ps(top, scale);
    __mmask16 higher = _mm512_cmp_ps_mask(top, _mm512_add_ps(q->m, _mm512_set1_ps(SLACK)), _CMP_GT_OQ);
    if (!higher)
        return false;
    top = _mm512_mask_mov_ps(q->m, higher, top);
    *shrink = power(_mm512_sub_ps(q->m, top));
    q->m = top;
    q->l = _mm512_mul_ps(q->l, *shrink);
    return true;
}

/* Replace a panel of scores by powers, in bf16, and sum those: powers that are alike are all rounded the same way,
 * which cancels in the quotient.  Meanwhile fetch 4 KiB that are needed next. */
static void weigh(const float *s, __m512 scale, running *q, char *p, const char *next)
{
    const __m512i mixed = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512 sum = _mm512_setzero_ps();
    for (int i = 0; i < PANEL; i += 2, next += 256) {
        __m512 a = power(_mm512_fmsub_ps(_mm512_load_ps(s + i * LANES), scale, q->m));
        __m512 b = power(_mm512_fmsub_ps(_mm512_load_ps(s + i * LANES + LANES), scale, q->m));
        __m512i pair = _mm512_permutexvar_epi16(mixed, (__m512i)_mm512_cvtne2ps_pbh(b, a));
        _mm512_store_si512(p + i * 32, pair);
        a = _mm512_castsi512_ps(_mm512_slli_epi32(pair, 16));
        b = _mm512_castsi512_ps(_mm512_and_si512(pair, _mm512_set1_epi32((int)0xffff0000)));
        sum = _mm512_add_ps(sum, _mm512_add_ps(a, b));
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++)
            _mm_prefetch(next + k * 64, _MM_HINT_T0);
    }
    q->l = _mm512_add_ps(q->l, sum);
}

/* ---- blocks ---- */

/* Scratch of a call. */
typedef struct scratch {
    running state[GROUPS];
    float s[2][2][PANEL][LANES]; /* of this panel and the next, of two groups */
    char p[2][TILE];
    uint32_t step[CK_CPU_WIDE / DEEP];
    _Alignas(64) char tiles[]; /* q [GROUPS][deep], o [GROUPS][2 deep] */
} scratch;

static size_t scratch_bytes(int width)
{
    return sizeof(scratch) + 3 * GROUPS * deep(width) * TILE;
}

/* Scores of two groups of queries and a panel of keys. */
INLINE void score(const ck_cpu_attend *a, int group, int panel)
{
    scratch *w = a->scratch;
    size_t d = deep(a->width);
    multiply(&(product){.a = (const char *)a->keys + (size_t)panel * panel_bytes(a->width),
                        .a_tile = d * TILE,
                        .a_pitch = 64,
                        .a_step = w->step,
                        .b = w->tiles + (size_t)group * d * TILE,
                        .b_tile = d * TILE,
                        .b_step = TILE,
                        .c = (char *)w->s[panel % 2],
                        .c_down = TILE,
                        .c_across = sizeof w->s[0][0],
                        .c_pitch = 64,
                        .steps = d});
}

static void rescale(char *o, size_t tiles, __m512 shrink)
{
    for (size_t i = 0; i < tiles * TILE; i += 64)
        _mm512_store_ps(o + i, _mm512_mul_ps(_mm512_load_ps(o + i), shrink));
}

/* Add a panel's weighted values to the results of two groups. */
INLINE void add(const ck_cpu_attend *a, int group, int panel, __m512 scale)
{
    scratch *w = a->scratch;
    size_t d = deep(a->width), at = (size_t)panel * panel_bytes(a->width);
    const char *v = (const char *)a->values + at, *next = (const char *)a->keys + at + 2 * panel_bytes(a->width);
    char *o = w->tiles + (GROUPS + 2 * (size_t)group) * d * TILE;
    for (int j = 0; j < 2; j++) {
        __m512 shrink;
        float(*s)[LANES] = w->s[panel % 2][j];
        for (int i = a->nk - panel * PANEL; i < PANEL; i++)
            _mm512_store_ps(s[i], _mm512_set1_ps(-INFINITY));
        if (raise(s[0], scale, &w->state[group + j], &shrink))
            rescale(o + (size_t)j * 2 * d * TILE, 2 * d, shrink);
        weigh(s[0], scale, &w->state[group + j], w->p[j], j ? v + panel_bytes(a->width) : next);
    }
    for (size_t c = 0; c < d; c++)
        multiply(&(product){.a = v + 2 * c * TILE,
                            .a_tile = TILE,
                            .a_pitch = 64,
                            .a_step = w->step,
                            .b = w->p[0],
                            .b_tile = sizeof w->p[0],
                            .c = o + 2 * c * TILE,
                            .c_down = TILE,
                            .c_across = 2 * d * TILE,
                            .c_pitch = 64,
                            .steps = 1,
                            .add = true});
}

/* The next panel's scores are computed before this one's are read: vector units and AMX work at the same time. */
static void visit(const ck_cpu_attend *a, int group, int panel, int end)
{
    __m512 scale = _mm512_set1_ps((float)(M_LOG2E / sqrt(a->width)));
    score(a, group, panel);
    for (; panel < end; panel++) {
        if (panel + 1 < end)
            score(a, group, panel + 1);
        add(a, group, panel, scale);
    }
}

/* Divide by the sums of weights and store up to 16 queries. */
static void store(int width, const char *o, __m512 l, void *const *y, int n)
{
    __m512 scale = _mm512_div_ps(_mm512_set1_ps(1), l);
    for (int c = 0; c < width; c += LANES, o += TILE) {
        __m512i r[LANES];
        for (int i = 0; i < LANES; i++)
            r[i] = _mm512_castps_si512(_mm512_mul_ps(_mm512_load_ps(o + i * 64), scale));
        transpose(r);
        for (int i = 0; i < n; i++)
            _mm256_mask_storeu_epi16((uint16_t *)y[i] + c, (__mmask16)first(width - c, LANES),
                                     (__m256i)_mm512_cvtneps_pbh(_mm512_castsi512_ps(r[i])));
    }
}

static void attend(const ck_cpu_attend *a)
{
    scratch *w = a->scratch;
    size_t d = deep(a->width);
    int panels = (a->nk + PANEL - 1) / PANEL, groups = (a->nq + 2 * LANES - 1) / (2 * LANES) * 2;
    for (int g = 0; g < groups; g++) {
        int left = a->nq - g * LANES;
        pack_queries(a->width, a->q + g * LANES, left < LANES ? left : LANES, w->tiles + (size_t)g * d * TILE);
        w->state[g] = (running){.m = _mm512_set1_ps(-INFINITY), .l = _mm512_setzero_ps()};
    }
    memset(w->tiles + GROUPS * d * TILE, 0, (size_t)groups * 2 * d * TILE);
    for (size_t i = 0; i < d; i++)
        w->step[i] = (uint32_t)(i * TILE);
    begin();
    for (int far = 0; far < panels; far += FAR)
        for (int g = 0; g < groups; g += 2)
            visit(a, g, far, far + FAR < panels ? far + FAR : panels);
    end();
    for (int g = 0; g * LANES < a->nq; g++) {
        int left = a->nq - g * LANES;
        store(a->width, w->tiles + (GROUPS + 2 * (size_t)g) * d * TILE, w->state[g].l, a->y + g * LANES,
              left < LANES ? left : LANES);
    }
}

const ck_cpu_kernels KERNELS = {.name = NAME,
                                .bf16 = true,
                                .queries = CK_CPU_QUERIES,
                                .panel = PANEL,
                                .panel_bytes = panel_bytes,
                                .scratch_bytes = scratch_bytes,
                                .pack = pack,
                                .attend = attend,
                                .gather = gather,
                                .conv_bf16 = conv};
