#include "io/exr_piz.h"

#include <stdlib.h>
#include <string.h>

#include "io/exr_huffman.h"
#include "io/exr_wavelet.h"

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
            ck_wavelet_undo(
                &(ck_wavelet){at + j, (size_t)k->w, (size_t)k->h, step, (size_t)k->w * step, largest < 1 << 14});
        at += word_count(k);
    }
    write_lines(p, channels, n, y, lines, out);
    return EXR_ERR_SUCCESS;
}
