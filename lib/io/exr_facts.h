/* The attributes of an OpenEXR part that travel as metadata.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_FACTS_H
#define CK_IO_EXR_FACTS_H

#include <openexr.h>

#include "stream/frame.h"

/* `primaries`, `sar`, `rate` and `timecode` into f->meta, each where the header has it.  `transfer` where it is not
 * "linear". */
ck_status ck_exr_read_facts(exr_context_t ctx, const char *encoding, ck_frame *f, ck_error *e);

/* The reverse, from the pairs ck:primaries, ck:sar, ck:rate and ck:timecode of `m`, which may be NULL.  `colour`: the
 * part has R, G and B, which get Rec. 709 where nothing is said. */
exr_result_t ck_exr_write_facts(exr_context_t ctx, bool colour, const ck_meta *m);

#endif
