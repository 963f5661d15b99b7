/* NumPy's .npy format, version 1.0. */
#ifndef CK_INFO_NPY_H
#define CK_INFO_NPY_H

#include "stream/frame.h"

/* Write the plane as a C-order array of shape (c, h, w), complete or not at all.  Planes of unknown type are written as
 * bytes, shape (c, h, w, elem). */
ck_status ck_npy_write(const char *path, const ck_plane *p, ck_error *e);

#endif
