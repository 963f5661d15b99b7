/* The screen between and beyond the cells where it is seen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "key/part.h"

/* Solve the n x n system in place (symmetric, positive definite after the small ridge). */
static void solve(double *a, double *b, int n)
{
    for (int i = 0; i < n; i++) {
        double d = a[i * n + i];
        for (int r = i + 1; r < n; r++) {
            double q = a[r * n + i] / d;
            for (int c = i; c < n; c++)
                a[r * n + c] -= q * a[i * n + c];
            b[r] -= q * b[i];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int c = i + 1; c < n; c++)
            b[i] -= a[i * n + c] * b[c];
        b[i] /= a[i * n + i];
    }
}

#define TERMS 6
static void terms(int i, int j, const ck_key_field *g, double t[TERMS])
{
    double x = (i + 0.5) / g->gw * 2 - 1, y = (j + 0.5) / g->gh * 2 - 1;
    t[0] = 1, t[1] = x, t[2] = y, t[3] = x * x, t[4] = x * y, t[5] = y * y;
}

/* Weighted quadratic through a field; `wide` (NULL or per cell) multiplies the weights. */
static void fit(const ck_key_field *g, const float *f, const float *wide, double c[TERMS])
{
    double a[TERMS * TERMS] = {0}, t[TERMS];
    memset(c, 0, TERMS * sizeof *c);
    for (int j = 0; j < g->gh; j++)
        for (int i = 0; i < g->gw; i++) {
            size_t p = ck_key_pixel(i, j, g->gw);
            double w = (double)(g->w[p] * (wide ? wide[p] : 1));
            if (w <= 0)
                continue;
            terms(i, j, g, t);
            for (int r = 0; r < TERMS; r++) {
                for (int s = 0; s < TERMS; s++)
                    a[r * TERMS + s] += w * t[r] * t[s];
                c[r] += w * t[r] * (double)f[p];
            }
        }
    /* The ridge flattens what few cells cannot determine. */
    for (int r = 1; r < TERMS; r++)
        a[r * TERMS + r] += 2e-2 * a[0] / (r < 3 ? 10 : 1);
    a[0] += 1e-9;
    solve(a, c, TERMS);
}

static double eval(const double c[TERMS], int i, int j, const ck_key_field *g)
{
    double t[TERMS], v = 0;
    terms(i, j, g, t);
    for (int r = 0; r < TERMS; r++)
        v += c[r] * t[r];
    return v;
}

/* Drop cells that are not part of one smoothly lit surface, then fit and fill. */
ck_status ck_key_field_settle(ck_key_field *g, ck_error *e)
{
    size_t n = (size_t)g->gw * (size_t)g->gh;
    float *keep = malloc(n * sizeof *keep);
    if (!keep)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    double c[TERMS];
    for (size_t i = 0; i < n; i++)
        keep[i] = 1;
    for (int pass = 0; pass < 5; pass++) {
        fit(g, g->f[0], keep, c);
        double scale = 1 - 0.05 * pass; /* in log brightness: shadows and hot spots of a factor of two stay */
        for (int j = 0; j < g->gh; j++)
            for (int i = 0; i < g->gw; i++) {
                size_t p = ck_key_pixel(i, j, g->gw);
                double r = ((double)g->f[0][p] - eval(c, i, j, g)) / scale;
                keep[p] = r * r < 1 ? (float)((1 - r * r) * (1 - r * r)) : 0;
            }
    }
    for (size_t i = 0; i < n; i++)
        g->w[i] *= keep[i] > 0 ? 1 : 0;
    ck_status st = CK_OK;
    for (int k = 0; k < 3; k++) {
        fit(g, g->f[k], keep, c);
        for (int j = 0; j < g->gh; j++)
            for (int i = 0; i < g->gw; i++)
                g->f[k][ck_key_pixel(i, j, g->gw)] -= (float)eval(c, i, j, g);
        st = st == CK_OK ? ck_key_fill(g->f[k], g->w, g->gw, g->gh, e) : st;
        for (int j = 0; j < g->gh; j++)
            for (int i = 0; i < g->gw; i++)
                g->f[k][ck_key_pixel(i, j, g->gw)] += (float)eval(c, i, j, g);
    }
    free(keep);
    return st;
}
