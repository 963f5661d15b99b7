/* Which blocks of each frame --mode sparse refines, and when a frame is refined whole for its statistics. */
#ifndef CK_REFINE_SPARSE_H
#define CK_REFINE_SPARSE_H

#include "ck-refine/options.h"
#include "greenformer/histogram.h"
#include "greenformer/tile_select.h"

typedef struct sparse {
    ck_tile_select places;
    int refresh; /* 0: never but first and after a cut */
    bool map;
    unsigned char *blocks;
    bool settled;       /* a frame has been refined whole … */
    int age;            /* … this many frames ago … */
    ck_histogram whole; /* … that looked like this */
} sparse;

/* For frames of the network's size h x w; the options have been looked at. */
ck_status ck_sparse_open(sparse *s, const ck_refine_options *o, int h, int w, ck_error *e);
void ck_sparse_close(sparse *s);

/* The blocks of a frame, or NULL for all; reported under --verbose.  rgb as the network has it.  Adds refine_map if
 * that is wanted, so pointers to planes of f are stale afterwards. */
ck_status ck_sparse_choose(sparse *s, ck_frame *f, const float *rgb, const float *alpha_logits,
                           const unsigned char **blocks, ck_error *e);

/* After a frame that failed: the next one is refined whole. */
void ck_sparse_forget(sparse *s);

#endif
