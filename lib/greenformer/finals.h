/* The refiner's results, matte and foreground, as planes of a frame. */
#ifndef CK_GREENFORMER_FINALS_H
#define CK_GREENFORMER_FINALS_H

#include "stream/frame.h"

/* Options of the programs that refine. */
typedef struct ck_finals_options {
    double scale; /* --refiner-scale, of the corrections: 1 is the original, 0 the coarse matte */
    bool native;  /* leave the network's size */
    bool detail;  /* detail.h */
    int depth;    /* CK_DEPTH_32, … */
} ck_finals_options;

/* The name of the first option that differs from its default, or NULL. */
const char *ck_finals_asked(const ck_finals_options *o);

/* Before the run: add `alpha` and `fg`, of the size of `rgb` or `native` of h x w, the network's, with undefined
 * contents, replacing those there are.  Statuses as ck_frame_need's for three channels of `rgb`, and ck_frame_add's. */
ck_status ck_finals_add(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e);

/* After the run, with `detail`: add detail lost at inference size to `alpha`, as a network of h x w made it, from the
 * frame's key (or hint, if there is no key), and clamp to 0 … 1.  CK_ERR_FORMAT for a frame with neither, or one that
 * has more than one channel or is not finite; else as ck_frame_need. */
ck_status ck_finals_finish(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e);

#endif
