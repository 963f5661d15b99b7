#ifndef CK_MODEL_OPTIONS_H
#define CK_MODEL_OPTIONS_H

#include "base/option.h"

typedef struct ck_model_options {
    ck_common common;
    int heads; /* 0 = not given */
    bool strict;
    int type; /* 0 = keep, else index into "keep|f32|f16|bf16" */
    const char *against, *device;
    ck_size size; /* 0 x 0: the checkpoint's */
} ck_model_options;

extern const ck_program ck_model_program;

#endif
