/* Attention, CK_REF_ROWS queries at a time against all their keys.
 *
 * Keys and values are packed like weights, so that scores and results are two products.  The largest scratch is a row
 * of scores. */
#include <math.h>

#include "nn/ref/ref.h"

typedef struct job {
    const ck_nn_step *s;
    int windows, heads, width; /* width: channels per head */
    int nq, nk;                /* queries and keys per window */
    bool rounds;               /* products of bf16 operands */
    size_t panel_floats;       /* packed keys and values of one head in one window */
    float *panels;             /* [windows][heads] */
    float *rows;               /* [threads][row_floats]: CK_REF_ROWS rows of scores, then of results; a query */
    size_t row_floats;
} job;

static float operand(const job *j, float v)
{
    return j->rounds ? ck_bf16_rounded(v) : v;
}

static job describe(const ck_nn_step *s)
{
    int pixels = s->x[1].h * s->x[1].w;
    job j = {.s = s, .heads = s->heads, .width = s->y.c / s->heads};
    j.nk = s->window ? s->window * s->window : pixels;
    j.windows = pixels / j.nk;
    j.nq = s->rows ? s->rows->n : s->x[0].h * s->x[0].w / j.windows;
    size_t keys = (size_t)ck_ref_padded(j.nk) * (size_t)j.width, values = (size_t)ck_ref_padded(j.width) * (size_t)j.nk;
    j.panel_floats = keys + values;
    j.row_floats = CK_REF_ROWS * (size_t)(ck_ref_padded(j.nk) + ck_ref_padded(j.width)) + (size_t)j.width;
    j.panels = s->scratch;
    j.rows = j.panels + (size_t)(j.windows * j.heads) * j.panel_floats;
    return j;
}

size_t ck_ref_attention_scratch(const ck_nn_step *s, int threads)
{
    job j = describe(s);
    return ((size_t)(j.windows * j.heads) * j.panel_floats + (size_t)threads * j.row_floats) * sizeof(float);
}

/* Pixel i, in row-major order, of window `win`; every map has the same number of windows. */
static size_t pixel_of(const job *j, const ck_nn_tensor *t, int win, int i)
{
    if (!j->s->window)
        return (size_t)i;
    int across = j->s->x[1].w / j->s->window, side = t->w / across;
    int y = win / across * side + i / side, x = win % across * side + i % side;
    return (size_t)y * (size_t)t->w + (size_t)x;
}

/* Number of a pixel's first element of a head. */
static size_t element(const job *j, const ck_nn_tensor *t, int win, int i, int head)
{
    return ck_ref_index(t, pixel_of(j, t, win, i)) + (size_t)(head * j->width);
}

/* The token of query i of window `win`. */
static int query_of(const job *j, int i)
{
    return j->s->rows ? j->s->rows->row[i] : i;
}

static float *panels_of(const job *j, int win, int head)
{
    return j->panels + (size_t)(win * j->heads + head) * j->panel_floats;
}

static void pack(void *ctx, int i, int who)
{
    (void)who;
    const job *j = ctx;
    int win = i / j->heads, head = i % j->heads;
    size_t width = (size_t)j->width, nk = (size_t)j->nk;
    float *keys = panels_of(j, win, head), *values = keys + (size_t)ck_ref_padded(j->nk) * width;
    for (size_t n = 0; n < (size_t)ck_ref_padded(j->nk); n++) {
        size_t from = n < nk ? element(j, &j->s->x[1], win, (int)n, head) : 0;
        float *to = keys + n / CK_REF_LANES * width * CK_REF_LANES + n % CK_REF_LANES;
        for (size_t d = 0; d < width; d++)
            to[d * CK_REF_LANES] = n < nk ? operand(j, ck_ref_get(&j->s->x[1], from + d)) : 0;
    }
    for (size_t n = 0; n < nk; n++) {
        size_t from = element(j, &j->s->x[2], win, (int)n, head);
        for (size_t d = 0; d < (size_t)ck_ref_padded(j->width); d++)
            values[d / CK_REF_LANES * nk * CK_REF_LANES + n * CK_REF_LANES + d % CK_REF_LANES] =
                d < width ? operand(j, ck_ref_get(&j->s->x[2], from + d)) : 0;
    }
}

/* Replace scores by exp(score - maximum), operands of the next product; return their sum. */
static double exponentials(const job *j, float *row, double scale)
{
    float top = -INFINITY;
    double sum = 0;
    int n = j->nk;
    for (int i = 0; i < n; i++)
        top = row[i] > top ? row[i] : top;
    for (int i = 0; i < n; i++) {
        float power = (float)exp(((double)row[i] - (double)top) * scale);
        row[i] = operand(j, power);
        sum += (double)row[i];
    }
    return sum;
}

static void attend(void *ctx, int i, int who)
{
    const job *j = ctx;
    int blocks = (j->nq + CK_REF_ROWS - 1) / CK_REF_ROWS, head = i / blocks % j->heads, win = i / blocks / j->heads;
    int first = i % blocks * CK_REF_ROWS, rows = j->nq - first < CK_REF_ROWS ? j->nq - first : CK_REF_ROWS;
    int padded = ck_ref_padded(j->width);
    size_t scores_ld = (size_t)ck_ref_padded(j->nk);
    float *keys = panels_of(j, win, head);
    ck_nn_weight k = {.out = j->nk, .in = j->width, .w = keys};
    ck_nn_weight v = {.out = j->width, .in = j->nk, .w = keys + scores_ld * (size_t)j->width};
    float *scores = j->rows + (size_t)who * j->row_floats, *out = scores + CK_REF_ROWS * scores_ld;
    float *query = out + CK_REF_ROWS * padded;
    double sum[CK_REF_ROWS];
    for (int r = 0; r < rows; r++) {
        float *row = scores + (size_t)r * scores_ld;
        size_t from = element(j, &j->s->x[0], win, query_of(j, first + r), head);
        for (size_t d = 0; d < (size_t)j->width; d++)
            query[d] = operand(j, ck_ref_get(&j->s->x[0], from + d));
        ck_ref_multiply(query, 0, 1, &k, row);
        sum[r] = exponentials(j, row, 1 / sqrt(j->width));
    }
    ck_ref_multiply(scores, scores_ld, rows, &v, out);
    for (int r = 0; r < rows; r++) {
        size_t y = element(j, &j->s->y, win, query_of(j, first + r), head);
        for (int d = 0; d < j->width; d++)
            ck_ref_put(&j->s->y, y + (size_t)d, (float)((double)out[r * padded + d] / sum[r]));
    }
}

void ck_ref_attention(ck_nn *dev, const ck_nn_step *s)
{
    ck_team *team = ((ck_ref_device *)dev)->team;
    job j = describe(s);
    j.rounds = dev->precision == CK_NN_PRECISION_BF16;
    ck_team_run(team, j.windows * j.heads, pack, &j);
    ck_team_run(team, j.windows * j.heads * ((j.nq + CK_REF_ROWS - 1) / CK_REF_ROWS), attend, &j);
}
