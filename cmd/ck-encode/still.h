/* One plane as a still image. */
#ifndef CK_ENCODE_STILL_H
#define CK_ENCODE_STILL_H

#include "ck-encode/options.h"
#include "io/exr.h"

/* EXR: the plane's values as they are, Y, RGB or RGBA.  PNG: as io/display.h shows it. */
ck_status ck_still_write(const char *path, const ck_plane *p, ck_out_format format, ck_exr_compression compression,
                         const ck_meta *about, ck_error *e);

#endif
