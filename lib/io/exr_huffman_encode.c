#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "io/exr_alike.h"
#include "io/exr_huffman.h"

/* Frequencies --sort, merge--> lengths --canonical--> codes; then lengths and codes are written.
 *
 * Ties of frequencies are broken by the symbols, as OpenEXR does, whose heap gives the same tree as the two queues
 * here: of nodes with one frequency, all exist before the first one is taken, so their pairs are made in order. */

enum {
    HEADER = CK_HUFFMAN_HEADER,
    SYMBOLS = CK_HUFFMAN_SYMBOLS,
    SYMBOL_BITS = 17,
    LENGTH_BITS = 6,
    SHORT = 28, /* two codes of this length fit behind 7 bits that are not written yet */
    MOST_RUN = 255,
    DIGIT = 11
};

#define SYMBOL_MASK ((1u << SYMBOL_BITS) - 1)
#define LENGTH_MASK ((1u << LENGTH_BITS) - 1)

struct ck_exr_huffman_encoder {
    /* Words at even and odd places: equal neighbours need not wait for each other.  All zero between encodings. */
    uint32_t count[2][SYMBOLS - 1];
    uint32_t n;               /* symbols that occur */
    uint32_t symbol[SYMBOLS]; /* these, ascending; the last one is the run symbol */
    /* Nodes of the tree: frequency << SYMBOL_BITS | symbol, which also is their order.  Leaves, then inner nodes. */
    uint64_t leaf[SYMBOLS + 1], inner[SYMBOLS + 1];
    uint64_t swap[SYMBOLS];       /* leaves while they are sorted */
    uint32_t parent[2 * SYMBOLS]; /* of leaves 0 to n-1, and of inner nodes from n */
    uint8_t depth[2 * SYMBOLS];
    uint8_t length[SYMBOLS]; /* of the symbol's code; 0: none */
    uint64_t code[SYMBOLS];  /* code << LENGTH_BITS | length, for symbols that occur */
    unsigned longest;
};

ck_exr_huffman_encoder *ck_exr_huffman_encoder_new(void)
{
    return calloc(1, sizeof(ck_exr_huffman_encoder));
}

void ck_exr_huffman_encoder_free(ck_exr_huffman_encoder *h)
{
    free(h);
}

/* Codes of one length would take SYMBOL_BITS per word, and Huffman's take no more. */
size_t ck_exr_huffman_bound(size_t n)
{
    return HEADER + (SYMBOLS * LENGTH_BITS + 7) / 8 + (n * SYMBOL_BITS + 7) / 8 + 2 * sizeof(uint64_t);
}

/* Words from `in` on, in sixteens, that all equal the first one. */
static inline size_t alike(const uint16_t *in, size_t n)
{
    size_t k = 0;
    while (k + CK_EXR_ALIKE <= n && in[k] == in[0] && ck_exr_alike(in + k))
        k += CK_EXR_ALIKE;
    return k;
}

static void count_words(ck_exr_huffman_encoder *h, const uint16_t *in, size_t n)
{
    uint32_t *restrict even = h->count[0], *restrict odd = h->count[1];
    size_t i = 0;
    while (i + CK_EXR_ALIKE <= n) {
        size_t run = alike(in + i, n - i);
        if (run) {
            even[in[i]] += (uint32_t)run;
            i += run;
            continue;
        }
        for (size_t end = i + CK_EXR_ALIKE; i < end; i += 4) {
            if (ck_exr_four(in + i) == ck_exr_four_of(in[i])) {
                even[in[i]] += 4;
                continue;
            }
            even[in[i]]++;
            odd[in[i + 1]]++;
            even[in[i + 2]]++;
            odd[in[i + 3]]++;
        }
    }
    for (; i < n; i++)
        even[in[i]]++;
}

/* The symbols that occur, and a leaf for each.  Counts become zero again.  Most of a chunk's symbols do not occur. */
static void list_symbols(ck_exr_huffman_encoder *h)
{
    enum { AT_ONCE = 16 };
    uint32_t *even = h->count[0], *odd = h->count[1];
    uint32_t n = 0;
    for (uint32_t s = 0; s < SYMBOLS - 1; s += AT_ONCE) {
        uint32_t any = 0;
        for (uint32_t i = s; i < s + AT_ONCE; i++)
            any |= even[i] | odd[i];
        for (uint32_t i = s; any && i < s + AT_ONCE; i++) {
            uint64_t f = (uint64_t)even[i] + odd[i];
            h->symbol[n] = i;
            h->leaf[n] = f << SYMBOL_BITS | i;
            n += f > 0;
        }
        if (any) {
            memset(even + s, 0, AT_ONCE * sizeof *even);
            memset(odd + s, 0, AT_ONCE * sizeof *odd);
        }
    }
    uint32_t run = h->symbol[n - 1] + 1;
    h->symbol[n] = run;
    h->leaf[n] = 1u << SYMBOL_BITS | run;
    h->n = n + 1;
}

