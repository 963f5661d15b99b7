/* LayerNorm over channels; GroupNorm over the whole map in three parts: sums, scale and shift, application. */
#include <math.h>

#include "nn/ref/ref.h"

static void layer_norm_row(void *ctx, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ctx;
    int n = s->x[0].c;
    const float *w = s->weight->w, *b = s->weight->bias;
    for (int x = 0; x < s->y.w; x++) {
        size_t pixel = (size_t)y * (size_t)s->y.w + (size_t)x;
        const float *in = ref_at(&s->x[0], pixel);
        float *out = ref_at(&s->y, pixel);
        double mean = 0, var = 0;
        for (int c = 0; c < n; c++)
            mean += (double)in[c];
        mean /= n;
        for (int c = 0; c < n; c++)
            var += ((double)in[c] - mean) * ((double)in[c] - mean);
        double scale = 1 / sqrt(var / n + (double)s->eps);
        for (int c = 0; c < n; c++)
            out[c] = (float)(((double)in[c] - mean) * scale * (double)w[c] + (double)b[c]);
    }
}

void ref_layer_norm(ck_nn *dev, const ck_nn_step *s)
{
    ck_team_run(((ref_device *)dev)->team, s->y.h, layer_norm_row, (void *)s);
}

static void block_sums(void *ctx, int i, int who)
{
    (void)who;
    const ck_nn_step *s = ctx;
    const ck_nn_tensor *t = &s->y;
    int across = ck_nn_blocks(t->w), y0 = i / across * CK_NN_BLOCK, x0 = i % across * CK_NN_BLOCK;
    int per = t->c / s->groups;
    double *sums = (double *)s->stats.data + (size_t)i * (size_t)s->groups * 2;
    for (int g = 0; g < s->groups; g++, sums += 2) {
        sums[0] = sums[1] = 0;
        for (int y = y0; y < y0 + CK_NN_BLOCK && y < t->h; y++)
            for (int x = x0; x < x0 + CK_NN_BLOCK && x < t->w; x++) {
                const float *p = ref_at(t, (size_t)y * (size_t)t->w + (size_t)x) + g * per;
                for (int c = 0; c < per; c++) {
                    sums[0] += (double)p[c];
                    sums[1] += (double)p[c] * (double)p[c];
                }
            }
    }
}

void ref_group_sums(ref_device *d, const ck_nn_step *s)
{
    ck_team_run(d->team, s->stats.h, block_sums, (void *)s);
}

/* Sums of squares in double lose nothing that matters here: the variance of 2^28 float32 samples is good to
 * 1e-10 of the mean square. */
void ref_group_norm(ck_nn *dev, const ck_nn_step *s)
{
    (void)dev;
    const double *sums = s->x[0].data;
    int channels = s->y.c, per = channels / s->groups, blocks = s->x[0].h;
    float *scale = s->y.data, *shift = scale + channels;
    double n = (double)s->pixels * per;
    for (int g = 0; g < s->groups; g++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < blocks; i++) {
            sum += sums[((size_t)i * (size_t)s->groups + (size_t)g) * 2];
            squares += sums[((size_t)i * (size_t)s->groups + (size_t)g) * 2 + 1];
        }
        double mean = sum / n, var = squares / n - mean * mean;
        double k = 1 / sqrt((var > 0 ? var : 0) + (double)s->eps);
        for (int c = g * per; c < (g + 1) * per; c++) {
            scale[c] = (float)(k * (double)s->weight->w[c]);
            shift[c] = (float)((double)s->weight->bias[c] - mean * k * (double)s->weight->w[c]);
        }
    }
}

static void apply_row(void *ctx, int y, int who)
{
    (void)who;
    const ck_nn_step *s = ctx;
    int n = s->y.c;
    const float *scale = s->x[1].data, *shift = scale + n;
    for (int x = 0; x < s->y.w; x++) {
        size_t pixel = (size_t)y * (size_t)s->y.w + (size_t)x;
        const float *in = ref_at(&s->x[0], pixel), *add = ck_nn_has(&s->x[2]) ? ref_at(&s->x[2], pixel) : NULL;
        float *out = ref_at(&s->y, pixel);
        for (int c = 0; c < n; c++) {
            float v = in[c] * scale[c] + shift[c] + (add ? add[c] : 0);
            out[c] = v < 0 ? 0 : v;
        }
    }
}

void ref_apply(ck_nn *dev, const ck_nn_step *s)
{
    ck_team_run(((ref_device *)dev)->team, s->y.h, apply_row, (void *)s);
}
