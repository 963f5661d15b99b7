/* Selection of an OpenEXR part's channels for the wanted plane.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_CHOOSE_H
#define CK_IO_EXR_CHOOSE_H

#include <openexr.h>

#include "io/still.h"

typedef struct ck_exr_choice {
    int n;        /* 3: red, green, blue; 1: grey */
    int index[3]; /* indices in the file's channel list */
    int alpha;    /* index of the A beside them, -1 = none or not wanted */
    ck_type type; /* CK_F16 if all of them are half, else CK_F32 */
    bool chroma;  /* Y with RY and BY: libOpenEXR converts to RGB */
    bool layered; /* names have a layer prefix */
} ck_exr_choice;

/* RGB: R G B, else Y (with RY and BY: `chroma`), else the R G B of the only layer that has them ("beauty.R").  Other
 * wants also accept A, or the only channel whatever its name; a mask needs only Y of luminance with chroma.  Anything
 * else is refused with a list of the channels. */
ck_status ck_exr_choose(const exr_attr_chlist_t *list, ck_want want, ck_exr_choice *out, ck_error *e);

#endif
