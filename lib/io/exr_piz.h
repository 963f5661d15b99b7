/* OpenEXR's PIZ, both ways: lossless, the smallest on grain, and here two to three times as fast as in the C library.
 * For lib/io/exr_*.c only.
 *
 *     16-bit words --> numbers of those that occur --> wavelet per channel --> Huffman (exr_huf.h)
 *
 *     u16 first, u16 last byte of the bitmap that is not 0 | those bytes | u32 bytes of the rest | Huffman's
 *
 * Bit v of the bitmap: word v occurs; 0 always does and is not marked.  A float is two words. */
#ifndef CK_IO_EXR_PIZ_H
#define CK_IO_EXR_PIZ_H

#include <openexr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scratch, made once per file.  NULL when out of memory. */
typedef struct ck_piz ck_piz;
ck_piz *ck_piz_new(void);
void ck_piz_free(ck_piz *p); /* NULL is fine */

/* A chunk of `lines` lines from line y of the file: channel after channel within a line. */
typedef struct ck_piz_chunk {
    const exr_coding_channel_info_t *channels; /* borrowed */
    int n;
    int y, lines;
    size_t bytes;
} ck_piz_chunk;

/* The bytes written to `out`, which has room for chunk->bytes; 0 when they would not be fewer than those, or when
 * out of memory. */
size_t ck_piz_pack(ck_piz *p, const ck_piz_chunk *chunk, const uint8_t *src, uint8_t *out);

/* False when the `packed` bytes at `in` are not such a chunk. */
bool ck_piz_unpack(ck_piz *p, const ck_piz_chunk *chunk, const uint8_t *in, size_t packed, uint8_t *dst);

#endif
