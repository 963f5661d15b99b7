#include "io/exr_piz.h"

#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "io/exr_huffman.h"

#define BITMAP_BYTES 8192 /* a bit for each value of 16 bits */

struct ck_piz {
    ck_exr_huffman *huffman;
    uint16_t table[1 << 16]; /* value of each index */
    uint16_t *words;         /* coefficients, then indices */
    size_t capacity;
};

ck_piz *ck_piz_new(void)
{
    ck_piz *p = calloc(1, sizeof *p);
    if (p && !(p->huffman = ck_exr_huffman_new())) {
        free(p);
        p = NULL;
    }
    return p;
}

void ck_piz_free(ck_piz *p)
{
    if (!p)
        return;
    ck_exr_huffman_free(p->huffman);
    free(p->words);
    free(p);
}

/* Pairs (l, h) become (a, b).  In 14 bits: mean and difference.  Any wider range wraps around. */
static inline void pair14(uint16_t l, uint16_t h, uint16_t *a, uint16_t *b)
{
    int16_t hs = (int16_t)h;
    uint16_t first = (uint16_t)(l + (hs & 1) + (hs >> 1));
    *a = first;
    *b = (uint16_t)(first - h);
}

static inline void pair16(uint16_t l, uint16_t h, uint16_t *a, uint16_t *b)
{
    uint16_t second = (uint16_t)(l - (h >> 1));
    *a = (uint16_t)(h + second - 0x8000);
    *b = second;
}

/* A square of four, first down, then across. */
#define SQUARE(PAIR, P00, P01, P10, P11)                                                                               \
    do {                                                                                                               \
        uint16_t a_, b_, c_, d_;                                                                                       \
        PAIR(P00, P10, &a_, &c_);                                                                                      \
        PAIR(P01, P11, &b_, &d_);                                                                                      \
        PAIR(a_, b_, &(P00), &(P01));                                                                                  \
        PAIR(c_, d_, &(P10), &(P11));                                                                                  \
    } while (0)

/* n squares of two neighbouring lines: the last level, with three quarters of the work. */
#define NEIGHBOURS(NAME, PAIR)                                                                                         \
    CK_CLONES_SHORT                                                                                                    \
    static void NAME(uint16_t *restrict up, uint16_t *restrict down, size_t n)                                         \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            SQUARE(PAIR, up[2 * i], up[2 * i + 1], down[2 * i], down[2 * i + 1]);                                      \
    }
NEIGHBOURS(neighbours14, pair14)
NEIGHBOURS(neighbours16, pair16)

/* Coefficients of one plane of words: w x h, `x` and `y` words apart. */
typedef struct plane {
    uint16_t *at;
    size_t w, h, x, y;
    bool narrow; /* all values have 14 bits */
} plane;

static inline void any_pair(bool narrow, uint16_t l, uint16_t h, uint16_t *a, uint16_t *b)
{
    if (narrow)
        pair14(l, h, a, b);
    else
        pair16(l, h, a, b);
}

/* The squares of side p at one line of squares, and half a square at its end. */
static void squares(const plane *k, uint16_t *line, size_t p)
{
    size_t dx = k->x * p, dy = k->y * p, n = k->w / (2 * p);
    uint16_t *at = line;
    if (p == 1 && k->x == 1) {
        (k->narrow ? neighbours14 : neighbours16)(line, line + dy, n);
        at += 2 * n;
    } else if (k->narrow) {
        for (size_t i = 0; i < n; i++, at += 2 * dx)
            SQUARE(pair14, at[0], at[dx], at[dy], at[dy + dx]);
    } else {
        for (size_t i = 0; i < n; i++, at += 2 * dx)
            SQUARE(pair16, at[0], at[dx], at[dy], at[dy + dx]);
    }
    if (k->w & p)
        any_pair(k->narrow, at[0], at[dy], &at[0], &at[dy]);
}

/* Undo the wavelet, from the widest squares to those of neighbours. */
static void undo_wavelet(const plane *k)
{
    size_t n = k->w < k->h ? k->w : k->h, p = 1;
    while (p <= n / 2)
        p *= 2;
    for (p /= 2; p >= 1; p /= 2) {
        size_t rows = k->h / (2 * p);
        for (size_t i = 0; i < rows; i++)
            squares(k, k->at + i * 2 * p * k->y, p);
        uint16_t *last = k->at + rows * 2 * p * k->y;
        for (size_t i = 0; k->h & p && i < k->w / (2 * p); i++) {
            uint16_t *at = last + i * 2 * p * k->x;
            any_pair(k->narrow, at[0], at[k->x * p], &at[0], &at[k->x * p]);
        }
    }
}

