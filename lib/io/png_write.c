#include "io/png.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/outfile.h"
#include "colour/curve.h"
#include "colour/primaries.h"
#include "io/runs.h"

/* Chunks are built here because deflate takes most of the time: filter Sub (on grain the others gain little), then
 *
 *     8 bits    frequencies and runs of bytes (io/runs.h), in bands that are written while they are in the cache
 *     16 bits   libdeflate's fastest level: runs alone would make foregrounds 1.7 times larger
 *
 * (bench/results/still.md). */

#define LEVEL 1
#define BAND ((size_t)256 << 10)    /* bytes, at least one row */
#define MOST_DATA ((size_t)1 << 30) /* bytes; a chunk's length has 31 bits */

typedef struct writer {
    ck_outfile file;
    ck_error *e;
} writer;

static void big32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static ck_status chunk(writer *w, const char type[4], const void *data, size_t n)
{
    uint8_t head[8], tail[4];
    big32(head, (uint32_t)n);
    memcpy(head + 4, type, 4);
    big32(tail, libdeflate_crc32(libdeflate_crc32(0, type, 4), data, n));
    ck_status s = ck_outfile_write(&w->file, head, sizeof head, w->e);
    if (s == CK_OK)
        s = ck_outfile_write(&w->file, data, n, w->e);
    return s != CK_OK ? s : ck_outfile_write(&w->file, tail, sizeof tail, w->e);
}

static ck_status header(writer *w, int width, int height, int channels, ck_type type)
{
    static const uint8_t colour_types[] = {0, 0, 4, 2, 6};
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t ihdr[13] = {[8] = type == CK_U8 ? 8 : 16, [9] = colour_types[channels]};
    big32(ihdr, (uint32_t)width);
    big32(ihdr + 4, (uint32_t)height);
    ck_status s = ck_outfile_write(&w->file, signature, sizeof signature, w->e);
    return s != CK_OK ? s : chunk(w, "IHDR", ihdr, sizeof ihdr);
}

static ck_status gamma_chunk(writer *w, double gamma)
{
    uint8_t data[4];
    big32(data, (uint32_t)(100000 / gamma + 0.5));
    return chunk(w, "gAMA", data, sizeof data);
}

/* cHRM has the white point first. */
static ck_status chromaticities(writer *w, const ck_primaries *p)
{
    uint8_t data[32];
    for (int i = 0; i < 8; i++) {
        double v = p->xy[(i + 6) % 8];
        if (v < 0) /* cHRM is unsigned */
            return CK_OK;
        big32(data + (ptrdiff_t)4 * i, (uint32_t)(v * 100000 + 0.5));
    }
    return chunk(w, "cHRM", data, sizeof data);
}

/* Write ck:transfer and ck:primaries as PNG chunks.  sRGB implies Rec. 709.  Everything else that H.273 has codes for
 * gets cICP; gAMA and cHRM say the same, as far as they can, to readers that do not know it. */
static ck_status colour(writer *w, const ck_meta *text)
{
    const char *t = text ? ck_meta_get(text, "ck:transfer") : NULL,
               *name = text ? ck_meta_get(text, "ck:primaries") : NULL;
    ck_primaries p;
    ck_curve curve;
    if (!ck_curve_named(t, &curve))
        return CK_OK;
    bool known = name && ck_primaries_parse(name, &p), srgb = !strcmp(curve.name, "srgb");
    int code = name ? ck_primaries_code(name) : srgb ? 1 : 2, h273 = ck_curve_h273(&curve);
    if (srgb && code == 1)
        return chunk(w, "sRGB", "\1", 1); /* relative colorimetric */
    double gamma = srgb ? 1 / 0.45455 : ck_curve_linear(&curve) ? 1 : curve.gamma;
    ck_status s = CK_OK;
    if (h273 != 2 && (code != 2 || gamma == 0))
        s = chunk(w, "cICP", (const uint8_t[4]){(uint8_t)code, (uint8_t)h273, 0, 1}, 4);
    if (s != CK_OK || gamma == 0)
        return s;
    s = gamma_chunk(w, gamma);
    return s == CK_OK && known ? chromaticities(w, &p) : s;
}

