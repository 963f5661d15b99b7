#include "io/exr_huffman.h"

#include <stdlib.h>
#include <string.h>

#include "base/clones.h"

enum {
    HEADER = CK_HUFFMAN_HEADER,
    SYMBOLS = CK_HUFFMAN_SYMBOLS,
    LONGEST = CK_HUFFMAN_LONGEST,
    LOOK = 13 /* bits looked up at once; a table of 32 KB, which fits the L1 cache */
};

/* Up to two words for the next LOOK bits:
 *
 *     bits 0-7 bits of all codes | 8-15 of the first | 16-23 number of words | 24-31 1: the run symbol | words
 *
 * The first byte alone is a shift count, so the next look-up waits for a load and a shift only.  No words: a longer
 * code, none, or the run symbol. */
typedef uint64_t entry;

static inline unsigned first_bits(entry e)
{
    return e >> 8 & 255;
}

static inline unsigned words_of(entry e)
{
    return e >> 16 & 255;
}

static inline bool is_run(entry e)
{
    return e >> 24 & 1;
}

static entry make_entry(unsigned bits, unsigned first, unsigned words, bool run, uint32_t a, uint32_t b)
{
    return bits | first << 8 | words << 16 | (entry)run << 24 | (entry)(a & 0xffff) << 32 | (entry)(b & 0xffff) << 48;
}

struct ck_exr_huffman {
    entry look[1 << LOOK];
    uint32_t coded[SYMBOLS];     /* symbols that have a code, ascending */
    uint8_t length[SYMBOLS];     /* its length, for each of `coded` */
    uint32_t n;                  /* how many */
    uint32_t sorted[SYMBOLS];    /* symbols by length, then by number */
    uint64_t first[LONGEST + 1]; /* code of each length's first symbol */
    uint64_t least[LONGEST + 1]; /* the same, from the top of 64 bits */
    uint32_t from[LONGEST + 2];  /* its place in `sorted` */
    uint32_t run;                /* the run symbol */
};

ck_exr_huffman *ck_exr_huffman_new(void)
{
    return calloc(1, sizeof(ck_exr_huffman));
}

void ck_exr_huffman_free(ck_exr_huffman *h)
{
    free(h);
}

/* Bits of `bytes` bytes at `in`; past the end they are 0. */
typedef struct bits {
    const uint8_t *in;
    size_t bytes, at; /* at: in bits */
} bits;

/* The next 57 bits or more, from the top. */
static inline uint64_t peek(const bits *b)
{
    size_t byte = b->at >> 3;
    uint64_t v = 0;
    if (byte + 8 <= b->bytes)
        memcpy(&v, b->in + byte, 8);
    else if (byte < b->bytes)
        memcpy(&v, b->in + byte, b->bytes - byte);
    return __builtin_bswap64(v) << (b->at & 7);
}

static uint32_t take(bits *b, unsigned n)
{
    uint32_t v = (uint32_t)(peek(b) >> (64 - n));
    b->at += n;
    return v;
}

static bool read_lengths(ck_exr_huffman *h, bits *b, uint32_t first, uint32_t last)
{
    h->n = 0;
    for (uint32_t i = first; i <= last;) {
        uint32_t v = take(b, 6);
        if (b->at > 8 * b->bytes)
            return false;
        if (v < CK_HUFFMAN_ZEROS) {
            h->coded[h->n] = i++;
            h->length[h->n] = (uint8_t)v;
            h->n += v > 0;
            continue;
        }
        i += v == CK_HUFFMAN_MANY_ZEROS ? take(b, 8) + CK_HUFFMAN_FEWEST_MANY : v - CK_HUFFMAN_ZEROS + 2;
        if (i > last + 1)
            return false;
    }
    return true;
}

/* Codes of all lengths; false if there are more than the bits allow. */
static bool number_codes(ck_exr_huffman *h)
{
    uint32_t count[LONGEST + 1] = {0}, at[LONGEST + 1];
    uint64_t code = 0;
    for (uint32_t i = 0; i < h->n; i++)
        count[h->length[i]]++;
    for (int l = LONGEST; l > 0; l--) {
        h->first[l] = code;
        h->least[l] = code << (64 - l);
        if (code + count[l] > 1ULL << l)
            return false;
        code = (code + count[l]) >> 1;
    }
    h->from[1] = 0;
    for (int l = 1; l <= LONGEST; l++)
        h->from[l + 1] = h->from[l] + count[l];
    memcpy(at, h->from, sizeof at);
    for (uint32_t i = 0; i < h->n; i++)
        h->sorted[at[h->length[i]]++] = h->coded[i];
    return true;
}

/* Entries for the first code in the bits. */
static void fill_single(ck_exr_huffman *h)
{
    memset(h->look, 0, sizeof h->look);
    for (unsigned l = 1; l <= LOOK; l++)
        for (uint32_t i = h->from[l]; i < h->from[l + 1]; i++) {
            uint32_t symbol = h->sorted[i];
            size_t at = (size_t)(h->first[l] + i - h->from[l]) << (LOOK - l);
            bool run = symbol == h->run;
            entry e = make_entry(l, l, !run, run, symbol, 0);
            for (size_t k = 0; k < (size_t)1 << (LOOK - l); k++)
                h->look[at + k] = e;
        }
}

/* A second code, if the bits behind the first hold a whole one.  Looked up with zeros behind it, its own first code is
 * right if it ends before them. */
