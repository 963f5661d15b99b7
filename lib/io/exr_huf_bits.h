/* Bit streams, high bit first, and the scratch of exr_huf.c.  For that file only. */
#ifndef CK_IO_EXR_HUF_BITS_H
#define CK_IO_EXR_HUF_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "io/exr_huf.h"

#define CK_HUF_SYMBOLS 65537 /* all 16-bit values and a repeat symbol */
#define CK_HUF_MOST 56       /* bits of a code; the format has room for 58, which no file is large enough to need */
#define CK_HUF_FAST 12       /* bits looked up at once: 16 KiB, so that the first cache keeps most of it */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are swapped to put the high bit first");

struct ck_huf {
    uint32_t freq[CK_HUF_SYMBOLS], spare[CK_HUF_SYMBOLS], order[CK_HUF_SYMBOLS];
    uint8_t length[CK_HUF_SYMBOLS];
    uint64_t code[CK_HUF_SYMBOLS], weight[2 * CK_HUF_SYMBOLS];
    uint32_t parent[2 * CK_HUF_SYMBOLS];
    uint8_t table[CK_HUF_SYMBOLS * 6 / 8 + 16];
    uint32_t fast[1 << CK_HUF_FAST];
    uint32_t of_length[CK_HUF_MOST + 1], offset[CK_HUF_MOST + 1]; /* by length of code: how many, and where in order */
    uint64_t first[CK_HUF_MOST + 1];                              /* the first code of a length */
};

static inline void put_little32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint32_t get_little32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Writes up to 8 bytes beyond the last. */
typedef struct bit_writer {
    uint8_t *at;
    uint64_t window; /* the low `held` bits are still to be written */
    unsigned held;   /* below 8 after a flush, which may have stored them too, at the top of the next byte */
} bit_writer;

/* held + n at most 64. */
static inline void add_bits(bit_writer *w, uint64_t bits, unsigned n)
{
    w->window = w->window << n | bits;
    w->held += n;
}

/* All that is held is stored at once and the whole bytes of it passed: without a branch, which the lengths of codes
 * would make unpredictable. */
static inline void flush_bits(bit_writer *w)
{
    uint64_t word = __builtin_bswap64(w->window << 1 << (63 - w->held));
    memcpy(w->at, &word, 8);
    w->at += w->held >> 3;
    w->held &= 7;
}

/* n at most 56. */
static inline void put_bits(bit_writer *w, uint64_t bits, unsigned n)
{
    add_bits(w, bits, n);
    flush_bits(w);
}

/* The byte after the last. */
static inline uint8_t *end_of_bits(const bit_writer *w)
{
    return w->at + (w->held > 0);
}

typedef struct bit_reader {
    const uint8_t *at, *end;
    uint64_t window; /* the next bits, from the top */
    int held;        /* how many of them; below 0 once more were taken than there are */
} bit_reader;

/* At least 56 bits in the window; zeros beyond the end. */
static inline void refill_bits(bit_reader *r)
{
    if (r->end - r->at >= 8 && r->held >= 0) {
        uint64_t word;
        memcpy(&word, r->at, 8);
        r->window |= __builtin_bswap64(word) >> r->held;
        r->at += (63 - r->held) >> 3;
        r->held |= 56;
        return;
    }
    while (r->held >= 0 && r->held <= 56 && r->at < r->end) {
        r->window |= (uint64_t)*r->at++ << (56 - r->held);
        r->held += 8;
    }
}

static inline void drop_bits(bit_reader *r, unsigned n)
{
    r->window <<= n;
    r->held -= (int)n;
}

static inline uint32_t get_bits(bit_reader *r, unsigned n)
{
    refill_bits(r);
    uint32_t v = (uint32_t)(r->window >> (64 - n));
    drop_bits(r, n);
    return v;
}

static inline bool bits_missing(const bit_reader *r)
{
    return r->held < 0;
}

/* Where the byte after the last one looked into is. */
static inline const uint8_t *byte_after(const bit_reader *r)
{
    return r->at - r->held / 8;
}

#endif
