/* 3x3 dilated convolutions in f32 by Winograd's F(4x4, 3x3): 36 products instead of 144 for 4x4 results.
 *
 *     spread    B^T x B of the 6x6 pixels around a tile of 4x4 results      x     [36][tiles][inputs]
 *     multiply  36 products with weights transformed by G w G^T             m     [36][tiles][outputs]
 *     collect   A^T m A, bias, sums for GroupNorm                            y
 *
 * A tile's pixels are `dilation` apart, so that dilation d is d x d interleaved convolutions without dilation.  Tiles
 * lie in blocks of CK_CPU_CONV_SIDE pixels: results do not depend on how a map is divided.
 *
 * The polynomials are those of the points 0, ±POINT_A, ±POINT_B and infinity.
 *
 * The including file defines, beside what attention_kernel.h needs, vec_some(p, n) and vec_put(p, v, n), which load and
 * store n lanes, doubles (LANES / 2 doubles), vec_low, vec_high, C_ROWS and C_COLUMNS. */
#include "nn/cpu/kernel.h"
#include "nn/cpu/vec_kernel.h"

#define GROUP (C_COLUMNS * LANES) /* outputs computed together */
#define CHUNK 32                  /* tiles between transforms: x, m and weights fit the second-level cache */

#define A2 (CK_CPU_POINT_A * CK_CPU_POINT_A)
#define B2 (CK_CPU_POINT_B * CK_CPU_POINT_B)

_Static_assert(CHUNK % C_ROWS == 0, "whole rows");

static size_t up(int n, size_t to)
{
    return ((size_t)n + to - 1) / to * to;
}

/* Floats between matrices of CHUNK rows: not a power of two, as they are written 36 at a time. */
static size_t plane(size_t row)
{
    return CHUNK * row + 16;
}

static size_t conv_scratch(int out, int in)
{
    return CK_CPU_CONV_PRODUCTS * (plane(up(in, LANES)) + plane(up(out, GROUP))) * sizeof(float);
}

INLINE void spread_six(const vec d[6], vec to[6])
{
    vec even_a = vec_fma(vec_all(-B2), d[2], d[4]), odd_a = vec_fma(vec_all(-B2), d[1], d[3]);
    vec even_b = vec_fma(vec_all(-A2), d[2], d[4]), odd_b = vec_fma(vec_all(-A2), d[1], d[3]);
    to[0] = vec_fma(vec_all(A2 * B2), d[0], vec_fma(vec_all(-A2 - B2), d[2], d[4]));
    to[1] = vec_fma(vec_all(CK_CPU_POINT_A), odd_a, even_a);
    to[2] = vec_fma(vec_all(-CK_CPU_POINT_A), odd_a, even_a);
    to[3] = vec_fma(vec_all(CK_CPU_POINT_B), odd_b, even_b);
    to[4] = vec_fma(vec_all(-CK_CPU_POINT_B), odd_b, even_b);
    to[5] = vec_fma(vec_all(A2 * B2), d[1], vec_fma(vec_all(-A2 - B2), d[3], d[5]));
}

INLINE void collect_four(const vec m[6], vec to[4])
{
    vec sum_a = m[1] + m[2], sum_b = m[3] + m[4], off_a = m[1] - m[2], off_b = m[3] - m[4];
    to[0] = m[0] + sum_a + sum_b;
    to[1] = vec_fma(vec_all(CK_CPU_POINT_B), off_b, vec_all(CK_CPU_POINT_A) * off_a);
    to[2] = vec_fma(vec_all(B2), sum_b, vec_all(A2) * sum_a);
    to[3] = vec_fma(vec_all(B2 * CK_CPU_POINT_B), off_b, vec_fma(vec_all(A2 * CK_CPU_POINT_A), off_a, m[5]));
}

/* The pixel that a tile's results begin with. */
typedef struct origin {
    int y, x;
} origin;

static origin origin_of(const ck_cpu_conv_block *c, int tile)
{
    int d = c->dilation, y = tile / c->tiles, x = tile % c->tiles;
    return (origin){c->y0 + y / d * 4 * d + y % d, c->x0 + x / d * 4 * d + x % d};
}

/* Channels from `first` on, n of them, of a tile's pixels.  inside: no pixel is outside the map. */
INLINE void spread_vec(const ck_cpu_conv_block *c, origin o, int first, int n, bool inside, float *to, size_t apart)
{
    vec t[6][6], scale = {0}, shift = {0};
    int d = c->dilation;
    if (c->norm) {
        scale = vec_some(c->norm + first, n);
        shift = vec_some(c->norm + c->in + first, n);
    }
    for (int i = 0; i < 6; i++) {
        vec column[6];
        for (int j = 0; j < 6; j++) {
            int y = o.y + (j - 1) * d, x = o.x + (i - 1) * d;
            column[j] = (vec){0};
            if (!inside && (y < 0 || y >= c->h || x < 0 || x >= c->w))
                continue;
            const float *p = c->x + ((size_t)y * (size_t)c->w + (size_t)x) * c->x_pixel + first;
            column[j] = n == LANES ? vec_load(p) : vec_some(p, n);
            if (c->norm)
                column[j] = vec_max((vec){0}, vec_fma(column[j], scale, shift));
        }
        spread_six(column, t[i]);
    }
    for (int j = 0; j < 6; j++) {
        vec row[6], done[6];
        for (int i = 0; i < 6; i++)
            row[i] = t[i][j];
        spread_six(row, done);
        for (int i = 0; i < 6; i++)
            vec_store(to + (size_t)(j * 6 + i) * apart, done[i]);
    }
}

