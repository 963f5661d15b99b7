#ifndef CK_REFINE_OPTIONS_H
#define CK_REFINE_OPTIONS_H

#include "greenformer/options.h"

enum { CK_REFINE_FULL, CK_REFINE_TILED, CK_REFINE_SPARSE };

typedef struct ck_refine_options {
    ck_common common;
    ck_network_request network;
    ck_finals_options finals;
    int mode; /* CK_REFINE_FULL, … */
    int tile; /* pixels; 0: not given */
    size_t memory;
    const char *band; /* "LO,HI"; NULL: not given */
    int refresh;      /* frames; 0: not given */
    bool map;
} ck_refine_options;

/* The limits of --band, or its default.  CK_ERR_ARGUMENT if it is malformed. */
ck_status ck_refine_band(const ck_refine_options *o, double *lo, double *hi, ck_error *e);

extern const ck_program ck_refine_program;

#endif
