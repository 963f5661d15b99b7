#include "io/exr_chunks.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "io/exr_core.h"
#include "io/exr_piz.h"

/* libOpenEXR's level; higher ones take longer and gain nothing on grain (bench/results/still.md). */
#define ZIP_LEVEL 4

/* A part while it is written. */
typedef struct part {
    exr_context_t ctx;
    int index, w, h;
    exr_compression_t compression;
    const ck_exr_new_part *from;
    exr_encode_pipeline_t pipe;
    exr_result_t (*library_compress)(exr_encode_pipeline_t *);
    int n;
    const ck_exr_channel *sorted[CK_MAX_CHANNELS]; /* by name */
    struct libdeflate_compressor *deflate;
    ck_piz_encoder *piz;
    uint8_t *split, *packed; /* a chunk rearranged; the same compressed */
    size_t packed_bytes;
} part;

static ck_type stored(const part *t, const ck_exr_channel *c)
{
    return t->from->stored[c - t->from->channels];
}

void ck_exr_convert(const void *src, ck_type from, ck_type to, void *dst, size_t n)
{
    if (from == to)
        memcpy(dst, src, n * ck_type_size(to));
    else if (from == CK_F32)
        ck_f32_to_f16(src, dst, n);
    else
        ck_to_f32(src, from, dst, n);
}

/* Pack lines as in the file, all of R, then G, ..., converting samples. */
static exr_result_t pack(exr_encode_pipeline_t *p)
{
    part *t = p->encoding_user_data;
    size_t width = (size_t)t->w;
    uint8_t *dst = p->packed_buffer;
    for (int y = p->chunk.start_y; y < p->chunk.start_y + p->chunk.height; y++)
        for (int c = 0; c < t->n; c++) {
            const ck_exr_channel *ch = t->sorted[c];
            const uint8_t *src = (const uint8_t *)ch->data + (size_t)y * width * ck_type_size(ch->type);
            ck_type to = stored(t, ch);
            ck_exr_convert(src, ch->type, to, dst, width);
            dst += width * ck_type_size(to);
        }
    p->packed_bytes = (uint64_t)(dst - (uint8_t *)p->packed_buffer);
    return EXR_ERR_SUCCESS;
}

static bool is_piz(const part *t)
{
    return t->compression == EXR_COMPRESSION_PIZ;
}

/* PIZ takes the samples from the planes, not from packed lines. */
static exr_result_t pack_nothing(exr_encode_pipeline_t *p)
{
    p->packed_bytes = p->chunk.unpacked_size;
    return EXR_ERR_SUCCESS;
}

/* Chunks that are too large, which PIZ cannot count the bits of, become 0 bytes. */
static exr_result_t compress_piz(part *t, const exr_chunk_info_t *chunk, size_t *bytes)
{
    size_t width = (size_t)t->w, n = width * (size_t)chunk->height;
    ck_piz_channel channels[CK_MAX_CHANNELS];
    *bytes = 0;
    if (chunk->unpacked_size / 2 > CK_PIZ_MOST_WORDS)
        return EXR_ERR_SUCCESS;
    uint16_t *words = ck_piz_encoder_words(t->piz, chunk->unpacked_size / 2);
    if (!words)
        return EXR_ERR_OUT_OF_MEMORY;
    for (int c = 0; c < t->n; c++) {
        const ck_exr_channel *ch = t->sorted[c];
        ck_type to = stored(t, ch);
        size_t before = (size_t)chunk->start_y * width * ck_type_size(ch->type);
        channels[c] = (ck_piz_channel){t->w, chunk->height, (int)ck_type_size(to) / 2, 1};
        ck_exr_convert((const uint8_t *)ch->data + before, ch->type, to, words, n);
        words += n * ck_type_size(to) / 2;
    }
    *bytes = ck_piz_encode(t->piz, channels, t->n, t->packed);
    return EXR_ERR_SUCCESS;
}

static exr_result_t compress_by_library(part *t, exr_encode_pipeline_t *p, size_t *bytes)
{
    exr_result_t rv = t->library_compress(p);
    *bytes = p->compressed_bytes;
    return rv;
}

/* Compress ZIP through libdeflate, PIZ by ourselves, the rest by the library.  A chunk that does not get smaller is
 * stored uncompressed, which readers detect by its size.  The library misses that for B44 and, if sizes are equal, for
 * PXR24. */
