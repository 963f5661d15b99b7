/* The loss on the mean row of x when the weights of a linear layer are rounded to bf16, added to the bias.  Every
 * fourth row counts: that costs 4 % of a frame at 512 pixels, all of them 7 %.
 *
 * Tokens are alike, so that the rounding of a weight has the same effect on all of them: a shift of the whole frame,
 * larger than everything else that bf16 loses.  The mean row times the weights' lower halves, which are what rounding
 * left over, removes it at the price of one more row. */
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "nn/cpu/cpu.h"
#include "nn/cpu/element.h"

#define EVERY CK_NN_MEAN_ROWS
#define LANES 32 /* partial sums, added pairwise at the end */

ck_status ck_cpu_pack_low(ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    size_t n = (size_t)w->out * (size_t)w->in;
    w->low = malloc(n * sizeof *w->low);
    w->bias = calloc((size_t)w->out, sizeof *w->bias);
    if (!w->low || !w->bias)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    for (size_t i = 0; i < n; i++)
        w->low[i] = ck_bf16_of(values[i] - ck_bf16_rounded(values[i]));
    for (int o = 0; bias && o < w->out; o++)
        w->bias[o] = bias[o];
    return CK_OK;
}

/* Number of rows that count. */
static int rows_of(const ck_nn_step *s)
{
    int all = s->rows ? s->rows->n : (int)ck_nn_pixels(&s->x[0]);
    return (all + EVERY - 1) / EVERY;
}

/* Parts of the scratch. */
typedef struct parts {
    const ck_nn_step *s;
    float *bias; /* [out]: the result */
    float *mean; /* [in] */
    float *sums; /* [bands][in], of a band's rows */
} parts;

static parts parts_of(const ck_nn_step *s, float *scratch)
{
    return (parts){s, scratch, scratch + s->weight->out, scratch + s->weight->out + s->weight->in};
}

size_t ck_cpu_low_scratch(const ck_nn_step *s)
{
    size_t rows = 1 + (size_t)ck_cpu_bands((int)ck_nn_pixels(&s->x[0]));
    return ((size_t)s->weight->out + rows * (size_t)s->weight->in) * sizeof(float);
}

CK_CPU_INLINE void add_typed(const void *row, bool bf16, int n, float *sums)
{
    for (size_t k = 0; k < (size_t)n; k++)
        sums[k] += ck_cpu_get(row, bf16, k);
}

CK_CLONES static void add_row(const void *row, bool bf16, int n, float *sums)
{
    if (bf16)
        add_typed(row, true, n, sums);
    else
        add_typed(row, false, n, sums);
}

static void sum_task(void *ctx, int i, int who)
{
    (void)who;
    const parts *p = ctx;
    const ck_nn_tensor *x = &p->s->x[0];
    float *sums = p->sums + (size_t)i * (size_t)x->c;
    int first, end;
    ck_cpu_band(rows_of(p->s), i, &first, &end);
    for (int k = 0; k < x->c; k++)
        sums[k] = 0;
    for (int r = first * EVERY; r < end * EVERY; r += EVERY)
        add_row(ck_nn_pixel(x, (size_t)(p->s->rows ? p->s->rows->row[r] : r)), x->type == CK_NN_BF16, x->c, sums);
}

static void find_mean(const parts *p)
{
    size_t in = (size_t)p->s->weight->in;
    int rows = rows_of(p->s);
    for (size_t k = 0; k < in; k++) {
        double sum = 0;
        for (int b = 0; b < ck_cpu_bands(rows); b++)
            sum += (double)p->sums[(size_t)b * in + k];
        p->mean[k] = (float)(sum / rows);
    }
}

CK_CLONES static float product(const uint16_t *w, const float *x, int n)
{
    float sum[LANES] = {0};
    int k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int i = 0; i < LANES; i++)
            sum[i] += ck_bf16_value(w[k + i]) * x[k + i];
    for (int i = 0; k + i < n; i++)
        sum[i] += ck_bf16_value(w[k + i]) * x[k + i];
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            sum[i] += sum[i + half];
    return sum[0];
}

static void bias_task(void *ctx, int i, int who)
{
    (void)who;
    const parts *p = ctx;
    const ck_nn_weight *w = p->s->weight;
    int first, end;
    ck_cpu_band(w->out, i, &first, &end);
    for (int o = first; o < end; o++)
        p->bias[o] = w->bias[o] + product(w->low + (size_t)o * (size_t)w->in, p->mean, w->in);
}

void ck_cpu_low_bias(ck_nn *dev, const ck_nn_step *s, float *scratch)
{
    ck_team *team = ck_cpu_of(dev)->team;
    parts p = parts_of(s, scratch);
    ck_team_run(team, ck_cpu_bands(rows_of(s)), sum_task, &p);
    find_mean(&p);
    ck_team_run(team, ck_cpu_bands(s->weight->out), bias_task, &p);
}
