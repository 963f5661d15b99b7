#ifndef CK_INFER_OPTIONS_H
#define CK_INFER_OPTIONS_H

#include "base/option.h"

enum { CK_INFER_DEPTH_32, CK_INFER_DEPTH_16 };

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
    double scale;     /* of the corrections */
    bool native;      /* leave the network's size */
    bool detail;      /* add the hint's */
    double correct;   /* 0: not */
    int depth;        /* CK_INFER_DEPTH_32, … */
} ck_infer_options;

extern const ck_program ck_infer_program;

#endif
