#include "nn/plugin.h"

#include "base/plugin.h"

ck_status ck_nn_plugin_load(const char *name, const ck_nn_backend **out, ck_error *e)
{
    const ck_plugin p = {name, "build ck, or its package ckeyer-cuda, where nvcc is found",
                         "cuBLAS of the CUDA version that it was built with", CK_NN_PLUGIN_ENTRY, CK_NN_PLUGIN_VERSION};
    const void *table = NULL;
    ck_status s = ck_plugin_load(&p, &table, e);
    *out = table;
    return s;
}
