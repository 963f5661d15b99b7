/* OpenEXR through the C library OpenEXRCore; DWAA and DWAB through libOpenEXR (exr_dwa.h). */
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

/* Decode all parts of a file of several, whatever they hold; CK_ERR_FORMAT for a defect.  Any other file is not read.
 */
ck_status ck_exr_check_parts(const char *path, ck_error *e);

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

typedef struct ck_exr_packing {
    ck_exr_compression compression;
    float level; /* of DWAA and DWAB */
} ck_exr_packing;
#define CK_EXR_LEVEL 45.0f /* libOpenEXR's default */

/* Parse "piz", "dwaa", "dwaa:45". */
ck_status ck_exr_packing_parse(const char *text, ck_exr_packing *out, ck_error *e);

typedef struct ck_exr_channel {
    const char *name; /* "R", "Y", "FG.R", ... in any order; the file's order is alphabetical */
    const void *data; /* h*w samples of `type` */
    ck_type type;     /* CK_F16 or CK_F32 */
} ck_exr_channel;

typedef struct ck_exr_new_part {
    const char *name;               /* NULL if it is the only one */
    const ck_exr_channel *channels; /* [n] */
    const ck_type *stored;          /* [n]: types in the file, CK_F16 or CK_F32 */
    int n;
    const ck_meta *attributes; /* may be NULL */
} ck_exr_new_part;

/* Write scanline parts of w x h pixels; the file appears complete or not at all.  `attributes` become string
 * attributes; "type", "name" and the names of header fields are refused.  `ck:primaries`, `ck:sar`, `ck:rate` and
 * `ck:timecode` also become chromaticities, pixelAspectRatio, framesPerSecond and timeCode.  Without `ck:primaries`, a
 * file with R G B, or with a layer of them, gets Rec. 709 chromaticities; with one unknown to colour/primaries.h, none.
 * All parts get those of the first one with colour: readers refuse parts that differ in them. */
ck_status ck_exr_write_parts(const char *path, int w, int h, const ck_exr_new_part *parts, int n,
                             const ck_exr_packing *how, ck_error *e);

/* One part, all of one type in the file. */
ck_status ck_exr_write(const char *path, int w, int h, const ck_exr_channel *ch, int n, ck_type file_type,
                       ck_exr_compression c, const ck_meta *attributes, ck_error *e);

#endif
