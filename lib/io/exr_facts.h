/* Attributes of an OpenEXR part as metadata.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_FACTS_H
#define CK_IO_EXR_FACTS_H

#include <openexr.h>

#include "stream/frame.h"

/* Set `primaries`, `sar`, `rate` and `timecode` in f->meta as far as the header has them, and `transfer` if `encoding`
 * is not "linear".  They are those of part `part`. */
ck_status ck_exr_read_facts(exr_context_t ctx, int part, const char *encoding, ck_frame *f, ck_error *e);

/* The reverse: attributes of a part from ck:primaries, ck:sar, ck:rate and ck:timecode in `m`, which may be NULL.
 * colour: the file has R, G and B, whose primaries are `primaries`; NULL: Rec. 709. */
exr_result_t ck_exr_write_facts(exr_context_t ctx, int part, bool colour, const char *primaries, const ck_meta *m);

#endif
