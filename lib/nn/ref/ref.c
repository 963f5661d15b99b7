#include "nn/ref/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static ck_status open_device(int which, int threads, ck_nn **dev, ck_error *e)
{
    (void)which;
    ck_ref_device *d = calloc(1, sizeof *d);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a device");
    d->base.ops = &ck_nn_ref;
    ck_status s = ck_team_new(threads, &d->team, e);
    if (s != CK_OK) {
        free(d);
        return s;
    }
    *dev = &d->base;
    return CK_OK;
}

static void close_device(ck_nn *dev)
{
    ck_ref_device *d = (ck_ref_device *)dev;
    if (!d)
        return;
    ck_team_free(d->team);
    for (ck_nn_weight *w = d->weights, *next; w; w = next) {
        next = w->next;
        free(w->w);
        free(w->bias);
        free(w->low);
        free(w);
    }
    free(d);
}

static bool in_panels(ck_nn_pack p)
{
    return p == CK_NN_LINEAR || p == CK_NN_PATCH || p == CK_NN_CONV;
}

/* Number of inputs of one output; those of a convolution are packed by tap, channels innermost. */
static int inputs(ck_nn_pack p, int in)
{
    return p == CK_NN_PATCH ? in * 49 : p == CK_NN_CONV ? in * 9 : p == CK_NN_SCALE ? 1 : in;
}

static void fill_panels(ck_nn_weight *to, const float *w, int channels)
{
    int taps = to->in / channels;
    for (int o = 0; o < to->out; o++) {
        float *panel = to->w + (size_t)(o / CK_REF_LANES) * (size_t)to->in * CK_REF_LANES + o % CK_REF_LANES;
        const float *row = w + (size_t)o * (size_t)to->in;
        for (int t = 0; t < taps; t++)
            for (int c = 0; c < channels; c++)
                panel[(size_t)(t * channels + c) * CK_REF_LANES] =
                    to->rounds ? ck_bf16_rounded(row[c * taps + t]) : row[c * taps + t];
    }
}

static ck_status pack(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias, ck_nn_weight **to,
                      ck_error *e)
{
    ck_ref_device *d = (ck_ref_device *)dev;
    size_t rows = (size_t)ck_ref_padded(out), columns = (size_t)inputs(p, in);
    ck_nn_weight *q = calloc(1, sizeof *q);
    if (!q)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    bool rounds = dev->precision == CK_NN_PRECISION_BF16 && (p == CK_NN_LINEAR || p == CK_NN_CONV);
    *q = (ck_nn_weight){.pack = p, .out = out, .in = (int)columns, .rounds = rounds, .next = d->weights};
    q->w = calloc(rows * columns, sizeof *q->w);
    q->bias = calloc(rows, sizeof *q->bias);
    bool low = rounds && p == CK_NN_LINEAR;
    q->low = low ? malloc((size_t)out * columns * sizeof *q->low) : NULL;
    if (!q->w || !q->bias || (low && !q->low)) {
        free(q->w);
        free(q->bias);
        free(q->low);
        free(q);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    }
    if (in_panels(p))
        fill_panels(q, w, in);
    else
        memcpy(q->w, w, (size_t)out * columns * sizeof *w);
    for (size_t i = 0; low && i < (size_t)out * columns; i++)
        q->low[i] = ck_bf16_rounded(w[i] - ck_bf16_rounded(w[i]));
    if (bias)
        memcpy(q->bias, bias, (size_t)out * sizeof *bias);
    d->weights = q;
    *to = q;
    return CK_OK;
}

static ck_status prepare(ck_nn *dev, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    (void)e;
    int threads = ck_team_size(((ck_ref_device *)dev)->team);
    *scratch = 0;
    if (s->kind == CK_NN_OP_LINEAR || s->kind == CK_NN_OP_PATCH || s->kind == CK_NN_OP_CONV)
        *scratch = ck_ref_linear_scratch(s, threads);
    if (s->kind == CK_NN_OP_ATTENTION)
        *scratch = ck_ref_attention_scratch(s, threads);
    return CK_OK;
}

static ck_status done(ck_nn *dev, ck_error *e)
{
    (void)dev;
    (void)e;
    return CK_OK;
}

const ck_nn_backend ck_nn_ref = {.name = "ref",
                                 .host = true,
                                 .open = open_device,
                                 .close = close_device,
                                 .set_precision = ck_nn_host_set_precision,
                                 .reserve = ck_nn_host_reserve,
                                 .release = ck_nn_host_release,
                                 .available = ck_nn_host_available,
                                 .pack = pack,
                                 .prepare = prepare,
                                 .sync = done,
                                 .upload = ck_nn_host_upload,
                                 .download = ck_nn_host_download,
                                 .run = {[CK_NN_OP_PATCH] = ck_ref_patch,
                                         [CK_NN_OP_LAYER_NORM] = ck_ref_layer_norm,
                                         [CK_NN_OP_LINEAR] = ck_ref_linear,
                                         [CK_NN_OP_POOL] = ck_ref_pool,
                                         [CK_NN_OP_ATTENTION] = ck_ref_attention,
                                         [CK_NN_OP_FUSE] = ck_ref_fuse,
                                         [CK_NN_OP_COARSE] = ck_ref_coarse,
                                         [CK_NN_OP_CONV] = ck_ref_conv,
                                         [CK_NN_OP_GROUP_NORM] = ck_ref_group_norm,
                                         [CK_NN_OP_APPLY] = ck_ref_apply,
                                         [CK_NN_OP_HEAD] = ck_ref_head,
                                         [CK_NN_OP_FINISH] = ck_ref_finish,
                                         [CK_NN_OP_MERGE] = ck_nn_host_merge}};
