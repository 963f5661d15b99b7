/* The plane `alpha` as a compositor wants it. */
#ifndef CK_IMAGE_MATTE_H
#define CK_IMAGE_MATTE_H

#include <stdint.h>

#include "stream/frame.h"

/* In the order in which they are applied. */
typedef struct ck_matte_options {
    double black, white; /* these become 0 and 1, and what is beyond is clamped; 0 and 1: nothing is */
    double gamma;        /* values between 0 and 1 to the power 1/gamma; 1: off */
    uint64_t fill;       /* holes of up to so many pixels become 1 (image/holes.h); 0: off */
    uint64_t specks;     /* parts of fewer pixels go (image/despeckle.h); 0: off */
    double grow;         /* pixels, negative: shrink (image/grow.h); 0: off */
    double soften;       /* pixels (image/soften.h); 0: off */
} ck_matte_options;

#define CK_MATTE_OFF                                                                                                   \
    {                                                                                                                  \
        .white = 1, .gamma = 1                                                                                         \
    }

/* Make `alpha` of plane `from`, of one channel and any size: at the size of `rgb`, bilinear, of `type`, CK_F32 or
 * CK_F16.  One that is like that already is shared, not copied.  A `coverage` that belonged to another alpha goes. */
ck_status ck_matte_from(ck_frame *f, const char *from, ck_type type, ck_error *e);

/* Change `alpha`, and leave it as it came as `coverage`, unless the frame has that already: the changed one, of `type`,
 * has the plane `holdout` where that is larger, and is then multiplied by 1 - `garbage`.  Both are clamped to 0…1 and
 * resized bilinearly.  Where nothing is asked for and neither is there, nothing changes. */
ck_status ck_matte_change(ck_frame *f, const ck_matte_options *o, ck_type type, ck_error *e);

#endif
