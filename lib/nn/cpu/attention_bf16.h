/* softmax(q k^T) v with bf16 operands, lanes = queries.
 *
 * Everything is transposed: scores are k q^T and the result is v^T p^T.  A vector then holds one key's or channel's
 * values of 16 queries, and maxima, sums and scaling need no reduction across lanes.
 *
 *     for every block of keys:   s = k q^T                                 [keys][16 queries] f32
 *                                m' = max(m, s),  p = 2^(s - m'),  l = l 2^(m - m') + sum p
 *                                o = o 2^(m - m') + v^T p                  [channels][16 queries] f32
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

#define PANEL CK_CPU_PANEL
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
        __m512i c = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x44), d = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xee);
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

/* By query; maxima in units of log2. */
typedef struct running {
    __m512 m, l;   /* largest score so far; sum of powers */
    __m512 shrink; /* factor that rescales the sums so far */
} running;

/* Replace the scores of n keys by powers, in bf16. */
static void weigh(const float *s, int n, __m512 scale, running *q, char *p)
{
    __m512 top = _mm512_set1_ps(-INFINITY), sum = _mm512_setzero_ps();
    const __m512i mixed = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    for (int i = 0; i < n; i++)
        top = _mm512_max_ps(top, _mm512_load_ps(s + i * LANES));
    top = _mm512_max_ps(q->m, _mm512_mul_ps(top, scale));
    for (int i = 0; i < n; i += 2) {
        __m512 a = power(_mm512_fmsub_ps(_mm512_load_ps(s + i * LANES), scale, top));
        __m512 b = power(_mm512_fmsub_ps(_mm512_load_ps(s + i * LANES + LANES), scale, top));
        sum = _mm512_add_ps(sum, _mm512_add_ps(a, b));
        _mm512_store_si512(p + i * 32, _mm512_permutexvar_epi16(mixed, (__m512i)_mm512_cvtne2ps_pbh(b, a)));
    }
    q->shrink = power(_mm512_sub_ps(q->m, top));
    q->l = _mm512_fmadd_ps(q->l, q->shrink, sum);
    q->m = top;
}

/* ---- blocks ---- */

/* Scratch of a call. */
typedef struct scratch {
    running state[GROUPS];
    float s[2][CK_CPU_KEYS][LANES];
    char p[2][CK_CPU_KEYS / PANEL][TILE];
    uint32_t key_step[CK_CPU_WIDE / DEEP], value_step[CK_CPU_KEYS / PANEL];
    _Alignas(64) char tiles[]; /* q [GROUPS][deep], o [GROUPS][2 deep], a block's share of o [2][2 deep] */
} scratch;

static size_t scratch_bytes(int width)
{
    return sizeof(scratch) + (3 * GROUPS + 4) * deep(width) * TILE;
}

/* Two groups of queries and a block of n keys. */
static void block(const ck_cpu_attend *a, int group, int first_key, int n, __m512 scale)
{
    scratch *w = a->scratch;
    size_t d = deep(a->width), panels = ((size_t)n + PANEL - 1) / PANEL, at = (size_t)first_key / PANEL;
    const char *k = (const char *)a->keys + at * panel_bytes(a->width);
    const char *v = (const char *)a->values + at * panel_bytes(a->width);
    char *q = w->tiles + (size_t)group * d * TILE, *o = w->tiles + (GROUPS + 2 * (size_t)group) * d * TILE;
    char *share = w->tiles + 3 * GROUPS * d * TILE;
    for (size_t i = 0; i < panels; i++)
        multiply(&(product){.a = k + i * panel_bytes(a->width),
                            .a_tile = d * TILE,
                            .a_pitch = 64,
                            .a_step = w->key_step,
                            .b = q,
                            .b_tile = d * TILE,
                            .b_step = TILE,
                            .c = (char *)w->s[0][i * PANEL],
                            .c_down = TILE,
                            .c_across = sizeof w->s[0],
                            .c_pitch = 64,
                            .steps = d});
    for (int j = 0; j < 2; j++) {
        for (int i = n; i < (int)panels * PANEL; i++)
            _mm512_store_ps(w->s[j][i], _mm512_set1_ps(-INFINITY));
        weigh(w->s[j][0], (int)panels * PANEL, scale, &w->state[group + j], w->p[j][0]);
    }
    for (size_t c = 0; c < d; c++)
        multiply(&(product){.a = v + 2 * c * TILE,
                            .a_tile = TILE,
                            .a_pitch = 64,
                            .a_step = w->value_step,
                            .b = w->p[0][0],
                            .b_tile = sizeof w->p[0],
                            .b_step = TILE,
                            .c = share + 2 * c * TILE,
                            .c_down = TILE,
                            .c_across = 2 * d * TILE,
                            .c_pitch = 64,
                            .steps = panels});
    for (int j = 0; j < 2; j++)
        for (size_t i = 0; i < 2 * d * LANES; i++) {
            char *to = o + (size_t)j * 2 * d * TILE + i * 64;
            __m512 add = _mm512_load_ps(share + (size_t)j * 2 * d * TILE + i * 64);
            _mm512_store_ps(to, _mm512_fmadd_ps(_mm512_load_ps(to), w->state[group + j].shrink, add));
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
    int groups = (a->nq + 2 * LANES - 1) / (2 * LANES) * 2;
    for (int g = 0; g < groups; g++) {
        int left = a->nq - g * LANES;
        pack_queries(a->width, a->q + g * LANES, left < LANES ? left : LANES, w->tiles + (size_t)g * d * TILE);
        w->state[g] = (running){.m = _mm512_set1_ps(-INFINITY), .l = _mm512_setzero_ps()};
    }
    memset(w->tiles + GROUPS * d * TILE, 0, (size_t)groups * 2 * d * TILE);
    for (size_t i = 0; i < d; i++)
        w->key_step[i] = (uint32_t)(i * TILE);
    for (size_t i = 0; i < CK_CPU_KEYS / PANEL; i++)
        w->value_step[i] = (uint32_t)(i * 2 * d * TILE);
    begin();
    for (int key = 0; key < a->nk; key += CK_CPU_KEYS) {
        int n = a->nk - key < CK_CPU_KEYS ? a->nk - key : CK_CPU_KEYS;
        for (int g = 0; g < groups; g += 2)
            block(a, g, key, n, _mm512_set1_ps((float)(M_LOG2E / sqrt(a->width))));
    }
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
                                .conv = conv};
