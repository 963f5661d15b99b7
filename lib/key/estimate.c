/* The frame without its subject: the screen's pixels (probe.c), their local medians, on a coarse grid,
 * follow light and wrinkles; where a subject covers the screen the grid is filled by a smooth fit through the rest. */
#include "key/key.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "key/probe.h"

#define CELLS 45           /* grid cells in a frame's height */
#define LEAST_PART 0.01f   /* of the frame */
#define LEAST_NAMED 0.001f /* the same of a screen that the user has named */
#define BEYOND 0.1         /* how far the fit may leave the window of chromaticities */

static int cell_of(const ck_key_screen *k, const ck_key_probe *p)
{
    int cell = (int)k->cell_w;
    return (p->y / cell) * k->gw + p->x / cell;
}

/* Medians of each cell's kept probes. */
static ck_status cell_medians(const ck_key_probes *s, const ck_key_screen *k, ck_key_field *g, ck_error *e)
{
    size_t cells = (size_t)k->gw * (size_t)k->gh, per = 0, bytes;
    int *count = calloc(cells + 1, sizeof *count);
    float *val = NULL;
    if (!count || !ck_mul(s->n + 1, 3 * sizeof *val, &bytes) || !(val = malloc(bytes))) {
        free(count);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->p[i].m > 0)
            count[cell_of(k, &s->p[i]) + 1]++;
    for (size_t c = 0; c < cells; c++) {
        per = (size_t)count[c + 1] > per ? (size_t)count[c + 1] : per;
        count[c + 1] += count[c];
    }
    size_t total = s->n + 1;
    int *next = malloc((cells + 1) * sizeof *next);
    if (!next) {
        free(count);
        free(val);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    }
    memcpy(next, count, (cells + 1) * sizeof *next);
    for (size_t i = 0; i < s->n; i++)
        if (s->p[i].m > 0) {
            size_t at = (size_t)next[cell_of(k, &s->p[i])]++;
            val[at] = s->p[i].m;
            val[total + at] = s->p[i].u;
            val[2 * total + at] = s->p[i].v;
        }
    for (size_t c = 0; c < cells; c++) {
        size_t n = (size_t)(count[c + 1] - count[c]);
        float part = per ? (float)n / (float)per : 0;
        g->w[c] = 0;
        g->f[0][c] = g->f[1][c] = g->f[2][c] = 0;
        if (part < 0.25f || n < 3)
            continue;
        g->w[c] = part * part;
        g->f[0][c] = logf(ck_key_median(val + count[c], n));
        g->f[1][c] = ck_key_median(val + total + count[c], n);
        g->f[2][c] = ck_key_median(val + 2 * total + count[c], n);
    }
    free(next);
    free(count);
    free(val);
    return CK_OK;
}

static bool known(const ck_key_field *g)
{
    float sum = 0;
    for (size_t i = 0; i < (size_t)g->gw * (size_t)g->gh; i++)
        sum += g->w[i];
    return sum > 0;
}

static ck_status to_grid(const ck_key_field *g, const ck_key_window *win, ck_key_screen *k, ck_error *e)
{
    size_t n = (size_t)g->gw * (size_t)g->gh;
    ck_status st = ck_key_screen_room(k, e);
    if (st != CK_OK)
        return st;
    ck_key_axes ax = ck_key_axes_of(k->blue);
    double sum[3] = {0}, weight = 0;
    float most_u = (float)(win->u + CK_KEY_WINDOW + BEYOND), most_v = (float)(win->v + CK_KEY_WINDOW + BEYOND);
    for (size_t i = 0; i < n; i++) {
        float m = expf(g->f[0][i]), u = g->f[1][i], v = g->f[2][i];
        m = m > 4 ? 4 : m < CK_KEY_LEAST ? CK_KEY_LEAST : m;
        float c[3];
        c[ax.m] = m;
        c[ax.u] = m * (u < 0 ? 0 : u > most_u ? most_u : u);
        c[ax.v] = m * (v < 0 ? 0 : v > most_v ? most_v : v);
        for (size_t a = 0; a < 3; a++) {
            k->grid[a * n + i] = c[a];
            sum[a] += (double)c[a] * (double)g->w[i];
        }
        weight += (double)g->w[i];
    }
    for (int a = 0; a < 3; a++)
        k->mean[a] = (float)(sum[a] / weight);
    ck_linear_to_srgb(k->mean, k->rgb, 3);
    return CK_OK;
}

/* The grid of a screen whose probes are selected; none where too few cells know anything. */
static ck_status fit(const ck_key_probes *s, const ck_key_window *win, ck_key_screen *k, ck_error *e)
{
    size_t n = (size_t)k->gw * (size_t)k->gh;
    ck_key_field g = {.gw = k->gw, .gh = k->gh};
    ck_buffer *buf = ck_buffer_new(4 * n * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    for (size_t c = 0; c < 3; c++)
        g.f[c] = (float *)buf->data + c * n;
    g.w = (float *)buf->data + 3 * n;
    ck_status r = cell_medians(s, k, &g, e);
    if (r == CK_OK && known(&g))
        r = ck_key_field_settle(&g, e);
    if (r == CK_OK && known(&g))
        r = to_grid(&g, win, k, e);
    ck_buffer_unref(buf);
    return r;
}

ck_status ck_key_estimate(const ck_plane *rgb, bool blue, const float *named, ck_key_screen *out, ck_error *e)
{
    int h = rgb->h, w = rgb->w, side = h < w ? h : w, cell = side / CELLS > 4 ? side / CELLS : 4;
    *out = (ck_key_screen){.blue = blue,
                           .w = w,
                           .h = h,
                           .gw = (w + cell - 1) / cell,
                           .gh = (h + cell - 1) / cell,
                           .cell_w = (float)cell,
                           .cell_h = (float)cell};
    ck_key_window win = named ? ck_key_window_around(named, ck_key_axes_of(blue)) : (ck_key_window){0, 0};
    ck_key_probes s;
    ck_status r = ck_key_probe_plate(rgb, out, &win, &s, e);
    float part = r == CK_OK && s.n ? ck_key_probes_select(&s, named) : 0;
    if (r == CK_OK && part >= (named ? LEAST_NAMED : LEAST_PART))
        r = fit(&s, &win, out, e);
    if (r == CK_OK && out->grid) {
        out->part = part;
        r = ck_key_measure(rgb, &s, out, e);
    }
    ck_buffer_unref(s.buf);
    if (r != CK_OK)
        ck_key_screen_free(out);
    return r;
}
