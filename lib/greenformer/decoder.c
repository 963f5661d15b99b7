/* Both decoders at once, with their linear layers folded.
 *
 * A decoder sends map k through a linear layer P_k, enlarges the result, concatenates the four (c4, c3, c2, c1), and
 * applies a 1x1 convolution F, BatchNorm (scale s, shift z), ReLU and a classifier.  Enlarging mixes pixels with
 * weights that sum to 1, linear layers mix channels: they commute, biases included.  So with F = [F_4 F_3 F_2 F_1]
 *
 *     s (F [up(P_k x_k + p_k)]) + z  =  sum over k of up(M_k x_k) + m
 *     M_k = s F_k P_k      m = z + s sum over k of F_k p_k
 *
 * Every M_k is folded in double and works at its map's own resolution.  The rows of both decoders are stacked: one
 * product per map, then one pass that enlarges, adds, applies ReLU and classifies. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "greenformer/input.h"
#include "greenformer/parts.h"

#define EPS 1e-5
#define DECODERS 2

static const char *const prefixes[DECODERS] = {"alpha_decoder", "fg_decoder"};
static const int outputs[DECODERS] = {1, 3};

/* One decoder's weights as stored. */
typedef struct stored {
    int d;
    float *fuse; /* [d][4 d] */
    float *bn[4];
    float *proj[CK_ENCODER_STAGES], *bias[CK_ENCODER_STAGES]; /* [d][width], [d] */
} stored;

/* Weights of both decoders, folded and stacked: d rows of alpha, then d of the foreground. */
typedef struct folded {
    float *m[CK_ENCODER_STAGES]; /* [2 d][width] */
    double *bias;                /* [2 d] */
    float *head, *head_bias;     /* [4][2 d], [4] */
} folded;

static float *leaf(const ck_parts *b, int k, const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "%s.%s", prefixes[k], name);
    return ck_part_read(b, full);
}

static bool read_decoder(const ck_parts *b, int k, stored *s)
{
    static const char *const bn[4] = {"bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"};
    size_t d = (size_t)b->sizes->decoder;
    s->d = (int)d;
    bool good = (s->fuse = leaf(b, k, "linear_fuse.weight")) != NULL;
    for (int i = 0; i < 4; i++)
        good = (s->bn[i] = leaf(b, k, bn[i])) && good;
    for (int i = 0; i < CK_ENCODER_STAGES; i++) {
        char name[32];
        snprintf(name, sizeof name, "linear_c%d.proj.weight", i + 1);
        good = (s->proj[i] = leaf(b, k, name)) && good;
        snprintf(name, sizeof name, "linear_c%d.proj.bias", i + 1);
        good = (s->bias[i] = leaf(b, k, name)) && good;
    }
    return good;
}

static void free_stored(stored *s)
{
    free(s->fuse);
    for (int i = 0; i < 4; i++)
        free(s->bn[i]);
    for (int i = 0; i < CK_ENCODER_STAGES; i++) {
        free(s->proj[i]);
        free(s->bias[i]);
    }
}

/* to[i] = scale * sum over j of f[j] * proj[j][i]; sum: scratch of n doubles. */
CK_CLONES static void fold_row(const float *f, int d, double scale, const float *proj, int n, double *sum, float *to)
{
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int j = 0; j < d; j++) {
        const float *row = proj + (size_t)j * (size_t)n;
        for (int i = 0; i < n; i++)
            sum[i] += (double)f[j] * (double)row[i];
    }
    for (int i = 0; i < n; i++)
        to[i] = (float)(scale * sum[i]);
}

static void fold(const ck_parts *b, const stored *s, int first, folded *to, double *sum)
{
    int d = s->d;
    for (int o = 0; o < d; o++) {
        double scale = (double)s->bn[0][o] / sqrt((double)s->bn[3][o] + EPS);
        double bias = 0;
        for (int i = 0; i < CK_ENCODER_STAGES; i++) {
            int width = b->sizes->width[i];
            const float *f =
                s->fuse + ((size_t)o * CK_ENCODER_STAGES + (size_t)(CK_ENCODER_STAGES - 1 - i)) * (size_t)d;
            fold_row(f, d, scale, s->proj[i], width, sum, to->m[i] + (size_t)(first + o) * (size_t)width);
            for (int j = 0; j < d; j++)
                bias += (double)f[j] * (double)s->bias[i][j];
        }
        to->bias[first + o] = (double)s->bn[1][o] + scale * (bias - (double)s->bn[2][o]);
    }
}

