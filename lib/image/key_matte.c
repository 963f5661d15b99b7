#include "image/key.h"

#include <string.h>

#include "image/key_cover.h"

#define FAR_WEIGHT 2e-4f /* as in key_sample.c */
#define PRIOR 0.02f      /* weight of the guess by hue against a lender that fits perfectly */
#define SOLID_FROM 0.95f /* a pixel that is so much of its lender's colour is all of it: lenders vary */
#define SOLID_KNEE 0.85f /* below, coverage is taken as it is */

/* Coverage of one pixel from its difference d to the screen b; p is its map pixel. */
static float solve(const key_map *m, int cx, int cy, const float d[3], const float b[3])
{
    size_t p = (size_t)cy * m->cw + cx;
    float veil = m->veil[p];
    float hue = key_clamp(key_if_not_screen(d, b, m->ax)), thin = key_clamp(key_if_neutral(d, b, m->ax));
    float guess = (1 - veil) * hue + veil * thin * m->veil_scale[p];
    float sum = PRIOR * guess, weight = PRIOR;
    const int step[5][2] = {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    for (int k = 0; k < 5 && veil < 1; k++) {
        int qx = cx + step[k][0], qy = cy + step[k][1];
        if (qx < 0 || qy < 0 || qx >= m->cw || qy >= m->ch)
            continue;
        key_at f = m->sample[(size_t)qy * m->cw + qx];
        if (f == KEY_NOWHERE)
            continue;
        int fx = (int)(f & 0xffff), fy = (int)(f >> 16);
        float cost, a = key_if_sample(d, b, m->lend + 4 * ((size_t)fy * m->cw + fx), 4 * key_sq(m->off), &cost);
        float far = (key_sq((float)(cx - fx)) + key_sq((float)(cy - fy))) / key_sq(m->unit);
        float wt = (1 - veil) / ((1 + 0.25f * cost * cost) * (1 + FAR_WEIGHT * far));
        sum += wt * a;
        weight += wt;
    }
    float a = sum / weight, from = SOLID_FROM + (1 - SOLID_FROM) * veil;
    return a < SOLID_KNEE ? a : SOLID_KNEE + (a - SOLID_KNEE) * (1 - SOLID_KNEE) / (from - SOLID_KNEE);
}

/* Pixels [x0,x1) of row y, all in one map pixel row, none of them bare screen; sure: solid, as the map says. */
static void solve_run(const key_map *m, int y, int x0, int x1, bool sure, const float *rgb, const float *z,
                      const float *bg, float *lin, float *alpha)
{
    size_t plane = (size_t)m->h * m->w, o = (size_t)y * m->w;
    for (int c = 0; c < 3; c++)
        key_linear(rgb + c * plane + o + x0, lin + (size_t)c * m->w + x0, (size_t)(x1 - x0));
    /* Where a pixel and those beside it are hardly more than grain, it is. */
    float from = 0.6f * m->k->seen, to = 1.35f * m->k->seen;
    for (int x = x0; x < x1; x++) {
        float p[3], b[3], d[3];
        for (int c = 0; c < 3; c++) {
            b[c] = bg[(size_t)c * m->w + x];
            p[c] = lin[(size_t)c * m->w + x];
            d[c] = p[c] - b[c];
        }
        float a = sure ? 1 : key_clamp(solve(m, x / m->q, y / m->q, d, b)) * key_ramp(z[o + x], from, to);
        float most = key_most(p, b, m->ax);
        alpha[o + x] = a < most ? a : most;
    }
}

static ck_status solve_all(const key_map *m, const float *rgb, const float *z, float *alpha, ck_error *e)
{
    ck_buffer *buf = ck_buffer_new((size_t)m->w * 6 * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's rows");
    float *bg = buf->data, *lin = bg + (size_t)m->w * 3;
    for (int y = 0; y < m->h; y++) {
        size_t row = (size_t)(y / m->q) * m->cw;
        ck_key_screen_row(m->k, y, m->w, bg);
        for (int i = 0; i < m->cw;) {
            int from = i, kind = m->sure[row + i] ? 1 : m->seen[row + i] ? 2 : 0;
            while (i < m->cw && kind == (m->sure[row + i] ? 1 : m->seen[row + i] ? 2 : 0))
                i++;
            int x0 = from * m->q, x1 = i * m->q < m->w ? i * m->q : m->w;
            if (kind)
                solve_run(m, y, x0, x1, kind == 1, rgb, z, bg, lin, alpha);
            else
                memset(alpha + (size_t)y * m->w + x0, 0, (size_t)(x1 - x0) * sizeof *alpha);
        }
    }
    ck_buffer_unref(buf);
    return CK_OK;
}

ck_status ck_key_matte(const float *rgb, int h, int w, const ck_key_screen *k, float *alpha, ck_error *e)
{
    size_t plane = (size_t)h * w, bytes;
    if (!k->grid) {
        for (size_t i = 0; i < plane; i++)
            alpha[i] = 1;
        return CK_OK;
    }
    ck_buffer *z = NULL;
    if (!ck_mul(plane, sizeof(float), &bytes) || !(z = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's evidence");
    key_map m;
    ck_status st = key_map_new(&m, h, w, k, e);
    if (st == CK_OK)
        st = key_map_scan(&m, rgb, z->data, e);
    if (st == CK_OK) {
        key_map_cues(&m);
        st = key_regions(&m, e);
    }
    if (st == CK_OK) {
        key_samples(&m);
        st = solve_all(&m, rgb, z->data, alpha, e);
    }
    key_map_free(&m);
    ck_buffer_unref(z);
    return st;
}
