/* What the pixels around agree on.  One mixed pixel says little about its foreground colour F, but
 *
 *     alpha F = rest,    rest = plate - (1 - alpha) screen    (linear light)
 *
 * holds for each of them, and F changes slowly along a strand or a veil: the F of least squares over a
 * neighbourhood is sum(alpha rest) / sum(alpha^2).  The solid's colour counts a little, and alone where nothing else
 * is known. */
#include "image/key_part.h"

#define REACH 2        /* map pixels: radius of a box that is run twice */
#define SOLID_AS 1e-2f /* alpha^2 of the solid's vote */

/* One row in q, q pixels to a map pixel. */
static void add_row(const key_near_job *j, int my, const float *lin, const float *bg, float *num, float *den)
{
    size_t w = (size_t)j->w, o = (size_t)my * (size_t)j->cw;
    const float *alpha = j->alpha + (size_t)key_map_row(my, j->q, j->h) * w;
    for (int i = 0; i < j->cw; i++) {
        float sum[3] = {0}, squares = 0;
        int end = (i + 1) * j->q < j->w ? (i + 1) * j->q : j->w;
        for (int x = i * j->q; x < end; x++) {
            float a = key_clamp(alpha[x]);
            squares += a * a;
            for (size_t k = 0; k < 3; k++)
                sum[k] += a * (lin[k * w + (size_t)x] - (1 - a) * bg[k * w + (size_t)x]);
        }
        float scale = 1 / (float)(end - i * j->q);
        den[o + (size_t)i] = scale * squares;
        for (size_t k = 0; k < 3; k++)
            num[k * j->n + o + (size_t)i] = scale * sum[k];
    }
}

void key_near(const key_near_job *j, const float *solid, float *near, float *scratch)
{
    float *den = scratch, *tmp = den + j->n, *bg = tmp + j->n, *lin = bg + 3 * (size_t)j->w;
    int r = (int)(REACH * (float)(j->ch < j->cw ? j->ch : j->cw) / 540 + 0.5f);
    r = r > 1 ? r : 1;
    for (int my = 0; my < j->ch; my++) {
        int y = key_map_row(my, j->q, j->h);
        for (size_t k = 0; k < 3; k++)
            key_linear(j->rgb + (k * (size_t)j->h + (size_t)y) * (size_t)j->w, lin + k * (size_t)j->w, (size_t)j->w);
        ck_key_screen_row(j->s, y, j->w, bg);
        add_row(j, my, lin, bg, near, den);
    }
    for (int pass = 0; pass < 2; pass++) {
        key_box(den, den, tmp, j->ch, j->cw, r);
        for (size_t k = 0; k < 3; k++)
            key_box(near + k * j->n, near + k * j->n, tmp, j->ch, j->cw, r);
    }
    for (size_t i = 0; i < 3 * j->n; i++) {
        float sum = near[i] > 0 ? near[i] : 0;
        near[i] = (sum + SOLID_AS * solid[i]) / (den[i % j->n] + SOLID_AS);
    }
}

size_t key_near_scratch(const key_near_job *j)
{
    return 2 * j->n + 6 * (size_t)j->w;
}
