/* Selection of an OpenEXR file's part, layer and channels for the wanted plane.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_CHOOSE_H
#define CK_IO_EXR_CHOOSE_H

#include <openexr.h>

#include "io/still.h"

typedef struct ck_exr_choice {
    int part;
    int n;        /* 3: red, green, blue; 1: grey */
    int index[3]; /* indices in the part's channel list */
    int alpha;    /* index of the A beside them, -1 = none or not wanted */
    ck_type type; /* CK_F16 if all of them are half, else CK_F32 */
    bool chroma;  /* Y with RY and BY: libOpenEXR converts to RGB */
} ck_exr_choice;

/* Choose by `select`.  Parts without RGB come last, deep ones are never chosen.
 *
 * Without a layer: the R G B of a part or layer.  One without a prefix, or with the usual names of the finished picture
 * (beauty, Combined, ...), goes before others; of parts the first, of layers in a part the only one.  Else Y (with RY
 * and BY: `chroma`).  Masks, and parts that were asked for, also accept A, or the only channel of a part; a mask needs
 * only Y of luminance with chroma.
 *
 * With a layer: its R G B, else X Y Z, else Y, else its only channel; or the channel of that full name.
 *
 * Anything else is refused with a list of what there is. */
ck_status ck_exr_choose(exr_const_context_t ctx, const ck_still_select *select, ck_want want, ck_exr_choice *out,
                        ck_error *e);

/* "layers: beauty (read), depth; parts: 0 left (read), 1 right": as far as there are several.  "" if not. */
void ck_exr_describe(exr_const_context_t ctx, const ck_exr_choice *read, char *to, size_t size);

#endif
