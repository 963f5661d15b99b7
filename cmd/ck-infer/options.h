#ifndef CK_INFER_OPTIONS_H
#define CK_INFER_OPTIONS_H

#include "greenformer/crop.h"
#include "greenformer/options.h"

#define CK_INFER_SIZE_AUTO (-1)

enum { CK_INFER_ASPECT_SQUEEZE, CK_INFER_ASPECT_KEEP };

typedef struct ck_infer_options {
    ck_common common;
    ck_network_request network;
    ck_size size;      /* 0 0: the checkpoint's own size; or CK_INFER_SIZE_AUTO */
    int aspect;        /* CK_INFER_ASPECT_SQUEEZE, … */
    const char *route; /* "LO,HI" */
    const char *crop;  /* "auto", "off" or "X,Y,W,H" */
    int split;         /* side of a tile; 0: off */
    int overlap;       /* of tiles; 0: the default, see ck_infer_overlap */
    bool refine;       /* run the refiner too, with these options: */
    ck_finals_options finals;
} ck_infer_options;

typedef enum ck_infer_crop { CK_INFER_CROP_OFF, CK_INFER_CROP_AUTO, CK_INFER_CROP_FIXED } ck_infer_crop;

/* The meaning of --crop, and the region if it is fixed.  CK_ERR_ARGUMENT if it is malformed. */
ck_status ck_infer_crop_of(const ck_infer_options *o, ck_infer_crop *how, ck_crop *region, ck_error *e);

/* --overlap, or its default: an eighth of --split, rounded down to a multiple of 32, at least 32. */
int ck_infer_overlap(const ck_infer_options *o);

extern const ck_program ck_infer_program;

#endif
