#ifndef CK_INFER_OPTIONS_H
#define CK_INFER_OPTIONS_H

#include "base/option.h"
#include "model/finals.h"

#define CK_INFER_SIZE_AUTO (-1)

typedef struct ck_infer_options {
    ck_common common;
    const char *model; /* NULL: ck_model_find looks for one */
    ck_size size;      /* 0 0: what the checkpoint was made for; CK_INFER_SIZE_AUTO */
    int heads;         /* 0: as the checkpoint says */
    const char *device;
    int precision; /* a ck_nn_precision */
    bool blue_as_green;
    double blend_key; /* the key's part in what the network gets as hint */
    bool refine;      /* do ck-refine's work too; what follows is for that */
    ck_finals_options finals;
    bool time_layers;
} ck_infer_options;

extern const ck_program ck_infer_program;

#endif
