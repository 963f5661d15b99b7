#include "key/probe.h"

#include <string.h>

#define BINS 48 /* of the window, per side */
#define CLIMB 4 /* bins from the window's middle to the top of its hill, at most */

ck_key_window ck_key_window_around(const float c[3], ck_key_axes ax)
{
    double m = (double)c[ax.m];
    return (ck_key_window){(double)c[ax.u] / m - CK_KEY_WINDOW / 2, (double)c[ax.v] / m - CK_KEY_WINDOW / 2};
}

static bool within(float c, double low, float m)
{
    return (double)c >= low * (double)m && (double)c <= (low + CK_KEY_WINDOW) * (double)m;
}

static int bin_of(float u, float v, const ck_key_window *win)
{
    int i = (int)(((double)u - win->u) * (BINS / CK_KEY_WINDOW)),
        j = (int)(((double)v - win->v) * (BINS / CK_KEY_WINDOW));
    return ck_clamp_index(j, BINS) * BINS + ck_clamp_index(i, BINS);
}

/* One row; lin, bg (3,w). */
static void probe_row(const ck_key_screen *s, int y, int w, int step, const float *lin, const float *bg,
                      const ck_key_window *win, ck_key_probes *out)
{
    size_t row = (size_t)w;
    ck_key_axes ax = ck_key_axes_of(s->blue);
    const float *m = lin + ax.m * row, *u = lin + ax.u * row, *v = lin + ax.v * row;
    for (int x = step / 2; x < w; x += step) {
        if (m[x] < CK_KEY_DARK)
            continue;
        float b[3] = {bg[x], bg[row + (size_t)x], bg[2 * row + (size_t)x]};
        ck_key_window here = win ? *win : ck_key_window_around(b, ax);
        if (within(u[x], here.u, m[x]) && within(v[x], here.v, m[x])) {
            float pu = u[x] / m[x], pv = v[x] / m[x];
            out->p[out->n++] = (ck_key_probe){m[x], pu, pv, x, y, bin_of(pu, pv, &here)};
        }
    }
}

ck_status ck_key_probe_plate(const ck_plane *rgb, const ck_key_screen *s, const ck_key_window *win, ck_key_probes *out,
                             ck_error *e)
{
    int h = rgb->h, w = rgb->w, side = h < w ? h : w, step = side / 270 > 1 ? side / 270 : 1;
    size_t nx = (size_t)((w + step - 1) / step), ny = (size_t)((h + step - 1) / step), row = (size_t)w, n, bytes;
    *out = (ck_key_probes){0};
    if (!ck_mul(nx, ny, &n) || !ck_mul(n, sizeof(ck_key_probe), &bytes) ||
        !ck_add(bytes, 6 * row * sizeof(float), &bytes) || !(out->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's samples");
    out->buf->once = true;
    out->p = out->buf->data;
    float *lin = (float *)(out->p + n), *bg = lin + 3 * row;
    memset(bg, 0, 3 * row * sizeof *bg);
    for (int y = step / 2; y < h; y += step) {
        ck_key_row(rgb, y, 0, row, lin, row);
        if (!win)
            ck_key_screen_row(s, y, w, bg);
        probe_row(s, y, w, step, lin, bg, win, out);
        out->all += nx;
    }
    return CK_OK;
}

/* Probes in each bin, weighed over 3 x 3. */
static void count(const ck_key_probes *s, float smooth[BINS * BINS])
{
    float raw[BINS * BINS] = {0};
    for (size_t i = 0; i < s->n; i++)
        raw[s->p[i].bin] += 1;
    for (int j = 0; j < BINS; j++)
        for (int i = 0; i < BINS; i++) {
            float sum = 0;
            for (int dj = -1; dj <= 1; dj++)
                for (int di = -1; di <= 1; di++)
                    if (j + dj >= 0 && j + dj < BINS && i + di >= 0 && i + di < BINS)
                        sum += raw[(j + dj) * BINS + i + di] * (di ? 1 : 2) * (dj ? 1 : 2);
            smooth[j * BINS + i] = sum;
        }
}

static int highest(const float *smooth)
{
    int peak = 0;
    for (int i = 1; i < BINS * BINS; i++)
        if (smooth[i] > smooth[peak])
            peak = i;
    return peak;
}

/* From the middle uphill: another hue with more pixels lies beyond a valley. */
static int top_from_middle(const float *smooth)
{
    int peak = BINS / 2 * BINS + BINS / 2;
    for (int k = 0; k < CLIMB; k++) {
        int from = peak;
        for (int d = 0; d < 9; d++) {
            int p = from + (d / 3 - 1) * BINS + d % 3 - 1;
            peak = smooth[p] > smooth[peak] ? p : peak;
        }
    }
    return peak;
}

/* Mark the bins of the screen: from the peak downhill to a small part of its height, so
 * that a cloth of another green stays outside. */
static void mark_hill(const float *smooth, int peak, uint8_t in[BINS * BINS])
{
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

float ck_key_probes_select(ck_key_probes *s, bool middle)
{
    float smooth[BINS * BINS];
    uint8_t in[BINS * BINS];
    size_t inside = 0;
    count(s, smooth);
    mark_hill(smooth, middle ? top_from_middle(smooth) : highest(smooth), in);
    for (size_t i = 0; i < s->n; i++)
        if (in[s->p[i].bin])
            inside++;
        else
            s->p[i].m = 0;
    return s->all ? (float)inside / (float)s->all : 0;
}
