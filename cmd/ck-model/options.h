#ifndef CK_MODEL_OPTIONS_H
#define CK_MODEL_OPTIONS_H

#include "base/option.h"

typedef struct ck_model_options {
    ck_common common;
    int heads; /* 0 = not given */
    bool strict;
} ck_model_options;

extern const ck_program ck_model_program;

#endif
