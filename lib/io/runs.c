/* Two passes over a block: count symbols, write their codes.  A place is looked at every eight bytes: either these
 * repeat the byte before, and a run begins, or they are eight literals. */
#include "io/runs.h"

#include <string.h>

enum { END = 256, SYMBOLS = 286, LONGEST = 14, MATCH = 258 }; /* LONGEST: bits; four codes fit beside 7 waiting bits */

/* Codes of the lengths 3 to 258 from symbol 257 on: the first length of each, and its extra bits. */
static const uint16_t first_length[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                          31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t extra_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

static unsigned length_code(size_t length)
{
    unsigned k = 28;
    while (first_length[k] > length)
        k--;
    return k;
}

/* Bytes from s[i] on that repeat s[i-1]; 0 if fewer than eight. */
static inline size_t run_at(const uint8_t *s, size_t i, size_t n)
{
    uint64_t now, before;
    size_t at = i;
    for (; at + 8 <= n; at += 8) {
        memcpy(&now, s + at, 8);
        memcpy(&before, s + at - 1, 8);
        if (now != before)
            break;
    }
    while (at > i && at < n && s[at] == s[i - 1])
        at++;
    return at - i;
}

/* ---- counting ---- */

/* Four tables, so that equal neighbours do not wait for each other. */
typedef uint32_t counts[4][SYMBOLS];

static void count_run(counts c, uint8_t byte, size_t length)
{
    size_t rest = length % MATCH;
    c[0][257 + 28] += (uint32_t)(length / MATCH);
    if (rest >= 3)
        c[0][257 + length_code(rest)]++;
    else
        c[0][byte] += (uint32_t)rest;
}

static void count(const uint8_t *s, size_t n, counts c)
{
    size_t i = 1;
    memset(c, 0, sizeof(counts));
    c[0][END] = 1;
    c[0][s[0]]++;
    while (i + 8 <= n) {
        size_t run = run_at(s, i, n);
        if (run) {
            count_run(c, s[i], run);
            i += run;
            continue;
        }
        for (size_t k = 0; k < 8; k++)
            c[k % 4][s[i + k]]++;
        i += 8;
    }
    for (; i < n; i++)
        c[0][s[i]]++;
    for (int k = 0; k < SYMBOLS; k++)
        c[0][k] += c[1][k] + c[2][k] + c[3][k];
}

/* ---- codes ---- */

/* Lengths of the Huffman codes of m symbols, in the order of rising frequencies f.  Two queues: the leaves, and the
 * joined nodes, which rise as well. */
static unsigned huffman(const uint32_t *f, int m, uint8_t *length)
{
    uint32_t sum[SYMBOLS];
    int up[2 * SYMBOLS], leaf = 0, node = 0, made = 0;
    unsigned most = 0;
    for (; made < m - 1; made++) {
        sum[made] = 0;
        for (int k = 0; k < 2; k++) {
            bool take = leaf < m && (node == made || f[leaf] <= sum[node]);
            sum[made] += take ? f[leaf] : sum[node];
            up[take ? leaf++ : m + node++] = m + made;
        }
    }
    unsigned depth[2 * SYMBOLS];
    depth[m + made - 1] = 0;
    for (int k = m + made - 2; k >= 0; k--)
        depth[k] = depth[up[k]] + 1;
    for (int k = 0; k < m; k++) {
        length[k] = (uint8_t)depth[k];
        most = depth[k] > most ? depth[k] : most;
    }
    return most;
}

/* Symbols that occur, by rising frequency. */
static int sort(const uint32_t *f, uint16_t *order)
{
    int m = 0;
    for (int s = 0; s < SYMBOLS; s++) {
        if (!f[s])
            continue;
        int at = m++;
        for (; at > 0 && f[order[at - 1]] > f[s]; at--)
            order[at] = order[at - 1];
        order[at] = (uint16_t)s;
    }
    return m;
}

/* END and a byte occur.  Flatter frequencies until no code is too long. */
static void find_lengths(uint32_t *f, uint8_t length[SYMBOLS])
{
    uint16_t order[SYMBOLS];
    uint32_t rising[SYMBOLS];
    uint8_t found[SYMBOLS];
    int m = sort(f, order);
    for (int k = 0; k < m; k++)
        rising[k] = f[order[k]];
    while (huffman(rising, m, found) > LONGEST)
        for (int k = 0; k < m; k++)
            rising[k] = rising[k] / 2 + 1;
    memset(length, 0, SYMBOLS);
    for (int k = 0; k < m; k++)
        length[order[k]] = found[k];
}

typedef struct code {
    uint16_t bits; /* the first one lowest */
    uint16_t n;
} code;

static void find_codes(const uint8_t length[SYMBOLS], code c[SYMBOLS])
{
    unsigned next = 0;
    for (unsigned n = 1; n <= LONGEST; n++, next <<= 1)
        for (int s = 0; s < SYMBOLS; s++) {
            if (length[s] != n)
                continue;
            unsigned reversed = 0;
            for (unsigned k = 0; k < n; k++)
                reversed |= (next >> k & 1) << (n - 1 - k);
            c[s] = (code){(uint16_t)reversed, (uint16_t)n};
            next++;
        }
}

/* ---- writing ---- */

static inline void put(ck_runs *r, uint64_t bits, unsigned n)
{
    r->bits |= bits << r->n;
    r->n += n;
}

/* Whole bytes leave. */
static inline uint8_t *flush(ck_runs *r, uint8_t *out)
{
    memcpy(out, &r->bits, 8);
    out += r->n / 8;
    r->bits >>= r->n / 8 * 8;
    r->n %= 8;
    return out;
}

static uint8_t *put_header(ck_runs *r, const uint8_t length[SYMBOLS], bool last, uint8_t *out)
{
    /* Lengths 0 to 15 as they are, in four bits each: order of RFC 1951, 3.2.7. */
    put(r, last | 2u << 1, 3);
    put(r, SYMBOLS - 257, 5);
    put(r, 0, 5); /* one distance */
    put(r, 19 - 4, 4);
    for (int k = 0; k < 19; k++) {
        put(r, k < 3 ? 0 : 4, 3); /* 16, 17 and 18, for repeated lengths, come first */
        out = flush(r, out);
    }
    for (int s = 0; s <= SYMBOLS; s++) {
        unsigned n = s < SYMBOLS ? length[s] : 1; /* distance 1 has a code of one bit */
        put(r, (n & 1) << 3 | (n & 2) << 1 | (n & 4) >> 1 | (n & 8) >> 3, 4);
        out = flush(r, out);
    }
    return out;
}

static uint8_t *put_run(ck_runs *r, const code *c, uint8_t byte, size_t length, uint8_t *out)
{
    for (; length >= 3; out = flush(r, out)) {
        size_t take = length < MATCH ? length : MATCH;
        unsigned k = length_code(take);
        put(r, c[257 + k].bits, c[257 + k].n);
        put(r, take - first_length[k], extra_bits[k] + 1u); /* and the distance: 0 */
        length -= take;
    }
    for (; length; length--)
        put(r, c[byte].bits, c[byte].n);
    return flush(r, out);
}

static inline void put_four(ck_runs *r, const code *c, const uint8_t *s)
{
    uint64_t a = c[s[0]].bits | (uint64_t)c[s[1]].bits << c[s[0]].n,
             b = c[s[2]].bits | (uint64_t)c[s[3]].bits << c[s[2]].n;
    unsigned n = c[s[0]].n + c[s[1]].n;
    put(r, a | b << n, n + c[s[2]].n + c[s[3]].n);
}

size_t ck_runs_block(ck_runs *state, const uint8_t *s, size_t n, bool last, uint8_t *out)
{
    counts f;
    uint8_t length[SYMBOLS];
    code c[SYMBOLS] = {{0}};
    ck_runs r = *state; /* in registers */
    uint8_t *from = out;
    count(s, n, f);
    find_lengths(f[0], length);
    find_codes(length, c);
    out = put_header(&r, length, last, out);
    size_t i = 1;
    put(&r, c[s[0]].bits, c[s[0]].n);
    out = flush(&r, out);
    while (i + 8 <= n) {
        size_t run = run_at(s, i, n);
        if (run) {
            out = put_run(&r, c, s[i], run, out);
            i += run;
            continue;
        }
        put_four(&r, c, s + i);
        out = flush(&r, out);
        put_four(&r, c, s + i + 4);
        out = flush(&r, out);
        i += 8;
    }
    for (; i < n; i++) {
        put(&r, c[s[i]].bits, c[s[i]].n);
        out = flush(&r, out);
    }
    put(&r, c[END].bits, c[END].n);
    r.n = last ? (r.n + 7) / 8 * 8 : r.n;
    out = flush(&r, out);
    *state = r;
    return (size_t)(out - from);
}