/* Sort by frequency; equal ones stay in the order of their symbols. */
static void sort_leaves(ck_exr_huffman_encoder *h)
{
    uint64_t all = 0, *from = h->leaf, *to = h->swap;
    for (uint32_t i = 0; i < h->n; i++)
        all |= h->leaf[i];
    for (unsigned shift = SYMBOL_BITS; all >> shift; shift += DIGIT) {
        uint32_t at[(1 << DIGIT) + 1] = {0};
        for (uint32_t i = 0; i < h->n; i++)
            at[(from[i] >> shift & ((1 << DIGIT) - 1)) + 1]++;
        for (uint32_t d = 0; d < 1 << DIGIT; d++)
            at[d + 1] += at[d];
        for (uint32_t i = 0; i < h->n; i++)
            to[at[from[i] >> shift & ((1 << DIGIT) - 1)]++] = from[i];
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != h->leaf)
        memcpy(h->leaf, from, h->n * sizeof *from);
}

/* Merge the two least nodes until one is left.  Beyond the end of each queue is a node greater than all. */
static void merge(ck_exr_huffman_encoder *h)
{
    uint32_t n = h->n, next[2] = {0, 0}; /* leaf, inner node */
    h->leaf[n] = UINT64_MAX;
    memset(h->inner, 0xff, n * sizeof *h->inner);
    for (uint32_t made = 0; made < n - 1; made++) {
        uint64_t frequency = 0, node = 0;
        for (int i = 0; i < 2; i++) {
            uint64_t a = h->leaf[next[0]], b = h->inner[next[1]];
            bool inner = b < a;
            node = inner ? b : a;
            frequency += node >> SYMBOL_BITS;
            h->parent[next[inner] + (inner ? n : 0)] = made;
            next[inner]++;
        }
        h->inner[made] = frequency << SYMBOL_BITS | (node & SYMBOL_MASK);
    }
}

static void find_lengths(ck_exr_huffman_encoder *h)
{
    uint32_t n = h->n;
    memset(h->length, 0, sizeof h->length);
    h->depth[n + n - 2] = 0;
    for (uint32_t i = n + n - 2; i-- > 0;)
        h->depth[i] = (uint8_t)(h->depth[n + h->parent[i]] + 1);
    h->longest = 0;
    for (uint32_t i = 0; i < n; i++) {
        h->length[h->leaf[i] & SYMBOL_MASK] = h->depth[i];
        h->longest = h->depth[i] > h->longest ? h->depth[i] : h->longest;
    }
}

static void number_codes(ck_exr_huffman_encoder *h)
{
    uint64_t next[CK_HUFFMAN_LONGEST + 1] = {0}, code = 0;
    for (uint32_t i = 0; i < h->n; i++)
        next[h->length[h->symbol[i]]]++;
    for (int l = CK_HUFFMAN_LONGEST; l > 0; l--) {
        uint64_t first = code;
        code = (code + next[l]) >> 1;
        next[l] = first;
    }
    for (uint32_t i = 0; i < h->n; i++) {
        uint32_t s = h->symbol[i];
        h->code[s] = next[h->length[s]]++ << LENGTH_BITS | h->length[s];
    }
}

/* Bits on their way out: `n` of them in `bits`, at the low end; fewer than 8 after flush. */
typedef struct sink {
    uint8_t *out;
    uint64_t bits;
    unsigned n;
} sink;

static inline void put(sink *k, uint64_t code)
{
    k->bits = k->bits << (code & LENGTH_MASK) | code >> LENGTH_BITS;
    k->n += code & LENGTH_MASK;
}

static inline void flush(sink *k)
{
    uint64_t v = __builtin_bswap64(k->bits << 1 << (63 - k->n));
    memcpy(k->out, &v, sizeof v);
    k->out += k->n >> 3;
    k->n &= 7;
}

static inline uint64_t plain(uint64_t bits, unsigned length)
{
    return bits << LENGTH_BITS | length;
}

/* The last byte, filled with zeros. */
static uint8_t *end_of(sink *k)
{
    flush(k);
    return k->out + (k->n > 0);
}

