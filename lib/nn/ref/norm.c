/* LayerNorm over channels; GroupNorm in three parts: sums, scale and shift, application. */
#include <math.h>

#include "nn/ref/ref.h"

static void layer_norm_row(void *ctx, int y, int who)
{
    (void)who;
    const ck_nn_step *s = *(const ck_nn_step **)ctx;
    int n = s->x[0].c;
    const float *w = s->weight->w, *b = s->weight->bias;
    for (int x = 0; x < s->y.w; x++) {
        size_t pixel = (size_t)y * (size_t)s->y.w + (size_t)x;
        const float *in = ck_nn_at(&s->x[0], pixel);
        size_t y0 = ck_ref_index(&s->y, pixel);
        double mean = 0, var = 0;
        for (int c = 0; c < n; c++)
            mean += (double)in[c];
        mean /= n;
        for (int c = 0; c < n; c++)
            var += ((double)in[c] - mean) * ((double)in[c] - mean);
        double scale = 1 / sqrt(var / n + (double)s->eps);
        for (int c = 0; c < n; c++)
            ck_ref_put(&s->y, y0 + (size_t)c, (float)(((double)in[c] - mean) * scale * (double)w[c] + (double)b[c]));
    }
}

void ck_ref_layer_norm(ck_nn *dev, const ck_nn_step *s)
{
    ck_team_run(((ck_ref_device *)dev)->team, s->y.h, layer_norm_row, &s);
}

static void block_sums(void *ctx, int task, int who)
{
    (void)who;
    const ck_nn_step *s = *(const ck_nn_step **)ctx;
    const ck_nn_tensor *t = &s->y;
    int i = ck_nn_in_part(s) ? s->part->block[task] : task, per = t->c / s->groups;
    ck_nn_area a = ck_nn_block_area(t, i);
    double *sums = (double *)s->stats.data + (size_t)i * (size_t)s->groups * 2;
    for (int g = 0; g < s->groups; g++, sums += 2) {
        sums[0] = sums[1] = 0;
        for (int y = a.y0; y < a.y1; y++)
            for (int x = a.x0; x < a.x1; x++) {
                size_t p = ck_ref_index(t, (size_t)y * (size_t)t->w + (size_t)x) + (size_t)(g * per);
                for (int c = 0; c < per; c++) {
                    double v = (double)ck_ref_get(t, p + (size_t)c);
                    sums[0] += v;
                    sums[1] += v * v;
                }
            }
    }
}

void ck_ref_group_sums(ck_ref_device *d, const ck_nn_step *s)
{
    ck_team_run(d->team, ck_nn_in_part(s) ? s->part->n : s->stats.h, block_sums, &s);
}

void ck_ref_group_norm(ck_nn *dev, const ck_nn_step *s)
{
    (void)dev;
    ck_nn_host_group_norm(s, s->weight->w, s->weight->bias);
}

static void apply_row(const ck_nn_step *s, int y, int x0, int x1)
{
    int n = s->y.c;
    const float *scale = s->x[1].data, *shift = scale + n;
    for (int x = x0; x < x1; x++) {
        size_t pixel = (size_t)y * (size_t)s->y.w + (size_t)x, to = ck_ref_index(&s->y, pixel);
        size_t in = ck_ref_index(&s->x[0], pixel), add = ck_ref_index(&s->x[2], pixel);
        for (size_t c = 0; c < (size_t)n; c++) {
            float v = ck_ref_get(&s->x[0], in + c) * scale[c] + shift[c];
            v += ck_nn_has(&s->x[2]) ? ck_ref_get(&s->x[2], add + c) : 0;
            ck_ref_put(&s->y, to + c, v < 0 ? 0 : v);
        }
    }
}

static void apply_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int y = a.y0; y < a.y1; y++)
        apply_row(s, y, a.x0, a.x1);
}

void ck_ref_apply(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, apply_area);
}
