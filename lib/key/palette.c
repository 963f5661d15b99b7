#include "key/palette.h"

#include <string.h>

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

/* Sums of weight, colours and their products over the cells of a reach's grid. */
static void gather(struct ck_key_reach *r, const ck_key_map *m, float scale)
{
    size_t n = (size_t)r->h * (size_t)r->w;
    memset(r->m, 0, CK_KEY_MOMENTS * n * sizeof(float));
    for (int y = 0; y < m->ch; y++)
        for (int x = 0; x < m->cw; x++) {
            size_t i = ck_key_pixel(x, y, m->cw), o = ck_key_pixel(x / r->step, y / r->step, r->w);
            float w = m->lends[i], c[3];
            if (w <= 0)
                continue;
            bool clipped[3];
            for (size_t k = 0; k < 3; k++) {
                clipped[k] = m->col[k * m->n + i] > CLIPPED && m->col[k * m->n + i] <= 1;
                c[k] = scale * m->col[k * m->n + i] * (clipped[k] ? BEYOND : 1);
            }
            r->m[o] += w;
            for (size_t k = 0; k < 3; k++)
                r->m[(1 + k) * n + o] += w * c[k];
            for (size_t k = 0; k < 6; k++) {
                size_t row = (size_t)ck_key_row_of[k], column = (size_t)ck_key_column_of[k];
                float unknown = row == column && clipped[row] ? ck_key_sq(BEYOND_BY * c[row]) : 0;
                r->m[(4 + k) * n + o] += w * (c[row] * c[column] + unknown);
            }
        }
    float per = 1 / (float)(r->step * r->step);
    for (size_t i = 0; i < CK_KEY_MOMENTS * n; i++)
        r->m[i] *= per;
}

ck_status ck_key_palette_new(ck_key_palette *p, ck_key_map *m, ck_error *e)
{
    size_t floats = 0;
    for (int k = 0; k < CK_KEY_REACHES; k++) {
        struct ck_key_reach *r = &p->reach[k];
        r->step = ck_key_px(m, step[k]);
        r->h = (m->ch + r->step - 1) / r->step;
        r->w = (m->cw + r->step - 1) / r->step;
        floats += (size_t)r->h * (size_t)r->w;
    }
    p->scale = 1 / m->k->mean[m->ax.m];
    if (!(p->buf = ck_buffer_new(CK_KEY_MOMENTS * floats * sizeof(float))))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the subject's colours");
    float *at = p->buf->data;
    for (int k = 0; k < CK_KEY_REACHES; k++) {
        struct ck_key_reach *r = &p->reach[k];
        size_t n = (size_t)r->h * (size_t)r->w;
        r->m = at;
        at += CK_KEY_MOMENTS * n;
        gather(r, m, p->scale);
        for (size_t c = 0; c < CK_KEY_MOMENTS; c++)
            for (int pass = 0; pass < 2; pass++)
                ck_key_box(r->m + c * n, r->m + c * n, m->box, r->h, r->w, BOX);
    }
    return CK_OK;
}

void ck_key_palette_free(ck_key_palette *p)
{
    ck_buffer_unref(p->buf);
    p->buf = NULL;
}

/* Between the points of the grid. */
static void moments_at(const struct ck_key_reach *r, int x, int y, float out[CK_KEY_MOMENTS])
{
    float fx = ((float)x + 0.5f) / (float)r->step - 0.5f, fy = ((float)y + 0.5f) / (float)r->step - 0.5f;
    fx = fx < 0 ? 0 : fx;
    fy = fy < 0 ? 0 : fy;
    int i = (int)fx, j = (int)fy, i1 = ck_clamp_index(i + 1, r->w), j1 = ck_clamp_index(j + 1, r->h);
    i = ck_clamp_index(i, r->w);
    j = ck_clamp_index(j, r->h);
    fx -= (float)i;
    fy -= (float)j;
    size_t n = (size_t)r->h * (size_t)r->w, a = ck_key_pixel(i, j, r->w), b = ck_key_pixel(i1, j, r->w),
           c = ck_key_pixel(i, j1, r->w), d = ck_key_pixel(i1, j1, r->w);
    for (size_t k = 0; k < CK_KEY_MOMENTS; k++) {
        const float *v = r->m + k * n;
        out[k] = (1 - fy) * (v[a] + fx * (v[b] - v[a])) + fy * (v[c] + fx * (v[d] - v[c]));
    }
}

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
        for (int i = 0; i < 3; i++)
            c->mean[i] = m[1 + i] / m[0];
        for (int i = 0; i < 6; i++) {
            float v = m[4 + i] / m[0] - c->mean[ck_key_row_of[i]] * c->mean[ck_key_column_of[i]];
            bool own = ck_key_row_of[i] == ck_key_column_of[i];
            c->cov[i] = own ? (v > 0 ? v : 0) + ck_key_sq(TEXTURE) : v;
        }
    }
    return n;
}
