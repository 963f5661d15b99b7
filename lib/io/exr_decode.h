/* Pixels of an open OpenEXR part.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_DECODE_H
#define CK_IO_EXR_DECODE_H

#include "io/exr_choose.h"
#include "io/pick.h"

/* The chosen part of a file.  Windows are inclusive, in file coordinates; sides are at most CK_MAX_SIDE. */
typedef struct ck_exr_part {
    exr_context_t ctx;
    exr_storage_t storage; /* scanline or tiled */
    exr_compression_t compression;
    exr_attr_box2i_t data, display;
    const exr_attr_chlist_t *list_view;
    ck_exr_choice choice;
} ck_exr_part;

/* Visit every chunk (level 0 of tiles) and pass `pick` the rows inside the display window.  Pixels outside the data
 * window are not written.  The caller's thread is joined by others while fewer than `threads` decode in the whole
 * process.  Returns an OpenEXRCore code; ck_exr_on_error has kept the message, of the first bad chunk. */
exr_result_t ck_exr_decode(const ck_exr_part *part, const ck_pick *pick, int threads);

/* Luminance with chroma through libOpenEXR's C interface, which gives half RGBA of the first part.  `path` is opened
 * again. */
ck_status ck_exr_decode_rgba(const char *path, const ck_exr_part *part, const ck_pick *pick, ck_error *e);

#endif
