/* Single chunks through the codecs of libOpenEXR, which has DWAA and DWAB, and a faster PIZ than OpenEXRCore.  The
 * library has no interface for chunks: exr_codec.cc gives it a file in memory that holds one.  For lib/io/exr_*.c
 * only. */
#ifndef CK_IO_EXR_CODEC_H
#define CK_IO_EXR_CODEC_H

#include <openexr.h>
#include <stddef.h>
#include <stdint.h>

/* A decoder; for one thread at a time. */
typedef struct ck_exr_codec ck_exr_codec;

/* A chunk: scanlines of a part, or a tile. */
typedef struct ck_exr_chunk {
    int y;    /* of its first line in the file; 0 for tiles */
    int w, h; /* in pixels */
    const void *packed;
    size_t bytes;
} ck_exr_chunk;

/* One wanted channel: h rows of w samples, with `line` samples from one row to the next. */
typedef struct ck_exr_samples {
    int channel; /* in the list; not subsampled */
    void *to;
    size_t line;
} ck_exr_samples;

/* Decoder for the chunks of a part.  data: of the part; of a tiled part's chunk, (0,0) to its size.  All arguments are
 * copied. */
exr_result_t ck_exr_decoder_new(const exr_attr_chlist_t *list, exr_compression_t c, exr_attr_box2i_t data, int tiled,
                                ck_exr_codec **out);
/* Decode n channels to half, or to float if `floats`; none may occur twice.  After a failure the codec is of no further
 * use. */
exr_result_t ck_exr_decoder_run(ck_exr_codec *d, const ck_exr_chunk *chunk, const ck_exr_samples *want, int n,
                                int floats);

void ck_exr_codec_free(ck_exr_codec *c); /* NULL is allowed */

#endif
