/* The colour that the pixels around agree on.  One mixed pixel says little about its foreground colour F, but
 *
 *     alpha F = rest,    rest = plate - (1 - alpha) screen    (linear light)
 *
 * holds for each of them, and F changes slowly along a strand or a veil: the F of least squares over a
 * neighbourhood is sum(alpha rest) / sum(alpha^2).  The solid's colour counts a little, and alone where nothing else
 * is known. */
#include "key/part.h"

#define REACH 2        /* pixels of a map of 540: radius of a box that is run twice */
#define SOLID_AS 1e-2f /* alpha^2 of the solid's vote */

/* One row in q, q pixels to a map pixel. */
static void add_row(const ck_key_grid *g, int my, const float *alpha, const float *lin, const float *bg, float *num,
                    float *den)
{
    size_t w = (size_t)g->w, o = (size_t)my * (size_t)g->cw;
    for (int i = 0; i < g->cw; i++) {
        float sum[3] = {0}, squares = 0;
        int end = (i + 1) * g->q < g->w ? (i + 1) * g->q : g->w;
        for (int x = i * g->q; x < end; x++) {
            float a = alpha[x] > 0 ? ck_clamp01(alpha[x]) : 0; /* NaN is nothing: the box would spread it */
            squares += a * a;
            for (size_t k = 0; k < 3; k++)
                sum[k] += a * (lin[k * w + (size_t)x] - (1 - a) * bg[k * w + (size_t)x]);
        }
        float scale = 1 / (float)(end - i * g->q);
        den[o + (size_t)i] = scale * squares;
        for (size_t k = 0; k < 3; k++)
            num[k * g->n + o + (size_t)i] = scale * sum[k];
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
