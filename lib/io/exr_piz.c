#include "io/exr_piz.h"

#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "io/exr_huf.h"
#include "io/exr_wavelet.h"

#define VALUES 65536
#define BITMAP (VALUES / 8)

struct ck_piz {
    ck_huf *huf;
    uint16_t *words; /* the chunk, channel after channel */
    size_t words_bytes;
    uint8_t seen[VALUES];
    uint16_t lut[VALUES];
};

ck_piz *ck_piz_new(void)
{
    ck_piz *p = calloc(1, sizeof *p);
    if (p && !(p->huf = ck_huf_new())) {
        free(p);
        p = NULL;
    }
    return p;
}

void ck_piz_free(ck_piz *p)
{
    if (!p)
        return;
    free(p->huf);
    free(p->words);
    free(p);
}

static bool make_room(ck_piz *p, size_t bytes)
{
    if (p->words_bytes >= bytes)
        return true;
    free(p->words);
    p->words = malloc(bytes);
    p->words_bytes = p->words ? bytes : 0;
    return p->words;
}

/* Between lines that hold channel after channel and channels that hold line after line.  False when the two do not
 * have the same size, which happens for subsampled channels of odd heights only. */
static bool rearrange(const ck_piz_chunk *k, uint8_t *lines, uint8_t *words, bool to_words)
{
    size_t line_bytes = 0, word_bytes = 0;
    for (int c = 0; c < k->n; c++) {
        const exr_coding_channel_info_t *ch = &k->channels[c];
        size_t row = (size_t)ch->width * (size_t)ch->bytes_per_element;
        for (int y = k->y; y < k->y + k->lines; y++)
            line_bytes += ch->y_samples > 1 && y % ch->y_samples ? 0 : row;
        word_bytes += row * (size_t)ch->height;
    }
    if (line_bytes != k->bytes || word_bytes != k->bytes)
        return false;
    for (int y = k->y; y < k->y + k->lines; y++) {
        uint8_t *plane = words;
        for (int c = 0; c < k->n; c++) {
            const exr_coding_channel_info_t *ch = &k->channels[c];
            size_t row = (size_t)ch->width * (size_t)ch->bytes_per_element;
            int every = ch->y_samples > 1 ? ch->y_samples : 1;
            if (y % every == 0) {
                uint8_t *at = plane + (size_t)((y - k->y) / every) * row;
                if (to_words)
                    memcpy(at, lines, row);
                else
                    memcpy(lines, at, row);
                lines += row;
            }
            plane += row * (size_t)ch->height;
        }
    }
    return true;
}

static void transform(const ck_piz *p, const ck_piz_chunk *k, unsigned most, bool forward)
{
    uint16_t *at = p->words;
    for (int c = 0; c < k->n; c++) {
        const exr_coding_channel_info_t *ch = &k->channels[c];
        int words = ch->bytes_per_element / 2;
        if (ch->width > 0 && ch->height > 0) {
            if (forward)
                ck_wavelet(at, ch->width, ch->height, words, most);
            else
                ck_wavelet_inverse(at, ch->width, ch->height, words, most);
        }
        at += (size_t)ch->width * (size_t)ch->height * (size_t)words;
    }
}

static void look_up(const uint16_t *lut, uint16_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        data[i] = lut[data[i]];
}

/* ---- packing ---- */

/* Which words occur into *seen; the largest of their numbers. */
static unsigned number_values(ck_piz *p, size_t n)
{
    memset(p->seen, 0, sizeof p->seen);
    for (size_t i = 0; i < n; i++)
        p->seen[p->words[i]] = 1;
    p->seen[0] = 1;
    unsigned next = 0;
    for (int v = 0; v < VALUES; v++) {
        p->lut[v] = (uint16_t)next;
        next += p->seen[v];
    }
    return next - 1;
}

/* Bounds and bytes of the bitmap; returns the bytes written, at most 4 + BITMAP. */
static size_t write_bitmap(const ck_piz *p, uint8_t *out)
{
    uint8_t map[BITMAP];
    int first = BITMAP - 1, last = 0;
    for (int i = 0; i < BITMAP; i++) {
        map[i] = 0;
        for (int b = 0; b < 8; b++)
            map[i] |= (uint8_t)(p->seen[8 * i + b] << b);
        if (!i)
            map[i] &= 0xfe;
        if (map[i]) {
            first = i < first ? i : first;
            last = i;
        }
    }
    const uint16_t head[2] = {(uint16_t)first, (uint16_t)last};
    size_t n = first <= last ? (size_t)(last - first + 1) : 0;
    memcpy(out, head, 4);
    memcpy(out + 4, map + first, n);
    return 4 + n;
}

size_t ck_piz_pack(ck_piz *p, const ck_piz_chunk *chunk, const uint8_t *src, uint8_t *out)
{
    size_t n = chunk->bytes / 2, used;
    uint8_t map[4 + BITMAP];
    if (!n || n > UINT32_MAX || !make_room(p, chunk->bytes) ||
        !rearrange(chunk, (uint8_t *)src, (uint8_t *)p->words, true))
        return 0;
    unsigned most = number_values(p, n);
    used = write_bitmap(p, map);
    if (used + 4 >= chunk->bytes)
        return 0;
    look_up(p->lut, p->words, n);
    transform(p, chunk, most, true);
    size_t packed = ck_huf_encode(p->huf, p->words, n, out + used + 4, chunk->bytes - used - 4);
    if (!packed)
        return 0;
    const uint32_t length = (uint32_t)packed;
    memcpy(out, map, used);
    memcpy(out + used, &length, 4);
    return used + 4 + packed;
}

/* ---- unpacking ---- */

/* From the bitmap to *lut; the largest number in *most; the bytes read, 0 when it is broken. */
static size_t read_bitmap(ck_piz *p, const uint8_t *in, size_t bytes, unsigned *most)
{
    uint16_t head[2];
    uint8_t map[BITMAP] = {0};
    if (bytes < 4)
        return 0;
    memcpy(head, in, 4);
    size_t n = head[0] <= head[1] ? (size_t)(head[1] - head[0] + 1) : 0;
    if (head[1] >= BITMAP || n > bytes - 4)
        return 0;
    memcpy(map + head[0] * (n > 0), in + 4, n);
    unsigned next = 0;
    for (unsigned v = 0; v < VALUES; v++)
        if (!v || (map[v / 8] >> v % 8 & 1))
            p->lut[next++] = (uint16_t)v;
    *most = next - 1;
    memset(p->lut + next, 0, (VALUES - next) * sizeof *p->lut);
    return 4 + n;
}

bool ck_piz_unpack(ck_piz *p, const ck_piz_chunk *chunk, const uint8_t *in, size_t packed, uint8_t *dst)
{
    unsigned most;
    uint32_t length;
    size_t n = chunk->bytes / 2, used = read_bitmap(p, in, packed, &most);
    if (!used || packed - used < 4 || !make_room(p, chunk->bytes))
        return false;
    memcpy(&length, in + used, 4);
    used += 4;
    if (length > packed - used || !ck_huf_decode(p->huf, in + used, length, p->words, n))
        return false;
    transform(p, chunk, most, false);
    look_up(p->lut, p->words, n);
    return rearrange(chunk, dst, (uint8_t *)p->words, false);
}
