#include "io/exr_huf.h"

#include <stdlib.h>
#include <string.h>

#include "io/exr_huf_bits.h"

/* ---- lengths of codes ---- */

/* Used symbols by rising frequency, in h->order; returns how many.  A radix sort: thousands of symbols, every 32
 * lines. */
static size_t sort_used(ck_huf *h, uint32_t last)
{
    size_t n = 0;
    uint32_t most = 0;
    for (uint32_t s = 0; s <= last; s++)
        if (h->freq[s]) {
            h->order[n++] = s;
            most = h->freq[s] > most ? h->freq[s] : most;
        }
    uint32_t *from = h->order, *to = h->spare;
    for (int shift = 0; shift < 32 && most >> shift; shift += 8) {
        size_t start[257] = {0};
        for (size_t i = 0; i < n; i++)
            start[(h->freq[from[i]] >> shift & 255) + 1]++;
        for (int b = 0; b < 256; b++)
            start[b + 1] += start[b];
        for (size_t i = 0; i < n; i++)
            to[start[h->freq[from[i]] >> shift & 255]++] = from[i];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != h->order)
        memcpy(h->order, from, n * sizeof *from);
    return n;
}

/* Huffman's tree over n >= 2 symbols by two queues: the sorted leaves, and the inner nodes in the order they are made,
 * which is sorted too.  Depths are at most 46: deeper needs more than 2^32 samples (they grow like Fibonacci's). */
static void measure(ck_huf *h, size_t n)
{
    uint64_t *weight = h->weight;
    uint32_t *parent = h->parent;
    for (size_t i = 0; i < n; i++)
        weight[i] = h->freq[h->order[i]];
    size_t leaf = 0, inner = n;
    for (size_t node = n; node < 2 * n - 1; node++) {
        weight[node] = 0;
        for (int k = 0; k < 2; k++) {
            bool take_leaf = leaf < n && (inner == node || weight[leaf] <= weight[inner]);
            size_t child = take_leaf ? leaf++ : inner++;
            weight[node] += weight[child];
            parent[child] = (uint32_t)node;
        }
    }
    /* Parents come after children, so depths are filled from the root down; `spare` is free again. */
    uint8_t *depth = (uint8_t *)h->spare;
    depth[2 * n - 2] = 0;
    for (size_t node = 2 * n - 2; node-- > 0;) {
        depth[node] = (uint8_t)(depth[parent[node]] + 1);
        if (node < n)
            h->length[h->order[node]] = depth[node];
    }
}

/* The first code of each length; false when there are more codes than bits can tell apart. */
static bool first_codes(const uint32_t count[CK_HUF_MOST + 1], uint64_t first[CK_HUF_MOST + 1])
{
    uint64_t c = 0;
    for (int l = CK_HUF_MOST; l > 0; l--) {
        first[l] = c;
        if (c + count[l] > (uint64_t)1 << l)
            return false;
        c = (c + count[l]) >> 1;
    }
    return true;
}

/* ---- encoding ---- */

static void count(ck_huf *h, const uint16_t *in, size_t n)
{
    /* Two tables, because adding twice to the same place at once waits for the first. */
    uint32_t *even = h->freq, *odd = h->spare;
    memset(even, 0, sizeof h->freq);
    memset(odd, 0, sizeof h->spare);
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        even[in[i]]++;
        odd[in[i + 1]]++;
    }
    if (i < n)
        even[in[i]]++;
    for (i = 0; i < CK_HUF_SYMBOLS; i++)
        even[i] += odd[i];
}

/* The table of lengths into h->table; returns its bytes. */
static size_t pack_table(ck_huf *h, uint32_t first, uint32_t last)
{
    bit_writer w = {.at = h->table};
    for (uint32_t s = first; s <= last;) {
        uint32_t zeros = 0;
        while (s + zeros <= last && !h->length[s + zeros] && zeros < 255 + 6)
            zeros++;
        if (zeros >= 6) {
            put_bits(&w, 63, 6);
            put_bits(&w, zeros - 6, 8);
        } else if (zeros >= 2) {
            put_bits(&w, 57 + zeros, 6);
        } else {
            put_bits(&w, h->length[s], 6);
            zeros = 1;
        }
        s += zeros;
    }
    return (size_t)(end_of_bits(&w) - h->table);
}

