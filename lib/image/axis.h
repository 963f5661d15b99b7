/* One axis of a resampling: the inputs that every output reads, and their weights. */
#ifndef CK_IMAGE_AXIS_H
#define CK_IMAGE_AXIS_H

#include <stdbool.h>

#include "base/mem.h"
#include "image/resample.h"

#define CK_AXIS_PAD 4 /* a tap lies at most this far outside 0…in-1, on either side */

typedef struct ck_axis {
    int in, out;
    int taps;      /* the largest count */
    bool across;   /* x, not y */
    bool identity; /* in == out: copy */
    bool fixed;    /* every count is `taps` */
    int *first;    /* [out] first input, from -CK_AXIS_PAD: to be clamped */
    int *count;    /* [out] taps used, 1 to taps */
    float *weight; /* [out][taps] */
    ck_buffer *buf;
} ck_axis;

/* `shrinks`: both axes do (CK_AREA asks). */
ck_status ck_axis_new(ck_axis *a, int in, int out, ck_filter f, bool across, bool shrinks, ck_error *e);
void ck_axis_free(ck_axis *a);

#endif
