#include "greenformer/parts.h"

#include <stdio.h>
#include <stdlib.h>

float *ck_part_read(const ck_parts *b, const char *name)
{
    const ck_tensor *t = ck_weights_find(b->weights, name);
    float *out = t ? malloc((t->count + 1) * sizeof *out) : NULL;
    ck_error e;
    ck_status s = CK_OK;
    if (!t)
        s = ck_fail(&e, CK_ERR_FORMAT, "tensor '%s' is missing: not a GreenFormer checkpoint", name);
    else if (!out)
        s = ck_fail(&e, CK_ERR_MEMORY, "out of memory for tensor '%s'", name);
    else
        s = ck_tensor_f32(t, out, &e);
    if (s == CK_OK)
        return out;
    ck_nn_plan_fail(b->plan, s, &e);
    free(out);
    return NULL;
}

const ck_nn_weight *ck_part_pack(const ck_parts *b, ck_nn_pack p, int out, int in, const float *w, const float *bias)
{
    ck_nn_weight *to = NULL;
    ck_error e;
    ck_status s = ck_nn_weight_new(b->dev, p, out, in, w, bias, &to, &e);
    if (s != CK_OK)
        ck_nn_plan_fail(b->plan, s, &e);
    return s == CK_OK ? to : NULL;
}

const ck_nn_weight *ck_part_weight(const ck_parts *b, float gain, const char *prefix)
{
    const ck_spec_row *r = ck_spec_rows_find(b->rows, prefix);
    char name[CK_SPEC_NAME + 8];
    ck_error e;
    if (!r) {
        ck_nn_plan_fail(b->plan, ck_fail(&e, CK_ERR_ARGUMENT, "the weight table has no row '%s'", prefix), &e);
        return NULL;
    }
    snprintf(name, sizeof name, "%s.weight", prefix);
    float *w = ck_part_read(b, name);
    snprintf(name, sizeof name, "%s.bias", prefix);
    float *bias = ck_part_read(b, name);
    const ck_nn_weight *to = NULL;
    if (w && bias) {
        size_t rows = r->shape[0], n = rows;
        for (int d = 1; d < r->dims; d++)
            n *= r->shape[d];
        for (size_t i = 0; i < n && gain != 1; i++)
            w[i] *= gain;
        for (size_t i = 0; i < rows && gain != 1; i++)
            bias[i] *= gain;
        to = ck_part_pack(b, r->pack, (int)rows, (int)r->shape[r->dims > 1], w, bias);
    }
    free(w);
    free(bias);
    return to;
}
