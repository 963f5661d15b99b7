/* The orientation in an Exif block. */
#ifndef CK_IO_EXIF_H
#define CK_IO_EXIF_H

#include "io/orient.h"

/* data: a TIFF header and its first directory, as in PNG's eXIf chunk.  "As stored" without an orientation tag. */
ck_orient ck_exif_orient(const uint8_t *data, size_t n);

#endif
