/* Resampling of planar float32 images, bit-exact with OpenCV and (CK_BILINEAR_AA) PyTorch.
 *
 * Output o is at position p = (o + 0.5) * in/out - 0.5, computed in double and rounded to float32; i = floor(p) and
 * t = p - i.  Horizontal filter first, then vertical. */
#ifndef CK_IMAGE_RESAMPLE_H
#define CK_IMAGE_RESAMPLE_H

#include "base/status.h"

typedef enum ck_filter {
    CK_BILINEAR, /* taps i, i+1; edges repeated; no antialias */
    CK_CUBIC,    /* Keys with a = -0.75, taps i-1 to i+2; edges repeated; no antialias */
    CK_LANCZOS4, /* sinc(d) sinc(d/4), taps i-3 to i+4; edges repeated; no antialias; overshoots */
    CK_AREA,     /* exact coverage if both axes shrink, else OpenCV's two taps for growing */
    /* The network's input filter: a triangle, widened by the scale where an axis shrinks; bilinear where it grows. Taps
     * outside are dropped and the rest renormalised. */
    CK_BILINEAR_AA,
    CK_FILTERS
} ck_filter;

/* Resample src [c, h, w] to dst [c, dh, dw], f32 without padding; they must not overlap.  Nothing is clamped.  An axis
 * of equal size is copied.  Scratch: some rows and the weights, from ck_buffer_new.  CK_ERR_ARGUMENT for a size that is
 * not positive; CK_ERR_MEMORY. */
ck_status ck_resample(const float *src, int c, int h, int w, float *dst, int dh, int dw, ck_filter f, ck_error *e);

#endif