static void spread(const ck_cpu_conv_block *c, int tile, float *to, size_t apart)
{
    origin o = origin_of(c, tile);
    int d = c->dilation;
    bool inside = o.y >= d && o.x >= d && o.y + 4 * d < c->h && o.x + 4 * d < c->w;
    for (int k = 0; k < c->in; k += LANES) {
        int n = c->in - k < LANES ? c->in - k : LANES;
        if (inside && n == LANES)
            spread_vec(c, o, k, LANES, true, to + k, apart);
        else
            spread_vec(c, o, k, n, false, to + k, apart);
    }
}

/* m [C_ROWS][GROUP] = x [C_ROWS][in] w [in][GROUP] */
INLINE void multiply(const float *x, size_t x_row, const float *w, int in, float *m, size_t m_row)
{
    vec sum[C_ROWS][C_COLUMNS];
    for (int r = 0; r < C_ROWS; r++)
        for (int i = 0; i < C_COLUMNS; i++)
            sum[r][i] = (vec){0};
    for (int k = 0; k < in; k++, w += GROUP) {
        vec v[C_COLUMNS];
        for (int i = 0; i < C_COLUMNS; i++)
            v[i] = vec_load(w + i * LANES);
#pragma GCC unroll 16
        for (int r = 0; r < C_ROWS; r++) {
            vec one = vec_all(x[(size_t)r * x_row + (size_t)k]);
            for (int i = 0; i < C_COLUMNS; i++)
                sum[r][i] = vec_fma(one, v[i], sum[r][i]);
        }
    }
    for (int r = 0; r < C_ROWS; r++)
        for (int i = 0; i < C_COLUMNS; i++)
            vec_store(m + (size_t)r * m_row + i * LANES, sum[r][i]);
}

static void multiply_all(const ck_cpu_conv_block *c, const float *x, size_t x_row, int tiles, float *m, size_t m_row)
{
    const float *w = c->weights;
    for (int p = 0; p < CK_CPU_CONV_PRODUCTS; p++, x += plane(x_row), m += plane(m_row))
        for (size_t o = 0; o < m_row; o += GROUP, w += (size_t)c->in * GROUP)
            for (int r = 0; r < tiles; r += C_ROWS)
                if (c->in == 64) /* the published models': a constant length */
                    multiply(x + (size_t)r * x_row, x_row, w, 64, m + (size_t)r * m_row + o, m_row);
                else
                    multiply(x + (size_t)r * x_row, x_row, w, c->in, m + (size_t)r * m_row + o, m_row);
}

/* A tile's results in outputs `first` and on, n of them. */
INLINE void collect_vec(const ck_cpu_conv_block *c, origin o, int first, int n, const float *from, size_t apart)
{
    vec t[6][4], bias = vec_load(c->bias + first);
    for (int i = 0; i < 6; i++) {
        vec column[6];
        for (int j = 0; j < 6; j++)
            column[j] = vec_load(from + (size_t)(j * 6 + i) * apart);
        collect_four(column, t[i]);
    }
    doubles sums[4] = {{0}};
    for (int j = 0; j < 4; j++) {
        vec row[6], done[4];
        for (int i = 0; i < 6; i++)
            row[i] = t[i][j];
        collect_four(row, done);
        for (int i = 0; i < 4; i++) {
            int y = o.y + j * c->dilation, x = o.x + i * c->dilation;
            if (y >= c->y1 || x >= c->x1)
                continue;
            vec v = done[i] + bias;
            float *to = c->y + ((size_t)y * (size_t)c->w + (size_t)x) * c->y_pixel + first;
            if (n == LANES)
                vec_store(to, v);
            else
                vec_put(to, v, n);
            doubles low = vec_low(v), high = vec_high(v);
            sums[0] += low;
            sums[1] += high;
            sums[2] += low * low;
            sums[3] += high * high;
        }
    }
    for (int i = 0; i < 4 && c->sums; i++) {
        double *to = c->sums + (size_t)(i / 2) * up(c->out, GROUP) + first + i % 2 * (LANES / 2);
        doubles all;
        memcpy(&all, to, sizeof all);
        all += sums[i];
        memcpy(to, &all, sizeof all);
    }
}

static void collect(const ck_cpu_conv_block *c, int tile, const float *from, size_t apart)
{
    origin o = origin_of(c, tile);
    for (int k = 0; k < c->out; k += LANES)
        collect_vec(c, o, k, c->out - k < LANES ? c->out - k : LANES, from + k, apart);
}

static void conv(const ck_cpu_conv_block *c)
{
    size_t x_row = up(c->in, LANES), m_row = up(c->out, GROUP);
    float *x = c->scratch, *m = x + CK_CPU_CONV_PRODUCTS * plane(x_row);
    int all = c->tiles * c->tiles;
    for (int first = 0; first < all; first += CHUNK) {
        int n = all - first < CHUNK ? all - first : CHUNK;
        for (int i = 0; i < n; i++)
            spread(c, first + i, x + (size_t)i * x_row, plane(x_row));
        multiply_all(c, x, x_row, n, m, m_row);
        for (int i = 0; i < n; i++)
            collect(c, first + i, m + (size_t)i * m_row, plane(m_row));
    }
}
