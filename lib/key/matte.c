#include "key/key.h"

#include <string.h>

#include "key/cover.h"

#define FAR_WEIGHT 2e-4f /* as in sample.c */
#define PRIOR 0.02f      /* weight of the guess by hue against a lender that fits perfectly */
#define SOLID_FROM 0.95f /* a pixel that is so much of its lender's colour is all of it: lenders vary */
#define SOLID_KNEE 0.85f /* below, coverage is taken as it is */

/* Coverage of one pixel from its difference d to the screen b, by what the lenders around its map
 * pixel explain; *fit says how well the best of them does, 0…1. */
static float by_lenders(const ck_key_map *m, int cx, int cy, const float d[3], const float b[3], float guess,
                        float *fit)
{
    float sum = PRIOR * guess, weight = PRIOR;
    const int step[5][2] = {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    *fit = 0;
    for (int k = 0; k < 5; k++) {
        int qx = cx + step[k][0], qy = cy + step[k][1];
        if (qx < 0 || qy < 0 || qx >= m->cw || qy >= m->ch)
            continue;
        ck_key_at f = m->sample[ck_key_pixel(qx, qy, m->cw)];
        if (f == CK_KEY_NOWHERE)
            continue;
        int fx = (int)(f & 0xffff), fy = (int)(f >> 16);
        float cost, a = ck_key_if_sample(d, b, m->lend + 4 * ck_key_pixel(fx, fy, m->cw), 4 * ck_key_sq(m->off), &cost);
        float far = (ck_key_sq((float)(cx - fx)) + ck_key_sq((float)(cy - fy))) / ck_key_sq(m->unit);
        float wt = 1 / ((1 + 0.25f * cost * cost) * (1 + FAR_WEIGHT * far));
        *fit = wt > *fit ? wt : *fit;
        sum += wt * a;
        weight += wt;
    }
    float a = sum / weight;
    return a < SOLID_KNEE ? a : SOLID_KNEE + (a - SOLID_KNEE) * (1 - SOLID_KNEE) / (SOLID_FROM - SOLID_KNEE);
}

/* Coverage of the pixel c, whose map pixel is (cx,cy). */
static float solve(const ck_key_map *m, int cx, int cy, const float c[3], const float b[3])
{
    size_t p = ck_key_pixel(cx, cy, m->cw);
    float d[3] = {c[0] - b[0], c[1] - b[1], c[2] - b[2]}, veil = m->veil[p], hue = m->hue[p], fit = 0, a = 1;
    if (!m->sure[p]) {
        float thin = veil > 0 ? ck_clamp01(ck_key_if_neutral(d, b, m->ax)) * m->veil_scale[p] : 0;
        float guess = ck_clamp01(ck_key_if_not_screen(d, b, m->ax));
        a = veil < 1 ? by_lenders(m, cx, cy, d, b, guess, &fit) : 0;
        a += veil * (thin - a);
    }
    /* Of the screen's hue, no more is covered than black would take away, unless a lender explains
     * more; and a wide soft patch of it is a shadow. */
    float most = hue + (1 - hue) * ck_key_gone(c[m->ax.m], b[m->ax.m]);
    most = most > fit ? most : fit;
    most *= 1 - veil * (1 - hue);
    return ck_clamp01(a < most ? a : most);
}

/* Pixels [x0,x1) of row y, all in one row of the map, none of them bare screen. */
static void solve_run(const ck_key_map *m, int y, int x0, int x1, const ck_plane *rgb, const float *z, const float *bg,
                      float *lin, float *alpha)
{
    size_t w = (size_t)m->w, o = (size_t)y * w;
    ck_key_row(rgb, y, x0, (size_t)(x1 - x0), lin + x0, w);
    /* Where a pixel and those beside it are hardly more than grain, it is. */
    float from = 0.6f * m->k->seen, to = 1.35f * m->k->seen;
    for (int x = x0; x < x1; x++) {
        const float *p = lin + x, *q = bg + x;
        float c[3] = {p[0], p[w], p[2 * w]}, b[3] = {q[0], q[w], q[2 * w]}, *a = alpha + o + x;
        *a = solve(m, x / m->q, y / m->q, c, b);
        if (!m->sure[ck_key_pixel(x / m->q, y / m->q, m->cw)])
            *a *= ck_key_ramp(z[o + (size_t)x], from, to);
    }
}

/* 0 bare screen, 2 solid without a doubt, 1 to be solved */
static inline int kind_of(const ck_key_map *m, size_t p)
{
    return !m->seen[p] ? 0 : m->sure[p] && m->hue[p] >= 1 ? 2 : 1;
}

static ck_status solve_all(const ck_key_map *m, const ck_plane *rgb, const float *z, float *alpha, ck_error *e)
{
    ck_buffer *buf = ck_buffer_new((size_t)m->w * 6 * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's rows");
    float *bg = buf->data, *lin = bg + (size_t)m->w * 3;
    for (int y = 0; y < m->h; y++) {
        size_t row = (size_t)(y / m->q) * (size_t)m->cw;
        ck_key_screen_row(m->k, y, m->w, bg);
        for (int i = 0; i < m->cw;) {
            int from = i, kind = kind_of(m, row + (size_t)i);
            while (i < m->cw && kind == kind_of(m, row + (size_t)i))
                i++;
            int x0 = from * m->q, x1 = i * m->q < m->w ? i * m->q : m->w;
            if (kind == 1)
                solve_run(m, y, x0, x1, rgb, z, bg, lin, alpha);
            for (int x = x0; x < x1 && kind != 1; x++)
                alpha[ck_key_pixel(x, y, m->w)] = kind == 2;
        }
    }
    ck_buffer_unref(buf);
    return CK_OK;
}

ck_status ck_key_matte(const ck_plane *rgb, const ck_key_screen *s, float *alpha, ck_error *e)
{
    size_t plane = (size_t)rgb->h * (size_t)rgb->w, bytes;
    if (!s->grid) {
        for (size_t i = 0; i < plane; i++)
            alpha[i] = 1;
        return CK_OK;
    }
    ck_buffer *z = NULL;
    if (!ck_mul(plane, sizeof(float), &bytes) || !(z = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's evidence");
    ck_key_map m;
    ck_status st = ck_key_map_new(&m, rgb->h, rgb->w, s, e);
    if (st == CK_OK)
        st = ck_key_map_scan(&m, rgb, z->data, e);
    if (st == CK_OK) {
        ck_key_map_cues(&m);
        st = ck_key_regions(&m, e);
    }
    if (st == CK_OK) {
        ck_key_samples(&m);
        st = solve_all(&m, rgb, z->data, alpha, e);
    }
    ck_key_map_free(&m);
    ck_buffer_unref(z);
    return st;
}
