/* From what the network makes to a frame's planes: matte and foreground. */
#ifndef CK_MODEL_FINALS_H
#define CK_MODEL_FINALS_H

#include "stream/frame.h"

typedef struct ck_finals {
    const float *data; /* planar [4][h][w]: alpha, foreground */
    int h, w;          /* the network's size */
    bool half;         /* narrowed to f16 */
    bool detail;       /* with what the frame's hint shows finer than the network's picture (detail.h) … */
    bool coarse;       /* … which is a coarse matte: scale 0 */
} ck_finals;

/* Add `alpha` and `fg` of h x w (Lanczos4 from the network's size, nothing clamped), replacing those there are; with
 * `detail` alpha is clamped to 0 … 1, and a frame without a hint is CK_ERR_FORMAT. */
ck_status ck_finals_add(const ck_finals *s, ck_frame *f, int h, int w, ck_error *e);

#endif
