#ifndef CK_REFINE_OPTIONS_H
#define CK_REFINE_OPTIONS_H

#include "base/option.h"

enum { CK_REFINE_DEPTH_32, CK_REFINE_DEPTH_16 };

typedef struct ck_refine_options {
    ck_common common;
    const char *model; /* NULL: ck_model_find looks for one */
    int heads;         /* 0: as the checkpoint says */
    const char *device;
    int precision;
    double scale; /* of the corrections */
    bool native;  /* leave the network's size */
    int depth;    /* CK_REFINE_DEPTH_32, … */
} ck_refine_options;

extern const ck_program ck_refine_program;

#endif