/* Codes as (code << 6 | length); returns the bits of the data without repeats, which repeats only make less. */
static uint64_t assign_codes(ck_huf *h, uint32_t last)
{
    uint32_t of_length[CK_HUF_MOST + 1] = {0};
    uint64_t next[CK_HUF_MOST + 1], bits = 0;
    for (uint32_t s = 0; s <= last; s++)
        of_length[h->length[s]]++;
    of_length[0] = 0;
    first_codes(of_length, next);
    for (uint32_t s = 0; s <= last; s++)
        if (h->length[s]) {
            h->code[s] = next[h->length[s]]++ << 6 | h->length[s];
            bits += (uint64_t)h->freq[s] * h->length[s];
        }
    return bits;
}

static inline void put_code(bit_writer *w, uint64_t code)
{
    put_bits(w, code >> 6, code & 63);
}

/* A symbol and `again` more of it, whichever way is shorter. */
static inline void put_run(bit_writer *w, uint64_t code, uint64_t repeat, unsigned again)
{
    put_code(w, code);
    if (again && (repeat & 63) + 8 < (code & 63) * again) {
        put_code(w, repeat);
        put_bits(w, again, 8);
        return;
    }
    while (again--)
        put_code(w, code);
}

/* Whether none of four neighbouring symbols is followed by itself. */
static inline bool all_differ(const uint16_t *in)
{
    uint64_t here, next;
    memcpy(&here, in, 8);
    memcpy(&next, in + 1, 8);
    uint64_t x = here ^ next, low = 0x0001000100010001u;
    return !((x - low) & ~x & low << 15);
}

/* longest: bits of the longest code. */
static void put_all(bit_writer *to, const uint64_t *code, uint64_t repeat, unsigned longest, const uint16_t *in,
                    size_t n)
{
    bit_writer w = *to; /* which stays in registers */
    for (size_t i = 0; i < n;) {
        while (longest <= 28 && n - i > 4 && all_differ(in + i)) {
            for (int k = 0; k < 4; k += 2, i += 2) {
                uint64_t a = code[in[i]], b = code[in[i + 1]];
                add_bits(&w, a >> 6, a & 63);
                add_bits(&w, b >> 6, b & 63);
                flush_bits(&w);
            }
        }
        if (i == n)
            break;
        uint16_t s = in[i++];
        unsigned again = 0;
        while (i < n && in[i] == s && again < 255) {
            again++;
            i++;
        }
        put_run(&w, code[s], repeat, again);
    }
    *to = w;
}

size_t ck_huf_encode(ck_huf *h, const uint16_t *in, size_t n, uint8_t *out, size_t room)
{
    count(h, in, n);
    uint32_t first = 0, last = CK_HUF_SYMBOLS - 2;
    while (!h->freq[first])
        first++;
    while (!h->freq[last])
        last--;
    uint32_t repeat = last + 1;
    h->freq[repeat] = 1;
    memset(h->length, 0, sizeof h->length);
    measure(h, sort_used(h, repeat));

    uint64_t bits = assign_codes(h, repeat);
    size_t table = pack_table(h, first, repeat);
    if (20 + table > room || bits / 8 + 9 > room - 20 - table)
        return 0;
    memcpy(out + 20, h->table, table);
    uint8_t *data = out + 20 + table;
    bit_writer w = {.at = data};
    put_all(&w, h->code, h->code[repeat], h->code[repeat] & 63, in, n);
    uint64_t used = (uint64_t)(w.at - data) * 8 + w.held;
    const uint32_t head[5] = {first, repeat, (uint32_t)table, (uint32_t)used, 0};
    for (int i = 0; i < 5; i++)
        put_little32(out + 4 * i, head[i]);
    return used > UINT32_MAX ? 0 : (size_t)(end_of_bits(&w) - out);
}

/* ---- decoding ---- */

/* Lengths of all symbols from the table; the byte after it, or NULL. */
static const uint8_t *unpack_table(ck_huf *h, const uint8_t *in, const uint8_t *end, uint32_t first, uint32_t last)
{
    bit_reader r = {.at = in, .end = end};
    memset(h->length, 0, sizeof h->length);
    for (uint32_t s = first; s <= last;) {
        uint32_t v = get_bits(&r, 6), zeros = 0;
        if (v == 63)
            zeros = get_bits(&r, 8) + 6;
        else if (v >= 59)
            zeros = v - 57;
        else
            h->length[s++] = (uint8_t)v;
        if (v > CK_HUF_MOST && !zeros)
            return NULL;
        if (zeros > last + 1 - s)
            return NULL;
        s += zeros;
    }
    return bits_missing(&r) ? NULL : byte_after(&r);
}

