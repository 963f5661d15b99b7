#include <stdlib.h>
#include <string.h>

#include "io/exr_alike.h"
#include "io/exr_huffman.h"
#include "io/exr_piz.h"
#include "io/exr_wavelet.h"

#define VALUES (1 << 16)
#define NARROW (1 << 14)

struct ck_piz_encoder {
    ck_exr_huffman_encoder *huffman;
    uint8_t seen[VALUES];   /* 1: the value occurs */
    uint16_t index[VALUES]; /* of each value that occurs, in ascending order */
    uint16_t *words;        /* samples, then indices, then coefficients */
    size_t capacity;
};

ck_piz_encoder *ck_piz_encoder_new(void)
{
    ck_piz_encoder *p = calloc(1, sizeof *p);
    if (p && !(p->huffman = ck_exr_huffman_encoder_new())) {
        free(p);
        p = NULL;
    }
    return p;
}

void ck_piz_encoder_free(ck_piz_encoder *p)
{
    if (!p)
        return;
    ck_exr_huffman_encoder_free(p->huffman);
    free(p->words);
    free(p);
}

uint16_t *ck_piz_encoder_words(ck_piz_encoder *p, size_t n)
{
    if (p->capacity < n) {
        free(p->words);
        p->words = malloc(n * sizeof *p->words);
        p->capacity = p->words ? n : 0;
    }
    return p->words;
}

size_t ck_piz_bound(size_t words)
{
    return 8 + VALUES / 8 + ck_exr_huffman_bound(words);
}

/* Number the values that occur, and write their bitmap from its first to its last byte that is not 0.  The value 0
 * always counts, without a bit.  Returns the end of the bitmap; *largest is the largest index. */
static uint8_t *write_bitmap(ck_piz_encoder *p, uint8_t *out, uint16_t *largest)
{
    uint16_t first = VALUES / 8 - 1, last = 0, k = 0;
    uint8_t bits[VALUES / 8];
    p->seen[0] = 0;
    for (uint32_t i = 0; i < VALUES / 8; i++) {
        uint64_t eight;
        memcpy(&eight, p->seen + 8 * (size_t)i, sizeof eight);
        bits[i] = (uint8_t)(eight * 0x0102040810204080 >> 56);
        if (!eight)
            continue;
        first = first < i ? first : (uint16_t)i;
        last = (uint16_t)i;
        for (uint32_t v = 8 * i; v < 8 * i + 8; v++)
            if (p->seen[v])
                p->index[v] = ++k;
    }
    p->index[0] = 0;
    *largest = k;
    memcpy(out, &first, sizeof first); /* little-endian, as this machine */
    memcpy(out + 2, &last, sizeof last);
    if (first > last)
        return out + 4;
    memcpy(out + 4, bits + first, (size_t)(last - first) + 1);
    return out + 4 + (last - first) + 1;
}

static void mark(uint8_t *restrict seen, const uint16_t *restrict words, size_t n)
{
    size_t i = 0;
    while (i + CK_EXR_ALIKE <= n) {
        seen[words[i]] = 1;
        if (!ck_exr_alike(words + i))
#pragma GCC unroll 16
            for (size_t k = 1; k < CK_EXR_ALIKE; k++)
                seen[words[i + k]] = 1;
        i += CK_EXR_ALIKE;
    }
    for (; i < n; i++)
        seen[words[i]] = 1;
}

static void look_up(const uint16_t *restrict index, uint16_t *restrict words, size_t n)
{
    size_t i = 0;
    while (i + CK_EXR_ALIKE <= n) {
        size_t end = i + CK_EXR_ALIKE;
        if (ck_exr_alike(words + i)) {
            for (uint16_t all = index[words[i]]; i < end; i++)
                words[i] = all;
            continue;
        }
        for (; i < end; i++)
            words[i] = index[words[i]];
    }
    for (; i < n; i++)
        words[i] = index[words[i]];
}

static void do_wavelets(uint16_t *at, const ck_piz_channel *channels, int n, bool narrow)
{
    for (int c = 0; c < n; c++) {
        size_t w = (size_t)channels[c].w, h = (size_t)channels[c].h, step = (size_t)channels[c].words;
        for (size_t j = 0; j < step; j++)
            ck_wavelet_do(&(ck_wavelet){at + j, w, h, step, w * step, narrow});
        at += w * h * step;
    }
}

size_t ck_piz_encode(ck_piz_encoder *p, const ck_piz_channel *channels, int n, uint8_t *out)
{
    uint16_t largest;
    size_t words = 0;
    for (int c = 0; c < n; c++)
        words += (size_t)channels[c].w * (size_t)channels[c].h * (size_t)channels[c].words;
    memset(p->seen, 0, sizeof p->seen);
    mark(p->seen, p->words, words);
    uint8_t *at = write_bitmap(p, out, &largest);
    look_up(p->index, p->words, words);
    do_wavelets(p->words, channels, n, largest < NARROW);
    uint32_t bytes = (uint32_t)ck_exr_huffman_encode(p->huffman, p->words, words, at + 4);
    memcpy(at, &bytes, sizeof bytes);
    return (size_t)(at - out) + 4 + bytes;
}
