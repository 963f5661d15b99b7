/* Matrix products: linear layers, and convolutions as products of gathered patches. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "nn/ref/ref.h"

/* Sums stay in registers: CK_REF_ROWS x CK_REF_LANES doubles. */
static inline void multiply_panel(const float *const x[CK_REF_ROWS], int in, const float *w,
                                  double sum[CK_REF_ROWS][CK_REF_LANES])
{
    for (int k = 0; k < in; k++)
        for (int r = 0; r < CK_REF_ROWS; r++)
            for (int o = 0; o < CK_REF_LANES; o++)
                sum[r][o] += (double)x[r][k] * (double)w[(size_t)k * CK_REF_LANES + (size_t)o];
}

CK_CLONES void ck_ref_multiply(const float *x, size_t ldx, int rows, const ck_nn_weight *w, float *out)
{
    size_t padded = (size_t)ck_ref_padded(w->out);
    const float *row[CK_REF_ROWS];
    for (int r = 0; r < CK_REF_ROWS; r++)
        row[r] = x + (size_t)(r < rows ? r : 0) * ldx;
    for (size_t o = 0; o < padded; o += CK_REF_LANES) {
        double sum[CK_REF_ROWS][CK_REF_LANES] = {{0}};
        multiply_panel(row, w->in, w->w + o * (size_t)w->in, sum);
        for (int r = 0; r < rows; r++)
            for (size_t i = 0; i < CK_REF_LANES; i++)
                out[(size_t)r * padded + o + i] = (float)(sum[r][i] + (w->bias ? (double)w->bias[o + i] : 0));
    }
}

/* A thread's scratch: one product's results and the gathered operands. */
static size_t scratch_floats(const ck_nn_step *s)
{
    return CK_REF_ROWS * ((size_t)ck_ref_padded(s->weight->out) + (size_t)s->weight->in);
}

/* Behind all threads' scratch: the mean row of x and the corrected bias. */
static size_t shared_at(const ck_nn_step *s, int threads)
{
    return ck_pad((size_t)threads * scratch_floats(s) * sizeof(float));
}

size_t ck_ref_linear_scratch(const ck_nn_step *s, int threads)
{
    size_t mean = (size_t)s->weight->in * sizeof(double), bias = (size_t)ck_ref_padded(s->weight->out) * sizeof(float);
    return shared_at(s, threads) + (s->weight->low ? mean + bias : 0);
}

static float *scratch(const ck_nn_step *s, int who)
{
    return (float *)s->scratch + (size_t)who * scratch_floats(s);
}

static float gelu(float x)
{
    return (float)(0.5 * (double)x * (1 + erf((double)x * M_SQRT1_2)));
}

static float operand(const ck_nn_step *s, float v)
{
    return s->weight->rounds ? ck_bf16_rounded(v) : v;
}

/* The bias plus what rounding the weights loses on the mean row of x: `low` times it. */
static float *corrected_bias(const ck_nn_step *s, int threads)
{
    const ck_nn_weight *w = s->weight;
    size_t all = s->rows ? (size_t)s->rows->n : ck_nn_pixels(&s->x[0]), in = (size_t)w->in;
    size_t rows = (all + CK_NN_MEAN_ROWS - 1) / CK_NN_MEAN_ROWS;
    double *mean = (double *)((char *)s->scratch + shared_at(s, threads));
    float *to = (float *)(mean + in);
    memset(mean, 0, in * sizeof *mean);
    for (size_t r = 0; r < all; r += CK_NN_MEAN_ROWS) {
        size_t token = s->rows ? (size_t)s->rows->row[r] : r;
        for (size_t k = 0; k < in; k++)
            mean[k] += (double)ck_ref_get(&s->x[0], ck_ref_index(&s->x[0], token) + k) / (double)rows;
    }
    memcpy(to, w->bias, (size_t)ck_ref_padded(w->out) * sizeof *to);
    for (int o = 0; o < w->out; o++) {
        double sum = (double)w->bias[o];
        for (size_t k = 0; k < in; k++)
            sum += (double)w->low[(size_t)o * in + k] * mean[k];
        to[o] = (float)sum;
    }
    return to;
}

typedef struct rows_call {
    const ck_nn_step *s;
    ck_nn_weight w; /* with the corrected bias */
} rows_call;