static void fill_pairs(ck_exr_huffman *h)
{
    for (size_t i = 0; i < (size_t)1 << LOOK; i++) {
        entry e = h->look[i];
        unsigned own = first_bits(e);
        if (!words_of(e) || own >= LOOK)
            continue;
        entry next = h->look[(i << own) & ((1 << LOOK) - 1)];
        if (words_of(next) && own + first_bits(next) <= LOOK)
            h->look[i] = make_entry(own + first_bits(next), own, 2, false, (uint32_t)(e >> 32), (uint32_t)(next >> 32));
    }
}

/* The symbol of a code longer than LOOK, or SYMBOLS if no code matches.  v: the next bits, from the top. */
static inline uint32_t long_code(const ck_exr_huffman *h, uint64_t v, unsigned *length)
{
    unsigned l = LOOK + 1;
    while (l < LONGEST && (v < h->least[l] || h->from[l] == h->from[l + 1]))
        l++;
    uint64_t code = (v >> (64 - l)) - h->first[l];
    *length = l;
    return v >= h->least[l] && code < h->from[l + 1] - h->from[l] ? h->sorted[h->from[l] + code] : (uint32_t)SYMBOLS;
}

/* One code of any length, and its run; the new end of the output, or NULL. */
static uint16_t *decode_one(const ck_exr_huffman *h, bits *b, const uint16_t *start, uint16_t *out, const uint16_t *end)
{
    uint64_t v = peek(b);
    entry e = h->look[v >> (64 - LOOK)];
    unsigned length = first_bits(e);
    uint32_t symbol = is_run(e) ? h->run : (uint32_t)(e >> 32) & 0xffff;
    if (!length) {
        /* peek gives 57 bits; the longest code may need the next one. */
        bits next = {b->in, b->bytes, b->at + 32};
        symbol = long_code(h, v >> 32 << 32 | peek(&next) >> 32, &length);
        if (symbol == SYMBOLS)
            return NULL;
    }
    b->at += length;
    if (symbol != h->run) {
        *out = (uint16_t)symbol;
        return out + 1;
    }
    size_t times = take(b, 8);
    if (out == start || times > (size_t)(end - out))
        return NULL;
    for (size_t i = 0; i < times; i++)
        out[i] = out[-1];
    return out + times;
}

/* Look-ups after one refill, which gives 56 bits. */
#define LOOKS 4

/* The words of all codes that two loads away from the end of the data can be decoded; stops before the others: runs,
 * codes above 56 bits, damage, and the last words.  The position advances in `b`. */
CK_CLONES_SHORT
static uint16_t *decode_fast(const ck_exr_huffman *h, bits *b, uint16_t *out, const uint16_t *end)
{
    const uint8_t *in = b->in + (b->at >> 3), *last = b->in + b->bytes - 8;
    uint64_t v = 0, have = 0, word; /* bits from the top, and how many */
    bool more = end - out >= 2 * LOOKS && b->bytes >= 16 && in < last;
    if (more) {
        memcpy(&word, in, 8);
        v = __builtin_bswap64(word) << (b->at & 7);
        have = 56 - (b->at & 7);
        in += 7;
    }
    while (more && in <= last) {
        /* The address is known long before the bits that it adds to. */
        memcpy(&word, in, 8);
        v |= __builtin_bswap64(word) >> have;
        in += (63 - have) >> 3;
        have |= 56;
        entry e = 0;
        for (int k = 0; k < LOOKS; k++) {
            e = h->look[v >> (64 - LOOK)];
            uint32_t words = (uint32_t)(e >> 32);
            if (!words_of(e))
                break;
            memcpy(out, &words, sizeof words); /* a word too many is overwritten by the next */
            out += words_of(e);
            have -= e & 63;
            v <<= e & 63;
        }
        more = end - out >= 2 * LOOKS;
        if (words_of(e))
            continue;
        unsigned length = 0;
        uint32_t symbol = is_run(e) ? h->run : long_code(h, v, &length);
        if (symbol == h->run || symbol == SYMBOLS || length > have)
            break;
        *out++ = (uint16_t)symbol;
        have -= length;
        v <<= length;
    }
    if (v || have)
        b->at = (size_t)(in - b->in) * 8 - have;
    return out;
}

static bool decode_all(const ck_exr_huffman *h, bits *b, uint16_t *out, size_t n)
{
    const uint16_t *start = out, *end = out + n;
    while (out < end) {
        out = decode_fast(h, b, out, end);
        if (out < end && !(out = decode_one(h, b, start, out, end)))
            return false;
        if (b->at > 8 * b->bytes) /* zeros past the end may be codes, even runs of nothing */
            return false;
    }
    return true;
}

static uint32_t read_u32(const uint8_t *in)
{
    uint32_t v;
    memcpy(&v, in, sizeof v); /* little-endian, as this machine */
    return v;
}

bool ck_exr_huffman_decode(ck_exr_huffman *h, const uint8_t *in, size_t in_bytes, uint16_t *out, size_t n)
{
    if (!in_bytes)
        return n == 0;
    if (in_bytes < HEADER)
        return false;
    uint32_t first = read_u32(in), last = read_u32(in + 4), data_bits = read_u32(in + 12);
    bits b = {in + HEADER, in_bytes - HEADER, 0};
    if (first >= SYMBOLS || last >= SYMBOLS || first > last || !read_lengths(h, &b, first, last))
        return false;
    h->run = last;
    size_t table = (b.at + 7) / 8;
    if (table > b.bytes || data_bits > 8 * (b.bytes - table) || !number_codes(h))
        return false;
    fill_single(h);
    fill_pairs(h);
    b = (bits){b.in + table, b.bytes - table, 0};
    return decode_all(h, &b, out, n) && b.at == data_bits;
}
