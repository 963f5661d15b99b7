/* Small tools on float and byte maps. */
#include <stdlib.h>
#include <string.h>

#include "base/clamp.h"
#include "base/clones.h"
#include "base/floats.h"
#include "image/plate.h"
#include "key/part.h"

CK_CLONES
static void limit(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x = v[i] < CK_KEY_MOST ? v[i] : CK_KEY_MOST;
        v[i] = v[i] == v[i] ? x : 0.0f;
    }
}

void ck_key_row(const ck_plane *rgb, int y, int x, size_t n, float *lin, size_t stride)
{
    for (size_t c = 0; c < 3; c++) {
        ck_plate_row_linear(rgb, c, y, x, n, lin + c * stride);
        if (rgb->type == CK_F16 || rgb->type == CK_F32) /* codes are 0…1 */
            limit(lin + c * stride, n);
    }
}

void ck_key_put_row(const float *row, int y, const ck_plane *p)
{
    for (size_t k = 0; k < 3; k++) {
        size_t w = (size_t)p->w, at = (k * (size_t)p->h + (size_t)y) * w;
        if (p->type == CK_F16)
            ck_f32_to_f16(row + k * w, (uint16_t *)ck_plane_data(p) + at, w);
        else
            memcpy((float *)ck_plane_data(p) + at, row + k * w, w * sizeof *row);
    }
}

/* Hoare's selection: linear time, and the same answer for any order. */
float ck_key_median(float *v, size_t n)
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

static inline int nearer(int a, int b)
{
    return a < b ? a : b;
}

/* The steps of the chamfer from `done`, the row before, to d. */
CK_CLONES
static void step_over(int *restrict d, const int *restrict done, int w)
{
    for (int x = 1; x < w - 1; x++)
        d[x] = nearer(nearer(d[x], done[x] + 3), nearer(done[x - 1], done[x + 1]) + 4);
}

/* One row of either pass: `done`, or NULL, is the row before, `dir` the direction of x. */
static void chamfer_row(int *d, const int *done, int w, int dir)
{
    if (done) {
        step_over(d, done, w);
        for (int x = 0; x<w; x += w> 1 ? w - 1 : 1) {
            d[x] = nearer(d[x], done[x] + 3);
            if (w > 1)
                d[x] = nearer(d[x], done[x ? x - 1 : 1] + 4);
        }
    }
    int *at = dir > 0 ? d : d + w - 1, far = *at;
    for (int i = 1; i < w; i++) {
        at += dir;
        *at = far = nearer(*at, far + 3);
    }
}

void ck_key_distance(const uint8_t *in, int *d, int h, int w)
{
    for (size_t i = 0; i < (size_t)h * (size_t)w; i++)
        d[i] = in[i] ? 1 << 24 : 0;
    for (int y = 0; y < h; y++)
        chamfer_row(d + (size_t)y * (size_t)w, y ? d + (size_t)(y - 1) * (size_t)w : NULL, w, 1);
    for (int y = h - 1; y >= 0; y--)
        chamfer_row(d + (size_t)y * (size_t)w, y + 1 < h ? d + (size_t)(y + 1) * (size_t)w : NULL, w, -1);
}
