/* Huffman codes of PIZ.  For lib/io/exr_*.c only.
 *
 * Canonical codes of 1 to 58 bits for the symbols first to last.  The last symbol is a run: the next 8 bits say how
 * often the word before it is repeated.
 *
 *     u32 first, last, unused, bits of data, unused | lengths of the codes, 6 bits each | data
 *
 * Bits are written from the highest of each byte.  In lengths, 59 to 62 are 2 to 5 zeros, and 63 with 8 bits more is 6
 * to 261 zeros.  Longer codes are smaller numbers, so codes of one length are a range. */
#ifndef CK_IO_EXR_HUFFMAN_H
#define CK_IO_EXR_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CK_HUFFMAN_HEADER = 20,
    CK_HUFFMAN_SYMBOLS = (1 << 16) + 1,
    CK_HUFFMAN_LONGEST = 58,
    CK_HUFFMAN_ZEROS = 59,
    CK_HUFFMAN_MANY_ZEROS = 63,
    CK_HUFFMAN_FEWEST_MANY = 6,
    CK_HUFFMAN_MOST_MANY = 261
};

typedef struct ck_exr_huffman ck_exr_huffman; /* decoder's tables; for one thread at a time */

ck_exr_huffman *ck_exr_huffman_new(void); /* NULL: out of memory */
void ck_exr_huffman_free(ck_exr_huffman *h);

/* True if the input gives exactly n words. */
bool ck_exr_huffman_decode(ck_exr_huffman *h, const uint8_t *in, size_t in_bytes, uint16_t *out, size_t n);

typedef struct ck_exr_huffman_encoder ck_exr_huffman_encoder; /* the same */

ck_exr_huffman_encoder *ck_exr_huffman_encoder_new(void); /* NULL: out of memory */
void ck_exr_huffman_encoder_free(ck_exr_huffman_encoder *h);

/* Bytes that n words may take. */
size_t ck_exr_huffman_bound(size_t n);
/* Encode n words, 1 to 2^31; returns the number of bytes, the same ones as OpenEXR's. */
size_t ck_exr_huffman_encode(ck_exr_huffman_encoder *h, const uint16_t *in, size_t n, uint8_t *out);

#endif