static bool is_ascii(const char *s)
{
    while (*s && !(*s & 0x80))
        s++;
    return !*s;
}

/* tEXt is Latin-1: text beyond ASCII goes into iTXt, which is UTF-8. */
static ck_status text_chunk(writer *w, const ck_pair *pair)
{
    size_t key = strlen(pair->key), value = strlen(pair->value);
    if (key < 1 || key > 79 || !is_ascii(pair->key) || value > MOST_DATA)
        return ck_fail(w->e, CK_ERR_ARGUMENT, "PNG cannot store the text '%.100s': use a key of 1 to 79 letters",
                       pair->key);
    bool plain = is_ascii(pair->value);
    size_t gap = plain ? 1 : 5; /* iTXt: not compressed, no language, no translated key */
    ck_buffer *b = ck_buffer_new(key + gap + value);
    if (!b)
        return ck_fail(w->e, CK_ERR_MEMORY, "out of memory for PNG text");
    char *p = b->data;
    memcpy(p, pair->key, key);
    memset(p + key, 0, gap);
    memcpy(p + key + gap, pair->value, value);
    ck_status s = chunk(w, plain ? "tEXt" : "iTXt", p, key + gap + value);
    ck_buffer_unref(b);
    return s;
}

/* Planar to interleaved.  A constant number of channels turns the inner loop into shuffles. */
#define INTERLEAVE(NAME, T, STORED)                                                                                    \
    static inline void NAME##_n(const T *restrict src, size_t plane, size_t channels, T *restrict dst, size_t n)       \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            for (size_t c = 0; c < channels; c++)                                                                      \
                dst[i * channels + c] = STORED(src[c * plane + i]);                                                    \
    }                                                                                                                  \
    CK_CLONES_SHORT                                                                                                    \
    static void NAME(const T *restrict src, size_t plane, int channels, T *restrict dst, size_t n)                     \
    {                                                                                                                  \
        if (channels == 1)                                                                                             \
            NAME##_n(src, plane, 1, dst, n);                                                                           \
        else if (channels == 2)                                                                                        \
            NAME##_n(src, plane, 2, dst, n);                                                                           \
        else if (channels == 3)                                                                                        \
            NAME##_n(src, plane, 3, dst, n);                                                                           \
        else                                                                                                           \
            NAME##_n(src, plane, 4, dst, n);                                                                           \
    }

/* PNG's samples are big-endian. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BIG16(v) ((uint16_t)((v) << 8 | (v) >> 8))
#else
#define BIG16(v) (v)
#endif
#define SAME(v) (v)

INTERLEAVE(interleave8, uint8_t, SAME)
INTERLEAVE(interleave16, uint16_t, BIG16)

/* Filter Sub: each byte minus the one a pixel to the left. */
CK_CLONES_SHORT
static void filter_sub(const uint8_t *restrict row, size_t pixel, uint8_t *restrict dst, size_t n)
{
    memcpy(dst, row, pixel);
    for (size_t i = pixel; i < n; i++)
        dst[i] = (uint8_t)(row[i] - row[i - pixel]);
}

typedef struct picture {
    const void *planes;
    ck_type type;
    int channels;
    size_t w, h;
} picture;

/* Rows y to end - 1: the filter's number, then the filtered bytes.  row: scratch of one. */
static void filter_rows(const picture *p, size_t y, size_t end, uint8_t *row, uint8_t *out)
{
    size_t size = ck_type_size(p->type), pixel = (size_t)p->channels * size, plane = p->w * p->h;
    for (; y < end; y++, out += 1 + p->w * pixel) {
        if (p->type == CK_U8)
            interleave8((const uint8_t *)p->planes + y * p->w, plane, p->channels, row, p->w);
        else
            interleave16((const uint16_t *)p->planes + y * p->w, plane, p->channels, (uint16_t *)row, p->w);
        out[0] = 1;
        filter_sub(row, pixel, out + 1, p->w * pixel);
    }
}

static ck_status no_memory(const writer *w, const picture *p)
{
    return ck_fail(w->e, CK_ERR_MEMORY, "out of memory for a PNG of %zu x %zu", p->w, p->h);
}

