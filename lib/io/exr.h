/* OpenEXR through the C library OpenEXRCore.  PIZ, DWAA and DWAB are decoded by libOpenEXR (exr_codec.h). */
#ifndef CK_IO_EXR_H
#define CK_IO_EXR_H

#include "io/still.h"

/* See ck_still_read.  Scanlines or tiles (level 0) of one part; half, float, or unsigned integers (value as f32).
 * exr_choose.h says which part, layer and channels.  Luminance with chroma is read of half only.
 *
 * The plane covers the display window.  A smaller data window is surrounded by zeros, a larger one is cropped with a
 * note.  A display window above 64 Mi pixels and 16 data windows is refused.  The encoding is "linear" unless the
 * string attribute `ck:transfer`, which our own files carry, says otherwise. */
ck_status ck_exr_read_selected(const char *path, const ck_still_select *select, ck_want want, const char *name,
                               ck_frame *f, ck_error *e);
/* The obvious part and layer, on one thread. */
ck_status ck_exr_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

typedef enum ck_exr_compression {
    CK_EXR_NONE,
    CK_EXR_RLE,
    CK_EXR_ZIPS,
    CK_EXR_ZIP,
    CK_EXR_PIZ,
    CK_EXR_PXR24,
    CK_EXR_B44,
    CK_EXR_B44A,
    CK_EXR_DWAA,
    CK_EXR_DWAB
} ck_exr_compression;
#define CK_EXR_COMPRESSIONS "none|rle|zips|zip|piz|pxr24|b44|b44a|dwaa|dwab" /* for an option table */

typedef struct ck_exr_channel {
    const char *name; /* "R", "Y", ... in any order; the file's order is alphabetical */
    const void *data; /* h*w samples of `type` */
    ck_type type;     /* CK_F16 or CK_F32 */
} ck_exr_channel;

/* Write a scanline file; it appears complete or not at all.  Samples are converted to file_type, CK_F16 or CK_F32.
 * `attributes` (may be NULL) become string attributes; "type", "name" and the names of header fields are refused.
 * `ck:primaries`, `ck:sar`, `ck:rate` and `ck:timecode` also become chromaticities, pixelAspectRatio, framesPerSecond
 * and timeCode.  Without `ck:primaries`, R G B get Rec. 709 chromaticities; with one unknown to colour/primaries.h,
 * none. */
ck_status ck_exr_write(const char *path, int w, int h, const ck_exr_channel *ch, int n, ck_type file_type,
                       ck_exr_compression c, const ck_meta *attributes, ck_error *e);

#endif
