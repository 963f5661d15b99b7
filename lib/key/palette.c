#include "key/palette.h"

#include <string.h>

#include "base/clones.h"

#define LEAST_WEIGHT 1e-3f /* of a neighbourhood: fewer solid pixels say nothing about its colours */
#define CLIPPED 0.97f      /* of white, linear: a channel that was cut off here */
#define BEYOND 1.2f        /* was so much brighter */
#define BEYOND_BY 0.15f    /* give or take, relative */
#define TEXTURE 0.03f      /* standard deviation that no neighbourhood's colours fall below */

/* Map pixels of a map of 540 between the points of each reach's grid.  Two boxes over five points
 * make a bell twice as wide as that. */
static const float step[CK_KEY_REACHES] = {2, 5, 18};
static const float vote[CK_KEY_REACHES] = {1, 0.3f, 0.1f};
#define BOX 2
#define BOX_PART (1.0f / (2 * BOX + 1))

/* Sums of weight, colours and their products over the cells of a reach's grid. */
static void gather(struct ck_key_reach *r, const ck_key_map *m, float scale)
{
    size_t n = (size_t)r->h * (size_t)r->w;
    memset(r->m, 0, CK_KEY_MOMENTS * n * sizeof(float));
    for (int y = 0; y < m->ch; y++)
        for (int x = 0; x < m->cw; x++) {
            size_t i = ck_key_pixel(x, y, m->cw);
            float w = m->lends[i], c[3], *sum = r->m + CK_KEY_MOMENTS * ck_key_pixel(x / r->step, y / r->step, r->w);
            if (w <= 0)
                continue;
            bool clipped[3];
            for (size_t k = 0; k < 3; k++) {
                clipped[k] = m->col[k * m->n + i] > CLIPPED && m->col[k * m->n + i] <= 1;
                c[k] = scale * m->col[k * m->n + i] * (clipped[k] ? BEYOND : 1);
            }
            sum[0] += w;
            for (size_t k = 0; k < 3; k++)
                sum[1 + k] += w * c[k];
            for (size_t k = 0; k < 6; k++) {
                size_t row = (size_t)ck_key_row_of[k], column = (size_t)ck_key_column_of[k];
                float unknown = row == column && clipped[row] ? ck_key_sq(BEYOND_BY * c[row]) : 0;
                sum[4 + k] += w * (c[row] * c[column] + unknown);
            }
        }
    float per = 1 / (float)(r->step * r->step);
    for (size_t i = 0; i < CK_KEY_MOMENTS * n; i++)
        r->m[i] *= per;
}

/* Means of each moment over 2 BOX + 1 points of a row, which is w points long; sums as in ck_key_box. */
CK_CLONES_SHORT
static void box_row(const float *restrict src, float *restrict dst, int w)
{
    double sum[CK_KEY_MOMENTS] = {0};
    for (int x = -BOX; x <= BOX; x++)
        for (int k = 0; k < CK_KEY_MOMENTS; k++)
            sum[k] += (double)src[CK_KEY_MOMENTS * ck_clamp_index(x, w) + k];
    for (int x = 0; x < w; x++) {
        const float *in = src + CK_KEY_MOMENTS * ck_clamp_index(x + BOX + 1, w),
                    *out = src + CK_KEY_MOMENTS * ck_clamp_index(x - BOX, w);
        for (int k = 0; k < CK_KEY_MOMENTS; k++) {
            dst[CK_KEY_MOMENTS * x + k] = (float)sum[k] * BOX_PART;
            sum[k] += (double)(in[k] - out[k]);
        }
    }
}

/* out: means of the rows, n moments each.  They are summed afresh for each row: a sum that moves on keeps the rounding
 * of what has left it, which beside bright cloth is more than what is left. */
_Static_assert(BOX == 2, "mean_rows adds five rows");
CK_CLONES
static void mean_rows(const float *const rows[2 * BOX + 1], size_t n, float *restrict out)
{
    const float *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3], *e = rows[4];
    for (size_t i = 0; i < n; i++)
        out[i] = (a[i] + b[i] + c[i] + d[i] + e[i]) * BOX_PART;
}

