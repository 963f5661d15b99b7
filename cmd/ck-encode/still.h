/* One plane as a still image. */
#ifndef CK_ENCODE_STILL_H
#define CK_ENCODE_STILL_H

#include "ck-encode/options.h"
#include "io/delivery.h"
#include "io/exr.h"

/* EXR: the plane's values as they are, Y, RGB or RGBA, or converted by `to`.  PNG: as io/display.h shows it.  to: NULL
 * if no colour space was asked for. */
ck_status ck_still_write(const char *path, const ck_plane *p, const ck_delivery *to, ck_out_format format,
                         ck_exr_compression compression, const ck_meta *about, ck_error *e);

#endif
