#include "nn/nn.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cores.h"
#include "nn/plugin.h"

static ck_status open_cuda(int which, int threads, ck_nn **dev, ck_error *e)
{
    const ck_nn_backend *cuda;
    ck_status s = ck_nn_plugin_load("cuda", &cuda, e);
    return s == CK_OK ? cuda->open(which, threads, dev, e) : s;
}

/* True for "cuda" (*which = 0) and "cuda:N" (*which = N). */
static bool is_cuda(const char *device, int *which)
{
    *which = 0;
    if (strncmp(device, "cuda", 4))
        return false;
    if (!device[4])
        return true;
    char *end;
    long n = device[4] == ':' && device[5] >= '0' && device[5] <= '9' ? strtol(device + 5, &end, 10) : -1;
    *which = (int)n;
    return n >= 0 && n < INT_MAX && !*end;
}

ck_status ck_nn_open(const char *device, int threads, ck_nn **dev, ck_error *e)
{
    ck_error why;
    int which;
    if (threads < 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "%d threads: give a number from 1, or 0 for all cores", threads);
    threads = threads ? threads : ck_cores();
    if (is_cuda(device, &which))
        return open_cuda(which, threads, dev, e);
    if (!strcmp(device, "ref"))
        return ck_nn_ref.open(0, threads, dev, e);
    if (!strcmp(device, "cpu"))
        return ck_nn_cpu.open(0, threads, dev, e);
    if (strcmp(device, "auto"))
        return ck_fail(e, CK_ERR_ARGUMENT, "no device is called '%s': use auto, cpu, ref, cuda or cuda:N", device);
    ck_status s = open_cuda(0, threads, dev, &why);
    if (s != CK_ERR_UNSUPPORTED) {
        if (s != CK_OK && e)
            *e = why;
        return s;
    }
    s = ck_nn_cpu.open(0, threads, dev, e);
    if (s == CK_OK)
        (*dev)->passed_over = why;
    return s;
}

void ck_nn_close(ck_nn *dev)
{
    if (dev)
        dev->ops->close(dev);
}

ck_status ck_nn_set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e)
{
    if (p == CK_NN_PRECISION_AUTO)
        p = dev->ops->automatic;
    ck_status s = dev->ops->set_precision(dev, p, e);
    if (s == CK_OK)
        dev->precision = p;
    return s;
}

ck_status ck_nn_weight_new(ck_nn *dev, ck_nn_pack p, int out, int in, const float *w, const float *bias,
                           ck_nn_weight **to, ck_error *e)
{
    if (p == CK_NN_HEAD && out > CK_NN_HEADS_MAX)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "a head of %d outputs: at most %d", out, CK_NN_HEADS_MAX);
    return dev->ops->pack(dev, p, out, in, w, bias, to, e);
}

ck_status ck_nn_describe_cuda(int which, char *text, size_t size, ck_error *e)
{
    const ck_nn_backend *cuda;
    ck_status s = ck_nn_plugin_load("cuda", &cuda, e);
    return s == CK_OK ? cuda->describe(which, text, size, e) : s;
}

const char *ck_nn_kind_name(ck_nn_kind k)
{
    static const char *const names[CK_NN_OPS] = {[CK_NN_OP_PATCH] = "patch",
                                                 [CK_NN_OP_LAYER_NORM] = "layer norm",
                                                 [CK_NN_OP_LINEAR] = "linear",
                                                 [CK_NN_OP_POOL] = "max pool",
                                                 [CK_NN_OP_ATTENTION] = "attention",
                                                 [CK_NN_OP_FUSE] = "fuse",
                                                 [CK_NN_OP_COARSE] = "coarse",
                                                 [CK_NN_OP_CONV] = "conv 3x3",
                                                 [CK_NN_OP_GROUP_NORM] = "group norm",
                                                 [CK_NN_OP_APPLY] = "norm, add, relu",
                                                 [CK_NN_OP_HEAD] = "head",
                                                 [CK_NN_OP_FINISH] = "finish",
                                                 [CK_NN_OP_MERGE] = "merge"};
    return names[k];
}

double ck_nn_flop(const ck_nn_step *s)
{
    double m = (double)ck_nn_pixels(&s->y), out = s->y.c, in = s->x[0].c;
    double keys = s->window ? (double)s->window * s->window : (double)ck_nn_pixels(&s->x[1]);
    switch (s->kind) {
    case CK_NN_OP_PATCH:
        return 2 * m * out * in * 49;
    case CK_NN_OP_CONV:
        return 2 * m * out * in * 9;
    case CK_NN_OP_LINEAR:
    case CK_NN_OP_FUSE:
    case CK_NN_OP_HEAD:
        return 2 * m * out * in;
    case CK_NN_OP_ATTENTION:
        return 4 * m * out * keys;
    default:
        return 0;
    }
}
