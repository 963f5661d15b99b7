/* Cineon: 10-bit RGB with film's logarithmic curve. */
#ifndef CK_IO_CINEON_H
#define CK_IO_CINEON_H

#include "io/still.h"

/* See ck_still_read: f32, code / 1023, encoding "cineon".  Only the common layout is read: three 10-bit channels, one
 * pixel per 32-bit word, either byte order. */
ck_status ck_cineon_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

#endif
