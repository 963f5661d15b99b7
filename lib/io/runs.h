/* Deflate (RFC 1951) of byte frequencies and runs: every byte gets a Huffman code, and runs of one byte become matches
 * of distance 1.  Longer matches are rare in a picture with grain, and looking for them takes most of the time of other
 * encoders. */
#ifndef CK_IO_RUNS_H
#define CK_IO_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits that do not fill a byte yet; all zero at the start of a stream. */
typedef struct ck_runs {
    uint64_t bits;
    unsigned n;
} ck_runs;

/* Bytes that a block of n bytes may take. */
static inline size_t ck_runs_bound(size_t n)
{
    return 2 * n + 512;
}

/* Append a block of n bytes, at least one, to the stream; returns the bytes written to out, which has room for
 * ck_runs_bound(n). last: it ends the stream.  Best from 100 KB on: each block has codes of its own. */
size_t ck_runs_block(ck_runs *state, const uint8_t *s, size_t n, bool last, uint8_t *out);

#endif
