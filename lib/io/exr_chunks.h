/* Scanline chunks of a new part, by OpenEXRCore's pipeline with our packing, our PIZ, and libdeflate for ZIP.  For
 * lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_CHUNKS_H
#define CK_IO_EXR_CHUNKS_H

#include <openexr.h>

#include "io/exr.h"

/* Convert n samples, f16 or f32 both. */
void ck_exr_convert(const void *src, ck_type from, ck_type to, void *dst, size_t n);

/* The part's channels in the file's order, by name: [p->n]. */
void ck_exr_sort(const ck_exr_new_part *p, const ck_exr_channel **sorted);

/* Compress and write all chunks of part `index`, which is in the file's header with the same channels; not for DWA. */
exr_result_t ck_exr_write_chunks(exr_context_t ctx, int index, const ck_exr_new_part *p, int w, int h,
                                 exr_compression_t c);

#endif
