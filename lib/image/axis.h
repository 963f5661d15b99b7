/* One axis of a resampling: the inputs of every output, and their weights. */
#ifndef CK_IMAGE_AXIS_H
#define CK_IMAGE_AXIS_H

#include <stdbool.h>

#include "base/mem.h"
#include "image/resample.h"

#define CK_AXIS_PAD 4 /* taps reach at most this far outside 0 ... in-1 */

typedef struct ck_axis {
    int in, out;
    int taps;      /* largest count */
    bool across;   /* horizontal axis */
    bool identity; /* in == out: copy */
    bool fixed;    /* every output has `taps` taps */
    int *first;    /* [out] first input, -CK_AXIS_PAD or more; clamp indices to 0 ... in-1 */
    int *count;    /* [out] taps used, 1 to taps */
    float *weight; /* [out][taps] */
    ck_buffer *buf;
} ck_axis;

/* shrinks: both axes shrink; only CK_AREA depends on it. */
ck_status ck_axis_new(ck_axis *a, int in, int out, ck_filter f, bool across, bool shrinks, ck_error *e);
void ck_axis_free(ck_axis *a);

#endif
