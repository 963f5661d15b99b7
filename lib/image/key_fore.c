/* The straight foreground of a mixed pixel is what is left when the screen's share is taken out:
 *
 *     plate = alpha * F + (1 - alpha) * screen    so    F = (plate - (1 - alpha) * screen) / alpha
 *
 * in linear light.  Where alpha is small, grain and every error of alpha are divided by it, so
 * there the colour comes from the solid parts nearby. */
#include "image/key_part.h"

#define SOLID 0.97f      /* alpha from which a pixel's colour is its own */
#define TRUST_FROM 0.05f /* alpha below which the unmixed colour says nothing */
#define TRUST_TO 0.5f    /* and from which it says all */

/* Mean colours of the solid pixels, on a map q times smaller, carried everywhere. */
typedef struct carried {
    float *f, *w; /* (3,ch,cw) linear; (ch,cw) */
    int q, ch, cw;
    ck_buffer *buf;
} carried;

static void add_row(carried *c, const float *rgb, const float *alpha, size_t plane, int w, float *lin)
{
    size_t n = (size_t)c->ch * c->cw;
    for (int k = 0; k < 3; k++)
        key_linear(rgb + k * plane, lin + (size_t)k * w, (size_t)w);
    for (int x = 0; x < w; x++) {
        if (!(alpha[x] >= SOLID))
            continue;
        int i = x / c->q;
        for (int k = 0; k < 3; k++)
            c->f[k * n + i] += lin[(size_t)k * w + x];
        c->w[i] += 1;
    }
}

static ck_status carry(carried *c, const float *rgb, const float *alpha, int h, int w, float *lin, ck_error *e)
{
    int side = h < w ? h : w;
    c->q = (side + 270) / 540 > 1 ? (side + 270) / 540 : 1;
    c->ch = (h + c->q - 1) / c->q;
    c->cw = (w + c->q - 1) / c->q;
    size_t n = (size_t)c->ch * c->cw, bytes;
    if (!ck_mul(n, 4 * sizeof(float), &bytes) || !(c->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the foreground");
    c->f = c->buf->data;
    c->w = c->f + 3 * n;
    for (size_t i = 0; i < 4 * n; i++)
        c->f[i] = 0;
    for (int y = 0; y < h; y++) {
        size_t o = (size_t)(y / c->q) * c->cw;
        carried row = {c->f + o, c->w + o, c->q, c->ch, c->cw, NULL};
        add_row(&row, rgb + (size_t)y * w, alpha + (size_t)y * w, (size_t)h * w, w, lin);
    }
    for (size_t i = 0; i < n; i++) {
        float v = c->w[i];
        for (int k = 0; k < 3 && v > 0; k++)
            c->f[k * n + i] /= v;
        c->w[i] = v > 0 ? 1 : 0;
    }
    ck_status st = CK_OK;
    for (int k = 0; k < 3 && st == CK_OK; k++)
        st = key_fill(c->f + k * n, c->w, c->cw, c->ch, e);
    return st;
}

/* The carried colour at x of a row: f points at the map's row. */
static inline void carried_at(const carried *c, const float *f, int x, float out[3])
{
    size_t n = (size_t)c->ch * c->cw;
    float p = ((float)x + 0.5f) / (float)c->q - 0.5f;
    p = p < 0 ? 0 : p;
    int i = (int)p, j = i + 1 < c->cw ? i + 1 : i;
    float t = p - (float)i;
    for (int k = 0; k < 3; k++)
        out[k] = f[k * n + i] + t * (f[k * n + j] - f[k * n + i]);
}

/* No more of the screen's hue than the solid neighbourhood has: the rest is the screen shining
 * through an alpha that is a little too large, and spill. */
static inline void limit_hue(float f[3], const float solid[3], key_axes ax)
{
    float most = f[ax.u] > f[ax.v] ? f[ax.u] : f[ax.v], own = solid[ax.u] > solid[ax.v] ? solid[ax.u] : solid[ax.v];
    float allowed = most + (solid[ax.m] > own ? solid[ax.m] - own : 0);
    f[ax.m] = f[ax.m] < allowed ? f[ax.m] : allowed;
}

static void unmix(const float i[3], const float b[3], const float solid[3], float a, key_axes ax, float f[3])
{
    float trust = key_ramp(a, TRUST_FROM, TRUST_TO), inv = 1 / (a > TRUST_FROM ? a : TRUST_FROM);
    for (int k = 0; k < 3; k++) {
        float own = (i[k] - (1 - a) * b[k]) * inv;
        own = own < 0 ? 0 : own > 8 ? 8 : own;
        f[k] = solid[k] + trust * (own - solid[k]);
    }
    limit_hue(f, solid, ax);
}

ck_status ck_key_foreground(const float *rgb, const float *alpha, int h, int w, const ck_key_screen *s, float *fg,
                            ck_error *e)
{
    size_t plane = (size_t)h * w, width = (size_t)w;
    if (!s->grid) {
        for (size_t i = 0; i < 3 * plane; i++)
            fg[i] = isfinite(rgb[i]) ? rgb[i] : 0;
        return CK_OK;
    }
    key_axes ax = key_axes_of(s->blue);
    ck_buffer *rows = ck_buffer_new(6 * width * sizeof(float));
    carried c = {0};
    if (!rows)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the foreground");
    float *lin = rows->data, *bg = lin + 3 * width;
    ck_status st = carry(&c, rgb, alpha, h, w, lin, e);
    for (int y = 0; y < h && st == CK_OK; y++) {
        const float *a = alpha + (size_t)y * w, *f = c.f + (size_t)(y / c.q) * c.cw;
        ck_key_screen_row(s, y, w, bg);
        for (int k = 0; k < 3; k++)
            key_linear(rgb + k * plane + (size_t)y * w, lin + k * width, width);
        for (int x = 0; x < w; x++) {
            if (a[x] >= 1)
                continue;
            float i[3], b[3], solid[3], out[3];
            carried_at(&c, f, x, solid);
            for (int k = 0; k < 3; k++)
                i[k] = lin[k * width + x], b[k] = bg[k * width + x];
            unmix(i, b, solid, a[x] > 0 ? a[x] : 0, ax, out);
            for (int k = 0; k < 3; k++)
                lin[k * width + x] = out[k];
        }
        for (int k = 0; k < 3; k++) {
            const float *in = rgb + k * plane + (size_t)y * w;
            float *o = fg + k * plane + (size_t)y * w;
            ck_linear_to_srgb(lin + k * width, o, width);
            for (int x = 0; x < w; x++)
                if (a[x] >= 1)
                    o[x] = isfinite(in[x]) ? in[x] : 0;
        }
    }
    ck_buffer_unref(c.buf);
    ck_buffer_unref(rows);
    return st;
}
