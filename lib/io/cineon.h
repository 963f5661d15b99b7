/* Cineon: RGB of 10 bits in film's logarithm. */
#ifndef CK_IO_CINEON_H
#define CK_IO_CINEON_H

#include "io/still.h"

/* See ck_still_read: f32, code / 1023, encoding "log".  The common layout alone (three channels of 10 bits, one pixel
 * in a word of 32 bits, of either byte order); others are refused. */
ck_status ck_cineon_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

#endif
