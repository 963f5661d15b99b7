/* Means over boxes: running sums along the rows, then down the columns. */
#include <string.h>

#include "base/clones.h"
#include "key/part.h"

#define ROWS 8      /* side by side, as lanes of vectors: a running sum waits for itself, several do not */
#define WIDEST 2048 /* columns that are turned to lanes at once; wider rows go one by one */

typedef float lanes __attribute__((vector_size(ROWS * sizeof(float))));
typedef double sums __attribute__((vector_size(ROWS * sizeof(double))));

/* Row k of v becomes column k. */
static inline void turn(lanes v[ROWS])
{
    lanes a[ROWS], b[ROWS];
    for (int i = 0; i < ROWS; i += 2) {
        a[i] = __builtin_shufflevector(v[i], v[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        a[i + 1] = __builtin_shufflevector(v[i], v[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int i = 0; i < ROWS; i += 4)
        for (int j = i; j < i + 2; j++) {
            b[j] = __builtin_shufflevector(a[j], a[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            b[j + 2] = __builtin_shufflevector(a[j], a[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < ROWS / 2; i++) {
        v[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        v[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Columns x to x+ROWS of the rows. */
static inline void load(const float *src, int x, int w, lanes v[ROWS])
{
    for (int k = 0; k < ROWS; k++)
        memcpy(&v[k], src + ck_key_pixel(x, k, w), sizeof v[k]);
}

static inline void store(float *dst, int x, int w, const lanes v[ROWS])
{
    for (int k = 0; k < ROWS; k++)
        memcpy(dst + ck_key_pixel(x, k, w), &v[k], sizeof v[k]);
}

/* A block of columns begins at each multiple of ROWS; the last one ends with the row. */
static inline int block_at(int x, int w)
{
    return x + ROWS < w ? x : w - ROWS;
}

/* ROWS rows of ROWS to WIDEST columns. */
CK_CLONES
static void box_lanes(const float *src, float *dst, int w, int r, float scale)
{
    lanes column[WIDEST], mean[WIDEST], block[ROWS];
    sums sum = {0};
    for (int x = 0; x < w; x += ROWS) {
        load(src, block_at(x, w), w, block);
        turn(block);
        memcpy(column + block_at(x, w), block, sizeof block);
    }
    for (int x = -r; x <= r; x++)
        sum += __builtin_convertvector(column[ck_clamp_index(x, w)], sums);
    for (int x = 0; x < w; x++) {
        int in = x + r + 1 < w ? x + r + 1 : w - 1, out = x > r ? x - r : 0;
        mean[x] = __builtin_convertvector(sum, lanes) * scale;
        sum += __builtin_convertvector(column[in] - column[out], sums);
    }
    for (int x = 0; x < w; x += ROWS) {
        memcpy(block, mean + block_at(x, w), sizeof block);
        turn(block);
        store(dst, block_at(x, w), w, block);
    }
}

static void box_row(const float *src, float *dst, int w, int r, float scale)
{
    double sum = 0;
    for (int x = -r; x <= r; x++)
        sum += (double)src[ck_clamp_index(x, w)];
    for (int x = 0; x < w; x++) {
        int in = x + r + 1 < w ? x + r + 1 : w - 1, out = x > r ? x - r : 0;
        dst[x] = (float)sum * scale;
        sum += (double)(src[in] - src[out]);
    }
}

/* sum, from the sums of the row before, which become means. */
CK_CLONES
static void next_sums(float *restrict sum, float *restrict before, const float *restrict plus,
                      const float *restrict minus, float scale, int w)
{
    for (int x = 0; x < w; x++) {
        float last = before[x];
        sum[x] = last + (plus[x] - minus[x]);
        before[x] = last * scale;
    }
}

CK_CLONES
static void add_row(float *restrict sum, const float *restrict row, int w)
{
    for (int x = 0; x < w; x++)
        sum[x] += row[x];
}

/* Rows from y on, at least one, along which the means are taken; returns the next one. */
static int across(const float *src, float *tmp, int y, int h, int w, int r, float scale)
{
    size_t at = ck_key_pixel(0, y, w);
    bool several = y + ROWS <= h && w >= ROWS && w <= WIDEST;
    (several ? box_lanes : box_row)(src + at, tmp + at, w, r, scale);
    return y + (several ? ROWS : 1);
}

/* Row y of dst from that above and the rows of tmp that enter and leave. */
static void go_down(float *dst, const float *tmp, int y, int h, int w, int r, float scale)
{
    float *o = dst + ck_key_pixel(0, y, w);
    if (y) {
        next_sums(o, o - w, tmp + ck_key_pixel(0, ck_clamp_index(y + r, h), w),
                  tmp + ck_key_pixel(0, ck_clamp_index(y - r - 1, h), w), scale, w);
        return;
    }
    memset(o, 0, (size_t)w * sizeof *o);
    for (int k = -r; k <= r; k++)
        add_row(o, tmp + ck_key_pixel(0, ck_clamp_index(k, h), w), w);
}

/* The vertical sums run in float; after n rows they are off by about n * 6e-8 of a sum, and rows
 * are few hundred.  They follow the horizontal ones closely, whose rows are still in the cache. */
void ck_key_box(const float *src, float *dst, float *tmp, int h, int w, int r)
{
    float scale = 1.0f / (float)(2 * r + 1), *last = dst + ck_key_pixel(0, h - 1, w);
    for (int y = 0, done = 0; y < h; y++) {
        while (done < h && done <= y + r)
            done = across(src, tmp, done, h, w, r, scale);
        go_down(dst, tmp, y, h, w, r, scale);
    }
    for (int x = 0; x < w; x++)
        last[x] *= scale;
}

void ck_key_blur(ck_key_map *m, const float *src, float *dst, float radius)
{
    int r = ck_key_px(m, radius);
    ck_key_box(src, dst, m->box, m->ch, m->cw, r);
    ck_key_box(dst, dst, m->box, m->ch, m->cw, r);
}
