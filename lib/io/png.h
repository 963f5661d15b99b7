/* PNG: read through libpng, strictly (whatever is wrong with the picture is an error); written by
 * ourselves around libdeflate. */
#ifndef CK_IO_PNG_H
#define CK_IO_PNG_H

#include "io/still.h"

/* See ck_still_read.  8 bits and less become u8, 16 bits u16; palettes are expanded.
 * Encoding by cICP, iCCP, sRGB or gAMA, the first that there is, else "srgb"; upright by eXIf. */
ck_status ck_png_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

/* Write complete or not at all: planar (channels,h,w) samples of `type` CK_U8 or CK_U16,
 * 1 to 4 channels.  Every pair of `text` (may be NULL) becomes a tEXt chunk, iTXt where it is not
 * ASCII; `ck:transfer` and `ck:primaries` also become sRGB, gAMA and cHRM, or cICP, so that they are read back. */
ck_status ck_png_write(const char *path, int w, int h, int channels, const void *planes, ck_type type,
                       const ck_meta *text, ck_error *e);

#endif
