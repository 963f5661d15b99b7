/* The reference backend (private header): plain C with sums in double, in loops that a compiler vectorises.  Tests
 * compare the other backends with it.
 *
 * At precision bf16, weights are rounded when they are packed, other operands of products when they are read, and
 * activations when they are stored. */
#ifndef CK_NN_REF_REF_H
#define CK_NN_REF_REF_H

#include "nn/host.h"
#include "nn/team.h"

#define CK_REF_ROWS 4   /* rows of x multiplied together */
#define CK_REF_LANES 32 /* outputs per panel */

struct ck_nn_weight {
    ck_nn_pack pack;
    int out, in; /* in: inputs of one output, taps included */
    float *w;    /* LINEAR, PATCH, CONV: [out / CK_REF_LANES][in][CK_REF_LANES], zero padded; else [out][in] */
    float *bias; /* [out rounded up to CK_REF_LANES]; zeros without a bias */
    bool rounds; /* products of bf16 operands */
    float *low;  /* LINEAR of those: [out][in], what rounding leaves of each weight, rounded */
    struct ck_nn_weight *next;
};

typedef struct ck_ref_device {
    ck_nn base;
    ck_team *team;
    ck_nn_weight *weights;
} ck_ref_device;

/* Element i of an f32 or bf16 tensor. */
static inline float ck_ref_get(const ck_nn_tensor *t, size_t i)
{
    return t->type == CK_NN_BF16 ? ck_bf16_value(((const uint16_t *)t->data)[i]) : ((const float *)t->data)[i];
}

static inline void ck_ref_put(const ck_nn_tensor *t, size_t i, float v)
{
    if (t->type == CK_NN_BF16)
        ((uint16_t *)t->data)[i] = ck_bf16_of(v);
    else
        ((float *)t->data)[i] = v;
}

/* Number of a pixel's first element. */
static inline size_t ck_ref_index(const ck_nn_tensor *t, size_t pixel)
{
    return pixel * (size_t)t->ld;
}

/* out[r][o] = bias[o] + sum over k of x[r * ldx + k] * w[o][k] for `rows` <= CK_REF_ROWS rows; out has
 * ck_ref_padded(w->out) columns. */
void ck_ref_multiply(const float *x, size_t ldx, int rows, const ck_nn_weight *w, float *out);
static inline int ck_ref_padded(int out)
{
    return (out + CK_REF_LANES - 1) / CK_REF_LANES * CK_REF_LANES;
}

size_t ck_ref_linear_scratch(const ck_nn_step *s, int threads);    /* bytes of all threads */
size_t ck_ref_attention_scratch(const ck_nn_step *s, int threads); /* bytes of all threads */

void ck_ref_patch(ck_nn *dev, const ck_nn_step *s);
void ck_ref_layer_norm(ck_nn *dev, const ck_nn_step *s);
void ck_ref_linear(ck_nn *dev, const ck_nn_step *s);
void ck_ref_pool(ck_nn *dev, const ck_nn_step *s);
void ck_ref_attention(ck_nn *dev, const ck_nn_step *s);
void ck_ref_fuse(ck_nn *dev, const ck_nn_step *s);
void ck_ref_coarse(ck_nn *dev, const ck_nn_step *s);
void ck_ref_conv(ck_nn *dev, const ck_nn_step *s);
void ck_ref_group_norm(ck_nn *dev, const ck_nn_step *s);
void ck_ref_apply(ck_nn *dev, const ck_nn_step *s);
void ck_ref_head(ck_nn *dev, const ck_nn_step *s);
void ck_ref_finish(ck_nn *dev, const ck_nn_step *s);

/* Fill `stats` of a CONV step whose y is complete. */
void ck_ref_group_sums(ck_ref_device *d, const ck_nn_step *s);

#endif
