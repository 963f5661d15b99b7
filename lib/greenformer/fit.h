/* The largest inference size that fits into a device's memory. */
#ifndef CK_GREENFORMER_FIT_H
#define CK_GREENFORMER_FIT_H

#include <math.h>

#include "greenformer/network.h"

#define CK_FIT_STEP 32 /* sides are multiples of it */

/* Share of the available device memory to use.  The rest is for frames' planes and fragmentation. */
#define CK_FIT_SHARE 0.9

/* The side, a multiple of 32 and perhaps 0, that takes `left` bytes if `side` takes `needed`.  Memory grows with the
 * number of pixels. */
static inline int ck_fit_side(int side, double needed, double left)
{
    if (needed <= 0 || left <= 0)
        return 0;
    double s = side * sqrt(left / needed);
    return s < side ? (int)s / CK_FIT_STEP * CK_FIT_STEP : side;
}

/* Reduce one side of an inference size, so that the size has about the aspect ratio of a plate.  Sides stay multiples
 * of CK_FIT_STEP, and at least that. */
void ck_fit_aspect(int plate_h, int plate_w, int *h, int *w);

typedef struct ck_fit {
    int side;            /* of the square inference size */
    bool whole;          /* it is the size the checkpoint was trained at */
    double needed, left; /* bytes: for that size; available */
    char device[16];     /* "cpu", "cuda" */
} ck_fit;

/* Find the largest square inference size that fits into memory now, at most that of the position embedding.  Counts
 * both halves of the network: one plan with o->refine, else two, the second in another program with a context of its
 * own.  On a host a quarter of the memory is left for frames and rings.  o's size is ignored.  CK_ERR_MEMORY if the
 * smallest size does not fit.  Packs the weights for every size tried. */
ck_status ck_fit_network(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_fit *out, ck_error *e);

#endif
