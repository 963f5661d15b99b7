/* Planes from files as the programs downstream expect them: samples, light and size by the plane's name.
 *
 *     hint, garbage, holdout, refine_map    a mask as read, 0…1         its own size
 *     alpha, coverage, key, true_alpha      a mask, f32, not clamped    resized to the plate
 *     fg, true_fg                           f32, sRGB-encoded           resized to the plate
 *     clean                                 f16 or f32, linear          the plate's size down to an eighth of its sides
 *     background                            as read; resized, f32       resized to the plate
 *     all others                            as read                     its own size
 *
 * Resizing fills the plate exactly, whatever the shape, by CK_BILINEAR_AA: no overshoot, and smooth where it shrinks.
 */
#ifndef CK_DECODE_FORM_H
#define CK_DECODE_FORM_H

#include "io/still.h"

typedef struct ck_form ck_form;

/* The row of plane `name`; never NULL. */
const ck_form *ck_form_of(const char *name);

/* The way to read the picture. */
ck_want ck_form_want(const ck_form *k);

/* Add `from`, a plane as it was read, to `f` under its name.  plate: its size and encoding count.  CK_ERR_FORMAT for a
 * clean plate whose curve cannot be made linear as the plate's is. */
ck_status ck_form_plane(const ck_form *k, const ck_plane *from, const ck_plane *plate, ck_frame *f, ck_error *e);

#endif