/* For codes up to CK_HUF_FAST bits a table by the next bits: symbol << 6 | length.  0: look for a longer one, or a
 * repeat.  Symbols of longer codes lie in h->order by length and number, those of length l from offset[l]. */
static bool build_decoder(ck_huf *h, uint32_t first, uint32_t last)
{
    memset(h->of_length, 0, sizeof h->of_length);
    for (uint32_t s = first; s <= last; s++)
        h->of_length[h->length[s]]++;
    h->of_length[0] = 0;
    if (!first_codes(h->of_length, h->first))
        return false;
    uint64_t next[CK_HUF_MOST + 1];
    uint32_t at[CK_HUF_MOST + 1], sum = 0;
    memcpy(next, h->first, sizeof next);
    for (int l = 0; l <= CK_HUF_MOST; l++) {
        h->offset[l] = at[l] = sum;
        sum += h->of_length[l];
    }
    memset(h->fast, 0, sizeof h->fast);
    for (uint32_t s = first; s <= last; s++) {
        int l = h->length[s];
        if (!l)
            continue;
        h->order[at[l]++] = s;
        if (l > CK_HUF_FAST || s == last)
            continue;
        uint32_t *entry = h->fast + (next[l]++ << (CK_HUF_FAST - l));
        for (int i = 0; i < 1 << (CK_HUF_FAST - l); i++)
            entry[i] = s << 6 | (uint32_t)l;
    }
    return true;
}

/* One symbol the slow way, or -1. */
static int64_t decode_one(const ck_huf *h, bit_reader *r)
{
    refill_bits(r);
    for (int l = 1; l <= CK_HUF_MOST; l++) {
        uint64_t i = (r->window >> (64 - l)) - h->first[l];
        if (i < h->of_length[l]) {
            drop_bits(r, (unsigned)l);
            return h->order[h->offset[l] + i];
        }
    }
    return -1;
}

static bool decode_data(const ck_huf *h, bit_reader *r, uint32_t repeat, uint16_t *out, size_t n)
{
    uint16_t *at = out, *end = out + n;
    while (at < end) {
        refill_bits(r);
        if (bits_missing(r))
            return false;
        /* 56 bits are there: as many codes as that is good for. */
        for (int k = 0; k < 56 / CK_HUF_FAST && at < end; k++) {
            uint32_t entry = h->fast[r->window >> (64 - CK_HUF_FAST)];
            if (!entry)
                break;
            *at++ = (uint16_t)(entry >> 6);
            drop_bits(r, entry & 63);
        }
        if (at == end || h->fast[r->window >> (64 - CK_HUF_FAST)])
            continue;
        int64_t s = decode_one(h, r);
        if (s < 0)
            return false;
        if (s != repeat) {
            *at++ = (uint16_t)s;
            continue;
        }
        size_t again = get_bits(r, 8);
        if (!again || at == out || again > (size_t)(end - at))
            return false;
        for (uint16_t last = at[-1]; again--;)
            *at++ = last;
    }
    return !bits_missing(r);
}

bool ck_huf_decode(ck_huf *h, const uint8_t *in, size_t bytes, uint16_t *out, size_t n)
{
    if (bytes < 20)
        return false;
    uint32_t first = get_little32(in), repeat = get_little32(in + 4), bits = get_little32(in + 12);
    if (first > repeat || repeat >= CK_HUF_SYMBOLS)
        return false;
    const uint8_t *end = in + bytes, *data = unpack_table(h, in + 20, end, first, repeat);
    if (!data || ((uint64_t)bits + 7) / 8 > (uint64_t)(end - data) || !build_decoder(h, first, repeat))
        return false;
    bit_reader r = {.at = data, .end = data + ((uint64_t)bits + 7) / 8};
    return decode_data(h, &r, repeat, out, n);
}

ck_huf *ck_huf_new(void)
{
    return malloc(sizeof(ck_huf));
}
