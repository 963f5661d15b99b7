#include "nn/host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

ck_status ck_nn_host_set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e)
{
    if (p != CK_NN_PRECISION_F32 && p != CK_NN_PRECISION_BF16)
        return ck_fail(e, CK_ERR_ARGUMENT, "no precision %s on device %s: use f32, bf16 or auto",
                       ck_nn_precision_name(p), dev->ops->name);
    dev->act = p == CK_NN_PRECISION_BF16 ? CK_NN_BF16 : CK_NN_F32;
    return CK_OK;
}

ck_status ck_nn_host_reserve(ck_nn *dev, size_t bytes, void **out, ck_error *e)
{
    (void)dev;
    *out = bytes <= SIZE_MAX - CK_ALIGN ? aligned_alloc(CK_ALIGN, ck_pad(bytes ? bytes : 1)) : NULL;
    return *out ? CK_OK
                : ck_fail(e, CK_ERR_MEMORY, "out of memory for the network's %.1f MB: use a smaller --size",
                          (double)bytes * 1e-6);
}

void ck_nn_host_release(ck_nn *dev, void *p)
{
    (void)dev;
    free(p);
}

size_t ck_nn_host_available(ck_nn *dev)
{
    (void)dev;
    return ck_memory_available();
}

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

typedef struct areas {
    const ck_nn_step *s;
    void (*area)(const ck_nn_step *s, ck_nn_area a, int who);
} areas;

static void area_task(void *ctx, int i, int who)
{
    const areas *a = ctx;
    const ck_nn_step *s = a->s;
    a->area(s, ck_nn_in_part(s) ? ck_nn_block_area(&s->y, s->part->block[i]) : (ck_nn_area){i, 0, i + 1, s->y.w}, who);
}

void ck_nn_host_areas(ck_team *team, const ck_nn_step *s, void (*area)(const ck_nn_step *s, ck_nn_area a, int who))
{
    areas a = {s, area};
    ck_team_run(team, ck_nn_in_part(s) ? s->part->n : s->y.h, area_task, &a);
}

void ck_nn_host_merge(ck_nn *dev, const ck_nn_step *s)
{
    (void)dev;
    for (int i = 0; i < s->rows->n; i++) {
        size_t r = (size_t)s->rows->row[i];
        memcpy(ck_nn_at(&s->y, r), ck_nn_at(&s->x[0], r), (size_t)s->y.c * sizeof(float));
    }
}

/* Sums of squares in double suffice: the variance of 2^28 f32 samples is accurate to 1e-10 of the mean square. */
void ck_nn_host_group_norm(const ck_nn_step *s, const float *w, const float *bias)
{
    const double *sums = s->x[0].data;
    int channels = s->y.c, per = channels / s->groups, blocks = s->x[0].h;
    float *scale = s->y.data, *shift = scale + channels;
    double n = (double)s->pixels * per;
    for (int g = 0; g < s->groups; g++) {
        double sum = 0, squares = 0;
        for (int first = 0; first < blocks; first += CK_NN_RUN) {
            double run[2] = {0, 0};
            for (int i = first; i < blocks && i < first + CK_NN_RUN; i++) {
                run[0] += sums[((size_t)i * (size_t)s->groups + (size_t)g) * 2];
                run[1] += sums[((size_t)i * (size_t)s->groups + (size_t)g) * 2 + 1];
            }
            sum += run[0];
            squares += run[1];
        }
        double mean = sum / n, var = squares / n - mean * mean;
        double k = 1 / sqrt((var > 0 ? var : 0) + (double)s->eps);
        for (int c = g * per; c < (g + 1) * per; c++) {
            scale[c] = (float)(k * (double)w[c]);
            shift[c] = (float)((double)bias[c] - mean * k * (double)w[c]);
        }
    }
}
