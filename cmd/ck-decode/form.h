/* Conversion of planes from files to the samples, encoding and size that downstream programs expect, by plane name.
 *
 *     hint, garbage, holdout, refine_map    a mask as read, 0…1         its own size
 *     alpha, coverage, key, true_alpha      a mask, f32, not clamped    resized to the plate
 *     fg, true_fg                           f32, sRGB-encoded           resized to the plate
 *     clean                                 f16 or f32, linear          the plate's size down to an eighth of its sides
 *     background                            as read; resized, f32       resized to the plate
 *     all others                            as read                     its own size
 *
 * Resizing stretches to the plate's size without keeping the aspect ratio, by CK_BILINEAR_AA, which does not overshoot.
 */
#ifndef CK_DECODE_FORM_H
#define CK_DECODE_FORM_H

#include "io/still.h"

typedef struct ck_form ck_form;

/* The row of plane `name`; never NULL. */
const ck_form *ck_form_of(const char *name);

/* The `want` to read the picture with. */
ck_want ck_form_want(const ck_form *k);

/* Convert `from`, a plane as it was read, and add it to `f` under its name.  Of `plate` only the size is used. */
ck_status ck_form_plane(const ck_form *k, const ck_plane *from, const ck_plane *plate, ck_frame *f, ck_error *e);

#endif
