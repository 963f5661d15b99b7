#include "nn/nn.h"

#include <string.h>

#include "base/thread.h"

static const ck_nn_backend *const backends[] = {&ck_nn_cpu, &ck_nn_ref};
#define BACKENDS (int)(sizeof backends / sizeof *backends)

ck_status ck_nn_open(const char *device, int threads, ck_nn **dev, ck_error *e)
{
    if (threads < 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "%d threads: give a number from 1, or 0 for all cores", threads);
    for (int i = 0; i < BACKENDS; i++)
        if (!strcmp(device, "auto") || !strcmp(device, backends[i]->name))
            return backends[i]->open(threads ? threads : ck_cores(), dev, e);
    return ck_fail(e, CK_ERR_ARGUMENT, "no device is called '%s': use auto, cpu or ref", device);
}

void ck_nn_close(ck_nn *dev)
{
    if (dev)
        dev->ops->close(dev);
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
                                                 [CK_NN_OP_FINISH] = "finish"};
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
