/* Evidence per pixel and the coarse map's colours and cues. */
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "key/cover.h"
#include "key/part.h"

ck_status ck_key_map_new(ck_key_map *m, int h, int w, const ck_key_screen *k, ck_error *e)
{
    ck_key_grid g = ck_key_grid_of(h, w);
    *m = (ck_key_map){.k = k,
                      .ax = ck_key_axes_of(k->blue),
                      .h = h,
                      .w = w,
                      .q = g.q,
                      .ch = g.ch,
                      .cw = g.cw,
                      .n = g.n,
                      .unit = g.unit};
    m->off = sqrtf(ck_key_sq(k->sigma[1]) + ck_key_sq(k->sigma[2]));
    size_t one = ck_pad(m->n * sizeof(float)), bytes;
    if (!ck_mul(one, 21, &bytes) || !(m->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's map");
    char *p = m->buf->data;
#define TAKE(field, planes) (m->field = (void *)p, p += (planes)*one)
    TAKE(col, 3), TAKE(bg, 3), TAKE(thin, 1), TAKE(veil, 1), TAKE(veil_scale, 1), TAKE(box, 1);
    /* Bytes: a quarter of a float plane each. */
    m->seen = (uint8_t *)p, m->core = m->seen + one / 4, m->sure = m->core + one / 4, m->mask = m->sure + one / 4;
    p += one;
    char *again = p;
    TAKE(peak, 1), TAKE(least, 1), TAKE(pure, 1), TAKE(hue, 1), TAKE(ints, 1), TAKE(free, 1), TAKE(rough, 1),
        TAKE(t0, 1), TAKE(t1, 1);
    p = again;
    TAKE(held, 1), TAKE(edge_light, 1), TAKE(edge_hue, 1), TAKE(lends, 1), TAKE(mean, 1), TAKE(bare, 1), TAKE(open, 1),
        TAKE(base, 1), TAKE(around, 1), TAKE(deep, 1);
    m->solid = m->lends;
#undef TAKE
    return CK_OK;
}

void ck_key_map_free(ck_key_map *m)
{
    ck_buffer_unref(m->buf);
    m->buf = NULL;
}

/* One row of squared differences from the screen, in units of its grain. */
CK_CLONES
static void evidence(const ck_key_map *m, const float *lin, const float *bg, float *z)
{
    size_t w = (size_t)m->w;
    const float *im = lin + m->ax.m * w, *iu = lin + m->ax.u * w, *iv = lin + m->ax.v * w;
    const float *bm = bg + m->ax.m * w, *bu = bg + m->ax.u * w, *bv = bg + m->ax.v * w;
    const float *sigma = m->k->sigma;
    float mean = m->k->mean[m->ax.m], q0 = 1 / (3 * ck_key_sq(sigma[0])), q1 = 1 / (3 * ck_key_sq(sigma[1])),
          q2 = 1 / (3 * ck_key_sq(sigma[2]));
    for (size_t x = 0; x < w; x++) {
        float r[3];
        ck_key_residual(im[x], iu[x], iv[x], bm[x], bu[x], bv[x], sqrtf(bm[x] / mean), r);
        z[x] = r[0] * r[0] * q0 + r[1] * r[1] * q1 + r[2] * r[2] * q2;
    }
}

/* Mean of 3x3 from three rows; borders repeated. */
CK_CLONES
static void mean_row(const float *a, const float *b, const float *c, float *sum, float *out, int w)
{
    for (int x = 0; x < w; x++)
        sum[x] = (a[x] + b[x] + c[x]) * (1 / 9.0f);
    for (int x = 1; x + 1 < w; x++)
        out[x] = sum[x - 1] + sum[x] + sum[x + 1];
    out[0] = 2 * sum[0] + sum[w > 1];
    out[w - 1] = w > 1 ? 2 * sum[w - 1] + sum[w - 2] : 3 * sum[0];
}

/* o[i] += the samples of s in map pixel i, of n whole ones, from left to right. */
static inline void add_cells(const float *restrict s, float *restrict o, int n, int q)
{
    for (int i = 0; i < n; i++) {
        float sum = o[i];
        for (int x = 0; x < q; x++)
            sum += s[i * q + x];
        o[i] = sum;
    }
}

/* The same with the sides of usual plates as constants, which compilers make vectors of. */
CK_CLONES
static void add_whole_cells(const float *restrict s, float *restrict o, int n, int q)
{
    if (q == 4)
        add_cells(s, o, n, 4);
    else if (q == 2)
        add_cells(s, o, n, 2);
    else
        add_cells(s, o, n, q);
}

/* Add the plate's row y to the map's colours. */
static void add_colours(ck_key_map *m, int y, const float *lin)
{
    int q = m->q, whole = m->w / q;
    for (size_t c = 0; c < 3; c++) {
        const float *s = lin + c * (size_t)m->w;
        float *o = m->col + c * m->n + (size_t)(y / q) * (size_t)m->cw;
        if (y % q == 0)
            memset(o, 0, (size_t)m->cw * sizeof *o);
        add_whole_cells(s, o, whole, q);
        add_cells(s + whole * q, o + whole, m->cw - whole, m->w - whole * q);
    }
}

CK_CLONES
static void keep_larger(float *restrict top, const float *restrict z, size_t n)
{
    for (size_t x = 0; x < n; x++)
        top[x] = z[x] > top[x] ? z[x] : top[x];
}

/* top: the largest of each column of the map's row so far.  At its end, or the plate's, the peaks. */
static void add_peaks(ck_key_map *m, int y, const float *z, float *top)
{
    int q = m->q;
    float *o = m->peak + (size_t)(y / q) * (size_t)m->cw;
    if (y % q == 0)
        memset(top, 0, (size_t)m->w * sizeof *top);
    keep_larger(top, z, (size_t)m->w);
    for (int i = 0; i < m->cw && (y % q == q - 1 || y == m->h - 1); i++) {
        int x1 = (i + 1) * q < m->w ? (i + 1) * q : m->w;
        o[i] = 0;
        for (int x = i * q; x < x1; x++)
            o[i] = top[x] > o[i] ? top[x] : o[i];
    }
}

/* Row y is the last of the map's row: sums become means, and the screen is noted. */
static void finish_row(ck_key_map *m, int y, const float *bg)
{
    int q = m->q, j = y / q, rows = y - j * q + 1;
    for (size_t c = 0; c < 3; c++)
        for (int i = 0; i < m->cw; i++) {
            int x0 = i * q, x1 = x0 + q < m->w ? x0 + q : m->w;
            size_t o = c * m->n + ck_key_pixel(i, j, m->cw);
            m->col[o] /= (float)(rows * (x1 - x0));
            m->bg[o] = bg[c * (size_t)m->w + (size_t)(x0 + (x1 - x0) / 2)];
        }
}

ck_status ck_key_map_scan(ck_key_map *m, const ck_plane *rgb, ck_error *e)
{
    size_t w = (size_t)m->w;
    ck_buffer *b = ck_buffer_new(12 * w * sizeof(float));
    if (!b)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's rows");
    float *lin = b->data, *bg = lin + 3 * w, *sum = bg + 3 * w, *z = sum + w, *top = z + w,
          *ring[3] = {top + w, top + 2 * w, top + 3 * w};
    int h = m->h;
    for (int y = 0; y <= h; y++) {
        if (y < h) {
            ck_key_row(rgb, y, 0, w, lin, w);
            ck_key_screen_row(m->k, y, m->w, bg);
            evidence(m, lin, bg, ring[y % 3]);
            add_colours(m, y, lin);
            if (y % m->q == m->q - 1 || y == h - 1)
                finish_row(m, y, bg);
        }
        if (y > 0) {
            int p = y - 1, above = p ? p - 1 : 0, below = p + 1 < h ? p + 1 : p;
            mean_row(ring[above % 3], ring[p % 3], ring[below % 3], sum, z, m->w);
            add_peaks(m, p, z, top);
        }
    }
    ck_buffer_unref(b);
    return CK_OK;
}

/* From strongly to hardly varying differences, as variance over squared mean: strands that cover a
 * fraction p of what is behind them have (1-p)/p; cloth stays below a few hundredths. */
static void roughness(ck_key_map *m)
{
    int r = ck_key_px(m, 2);
    ck_key_box(m->t0, m->t1, m->box, m->ch, m->cw, r);
    for (size_t i = 0; i < m->n; i++)
        m->t0[i] *= m->t0[i];
    ck_key_box(m->t0, m->t0, m->box, m->ch, m->cw, r);
    for (size_t i = 0; i < m->n; i++) {
        float mean2 = ck_key_sq(m->t1[i]) + 1e-4f;
        m->rough[i] = ck_key_ramp((m->t0[i] - mean2) / mean2, 0.04f, 0.08f);
    }
}

/* The cues that one pixel's colour gives.  Axes are constants, and nothing overlaps, so that it becomes vectors. */
static inline void colour_cues(const ck_key_map *m, ck_key_axes ax, size_t n)
{
    const float *p0 = m->col, *p1 = p0 + n, *p2 = p1 + n, *b0 = m->bg, *b1 = b0 + n, *b2 = b1 + n;
    float *hue = m->hue, *thin = m->thin, *least = m->least, *free = m->free, *pure = m->pure, *length = m->t0;
#pragma GCC ivdep /* nothing overlaps */
    for (size_t i = 0; i < n; i++) {
        const float p[3] = {p0[i], p1[i], p2[i]}, b[3] = {b0[i], b1[i], b2[i]},
                    d[3] = {p[0] - b[0], p[1] - b[1], p[2] - b[2]};
        float other = ck_key_other_hue(p, b, ax), not_screen = ck_key_if_not_screen(d, b, ax),
              richer = other * ck_key_if_richer(d, b, ax), clear = ck_key_ramp(not_screen, 0.95f, 1.1f);
        hue[i] = other;
        thin[i] = ck_clamp01(ck_key_if_neutral(d, b, ax));
        least[i] = ck_key_if_any(d, b);
        free[i] = ck_clamp01(not_screen);
        pure[i] = richer > clear ? richer : clear;
        length[i] = sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    }
}

CK_CLONES
static void green_cues(const ck_key_map *m)
{
    colour_cues(m, (ck_key_axes){1, 0, 2}, m->n);
}

CK_CLONES
static void blue_cues(const ck_key_map *m)
{
    colour_cues(m, (ck_key_axes){2, 0, 1}, m->n);
}

void ck_key_map_cues(ck_key_map *m)
{
    (m->k->blue ? blue_cues : green_cues)(m);
    for (size_t i = 0; i < m->n; i++) {
        m->seen[i] = m->peak[i] > m->k->seen;
        m->thin[i] = m->seen[i] ? m->thin[i] : 0;
    }
    roughness(m);
}
