/* The colour that the pixels around agree on.  One mixed pixel says little about its foreground colour F, but
 *
 *     alpha F = rest,    rest = plate - (1 - alpha) screen    (linear light)
 *
 * holds for each of them, and F changes slowly along a strand or a veil: the F of least squares over a
 * neighbourhood is sum(alpha rest) / sum(alpha^2).  The solid's colour counts a little, and alone where nothing else
 * is known. */
#include "base/clones.h"
#include "key/part.h"

#define REACH 2        /* pixels of a map of 540: radius of a box that is run twice */
#define SOLID_AS 1e-2f /* alpha^2 of the solid's vote */

/* Means over n map pixels of q pixels each: of alpha^2, and of alpha times the rest, for one channel. */
static inline void add_cells(const float *restrict alpha, const float *restrict lin, const float *restrict bg, int n,
                             int q, float *restrict num, float *restrict den)
{
    float scale = 1 / (float)q;
    for (int i = 0; i < n; i++) {
        float sum = 0, squares = 0;
        for (int x = i * q; x < (i + 1) * q; x++) {
            float a = alpha[x] > 0 ? ck_clamp01(alpha[x]) : 0; /* NaN is nothing: the box would spread it */
            squares += a * a;
            sum += a * (lin[x] - (1 - a) * bg[x]);
        }
        den[i] = scale * squares;
        num[i] = scale * sum;
    }
}

/* The side of a plate of 4K as a constant, which compilers make vectors of. */
CK_CLONES
static void add_whole_cells(const float *alpha, const float *lin, const float *bg, int n, int q, float *num, float *den)
{
    if (q == 4)
        add_cells(alpha, lin, bg, n, 4, num, den);
    else
        add_cells(alpha, lin, bg, n, q, num, den);
}

/* One row in q, q pixels to a map pixel. */
static void add_row(const ck_key_grid *g, int my, const float *alpha, const float *lin, const float *bg, float *num,
                    float *den)
{
    int whole = g->w / g->q, left = whole * g->q;
    for (size_t k = 0; k < 3; k++) {
        const float *l = lin + k * (size_t)g->w, *b = bg + k * (size_t)g->w;
        float *to = num + k * g->n + ck_key_pixel(0, my, g->cw), *d = den + ck_key_pixel(0, my, g->cw);
        add_whole_cells(alpha, l, b, whole, g->q, to, d);
        if (left < g->w)
            add_cells(alpha + left, l + left, b + left, 1, g->w - left, to + whole, d + whole);
    }
}

static void divide(const ck_key_grid *g, const float *den, const float *solid, float *near)
{
    for (size_t i = 0; i < g->n; i++) {
        float sum = near[i] > 0 ? near[i] : 0, f = (sum + SOLID_AS * solid[i]) / (den[i] + SOLID_AS);
        near[i] = f < CK_KEY_MOST ? f : CK_KEY_MOST;
    }
}

void ck_key_near(const ck_key_grid *g, const ck_key_screen *s, const ck_plane *rgb, const float *alpha,
                 const float *solid, float *near, float *scratch)
{
    size_t w = (size_t)g->w;
    float *den = scratch, *tmp = den + g->n, *bg = tmp + g->n, *lin = bg + 3 * w;
    int r = (int)(REACH * g->unit + 0.5f);
    r = r > 1 ? r : 1;
    for (int my = 0; my < g->ch; my++) {
        int y = ck_key_grid_row(g, my);
        ck_key_row(rgb, y, 0, w, lin, w);
        ck_key_screen_row(s, y, g->w, bg);
        add_row(g, my, alpha + (size_t)y * w, lin, bg, near, den);
    }
    for (int pass = 0; pass < 2; pass++) {
        ck_key_box(den, den, tmp, g->ch, g->cw, r);
        for (size_t k = 0; k < 3; k++)
            ck_key_box(near + k * g->n, near + k * g->n, tmp, g->ch, g->cw, r);
    }
    for (size_t k = 0; k < 3; k++)
        divide(g, den, solid + k * g->n, near + k * g->n);
}

size_t ck_key_near_scratch(const ck_key_grid *g)
{
    return 2 * g->n + 6 * (size_t)g->w;
}
