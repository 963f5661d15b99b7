/* The noise of the bare screen, and what differs from it by more. */
#include <stdlib.h>

#include "key/probe.h"

/* Evidence is the mean over 3x3 pixels (see matte.c).  Its spread on the bare screen bounds the grain: that of single
 * pixels would not do, since compression and raw conversion correlate neighbours. */
static float threshold(const ck_plane *rgb, const ck_key_probes *s, const ck_key_screen *k, float *row, float *v)
{
    ck_key_axes ax = ck_key_axes_of(k->blue);
    size_t n = 0, every = s->n / 16384 + 1;
    int h = rgb->h, w = rgb->w, last = -1;
    for (size_t i = 0; i < s->n; i += every) {
        const ck_key_probe *p = &s->p[i];
        if (p->m <= 0 || p->x < 1 || p->y < 1 || p->x + 1 >= w || p->y + 1 >= h)
            continue;
        float sum = 0, b[3], px[3][9], c[3], r[3];
        ck_key_probe_screen(k, p, row, &last, b);
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
    float middle = ck_key_median(v, n);
    for (size_t i = 0; i < n; i++)
        v[i] = fabsf(v[i] - middle);
    float t = middle + 5 * 1.4826f * ck_key_median(v, n);
    return t < 2 ? 2 : t > 6 ? 6 : t;
}

/* Robust spread of the samples around the grid, in the frame's own units. */
ck_status ck_key_measure(const ck_plane *rgb, const ck_key_probes *s, ck_key_screen *k, ck_error *e)
{
    ck_buffer *buf = NULL;
    size_t n = 0, bytes, w = (size_t)rgb->w;
    float *row = malloc(w * 3 * sizeof *row);
    if (!row || !ck_mul(s->all + 1, 3 * sizeof(float), &bytes) || !(buf = ck_buffer_new(bytes))) {
        free(row);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the screen's samples");
    }
    buf->once = true;
    ck_key_axes ax = ck_key_axes_of(k->blue);
    float *v[3] = {buf->data, v[0] + s->n + 1, v[1] + s->n + 1};
    int last = -1;
    for (size_t i = 0; i < s->n; i++) {
        const ck_key_probe *p = &s->p[i];
        if (p->m <= 0)
            continue;
        float b[3], c[3], r[3];
        ck_key_probe_screen(k, p, row, &last, b);
        c[ax.m] = p->m, c[ax.u] = p->u * p->m, c[ax.v] = p->v * p->m;
        ck_key_residual(c[ax.m], c[ax.u], c[ax.v], b[ax.m], b[ax.u], b[ax.v], sqrtf(b[ax.m] / k->mean[ax.m]), r);
        for (int a = 0; a < 3; a++)
            v[a][n] = fabsf(r[a]);
        n++;
    }
    for (int a = 0; a < 3; a++)
        k->sigma[a] = 1.4826f * ck_key_median(v[a], n);
    /* 8 bits cannot show less. */
    k->sigma[0] = k->sigma[0] < 0.004f ? 0.004f : k->sigma[0];
    for (int a = 1; a < 3; a++)
        k->sigma[a] = k->sigma[a] < 0.0004f ? 0.0004f : k->sigma[a];
    k->seen = threshold(rgb, s, k, row, v[0]);
    ck_buffer_unref(buf);
    free(row);
    return CK_OK;
}
