/* The largest inference size that fits a device's memory. */
#ifndef CK_GREENFORMER_FIT_H
#define CK_GREENFORMER_FIT_H

#include <math.h>

#include "greenformer/network.h"

#define CK_FIT_STEP 32 /* sides are multiples */

/* Of the memory that is left on a device: the rest is for frames' planes, and what is taken in pieces does not use all
 * of it. */
#define CK_FIT_SHARE 0.9

/* The side, a multiple of 32 and maybe 0, whose picture takes `left` bytes, where one of `side` takes `needed`: what a
 * plan takes grows with the picture's pixels. */
static inline int ck_fit_side(int side, double needed, double left)
{
    if (needed <= 0 || left <= 0)
        return 0;
    double s = side * sqrt(left / needed);
    return s < side ? (int)s / CK_FIT_STEP * CK_FIT_STEP : side;
}

typedef struct ck_fit {
    int side;            /* of the square picture */
    bool whole;          /* it is what the checkpoint was made for */
    double needed, left; /* bytes */
    char device[16];     /* "cpu", "cuda" */
} ck_fit;

/* The largest square picture, up to what the position embedding was made for, for which memory is left now.  Both
 * halves of the network are counted: one plan with o->refine, else two, the other program's with a context of its own.
 * On a host a quarter of the memory is left for frames and rings.  o's size is not looked at.  CK_ERR_MEMORY if not
 * even the smallest fits.  Packs the weights for every size that is looked at. */
ck_status ck_fit_network(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_fit *out, ck_error *e);

#endif
