/* Huffman decoder of PIZ.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_HUFFMAN_H
#define CK_IO_EXR_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ck_exr_huffman ck_exr_huffman; /* tables; for one thread at a time */

ck_exr_huffman *ck_exr_huffman_new(void); /* NULL: out of memory */
void ck_exr_huffman_free(ck_exr_huffman *h);

/* True if the input gives exactly n words. */
bool ck_exr_huffman_decode(ck_exr_huffman *h, const uint8_t *in, size_t in_bytes, uint16_t *out, size_t n);

#endif
