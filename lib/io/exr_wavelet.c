#include "io/exr_wavelet.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/clones.h"

typedef enum kind { MIX_14, MIX_16, PART_14, PART_16 } kind;

/* Two words into their mean and difference, or back.  All in 16 bits, so that vectors hold as many as can be. */
static inline __attribute__((always_inline)) void pair(kind k, uint16_t *a, uint16_t *b)
{
    uint16_t x = *a, y = *b;
    if (k == MIX_14) {
        /* the floor of half the signed sum, without its 17th bit */
        *a = (uint16_t)((x & y) + ((int16_t)(x ^ y) >> 1));
        *b = (uint16_t)(x - y);
    } else if (k == PART_14) {
        uint16_t low = (uint16_t)(x + (y & 1) + ((int16_t)y >> 1));
        *a = low;
        *b = (uint16_t)(low - y);
    } else if (k == MIX_16) {
        uint16_t up = x ^ 0x8000;
        uint16_t mean = (uint16_t)((up & y) + ((up ^ y) >> 1));
        *a = up < y ? mean ^ 0x8000 : mean;
        *b = (uint16_t)(up - y);
    } else {
        uint16_t low = (uint16_t)(x - (y >> 1));
        *a = (uint16_t)(y + low) ^ 0x8000;
        *b = low;
    }
}

/* a b
 * c d   rows first on the way in, columns first on the way back */
static inline __attribute__((always_inline)) void quad(kind k, uint16_t *a, uint16_t *b, uint16_t *c, uint16_t *d)
{
    uint16_t p = *a, q = *b, r = *c, s = *d;
    if (k == MIX_14 || k == MIX_16) {
        pair(k, &p, &q);
        pair(k, &r, &s);
        pair(k, &p, &r);
        pair(k, &q, &s);
    } else {
        pair(k, &p, &r);
        pair(k, &q, &s);
        pair(k, &p, &q);
        pair(k, &r, &s);
    }
    *a = p;
    *b = q;
    *c = r;
    *d = s;
}

/* One level in samples `step` apart.  words, step and k are constants where it is inlined for the first level, which is
 * three quarters of the work: there neighbours are whole vectors. */
static inline __attribute__((always_inline)) void level(kind k, uint16_t *restrict data, int w, int h, int words,
                                                        int step)
{
    size_t row = (size_t)w * (size_t)words, across = (size_t)step * (size_t)words, down = (size_t)step * row;
    int pairs = w / (2 * step), y = 0;
    size_t odd = (size_t)pairs * 2 * across; /* the column that has no partner */
    for (; y + 2 * step <= h; y += 2 * step) {
        uint16_t *restrict top = data + (size_t)y * row;
        uint16_t *restrict bottom = top + down;
        for (size_t x = 0; x < (size_t)pairs; x++)
            for (size_t i = 2 * across * x, j = 0; j < (size_t)words; i++, j++)
                quad(k, top + i, top + i + across, bottom + i, bottom + i + across);
        if (w & step)
            for (size_t j = 0; j < (size_t)words; j++)
                pair(k, top + odd + j, bottom + odd + j);
    }
    if (h & step) {
        uint16_t *top = data + (size_t)y * row;
        for (size_t x = 0; x < (size_t)pairs; x++)
            for (size_t i = 2 * across * x, j = 0; j < (size_t)words; i++, j++)
                pair(k, top + i, top + i + across);
    }
}

#define LEVEL(NAME, KIND)                                                                                              \
    CK_CLONES                                                                                                          \
    static void NAME(uint16_t *data, int w, int h, int words, int step)                                                \
    {                                                                                                                  \
        if (step == 1 && words == 1)                                                                                   \
            level(KIND, data, w, h, 1, 1);                                                                             \
        else if (step == 1)                                                                                            \
            level(KIND, data, w, h, 2, 1);                                                                             \
        else                                                                                                           \
            level(KIND, data, w, h, words, step);                                                                      \
    }

LEVEL(mix_14, MIX_14)
LEVEL(mix_16, MIX_16)
LEVEL(part_14, PART_14)
LEVEL(part_16, PART_16)

void ck_wavelet(uint16_t *data, int w, int h, int words, unsigned most)
{
    int side = w < h ? w : h;
    for (int step = 1; step <= side / 2; step *= 2)
        (most < 1 << 14 ? mix_14 : mix_16)(data, w, h, words, step);
}

void ck_wavelet_inverse(uint16_t *data, int w, int h, int words, unsigned most)
{
    int side = w < h ? w : h, step = 1;
    while (step * 2 <= side / 2)
        step *= 2;
    for (; step >= 1 && step <= side / 2; step /= 2)
        (most < 1 << 14 ? part_14 : part_16)(data, w, h, words, step);
}
