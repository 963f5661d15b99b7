/* 3x3 dilated convolutions in f32, block by block; a block is also one of the statistics.  See conv_kernel.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cpu/cpu.h"

#define POINTS 6 /* rows of G: one for each point of the polynomials */

_Static_assert(CK_CPU_CONV_SIDE == CK_NN_BLOCK, "a block of a convolution is one of the statistics");

static size_t padded(const ck_cpu_device *d, int out)
{
    size_t group = (size_t)d->kernels->group;
    return ((size_t)out + group - 1) / group * group;
}

/* to = G w G^T: G has a row [1, p, p^2] / (product of p's differences from the other points) for each point p, and
 * [0, 0, 1] for infinity. */
static void transform(const float *w, double to[POINTS][POINTS])
{
    const double a = (double)CK_CPU_POINT_A, b = (double)CK_CPU_POINT_B, a2 = a * a, b2 = b * b;
    const double na = 2 * a2 * (a2 - b2), nb = 2 * b2 * (b2 - a2);
    const double g[POINTS][3] = {{1 / (a2 * b2)},           {1 / na, a / na, a2 / na},  {1 / na, -a / na, a2 / na},
                                 {1 / nb, b / nb, b2 / nb}, {1 / nb, -b / nb, b2 / nb}, {0, 0, 1}};
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j < POINTS; j++) {
            to[i][j] = 0;
            for (int tap = 0; tap < 9; tap++)
                to[i][j] += g[i][tap / 3] * g[j][tap % 3] * (double)w[tap];
        }
}

/* Transformed weights [36][out / group][in][group]. */
ck_status ck_cpu_pack_conv(const ck_cpu_device *d, ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    size_t in = (size_t)w->in, out = padded(d, w->out), group = (size_t)d->kernels->group;
    size_t bytes = CK_CPU_CONV_PRODUCTS * out * in * sizeof *w->w;
    w->w = aligned_alloc(CK_ALIGN, ck_pad(bytes));
    w->bias = calloc(out, sizeof *w->bias);
    if (!w->w || !w->bias)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    memset(w->w, 0, bytes);
    memcpy(w->bias, bias, (size_t)w->out * sizeof *bias);
    for (size_t o = 0; o < (size_t)w->out; o++)
        for (size_t c = 0; c < in; c++) {
            double t[POINTS][POINTS];
            transform(values + (o * in + c) * 9, t);
            for (size_t p = 0; p < CK_CPU_CONV_PRODUCTS; p++)
                w->w[((p * (out / group) + o / group) * in + c) * group + o % group] = (float)t[p / POINTS][p % POINTS];
        }
    return CK_OK;
}

/* Bytes of a thread's scratch: the kernel's, then sums by output. */
static size_t kernel_bytes(const ck_cpu_device *d, const ck_nn_step *s)
{
    return ck_pad(d->kernels->conv_scratch(s->weight->out, s->weight->in));
}

static size_t per_thread(const ck_cpu_device *d, const ck_nn_step *s)
{
    return kernel_bytes(d, s) + ck_pad(2 * padded(d, s->weight->out) * sizeof(double));
}

ck_status ck_cpu_prepare_conv(ck_cpu_device *d, const ck_nn_step *s, size_t *scratch, ck_error *e)
{
    if (s->x[0].type != CK_NN_F32 || s->y.type != CK_NN_F32)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cpu has no convolution of these types");
    *scratch = (size_t)ck_team_size(d->team) * per_thread(d, s);
    return CK_OK;
}

void ck_cpu_group_sums(const ck_nn_step *s, const double *sums, size_t stride, int block)
{
    int per = s->y.c / s->groups;
    double *to = (double *)s->stats.data + (size_t)block * (size_t)s->groups * 2;
    for (int g = 0; g < s->groups; g++)
        for (int k = 0; k < 2; k++) {
            to[2 * g + k] = 0;
            for (int c = g * per; c < (g + 1) * per; c++)
                to[2 * g + k] += sums[(size_t)k * stride + (size_t)c];
        }
}

/* Tiles that cover a row of a block: with dilation d, d interleaved rows share it. */
static int tiles_of(int dilation)
{
    int each = (CK_CPU_CONV_SIDE + CK_CPU_CONV_TILE * dilation - 1) / (CK_CPU_CONV_TILE * dilation);
    return dilation * each;
}

static void block_task(void *call, int task, int who)
{
    const ck_cpu_call *k = call;
    const ck_nn_step *s = k->s;
    int block = ck_nn_in_part(s) ? s->part->block[task] : task;
    ck_nn_area a = ck_nn_block_area(&s->y, block);
    char *scratch = (char *)s->scratch + (size_t)who * per_thread(k->dev, s);
    size_t all = padded(k->dev, s->y.c);
    double *sums = ck_nn_has(&s->stats) ? (double *)(scratch + kernel_bytes(k->dev, s)) : NULL;
    if (sums)
        memset(sums, 0, 2 * all * sizeof *sums);
    k->dev->kernels->conv_f32(&(ck_cpu_conv_block){.in = s->x[0].c,
                                                   .out = s->y.c,
                                                   .dilation = s->dilation,
                                                   .h = s->y.h,
                                                   .w = s->y.w,
                                                   .y0 = a.y0,
                                                   .x0 = a.x0,
                                                   .y1 = a.y1,
                                                   .x1 = a.x1,
                                                   .tiles = tiles_of(s->dilation),
                                                   .x = s->x[0].data,
                                                   .norm = ck_nn_has(&s->x[1]) ? s->x[1].data : NULL,
                                                   .y = s->y.data,
                                                   .x_pixel = (size_t)s->x[0].ld,
                                                   .y_pixel = (size_t)s->y.ld,
                                                   .weights = s->weight->w,
                                                   .bias = s->weight->bias,
                                                   .sums = sums,
                                                   .scratch = scratch});
    if (sums)
        ck_cpu_group_sums(s, sums, all, block);
}

void ck_cpu_conv(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, ck_nn_in_part(s) ? s->part->n : ck_nn_blocks(s->y.h) * ck_nn_blocks(s->y.w), block_task);
}
