/* PIZ chunks, the format's lossless wavelet compression.  For lib/io/exr_*.c only.
 *
 *     chunk <--Huffman--> coefficients <--wavelet--> indices of occurring values <--table--> samples
 *
 * The coefficients lie channel by channel, the samples line by line. */
#ifndef CK_IO_EXR_PIZ_H
#define CK_IO_EXR_PIZ_H

#include <openexr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A channel within a chunk. */
typedef struct ck_piz_channel {
    int w, h;   /* in samples */
    int words;  /* 16-bit words of a sample: 1 or 2 */
    int y_step; /* lines between its samples' lines */
} ck_piz_channel;

typedef struct ck_piz ck_piz; /* tables and coefficients of a decoder; for one thread at a time */

ck_piz *ck_piz_new(void); /* NULL: out of memory */
void ck_piz_free(ck_piz *p);

/* Decode a chunk of `lines` lines from line y of the file into out_bytes at `out`: for each line, the channels that
 * have it.  EXR_ERR_CORRUPT_CHUNK unless the input gives exactly that. */
exr_result_t ck_piz_decode(ck_piz *p, const uint8_t *in, size_t in_bytes, const ck_piz_channel *channels, int n, int y,
                           int lines, uint8_t *out, size_t out_bytes);

typedef struct ck_piz_encoder ck_piz_encoder; /* the same of an encoder */

ck_piz_encoder *ck_piz_encoder_new(void); /* NULL: out of memory */
void ck_piz_encoder_free(ck_piz_encoder *p);

#define CK_PIZ_MOST_WORDS ((size_t)1 << 27) /* of a chunk: the format counts bits in 32 bits */

/* Room for the samples of the next chunk, 1 to CK_PIZ_MOST_WORDS words, channel by channel; NULL: out of memory. */
uint16_t *ck_piz_encoder_words(ck_piz_encoder *p, size_t n);
/* Bytes that a chunk may take. */
size_t ck_piz_bound(size_t words);
/* Encode the samples, which are overwritten.  Returns the number of bytes at `out`, the same ones as OpenEXR's. */
size_t ck_piz_encode(ck_piz_encoder *p, const ck_piz_channel *channels, int n, uint8_t *out);

#endif
