/* Labels of our TIFF files: lines KEY=VALUE in ImageDescription.  For lib/io/tiff_*.c only. */
#ifndef CK_IO_TIFF_LABELS_H
#define CK_IO_TIFF_LABELS_H

#include "io/colour_tag.h"
#include "stream/frame.h"

/* All pairs but `software`, which has a tag of its own; owned, NULL when out of memory. */
char *ck_tiff_labels_text(const ck_meta *about);

/* Set the tag from ck:transfer and ck:primaries, and `timecode` in f->meta, as far as `text` has them; NULL is
 * allowed. */
ck_status ck_tiff_labels_read(const char *text, ck_colour_tag *tag, ck_frame *f, ck_error *e);

#endif
