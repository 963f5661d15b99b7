/* The orientation in an Exif block. */
#ifndef CK_IO_EXIF_H
#define CK_IO_EXIF_H

#include "io/orient.h"

/* `data`: a TIFF header and its first directory, as PNG's eXIf chunk holds them.  As stored where it says nothing. */
ck_orient ck_exif_orient(const uint8_t *data, size_t n);

#endif