/* Each classifier reads the rows of its decoder; the others have weight 0. */
static bool read_heads(const ck_parts *b, folded *to)
{
    size_t d = (size_t)b->sizes->decoder;
    bool good = true;
    for (int k = 0, o = 0; k < DECODERS; o += outputs[k++]) {
        float *w = leaf(b, k, "classifier.weight");
        float *bias = leaf(b, k, "classifier.bias");
        good = good && w && bias;
        for (int i = 0; i < outputs[k] && good; i++) {
            memcpy(to->head + ((size_t)(o + i) * DECODERS + (size_t)k) * d, w + (size_t)i * d, d * sizeof *w);
            to->head_bias[o + i] = bias[i];
        }
        free(w);
        free(bias);
    }
    return good;
}

static bool allocate(const ck_parts *b, folded *f)
{
    size_t rows = DECODERS * (size_t)b->sizes->decoder;
    bool good = true;
    for (int i = 0; i < CK_ENCODER_STAGES; i++)
        good = (f->m[i] = calloc(rows * (size_t)b->sizes->width[i], sizeof *f->m[i])) && good;
    f->bias = calloc(rows, sizeof *f->bias);
    f->head = calloc(CK_LOGITS * rows, sizeof *f->head);
    f->head_bias = calloc(CK_LOGITS, sizeof *f->head_bias);
    if (good && f->bias && f->head && f->head_bias)
        return true;
    ck_error e;
    ck_nn_plan_fail(b->plan, ck_fail(&e, CK_ERR_MEMORY, "out of memory for the decoders' weights"), &e);
    return false;
}

static void free_folded(folded *f)
{
    for (int i = 0; i < CK_ENCODER_STAGES; i++)
        free(f->m[i]);
    free(f->bias);
    free(f->head);
    free(f->head_bias);
}

static bool fold_all(const ck_parts *b, folded *f)
{
    int widest = 0;
    for (int i = 0; i < CK_ENCODER_STAGES; i++)
        widest = b->sizes->width[i] > widest ? b->sizes->width[i] : widest;
    double *sum = malloc((size_t)widest * sizeof *sum);
    bool good = allocate(b, f) && sum && read_heads(b, f);
    for (int k = 0; k < DECODERS && good; k++) {
        stored s = {0};
        good = read_decoder(b, k, &s);
        if (good)
            fold(b, &s, k * s.d, f, sum);
        free_stored(&s);
    }
    free(sum);
    return good;
}

static void add_steps(const ck_parts *b, const folded *f, const ck_nn_tensor maps[CK_ENCODER_STAGES],
                      const ck_nn_tensor *y)
{
    int rows = DECODERS * b->sizes->decoder;
    float *bias = malloc((size_t)rows * sizeof *bias);
    ck_nn_step fuse = {.kind = CK_NN_OP_FUSE, .y = *y};
    for (int o = 0; bias && o < rows; o++)
        bias[o] = (float)f->bias[o];
    for (int i = CK_ENCODER_STAGES - 1; bias && i >= 0; i--) {
        char name[16];
        snprintf(name, sizeof name, "linear_c%d", i + 1);
        fuse.x[i] = ck_nn_plan_act(b->plan, maps[i].h, maps[i].w, rows);
        ck_nn_plan_add(
            b->plan, "decoders", name,
            (ck_nn_step){.kind = CK_NN_OP_LINEAR,
                         .x = {maps[i]},
                         .y = fuse.x[i],
                         .weight = ck_part_pack(b, CK_NN_LINEAR, rows, maps[i].c, f->m[i], i == 0 ? bias : NULL)});
    }
    fuse.weight = ck_part_pack(b, CK_NN_HEAD, CK_LOGITS, rows, f->head, f->head_bias);
    ck_nn_plan_add(b->plan, "decoders", "fuse", fuse);
    if (!bias) {
        ck_error e;
        ck_nn_plan_fail(b->plan, ck_fail(&e, CK_ERR_MEMORY, "out of memory for the decoders' weights"), &e);
    }
    free(bias);
}

ck_nn_tensor ck_part_decoders(const ck_parts *b, const ck_nn_tensor maps[CK_ENCODER_STAGES])
{
    ck_nn_tensor y = ck_nn_plan_planar(b->plan, CK_LOGITS, b->h / CK_LOGIT_STRIDE, b->w / CK_LOGIT_STRIDE);
    folded f = {0};
    if (fold_all(b, &f))
        add_steps(b, &f, maps, &y);
    free_folded(&f);
    return y;
}
