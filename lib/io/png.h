/* PNG.  Read through libpng, strictly: any defect of the picture is an error.  Written here: 8 bits by io/runs.h, 16
 * bits by libdeflate. */
#ifndef CK_IO_PNG_H
#define CK_IO_PNG_H

#include "io/still.h"

/* See ck_still_read.  Up to 8 bits give u8, 16 bits u16; palettes are expanded.  Encoding by the first of cICP, iCCP,
 * sRGB and gAMA, else "srgb"; upright by eXIf. */
ck_status ck_png_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

/* Write planar samples [channels, h, w], CK_U8 or CK_U16, 1 to 4 channels.  The file appears complete or not at all.
 * `text` (may be NULL) becomes tEXt chunks, iTXt if not ASCII.  `ck:transfer` and `ck:primaries` also become sRGB, gAMA
 * and cHRM, or cICP, so that they are read back. */
ck_status ck_png_write(const char *path, int w, int h, int channels, const void *planes, ck_type type,
                       const ck_meta *text, ck_error *e);

#endif
