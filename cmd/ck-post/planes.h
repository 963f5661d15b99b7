/* The planes that ck-post reads, checked against each other. */
#ifndef CK_POST_PLANES_H
#define CK_POST_PLANES_H

#include "stream/frame.h"

/* Copies of `alpha` and `fg`: floats of one size, fg sRGB-encoded or in codes of another curve. */
ck_status ck_planes_need_matte(ck_frame *f, ck_plane *alpha, ck_plane *fg, ck_error *e);

/* Copy the plane `background` for comp to *copy and point *out at it; *out is NULL if the frame has no background.
 * CK_ERR_FORMAT if its size differs from fg's, or its encoding cannot be mixed with fg's. */
ck_status ck_planes_background(ck_frame *f, const ck_plane *fg, ck_plane *copy, const ck_plane **out, ck_error *e);

/* Replace `fg` by ck_passthrough of `rgb` with `coverage`, else `alpha`, as the matte.  All of one size. */
ck_status ck_planes_passthrough(ck_frame *f, bool blue, ck_error *e);

#endif
