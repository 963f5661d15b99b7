/* The choice of an OpenEXR part's channels for the plane wanted.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_CHOOSE_H
#define CK_IO_EXR_CHOOSE_H

#include <openexr.h>

#include "io/still.h"

typedef struct ck_exr_choice {
    int n;        /* 3: red, green, blue; 1: grey */
    int index[3]; /* into the file's channel list */
    int alpha;    /* the A beside them, unless RGB is wanted; -1 = none */
    ck_type type; /* CK_F16 where all of them are half, else CK_F32 */
    bool chroma;  /* Y with RY and BY: libOpenEXR makes RGB of them */
    bool layered; /* the names have a prefix */
} ck_exr_choice;

/* For RGB: R G B, else Y (with RY BY: `chroma`), else the R G B of the only layer ("beauty.R") that has them.
 * For other wants also: A, or a channel of any name that is the only one.  For a mask Y is enough where there is
 * chroma. Anything else is refused with a list of what there is. */
ck_status ck_exr_choose(const exr_attr_chlist_t *list, ck_want want, ck_exr_choice *out, ck_error *e);

#endif