static uint8_t *write_lengths(const ck_exr_huffman_encoder *h, uint8_t *out)
{
    sink k = {.out = out};
    uint32_t last = h->symbol[h->n - 1];
    for (uint32_t i = 0; i < h->n; i++) {
        put(&k, plain(h->length[h->symbol[i]], LENGTH_BITS));
        flush(&k);
        uint32_t zeros = h->symbol[i] < last ? h->symbol[i + 1] - h->symbol[i] - 1 : 0;
        while (zeros) {
            uint32_t now = zeros < CK_HUFFMAN_MOST_MANY ? zeros : CK_HUFFMAN_MOST_MANY;
            if (now >= CK_HUFFMAN_FEWEST_MANY)
                put(&k, plain(CK_HUFFMAN_MANY_ZEROS << 8 | (now - CK_HUFFMAN_FEWEST_MANY), LENGTH_BITS + 8));
            else
                put(&k, plain(now > 1 ? CK_HUFFMAN_ZEROS + now - 2 : 0, LENGTH_BITS));
            flush(&k);
            zeros -= now;
        }
    }
    return end_of(&k);
}

/* The word and `more` like it, by the run symbol if that is shorter. */
static void put_run(const ck_exr_huffman_encoder *h, sink *k, uint64_t code, size_t more)
{
    uint64_t run = h->code[h->symbol[h->n - 1]];
    bool shorter = (code & LENGTH_MASK) + (run & LENGTH_MASK) + 8 < (code & LENGTH_MASK) * more;
    put(k, code);
    flush(k);
    if (shorter) {
        put(k, run);
        flush(k);
        put(k, plain(more, 8));
        flush(k);
        return;
    }
    for (size_t i = 0; i < more; i++) {
        put(k, code);
        flush(k);
    }
}

/* Words from `in` on that equal it, up to the longest run. */
static size_t run_length(const uint16_t *in, size_t n)
{
    size_t run = 1;
    uint64_t all = ck_exr_four_of(in[0]);
    n = n < MOST_RUN + 1 ? n : MOST_RUN + 1;
    while (run + CK_EXR_ALIKE <= n && in[run] == in[0] && ck_exr_alike(in + run))
        run += CK_EXR_ALIKE;
    while (run + 4 <= n && ck_exr_four(in + run) == all)
        run += 4;
    while (run < n && in[run] == in[0])
        run++;
    return run;
}

/* True if a run that the run symbol may shorten begins at one of the four words at `in`, or may begin there.  The run
 * symbol is as rare as any, so no code is longer than its own, and a run of three words is never shorter by it. */
static inline bool may_run(const uint16_t *in)
{
    const uint64_t low = 0x7fff7fff7fff7fff, first_three = 0x0000800080008000;
    uint64_t differ = ck_exr_four(in) ^ ck_exr_four(in + 1), same = ~(((differ & low) + low) | differ | low);
    return same >> 63 || (same & first_three) == first_three;
}

/* Returns the number of bits. */
CK_CLONES_SHORT
static uint64_t write_words(const ck_exr_huffman_encoder *h, const uint16_t *in, size_t n, uint8_t *out)
{
    sink k = {.out = out};
    for (size_t i = 0; i < n;) {
        if (h->longest <= SHORT && i + 5 <= n && !may_run(in + i)) {
            put(&k, h->code[in[i]]);
            put(&k, h->code[in[i + 1]]);
            flush(&k);
            put(&k, h->code[in[i + 2]]);
            put(&k, h->code[in[i + 3]]);
            flush(&k);
            i += 4;
            continue;
        }
        size_t run = run_length(in + i, n - i);
        put_run(h, &k, h->code[in[i]], run - 1);
        i += run;
    }
    return (uint64_t)(k.out - out) * 8 + k.n;
}

static void put_u32(uint8_t *out, uint32_t v)
{
    memcpy(out, &v, sizeof v); /* little-endian, as this machine */
}

size_t ck_exr_huffman_encode(ck_exr_huffman_encoder *h, const uint16_t *in, size_t n, uint8_t *out)
{
    count_words(h, in, n);
    list_symbols(h);
    sort_leaves(h);
    merge(h);
    find_lengths(h);
    number_codes(h);
    uint8_t *data = write_lengths(h, out + HEADER);
    uint64_t bits = write_words(h, in, n, data);
    put_u32(out, h->symbol[0]);
    put_u32(out + 4, h->symbol[h->n - 1]);
    put_u32(out + 8, (uint32_t)(data - out - HEADER));
    put_u32(out + 12, (uint32_t)bits);
    put_u32(out + 16, 0);
    return (size_t)(data - out) + (size_t)((bits + 7) / 8);
}
