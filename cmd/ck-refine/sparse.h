/* --mode sparse: choice of the blocks to refine, and of frames that are refined whole for their statistics. */
#ifndef CK_REFINE_SPARSE_H
#define CK_REFINE_SPARSE_H

#include "ck-refine/options.h"
#include "greenformer/crop.h"
#include "greenformer/histogram.h"
#include "greenformer/tile_select.h"

typedef struct sparse {
    ck_tile_select places;
    int refresh; /* 0: never but first and after a cut */
    bool map;
    unsigned char *blocks;
    bool settled;       /* a frame has been refined whole */
    ck_histogram whole; /* its histogram */
    ck_crop region;     /* its region */
} sparse;

/* h, w: inference size.  The options must have been checked. */
ck_status ck_sparse_open(sparse *s, const ck_refine_options *o, int h, int w, ck_error *e);
void ck_sparse_close(sparse *s);

/* The blocks of a frame to refine, or NULL for all; reported under --verbose.  rgb: the network's input.  With --map it
 * adds refine_map, so pointers to planes of f become invalid. */
ck_status ck_sparse_choose(sparse *s, ck_frame *f, const float *rgb, const float *alpha_logits,
                           const unsigned char **blocks, ck_error *e);

/* After a frame that failed: the next one is refined whole. */
void ck_sparse_forget(sparse *s);

#endif
