/* Positions and weights of tiles. */
#include <math.h>
#include <stdlib.h>

#include "greenformer/input.h"
#include "greenformer/split.h"

/* r_i at logit k of a tile. */
static double ramp(const ck_split_axis *a, int k, int overlap)
{
    int n = a->side / CK_LOGIT_STRIDE;
    return fmin((double)overlap / CK_LOGIT_STRIDE, fmin(k + 0.5, n - k - 0.5));
}

static void weigh(ck_split_axis *a, int overlap, double *sum)
{
    int n = a->side / CK_LOGIT_STRIDE;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < n; k++)
            sum[a->at[i] / CK_LOGIT_STRIDE + k] += ramp(a, k, overlap);
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < n; k++)
            a->weight[i * n + k] = (float)(ramp(a, k, overlap) / sum[a->at[i] / CK_LOGIT_STRIDE + k]);
}

static ck_status open_axis(ck_split_axis *a, int side, int overlap, int length, ck_error *e)
{
    a->side = side < length ? side : length;
    a->n = 1 + (length - a->side + side - overlap - 1) / (side - overlap);
    a->at = malloc((size_t)a->n * sizeof *a->at);
    a->weight = malloc((size_t)a->n * (size_t)(a->side / CK_LOGIT_STRIDE) * sizeof *a->weight);
    double *sum = calloc((size_t)(length / CK_LOGIT_STRIDE), sizeof *sum);
    bool good = a->at && a->weight && sum;
    for (int i = 0; good && i < a->n; i++)
        a->at[i] = i < a->n - 1 ? i * (side - overlap) : length - a->side;
    if (good)
        weigh(a, overlap, sum);
    free(sum);
    return good ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for the weights of --split");
}

ck_status ck_split_open(ck_split *s, int side, int overlap, int h, int w, ck_error *e)
{
    *s = (ck_split){.on = side && (side < h || side < w), .h = h, .w = w};
    if (h % CK_SPLIT_GRID || w % CK_SPLIT_GRID)
        return ck_fail(e, CK_ERR_ARGUMENT, "inference size %dx%d: use multiples of %d", w, h, CK_SPLIT_GRID);
    ck_status st = s->on ? open_axis(&s->y, side, overlap, h, e) : CK_OK;
    return st == CK_OK && s->on ? open_axis(&s->x, side, overlap, w, e) : st;
}

void ck_split_close(ck_split *s)
{
    free(s->y.at);
    free(s->y.weight);
    free(s->x.at);
    free(s->x.weight);
    *s = (ck_split){0};
}
