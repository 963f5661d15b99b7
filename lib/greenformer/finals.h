/* The refiner's results, matte and foreground, as planes of a frame. */
#ifndef CK_GREENFORMER_FINALS_H
#define CK_GREENFORMER_FINALS_H

#include "stream/frame.h"

/* Options of the programs that refine. */
typedef struct ck_finals_options {
    double scale; /* --refiner-scale, factor of the corrections: 1 is the original, 0 gives the coarse matte */
    bool native;  /* planes at inference size */
    bool detail;  /* restore detail (detail.h) */
    int depth;    /* CK_DEPTH_32, … */
} ck_finals_options;

/* The first option that differs from its default, or NULL. */
const char *ck_finals_asked(const ck_finals_options *o);

/* Before the run: add `alpha` and `fg` with undefined contents, replacing existing ones.  Their size is that of `rgb`,
 * or h x w, the inference size, with `native`.  Fails as ck_frame_need for three channels of `rgb`, and as
 * ck_frame_add. */
ck_status ck_finals_add(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e);

/* After the run, with `detail`: restore detail in `alpha` from the frame's key (or hint, without a key) and clamp to
 * [0, 1]. h x w: inference size.  CK_ERR_FORMAT if the frame has neither, or if that plane has several channels or is
 * not finite; else as ck_frame_need. */
ck_status ck_finals_finish(ck_frame *f, int h, int w, const ck_finals_options *o, ck_error *e);

#endif
