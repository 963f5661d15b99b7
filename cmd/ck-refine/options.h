#ifndef CK_REFINE_OPTIONS_H
#define CK_REFINE_OPTIONS_H

#include "base/option.h"
#include "model/finals.h"

enum { CK_REFINE_FULL, CK_REFINE_TILED, CK_REFINE_SPARSE };

typedef struct ck_refine_options {
    ck_common common;
    const char *model; /* NULL: ck_model_find looks for one */
    int heads;         /* 0: as the checkpoint says */
    const char *device;
    int precision; /* a ck_nn_precision */
    bool blue_as_green;
    ck_finals_options finals;
    int mode; /* CK_REFINE_FULL, … */
    int tile; /* pixels; 0: not given */
    size_t memory;
    const char *band; /* "LO,HI"; NULL: not given */
    int refresh;      /* frames; 0: not given */
    bool map;
    bool time_layers;
} ck_refine_options;

/* What --band says, or its default.  CK_ERR_ARGUMENT if it is none. */
ck_status ck_refine_band(const ck_refine_options *o, double *lo, double *hi, ck_error *e);

extern const ck_program ck_refine_program;

#endif