/* A row with its filter's number.  No overflow: sides are at most CK_MAX_SIDE. */
static size_t row_size(const picture *p)
{
    return 1 + p->w * (size_t)p->channels * ck_type_size(p->type);
}

/* The picture as a zlib stream of runs, a chunk for each band. */
static ck_status write_bands(writer *w, const picture *p)
{
    size_t row_bytes = row_size(p), rows = row_bytes < BAND ? BAND / row_bytes : 1, most = rows * row_bytes;
    ck_buffer *buf = ck_buffer_new(ck_pad(row_bytes) + most + 2 + ck_runs_bound(most) + 4);
    if (!buf)
        return no_memory(w, p);
    uint8_t *row = buf->data, *raw = row + ck_pad(row_bytes), *out = raw + most;
    ck_runs runs = {0};
    uint32_t sum = 1;
    ck_status s = CK_OK;
    for (size_t y = 0, end; y < p->h && s == CK_OK; y = end) {
        end = y + rows < p->h ? y + rows : p->h;
        size_t n = (end - y) * row_bytes, at = 0;
        filter_rows(p, y, end, row, raw);
        sum = libdeflate_adler32(sum, raw, n);
        if (y == 0) /* zlib's header: a window of 32 KB, fastest */
            memcpy(out, "\x78\x01", at = 2);
        at += ck_runs_block(&runs, raw, n, end == p->h, out + at);
        if (end == p->h) {
            big32(out + at, sum);
            at += 4;
        }
        s = chunk(w, "IDAT", out, at);
    }
    ck_buffer_unref(buf);
    return s;
}

/* The picture as libdeflate's zlib stream. */
static ck_status write_whole(writer *w, const picture *p)
{
    size_t row_bytes = row_size(p), raw_bytes = row_bytes * p->h, bound = 0, n = 0;
    struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(LEVEL);
    if (deflate)
        bound = libdeflate_zlib_compress_bound(deflate, raw_bytes);
    ck_buffer *row = ck_buffer_new(row_bytes), *raw = ck_buffer_new(raw_bytes),
              *out = bound ? ck_buffer_new(bound) : NULL;
    if (row && raw && out) {
        filter_rows(p, 0, p->h, row->data, raw->data);
        n = libdeflate_zlib_compress(deflate, raw->data, raw_bytes, out->data, bound);
    }
    ck_status s = n ? CK_OK : no_memory(w, p);
    const uint8_t *data = n ? out->data : NULL;
    for (size_t k; n && s == CK_OK; data += k, n -= k) {
        k = n < MOST_DATA ? n : MOST_DATA;
        s = chunk(w, "IDAT", data, k);
    }
    ck_buffer_unref(row);
    ck_buffer_unref(raw);
    ck_buffer_unref(out);
    if (deflate)
        libdeflate_free_compressor(deflate);
    return s;
}

ck_status ck_png_write(const char *path, int w, int h, int channels, const void *planes, ck_type type,
                       const ck_meta *text, ck_error *e)
{
    if (w < 1 || h < 1 || w > CK_MAX_SIDE || h > CK_MAX_SIDE || channels < 1 || channels > 4 ||
        (type != CK_U8 && type != CK_U16))
        return ck_fail(e, CK_ERR_ARGUMENT, "PNG cannot store %d channels of %s at %d x %d", channels,
                       ck_type_name(type), w, h);
    writer out = {.file = {.fd = -1}, .e = e};
    picture p = {planes, type, channels, (size_t)w, (size_t)h};
    ck_status s = ck_outfile_open(&out.file, path, e);
    if (s == CK_OK)
        s = header(&out, w, h, channels, type);
    if (s == CK_OK)
        s = colour(&out, text);
    for (size_t i = 0; text && i < text->n && s == CK_OK; i++)
        s = text_chunk(&out, &text->pairs[i]);
    if (s == CK_OK)
        s = type == CK_U8 ? write_bands(&out, &p) : write_whole(&out, &p);
    if (s == CK_OK)
        s = chunk(&out, "IEND", "", 0);
    if (s == CK_OK)
        return ck_outfile_commit(&out.file, e);
    ck_outfile_discard(&out.file);
    return s;
}
