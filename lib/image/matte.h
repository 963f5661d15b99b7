/* Changes of the plane `alpha`: clip, gamma, holes, specks, grow, soften, holdout, garbage matte. */
#ifndef CK_IMAGE_MATTE_H
#define CK_IMAGE_MATTE_H

#include <stdint.h>

#include "stream/frame.h"

/* Listed in the order in which they are applied. */
typedef struct ck_matte_options {
    double black, white; /* these values become 0 and 1, values beyond are clamped; 0 and 1: off */
    double gamma;        /* values in (0, 1) to the power 1/gamma; 1: off */
    uint64_t fill;       /* fill holes of at most this many pixels (image/holes.h); 0: off */
    uint64_t specks;     /* remove parts of fewer pixels (image/despeckle.h); 0: off */
    double grow;         /* pixels, negative = shrink (image/grow.h); 0: off */
    double soften;       /* sigma in pixels (image/soften.h); 0: off */
} ck_matte_options;

#define CK_MATTE_OFF                                                                                                   \
    {                                                                                                                  \
        .white = 1, .gamma = 1                                                                                         \
    }

/* Make `alpha` from plane `from` (one channel, any size): resampled bilinearly to the size of `rgb`, of `type`, CK_F32
 * or CK_F16.  If `from` has that size and type it is shared, not copied.  A `coverage` of another alpha is removed. */
ck_status ck_matte_from(ck_frame *f, const char *from, ck_type type, ck_error *e);

/* Change `alpha`, which becomes `type`.  The unchanged alpha is kept as `coverage`, unless the frame has that plane.
 * After the options' steps, alpha = max(alpha, holdout) * (1 - garbage), for each of the planes `holdout` and `garbage`
 * that the frame has; both masks are clamped to [0, 1] and resampled bilinearly.  Without steps and planes nothing
 * changes. */
ck_status ck_matte_change(ck_frame *f, const ck_matte_options *o, ck_type type, ck_error *e);

#endif
