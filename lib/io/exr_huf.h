/* The Huffman code inside OpenEXR's PIZ: 16-bit symbols, and one beyond the largest of them that says "the last one
 * again".  For lib/io/exr_*.c only.
 *
 *     u32 first used symbol | u32 the repeat symbol | u32 bytes of the table | u32 bits of data | u32 0 | table | data
 *
 * Numbers are little-endian, bit streams begin at the high bit of a byte.  The table has 6 bits for every symbol from
 * the first used to the repeat symbol: the length of its code, 0 where it is not used; 59 to 62 mean 2 to 5 unused
 * symbols, 63 with 8 more bits n means n + 6.  Codes are canonical: counted upwards from the longest, and within a
 * length from the smallest symbol.  In the data the repeat symbol is followed by 8 bits: how often. */
#ifndef CK_IO_EXR_HUF_H
#define CK_IO_EXR_HUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scratch for either direction, some 2 MB: made once per file.  NULL when out of memory; release with free(). */
typedef struct ck_huf ck_huf;
ck_huf *ck_huf_new(void);

/* The bytes written to `out`, or 0 when they might be more than `room`.  n symbols, 1 to 2^32 - 1. */
size_t ck_huf_encode(ck_huf *h, const uint16_t *in, size_t n, uint8_t *out, size_t room);

/* Exactly n symbols out of the `bytes` at `in`; false when they are not that. */
bool ck_huf_decode(ck_huf *h, const uint8_t *in, size_t bytes, uint16_t *out, size_t n);

#endif