static void linear_rows(void *ctx, int i, int who)
{
    const rows_call *call = ctx;
    const ck_nn_step *s = call->s;
    size_t m = ck_nn_pixels(&s->y), first = (size_t)i * CK_REF_ROWS, padded = (size_t)ck_ref_padded(s->y.c);
    size_t in = (size_t)s->weight->in;
    int rows = m - first < CK_REF_ROWS ? (int)(m - first) : CK_REF_ROWS;
    float *out = scratch(s, who), *x = out + CK_REF_ROWS * padded;
    for (int r = 0; r < rows; r++)
        for (size_t k = 0; k < in; k++)
            x[(size_t)r * in + k] = operand(s, ck_ref_get(&s->x[0], ck_ref_index(&s->x[0], first + (size_t)r) + k));
    ck_ref_multiply(x, in, rows, &call->w, out);
    for (int r = 0; r < rows; r++, out += padded) {
        size_t y = ck_ref_index(&s->y, first + (size_t)r), add = ck_ref_index(&s->x[1], first + (size_t)r);
        for (size_t c = 0; c < (size_t)s->y.c; c++) {
            float v = s->act == CK_NN_GELU ? gelu(out[c]) : out[c];
            ck_ref_put(&s->y, y + c, ck_nn_has(&s->x[1]) ? v + ck_ref_get(&s->x[1], add + c) : v);
        }
    }
}

void ck_ref_linear(ck_nn *dev, const ck_nn_step *s)
{
    ck_team *team = ((ck_ref_device *)dev)->team;
    int tasks = (int)((ck_nn_pixels(&s->y) + CK_REF_ROWS - 1) / CK_REF_ROWS);
    rows_call call = {s, *s->weight};
    if (call.w.low)
        call.w.bias = corrected_bias(s, ck_team_size(team));
    ck_team_run(team, tasks, linear_rows, &call);
}

/* ---- convolutions, row by row ---- */

static bool inside(int y, int x, const ck_nn_tensor *t)
{
    return y >= 0 && y < t->h && x >= 0 && x < t->w;
}

/* Gather the 7x7 pixels under a token, zeros outside; [tap][channel]. */
static void gather_patch(const ck_nn_step *s, int oy, int ox, float *to)
{
    const ck_nn_tensor *t = &s->x[0];
    const float *src = t->data;
    for (int tap = 0; tap < 49; tap++)
        for (int c = 0, y = oy * 4 - 3 + tap / 7, x = ox * 4 - 3 + tap % 7; c < t->c; c++)
            *to++ = inside(y, x, t) ? src[((size_t)c * (size_t)t->h + (size_t)y) * (size_t)t->w + (size_t)x] : 0;
}

/* Gather the 3x3 pixels, normalised if x[1] is given; padding stays zero. */
static void gather_conv(const ck_nn_step *s, int oy, int ox, float *to)
{
    const ck_nn_tensor *t = &s->x[0];
    const float *norm = ck_nn_has(&s->x[1]) ? s->x[1].data : NULL;
    for (int tap = 0; tap < 9; tap++, to += t->c) {
        int y = oy + (tap / 3 - 1) * s->dilation, x = ox + (tap % 3 - 1) * s->dilation;
        if (!inside(y, x, t)) {
            memset(to, 0, (size_t)t->c * sizeof *to);
            continue;
        }
        size_t p = ck_ref_index(t, (size_t)y * (size_t)t->w + (size_t)x);
        for (int c = 0; c < t->c; c++) {
            float v = ck_ref_get(t, p + (size_t)c);
            v = norm ? v * norm[c] + norm[t->c + c] : v;
            to[c] = operand(s, norm && v < 0 ? 0 : v);
        }
    }
}

static void conv_row(const ck_nn_step *s, int oy, int x0, int x1, int who)
{
    size_t in = (size_t)s->weight->in, padded = (size_t)ck_ref_padded(s->y.c);
    float *out = scratch(s, who), *patches = out + CK_REF_ROWS * padded;
    for (int x = x0; x < x1; x += CK_REF_ROWS) {
        int rows = x1 - x < CK_REF_ROWS ? x1 - x : CK_REF_ROWS;
        for (int r = 0; r < rows; r++)
            if (s->kind == CK_NN_OP_PATCH)
                gather_patch(s, oy, x + r, patches + (size_t)r * in);
            else
                gather_conv(s, oy, x + r, patches + (size_t)r * in);
        ck_ref_multiply(patches, in, rows, s->weight, out);
        for (int r = 0; r < rows; r++) {
            size_t pixel = (size_t)oy * (size_t)s->y.w + (size_t)(x + r);
            const float *add = s->extra ? s->extra->w + pixel * (size_t)s->y.c : NULL;
            for (size_t c = 0; c < (size_t)s->y.c; c++)
                ck_ref_put(&s->y, ck_ref_index(&s->y, pixel) + c, out[(size_t)r * padded + c] + (add ? add[c] : 0));
        }
    }
}

static void conv_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    for (int y = a.y0; y < a.y1; y++)
        conv_row(s, y, a.x0, a.x1, who);
}

void ck_ref_patch(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, conv_area);
}

void ck_ref_conv(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(((ck_ref_device *)dev)->team, s, conv_area);
    if (ck_nn_has(&s->stats))
        ck_ref_group_sums((ck_ref_device *)dev, s);
}