static exr_result_t compress(exr_encode_pipeline_t *p)
{
    part *t = p->encoding_user_data;
    size_t n = p->packed_bytes, got = 0;
    exr_result_t rv = EXR_ERR_SUCCESS;
    if (t->packed) {
        p->compressed_buffer = t->packed;
        p->compressed_alloc_size = 0; /* the pipeline must not free our buffer */
    }
    if (t->deflate) {
        ck_exr_split(p->packed_buffer, t->split, n);
        got = libdeflate_zlib_compress(t->deflate, t->split, n, t->packed, t->packed_bytes);
    } else {
        rv = is_piz(t) ? compress_piz(t, &p->chunk, &got) : compress_by_library(t, p, &got);
    }
    if (!rv && (!got || got >= n)) {
        rv = is_piz(t) ? pack(p) : EXR_ERR_SUCCESS;
        memcpy(p->compressed_buffer, p->packed_buffer, n);
        got = n;
    }
    p->compressed_bytes = got;
    return rv;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const ck_exr_channel *const *)a)->name, (*(const ck_exr_channel *const *)b)->name);
}

void ck_exr_sort(const ck_exr_new_part *p, const ck_exr_channel **sorted)
{
    for (int i = 0; i < p->n; i++)
        sorted[i] = &p->channels[i];
    qsort(sorted, (size_t)p->n, sizeof *sorted, by_name);
}

static bool is_zip(exr_compression_t c)
{
    return c == EXR_COMPRESSION_ZIP || c == EXR_COMPRESSION_ZIPS;
}

/* n: bytes of a chunk. */
static exr_result_t start_zip(part *t, size_t n)
{
    t->deflate = libdeflate_alloc_compressor(ZIP_LEVEL);
    t->packed_bytes = t->deflate ? libdeflate_zlib_compress_bound(t->deflate, n) : 0;
    t->split = malloc(n);
    t->packed = t->packed_bytes ? malloc(t->packed_bytes) : NULL;
    return t->split && t->packed ? EXR_ERR_SUCCESS : EXR_ERR_OUT_OF_MEMORY;
}

static exr_result_t start_piz(part *t, size_t n)
{
    t->piz = ck_piz_encoder_new();
    t->packed_bytes = ck_piz_bound(n / 2);
    t->packed = t->piz ? malloc(t->packed_bytes) : NULL;
    return t->packed ? EXR_ERR_SUCCESS : EXR_ERR_OUT_OF_MEMORY;
}

static exr_result_t start_pipeline(part *t, const exr_chunk_info_t *chunk)
{
    exr_result_t rv = exr_encoding_initialize(t->ctx, t->index, chunk, &t->pipe);
    if (!rv)
        rv = exr_encoding_choose_default_routines(t->ctx, t->index, &t->pipe);
    if (rv)
        return rv;
    t->pipe.encoding_user_data = t;
    t->pipe.convert_and_pack_fn = is_piz(t) ? pack_nothing : pack;
    t->library_compress = t->pipe.compress_fn;
    if (t->compression != EXR_COMPRESSION_NONE)
        t->pipe.compress_fn = compress;
    /* Our pack function does not use these pointers, but the pipeline requires them. */
    for (int c = 0; c < t->n; c++)
        t->pipe.channels[c].encode_from_ptr = t->sorted[c]->data;
    size_t n = (size_t)chunk->unpacked_size; /* the first chunk is the largest */
    return is_piz(t) ? start_piz(t, n) : is_zip(t->compression) ? start_zip(t, n) : EXR_ERR_SUCCESS;
}

static exr_result_t write_chunks(part *t)
{
    int32_t lines = 1;
    exr_chunk_info_t chunk;
    exr_result_t rv = exr_get_scanlines_per_chunk(t->ctx, t->index, &lines);
    for (int y = 0; y < t->h && !rv; y += lines) {
        rv = exr_write_scanline_chunk_info(t->ctx, t->index, y, &chunk);
        if (!rv)
            rv = y ? exr_encoding_update(t->ctx, t->index, &chunk, &t->pipe) : start_pipeline(t, &chunk);
        if (!rv)
            rv = exr_encoding_run(t->ctx, t->index, &t->pipe);
    }
    return rv;
}

exr_result_t ck_exr_write_chunks(exr_context_t ctx, int index, const ck_exr_new_part *p, int w, int h,
                                 exr_compression_t c)
{
    part t = {.ctx = ctx, .index = index, .w = w, .h = h, .compression = c, .from = p, .n = p->n};
    ck_exr_sort(p, t.sorted);
    exr_result_t rv = write_chunks(&t);
    if (t.pipe.context)
        exr_encoding_destroy(ctx, &t.pipe);
    if (t.deflate)
        libdeflate_free_compressor(t.deflate);
    ck_piz_encoder_free(t.piz);
    free(t.split);
    free(t.packed);
    return rv;
}
