/* What the frame would be without the subject.
 *
 * A screen has one chromaticity and any brightness: the densest spot of the chromaticity
 * histogram finds its pixels, wherever in the frame they are.  Their local medians, on a
 * coarse grid, follow light and wrinkles; where a subject covers the screen the grid is
 * filled by a smooth fit through the rest. */
#include "key/key.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "key/part.h"

#define BINS 48            /* of the chromaticity histogram, per axis */
#define CHROMA_MAX 0.8     /* other channels relative to the screen's own: what is beyond is no screen */
#define CELLS 45           /* grid cells in a frame's height */
#define LEAST_LIGHT 0.012f /* linear: below, grain decides the hue */
#define LEAST_PART 0.01f   /* of the frame */

/* Pixels looked at, in linear light as brightness m and the two others relative to it. */
typedef struct sample {
    float m, u, v; /* m is 0 once the sample is found to be no screen */
    int x, y;
} sample;

typedef struct samples {
    sample *s;
    size_t n, all; /* those with a screen-like chromaticity, and all looked at */
    ck_buffer *buf;
} samples;

static ck_status collect(const ck_plane *rgb, const ck_key_screen *k, samples *out, ck_error *e)
{
    int h = rgb->h, w = rgb->w, side = h < w ? h : w, step = side / 270 > 1 ? side / 270 : 1;
    size_t nx = (size_t)((w + step - 1) / step), ny = (size_t)((h + step - 1) / step), n, bytes;
    size_t row = (size_t)w;
    if (!ck_mul(nx, ny, &n) || !ck_mul(n, sizeof(sample), &bytes) || !ck_add(bytes, 3 * row * sizeof(float), &bytes) ||
        !(out->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's samples");
    out->s = out->buf->data;
    out->all = out->n = 0;
    float *lin = (float *)(out->s + n);
    ck_key_axes ax = ck_key_axes_of(k->blue);
    const float *m = lin + ax.m * row, *u = lin + ax.u * row, *v = lin + ax.v * row;
    for (int y = step / 2; y < h; y += step) {
        ck_key_row(rgb, y, 0, row, lin, row);
        for (int x = step / 2; x < w; x += step)
            if (m[x] >= LEAST_LIGHT && (double)u[x] <= CHROMA_MAX * (double)m[x] &&
                (double)v[x] <= CHROMA_MAX * (double)m[x])
                out->s[out->n++] = (sample){m[x], u[x] / m[x], v[x] / m[x], x, y};
        out->all += nx;
    }
    return CK_OK;
}

static int bin_of(float u, float v)
{
    int i = (int)((double)u * (BINS / CHROMA_MAX)), j = (int)((double)v * (BINS / CHROMA_MAX));
    i = ck_clamp_index(i, BINS);
    j = ck_clamp_index(j, BINS);
    return j * BINS + i;
}

/* Mark the bins of the screen: from the peak downhill to a small part of its height, so
 * that a cloth of another green stays outside. */
static void find_peak(const samples *s, uint8_t in[BINS * BINS])
{
    float raw[BINS * BINS] = {0}, smooth[BINS * BINS];
    for (size_t i = 0; i < s->n; i++)
        raw[bin_of(s->s[i].u, s->s[i].v)] += 1;
    int peak = 0;
    for (int j = 0; j < BINS; j++)
        for (int i = 0; i < BINS; i++) {
            float sum = 0;
            for (int dj = -1; dj <= 1; dj++)
                for (int di = -1; di <= 1; di++)
                    if (j + dj >= 0 && j + dj < BINS && i + di >= 0 && i + di < BINS)
                        sum += raw[(j + dj) * BINS + i + di] * (di ? 1 : 2) * (dj ? 1 : 2);
            smooth[j * BINS + i] = sum;
            if (sum > smooth[peak])
                peak = j * BINS + i;
        }
    memset(in, 0, BINS * BINS);
    int stack[BINS * BINS], n = 0;
    in[peak] = 1;
    stack[n++] = peak;
    float least = 0.04f * smooth[peak];
    while (n) {
        int p = stack[--n], i = p % BINS, j = p / BINS;
        const int step[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
        for (int d = 0; d < 4; d++) {
            int ni = i + step[d][0], nj = j + step[d][1], q = nj * BINS + ni;
            if (ni < 0 || nj < 0 || ni >= BINS || nj >= BINS || in[q])
                continue;
            /* Downhill only: the next hill is something else. */
            if (smooth[q] < least || smooth[q] > 1.25f * smooth[p])
                continue;
            in[q] = 1;
            stack[n++] = q;
        }
    }
}

/* The middle value; reorders v.  Hoare's selection: linear time, and the same answer for any order. */
static float median(float *v, size_t n)
{
    if (!n)
        return 0;
    size_t lo = 0, hi = n - 1, k = n / 2;
    while (lo < hi) {
        float pivot = v[lo + (hi - lo) / 2];
        size_t i = lo, j = hi;
        for (;;) {
            while (v[i] < pivot)
                i++;
            while (pivot < v[j])
                j--;
            if (i >= j)
                break;
            float t = v[i];
            v[i++] = v[j];
            v[j--] = t;
        }
        /* v[lo..j] <= pivot <= v[j+1..hi] */
        if (k <= j)
            hi = j;
        else
            lo = j + 1;
    }
    return v[k];
}

/* Medians of each cell's samples inside the peak.  Samples are sorted by cell already. */
static int cell_of(const ck_key_screen *k, const sample *p)
{
    return (p->y / k->cell) * k->gw + p->x / k->cell;
}

static ck_status cell_medians(const samples *s, const ck_key_screen *k, ck_key_field *g, ck_error *e)
{
    size_t cells = (size_t)k->gw * (size_t)k->gh, per = 0, bytes;
    int *count = calloc(cells + 1, sizeof *count);
    float *val = NULL;
    if (!count || !ck_mul(s->n + 1, 3 * sizeof *val, &bytes) || !(val = malloc(bytes))) {
        free(count);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->s[i].m > 0)
            count[cell_of(k, &s->s[i]) + 1]++;
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
        if (s->s[i].m > 0) {
            size_t at = (size_t)next[cell_of(k, &s->s[i])]++;
            val[at] = s->s[i].m;
            val[total + at] = s->s[i].u;
            val[2 * total + at] = s->s[i].v;
        }
    for (size_t c = 0; c < cells; c++) {
        size_t n = (size_t)(count[c + 1] - count[c]);
        float part = per ? (float)n / (float)per : 0;
        g->w[c] = 0;
        g->f[0][c] = g->f[1][c] = g->f[2][c] = 0;
        if (part < 0.25f || n < 3)
            continue;
        g->w[c] = part * part;
        g->f[0][c] = logf(median(val + count[c], n));
        g->f[1][c] = median(val + total + count[c], n);
        g->f[2][c] = median(val + 2 * total + count[c], n);
    }
    free(next);
    free(count);
    free(val);
    return CK_OK;
}

/* Evidence is the mean over 3x3 pixels (see matte.c).  How it spreads on the bare screen says
 * what is more than grain: compression and raw conversion tie neighbours together. */
static float threshold(const ck_plane *rgb, const samples *s, const ck_key_screen *k, float *row, float *v)
{
    ck_key_axes ax = ck_key_axes_of(k->blue);
    size_t n = 0, every = s->n / 16384 + 1;
    int h = rgb->h, w = rgb->w, last = -1;
    for (size_t i = 0; i < s->n; i += every) {
        const sample *p = &s->s[i];
        if (p->m <= 0 || p->x < 1 || p->y < 1 || p->x + 1 >= w || p->y + 1 >= h)
            continue;
        if (p->y != last)
            ck_key_screen_row(k, last = p->y, w, row);
        float sum = 0, b[3] = {row[p->x], row[w + p->x], row[2 * (size_t)w + (size_t)p->x]}, px[3][9], c[3], r[3];
        for (int d = 0; d < 3; d++)
            ck_key_row(rgb, p->y - 1 + d, p->x - 1, 3, px[0] + 3 * d, 9);
        for (int d = 0; d < 9; d++) {
            for (size_t a = 0; a < 3; a++)
                c[a] = px[a][d];
            ck_key_residual(c[ax.m], c[ax.u], c[ax.v], b[ax.m], b[ax.u], b[ax.v], sqrtf(b[ax.m] / k->mean[ax.m]), r);
            for (int a = 0; a < 3; a++)
                sum += r[a] * r[a] / (27 * k->sigma[a] * k->sigma[a]);
        }
        v[n++] = sum;
    }
    float middle = median(v, n);
    for (size_t i = 0; i < n; i++)
        v[i] = fabsf(v[i] - middle);
    float t = middle + 5 * 1.4826f * median(v, n);
    return t < 2 ? 2 : t > 6 ? 6 : t;
}

/* Robust spread of the samples around the grid, in the frame's own units. */
static ck_status measure(const ck_plane *rgb, const samples *s, ck_key_screen *k, ck_error *e)
{
    ck_buffer *buf = NULL;
    size_t n = 0, bytes, w = (size_t)rgb->w;
    float *row = malloc(w * 3 * sizeof *row);
    if (!row || !ck_mul(s->all + 1, 3 * sizeof(float), &bytes) || !(buf = ck_buffer_new(bytes))) {
        free(row);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's samples");
    }
    ck_key_axes ax = ck_key_axes_of(k->blue);
    float *v[3] = {buf->data, v[0] + s->n + 1, v[1] + s->n + 1};
    int last = -1;
    for (size_t i = 0; i < s->n; i++) {
        const sample *p = &s->s[i];
        if (p->m <= 0)
            continue;
        if (p->y != last)
            ck_key_screen_row(k, last = p->y, rgb->w, row);
        size_t x = (size_t)p->x;
        float b[3] = {row[x], row[w + x], row[2 * w + x]}, c[3], r[3];
        c[ax.m] = p->m, c[ax.u] = p->u * p->m, c[ax.v] = p->v * p->m;
        ck_key_residual(c[ax.m], c[ax.u], c[ax.v], b[ax.m], b[ax.u], b[ax.v], sqrtf(b[ax.m] / k->mean[ax.m]), r);
        for (int a = 0; a < 3; a++)
            v[a][n] = fabsf(r[a]);
        n++;
    }
    for (int a = 0; a < 3; a++)
        k->sigma[a] = 1.4826f * median(v[a], n);
    /* Eight bits cannot say less. */
    k->sigma[0] = k->sigma[0] < 0.004f ? 0.004f : k->sigma[0];
    for (int a = 1; a < 3; a++)
        k->sigma[a] = k->sigma[a] < 0.0004f ? 0.0004f : k->sigma[a];
    k->seen = threshold(rgb, s, k, row, v[0]);
    ck_buffer_unref(buf);
    free(row);
    return CK_OK;
}

static ck_status to_grid(const ck_key_field *g, ck_key_screen *k, ck_error *e)
{
    size_t n = (size_t)g->gw * (size_t)g->gh;
    k->buf = ck_buffer_new(3 * n * sizeof(float));
    if (!k->buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    k->grid = k->buf->data;
    ck_key_axes ax = ck_key_axes_of(k->blue);
    double sum[3] = {0}, weight = 0;
    for (size_t i = 0; i < n; i++) {
        float m = expf(g->f[0][i]), u = g->f[1][i], v = g->f[2][i];
        m = m > 4 ? 4 : m < 1e-3f ? 1e-3f : m;
        float c[3];
        c[ax.m] = m;
        c[ax.u] = m * (u < 0 ? 0 : u > 0.9f ? 0.9f : u);
        c[ax.v] = m * (v < 0 ? 0 : v > 0.9f ? 0.9f : v);
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

static ck_status model(const ck_plane *rgb, samples *s, ck_key_screen *k, ck_error *e)
{
    uint8_t in[BINS * BINS];
    find_peak(s, in);
    size_t inside = 0;
    for (size_t i = 0; i < s->n; i++)
        if (in[bin_of(s->s[i].u, s->s[i].v)])
            inside++;
        else
            s->s[i].m = 0;
    float part = (float)inside / (float)s->all;
    if (part < LEAST_PART)
        return CK_OK;
    size_t n = (size_t)k->gw * (size_t)k->gh;
    ck_key_field g = {.gw = k->gw, .gh = k->gh};
    ck_buffer *buf = ck_buffer_new(4 * n * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's grid");
    for (size_t c = 0; c < 3; c++)
        g.f[c] = (float *)buf->data + c * n;
    g.w = (float *)buf->data + 3 * n;
    ck_status r = cell_medians(s, k, &g, e);
    float known = 0;
    for (size_t i = 0; i < n; i++)
        known += g.w[i];
    if (r == CK_OK && known > 0) {
        r = ck_key_field_settle(&g, e);
        known = 0;
        for (size_t i = 0; i < n; i++)
            known += g.w[i];
        if (r == CK_OK && known > 0)
            r = to_grid(&g, k, e);
        if (r == CK_OK && k->grid) {
            k->part = part;
            r = measure(rgb, s, k, e);
        }
    }
    ck_buffer_unref(buf);
    return r;
}

ck_status ck_key_estimate(const ck_plane *rgb, bool blue, ck_key_screen *out, ck_error *e)
{
    memset(out, 0, sizeof *out);
    out->blue = blue;
    int h = rgb->h, w = rgb->w, side = h < w ? h : w;
    out->cell = side / CELLS > 4 ? side / CELLS : 4;
    out->gw = (w + out->cell - 1) / out->cell;
    out->gh = (h + out->cell - 1) / out->cell;
    samples s = {0};
    ck_status r = collect(rgb, out, &s, e);
    if (r == CK_OK && s.n)
        r = model(rgb, &s, out, e);
    ck_buffer_unref(s.buf);
    if (r != CK_OK)
        ck_key_screen_free(out);
    return r;
}

void ck_key_screen_row(const ck_key_screen *s, int y, int w, float *row)
{
    float cell = (float)s->cell, last = (float)(s->gh - 1), fy = ((float)y + 0.5f) / cell - 0.5f;
    fy = fy < 0 ? 0 : fy > last ? last : fy;
    int j = (int)fy, j1 = j + 1 < s->gh ? j + 1 : j;
    float ty = fy - (float)j, step = 1.0f / cell;
    size_t n = (size_t)s->gw * (size_t)s->gh;
    for (size_t c = 0; c < 3; c++) {
        const float *a = s->grid + c * n + (size_t)j * (size_t)s->gw, *b = s->grid + c * n + (size_t)j1 * (size_t)s->gw;
        float *o = row + c * (size_t)w;
        /* One segment between two cell centres at a time; the ends are flat. */
        for (int i = -1; i < s->gw; i++) {
            int il = i < 0 ? 0 : i, ir = i + 1 < s->gw ? i + 1 : s->gw - 1;
            float l = a[il] + ty * (b[il] - a[il]), r = a[ir] + ty * (b[ir] - a[ir]);
            float centre = ((float)i + 0.5f) * cell - 0.5f;
            int x0 = i < 0 ? 0 : (int)ceilf(centre), x1 = (int)ceilf(centre + cell);
            x1 = x1 > w || i == s->gw - 1 ? w : x1;
            for (int x = x0; x < x1; x++)
                o[x] = l + (r - l) * (((float)x - centre) * step);
        }
    }
}

void ck_key_screen_free(ck_key_screen *s)
{
    ck_buffer_unref(s->buf);
    memset(s, 0, sizeof *s);
}