/* The values that occur, ascending, from their bitmap; 0 always counts.  Returns the largest index. */
static uint16_t read_table(ck_piz *p, const uint8_t *bits, size_t first, size_t n)
{
    size_t k = 1;
    p->table[0] = 0;
    for (size_t i = 0; i < n; i++)
        for (unsigned b = 0; b < 8; b++)
            if (bits[i] >> b & 1 && (first + i || b))
                p->table[k++] = (uint16_t)((first + i) * 8 + b);
    memset(p->table + k, 0, ((1 << 16) - k) * sizeof *p->table);
    return (uint16_t)(k - 1);
}

static void look_up(const uint16_t *table, const uint16_t *restrict in, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + 2 * i, &table[in[i]], 2);
}

static size_t word_count(const ck_piz_channel *c)
{
    return (size_t)c->w * (size_t)c->h * (size_t)c->words;
}

static bool has_line(const ck_piz_channel *c, int y)
{
    return c->y_step <= 1 || y % c->y_step == 0;
}

/* From indices, channel by channel, to samples, line by line. */
static void write_lines(const ck_piz *p, const ck_piz_channel *channels, int n, int y, int lines, uint8_t *out)
{
    for (int line = 0; line < lines; line++) {
        const uint16_t *of = p->words; /* of the channel */
        for (int c = 0; c < n; c++) {
            size_t words = (size_t)channels[c].w * (size_t)channels[c].words;
            if (has_line(&channels[c], y + line)) {
                size_t before = 0;
                if (channels[c].y_step > 1)
                    for (int k = 0; k < line; k++)
                        before += has_line(&channels[c], y + k);
                else
                    before = (size_t)line;
                look_up(p->table, of + before * words, out, words);
                out += 2 * words;
            }
            of += word_count(&channels[c]);
        }
    }
}

/* True if the channels' lines make up exactly `words`. */
static bool adds_up(const ck_piz_channel *channels, int n, int y, int lines, size_t words)
{
    size_t total = 0;
    for (int c = 0; c < n; c++) {
        int own = 0;
        for (int line = 0; line < lines; line++)
            own += has_line(&channels[c], y + line);
        if (own != channels[c].h || channels[c].w < 0)
            return false;
        total += word_count(&channels[c]);
    }
    return total == words;
}

static bool reserve(ck_piz *p, size_t words)
{
    if (p->capacity >= words)
        return true;
    free(p->words);
    p->words = malloc(words * sizeof *p->words);
    p->capacity = p->words ? words : 0;
    return p->words != NULL;
}

static uint32_t read_int(const uint8_t *in, size_t bytes)
{
    uint32_t v = 0;
    memcpy(&v, in, bytes); /* little-endian, as this machine */
    return v;
}

exr_result_t ck_piz_decode(ck_piz *p, const uint8_t *in, size_t in_bytes, const ck_piz_channel *channels, int n, int y,
                           int lines, uint8_t *out, size_t out_bytes)
{
    size_t words = out_bytes / 2;
    if (in_bytes < 4 || !adds_up(channels, n, y, lines, words))
        return EXR_ERR_CORRUPT_CHUNK;
    size_t first = read_int(in, 2), last = read_int(in + 2, 2), bitmap = first <= last ? last - first + 1 : 0;
    if (last >= BITMAP_BYTES || in_bytes < 8 + bitmap)
        return EXR_ERR_CORRUPT_CHUNK;
    uint16_t largest = read_table(p, in + 4, first, bitmap);
    size_t used = 8 + bitmap, packed = read_int(in + 4 + bitmap, 4);
    if (packed > in_bytes - used)
        return EXR_ERR_CORRUPT_CHUNK;
    if (!reserve(p, words))
        return EXR_ERR_OUT_OF_MEMORY;
    if (!ck_exr_huffman_decode(p->huffman, in + used, packed, p->words, words))
        return EXR_ERR_CORRUPT_CHUNK;
    uint16_t *at = p->words;
    for (int c = 0; c < n; c++) {
        const ck_piz_channel *k = &channels[c];
        size_t step = (size_t)k->words;
        for (size_t j = 0; j < step; j++)
            undo_wavelet(&(plane){at + j, (size_t)k->w, (size_t)k->h, step, (size_t)k->w * step, largest < 1 << 14});
        at += word_count(k);
    }
    write_lines(p, channels, n, y, lines, out);
    return EXR_ERR_SUCCESS;
}
