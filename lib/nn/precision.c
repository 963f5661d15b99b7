/* Names of precisions, apart from the devices that print them. */
#include <string.h>

#include "nn/nn.h"

const char *ck_nn_precision_name(ck_nn_precision p)
{
    static const char *const names[] = {"f32", "tf32", "f16", "bf16", "auto"};
    return names[p];
}

bool ck_nn_precision_named(const char *name, ck_nn_precision *p)
{
    for (*p = CK_NN_PRECISION_F32; *p <= CK_NN_PRECISION_AUTO; (*p)++)
        if (!strcmp(name, ck_nn_precision_name(*p)))
            return true;
    return false;
}
