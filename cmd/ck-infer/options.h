#ifndef CK_INFER_OPTIONS_H
#define CK_INFER_OPTIONS_H

#include "greenformer/options.h"

#define CK_INFER_SIZE_AUTO (-1)

typedef struct ck_infer_options {
    ck_common common;
    ck_network_request network;
    ck_size size; /* 0 0: the checkpoint's own size; or CK_INFER_SIZE_AUTO */
    bool refine;  /* run the refiner too, with these options: */
    ck_finals_options finals;
} ck_infer_options;

extern const ck_program ck_infer_program;

#endif
