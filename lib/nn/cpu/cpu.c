#include "nn/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void free_weight(ck_nn_weight *w)
{
    ck_cpu_packed_free(w->packed);
    free(w->tiles);
    free(w->low);
    free(w->w);
    free(w->bias);
    free(w);
}

static void close_device(ck_nn *dev)
{
    ck_cpu_device *d = ck_cpu_of(dev);
    if (!d)
        return;
    for (ck_cpu_prepared *p = d->prepared, *next; p; p = next) {
        next = p->next;
        p->release(p);
    }
    for (ck_nn_weight *w = d->weights, *next; w; w = next) {
        next = w->next;
        free_weight(w);
    }
    ck_cpu_dnnl_free(d->dnnl);
    ck_team_free(d->team);
    free(d);
}

static ck_status open_device(int which, int threads, ck_nn **dev, ck_error *e)
{
    (void)which;
    ck_cpu_device *d = calloc(1, sizeof *d);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a device");
    d->base.ops = &ck_nn_cpu;
    d->base.conv_tile = CK_CPU_CONV_TILE;
    d->kernels = ck_cpu_kernels_at(false, 0);
    ck_status s = ck_team_new(threads, &d->team, e);
    if (s != CK_OK) {
        free(d);
        return s;
    }
    s = ck_cpu_dnnl_open(threads, &d->dnnl, e);
    if (s != CK_OK) {
        close_device(&d->base);
        return s;
    }
    *dev = &d->base;
    return CK_OK;
}

static ck_status set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e)
{
    const ck_cpu_kernels *k = ck_cpu_kernels_at(p == CK_NN_PRECISION_BF16, 0);
    if (!k)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "no precision bf16 on device cpu: this processor lacks AVX512_BF16: use f32 or auto");
    ck_cpu_of(dev)->kernels = k;
    dev->conv_tile = k->bf16 ? 0 : CK_CPU_CONV_TILE;
    return ck_nn_host_set_precision(dev, p, e);
}

/* ---- weights ---- */

static ck_status copy_values(ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    size_t out = (size_t)w->out, n = w->pack == CK_NN_SCALE ? out : out * (size_t)w->in;
    w->w = malloc(n * sizeof *w->w);
    w->bias = calloc(out, sizeof *w->bias);
    if (!w->w || !w->bias)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    memcpy(w->w, values, n * sizeof *values);
    if (bias)
        memcpy(w->bias, bias, out * sizeof *bias);
    return CK_OK;
}

static ck_status pack(ck_nn *dev, ck_nn_pack p, int out, int in, const float *values, const float *bias,
                      ck_nn_weight **to, ck_error *e)
{
    ck_cpu_device *d = ck_cpu_of(dev);
    ck_nn_weight *w = calloc(1, sizeof *w);
    if (!w)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    bool bf16 = dev->precision == CK_NN_PRECISION_BF16 && (p == CK_NN_LINEAR || p == CK_NN_CONV);
    *w = (ck_nn_weight){.pack = p, .out = out, .in = p == CK_NN_PATCH ? 49 * in : in, .bf16 = bf16, .next = d->weights};
    d->weights = w;
    *to = w;
    if (p == CK_NN_LINEAR || p == CK_NN_PATCH) {
        ck_status s = bf16 ? ck_cpu_pack_low(w, values, bias, e) : CK_OK;
        return s == CK_OK ? ck_cpu_packed_linear(d->dnnl, out, w->in, bf16, values, bias, &w->packed, e) : s;
    }
    if (p != CK_NN_CONV)
        return copy_values(w, values, bias, e);
    return bf16 ? ck_cpu_pack_conv_bf16(w, values, bias, e) : ck_cpu_pack_conv(d, w, values, bias, e);
}

static ck_status prepare(ck_nn *dev, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    ck_cpu_device *d = ck_cpu_of(dev);
    *scratch = 0;
    switch (s->kind) {
    case CK_NN_OP_LINEAR:
    case CK_NN_OP_PATCH:
        return ck_cpu_prepare_linear(d, s, scratch, e);
    case CK_NN_OP_CONV:
        return s->weight->bf16 ? ck_cpu_prepare_conv_bf16(d, s, scratch, e) : ck_cpu_prepare_conv(d, s, scratch, e);
    case CK_NN_OP_ATTENTION:
        return ck_cpu_prepare_attention(d, s, scratch, e);
    default:
        return CK_OK;
    }
}

static ck_status sync(ck_nn *dev, ck_error *e)
{
    ck_cpu_device *d = ck_cpu_of(dev);
    ck_status s = d->failed;
    if (s != CK_OK && e)
        *e = d->error;
    d->failed = CK_OK;
    return s;
}

static void conv(ck_nn *dev, const ck_nn_step *s)
{
    (s->weight->bf16 ? ck_cpu_conv_bf16 : ck_cpu_conv)(dev, s);
}

const ck_nn_backend ck_nn_cpu = {.name = "cpu",
                                 .host = true,
                                 .open = open_device,
                                 .close = close_device,
                                 .set_precision = set_precision,
                                 .reserve = ck_nn_host_reserve,
                                 .release = ck_nn_host_release,
                                 .available = ck_nn_host_available,
                                 .pack = pack,
                                 .prepare = prepare,
                                 .sync = sync,
                                 .upload = ck_nn_host_upload,
                                 .download = ck_nn_host_download,
                                 .run = {[CK_NN_OP_PATCH] = ck_cpu_patch,
                                         [CK_NN_OP_LAYER_NORM] = ck_cpu_layer_norm,
                                         [CK_NN_OP_LINEAR] = ck_cpu_linear,
                                         [CK_NN_OP_POOL] = ck_cpu_pool,
                                         [CK_NN_OP_ATTENTION] = ck_cpu_attention,
                                         [CK_NN_OP_FUSE] = ck_cpu_fuse,
                                         [CK_NN_OP_COARSE] = ck_cpu_coarse,
                                         [CK_NN_OP_CONV] = conv,
                                         [CK_NN_OP_GROUP_NORM] = ck_cpu_group_norm,
                                         [CK_NN_OP_APPLY] = ck_cpu_apply,
                                         [CK_NN_OP_HEAD] = ck_cpu_head,
                                         [CK_NN_OP_FINISH] = ck_cpu_finish,
                                         [CK_NN_OP_MERGE] = ck_nn_host_merge}};