/* Means over (2 BOX + 1)^2 points, in place; kept: KEPT of the grid's rows. */
#define KEPT (BOX + 1)
static void box(struct ck_key_reach *r, float *kept)
{
    size_t n = CK_KEY_MOMENTS * (size_t)r->w;
    for (int y = 0; y < r->h; y++) {
        memcpy(kept, r->m + (size_t)y * n, n * sizeof *kept);
        box_row(kept, r->m + (size_t)y * n, r->w);
    }
    for (int y = 0; y < r->h; y++) {
        const float *rows[2 * BOX + 1]; /* those from y on are in place, the ones before have been written over */
        memcpy(kept + (size_t)(y % KEPT) * n, r->m + (size_t)y * n, n * sizeof *kept);
        for (int k = -BOX; k <= BOX; k++) {
            int at = ck_clamp_index(y + k, r->h);
            rows[BOX + k] = at > y ? r->m + (size_t)at * n : kept + (size_t)(at % KEPT) * n;
        }
        mean_rows(rows, n, r->m + (size_t)y * n);
    }
}

ck_status ck_key_palette_new(ck_key_palette *p, const ck_key_map *m, ck_error *e)
{
    size_t points = 0, widest = 0;
    for (int k = 0; k < CK_KEY_REACHES; k++) {
        struct ck_key_reach *r = &p->reach[k];
        r->step = ck_key_px(m, step[k]);
        r->h = (m->ch + r->step - 1) / r->step;
        r->w = (m->cw + r->step - 1) / r->step;
        points += (size_t)r->h * (size_t)r->w;
        widest = (size_t)r->w > widest ? (size_t)r->w : widest;
    }
    p->scale = 1 / m->k->mean[m->ax.m];
    if (!(p->buf = ck_buffer_new(CK_KEY_MOMENTS * (points + KEPT * widest) * sizeof(float))))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the subject's colours");
    float *kept = p->buf->data, *at = kept + CK_KEY_MOMENTS * KEPT * widest;
    for (int k = 0; k < CK_KEY_REACHES; k++) {
        struct ck_key_reach *r = &p->reach[k];
        r->m = at;
        at += CK_KEY_MOMENTS * (size_t)r->h * (size_t)r->w;
        gather(r, m, p->scale);
        for (int pass = 0; pass < 2; pass++)
            box(r, kept);
    }
    return CK_OK;
}

void ck_key_palette_free(ck_key_palette *p)
{
    ck_buffer_unref(p->buf);
    p->buf = NULL;
}

/* Between the points of the grid. */
static inline void moments_at(const struct ck_key_reach *r, int x, int y, float out[CK_KEY_MOMENTS])
{
    float fx = ((float)x + 0.5f) / (float)r->step - 0.5f, fy = ((float)y + 0.5f) / (float)r->step - 0.5f;
    fx = fx < 0 ? 0 : fx;
    fy = fy < 0 ? 0 : fy;
    int i = (int)fx, j = (int)fy, i1 = ck_clamp_index(i + 1, r->w), j1 = ck_clamp_index(j + 1, r->h);
    i = ck_clamp_index(i, r->w);
    j = ck_clamp_index(j, r->h);
    fx -= (float)i;
    fy -= (float)j;
    const float *a = r->m + CK_KEY_MOMENTS * ck_key_pixel(i, j, r->w),
                *b = r->m + CK_KEY_MOMENTS * ck_key_pixel(i1, j, r->w),
                *c = r->m + CK_KEY_MOMENTS * ck_key_pixel(i, j1, r->w),
                *d = r->m + CK_KEY_MOMENTS * ck_key_pixel(i1, j1, r->w);
    for (int k = 0; k < CK_KEY_MOMENTS; k++)
        out[k] = (1 - fy) * (a[k] + fx * (b[k] - a[k])) + fy * (c[k] + fx * (d[k] - c[k]));
}

CK_CLONES_SHORT
int ck_key_palette_at(const ck_key_palette *p, int x, int y, ck_key_colours out[CK_KEY_REACHES])
{
    int n = 0;
    for (int k = 0; k < CK_KEY_REACHES; k++) {
        float m[CK_KEY_MOMENTS];
        moments_at(&p->reach[k], x, y, m);
        if (m[0] < LEAST_WEIGHT)
            continue;
        ck_key_colours *c = &out[n++];
        c->weight = vote[k] * m[0];
        for (int i = 1; i < CK_KEY_MOMENTS; i++)
            m[i] /= m[0];
        for (int i = 0; i < 3; i++)
            c->mean[i] = m[1 + i];
        for (int i = 0; i < 6; i++) {
            float v = m[4 + i] - c->mean[ck_key_row_of[i]] * c->mean[ck_key_column_of[i]];
            bool own = ck_key_row_of[i] == ck_key_column_of[i];
            c->cov[i] = own ? (v > 0 ? v : 0) + ck_key_sq(TEXTURE) : v;
        }
    }
    return n;
}
