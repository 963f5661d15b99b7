#include "nn/host.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

void ck_nn_host_upload(ck_nn *dev, const ck_nn_tensor *t, const float *src)
{
    (void)dev;
    if (t->data != src)
        memcpy(t->data, src, ck_nn_pixels(t) * (size_t)t->c * sizeof *src);
}

void ck_nn_host_download(ck_nn *dev, const ck_nn_tensor *t, float *dst)
{
    (void)dev;
    if (dst != t->data)
        memcpy(dst, t->data, ck_nn_pixels(t) * (size_t)t->c * sizeof *dst);
}

size_t ck_nn_host_available(ck_nn *dev)
{
    (void)dev;
    return ck_memory_available();
}

/* Sums of squares in double lose nothing that matters here: the variance of 2^28 float32 samples is good to
 * 1e-10 of the mean square. */
void ck_nn_host_group_norm(const ck_nn_step *s, const float *w, const float *bias)
{
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
            scale[c] = (float)(k * (double)w[c]);
            shift[c] = (float)((double)bias[c] - mean * k * (double)w[c]);
        }
    }
}
