#include "io/exr.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "io/exr_codec.h"
#include "io/exr_core.h"
#include "io/exr_facts.h"
#include "base/outfile.h"

/* libOpenEXR's level; higher ones take longer and gain nothing on grain (bench/results/still.md). */
#define ZIP_LEVEL 4
#define SHORT_NAME 31 /* bytes of a channel name that every reader accepts */
#define BLOCK ((size_t)1 << 20)

typedef struct writer {
    ck_outfile file;
    exr_context_t ctx;
    exr_encode_pipeline_t pipe;
    exr_result_t (*library_compress)(exr_encode_pipeline_t *);
    int w, h, n;
    const ck_exr_channel **sorted; /* [n], sorted by name */
    ck_type type;
    exr_compression_t compression;
    struct libdeflate_compressor *deflate;
    ck_exr_codec *dwa;
    int dwa_lines;           /* of the chunks that it encodes */
    uint8_t *split, *packed; /* a chunk rearranged; the same compressed */
    size_t packed_bytes;
    uint8_t *block; /* small neighbouring writes gathered, BLOCK bytes */
    size_t block_used;
    uint64_t block_at;
    ck_status status; /* of the first failed write */
    ck_error *e;
} writer;

static ck_status flush(writer *w)
{
    if (w->status == CK_OK && w->block_used)
        w->status = ck_outfile_write_at(&w->file, w->block, w->block_used, w->block_at, w->e);
    w->block_used = 0;
    return w->status;
}

static int64_t on_write(exr_const_context_t ctx, void *user, const void *data, uint64_t n, uint64_t offset,
                        exr_stream_error_func_ptr_t error)
{
    (void)ctx;
    (void)error;
    writer *w = user;
    if ((offset != w->block_at + w->block_used || n > BLOCK - w->block_used) && flush(w) != CK_OK)
        return -1;
    if (n > BLOCK) {
        w->status = ck_outfile_write_at(&w->file, data, n, offset, w->e);
        return w->status == CK_OK ? (int64_t)n : -1;
    }
    if (!w->block_used)
        w->block_at = offset;
    memcpy(w->block + w->block_used, data, n);
    w->block_used += n;
    return (int64_t)n;
}

static ck_status fail(writer *w, exr_result_t code)
{
    return w->status != CK_OK ? w->status
                              : ck_exr_fail(w->e, code, "cannot write this EXR", "see the channels and attributes");
}

/* Pack lines as in the file, all of R, then G, ..., converting samples. */
static exr_result_t pack(exr_encode_pipeline_t *p)
{
    writer *w = p->encoding_user_data;
    size_t out_size = ck_type_size(w->type), width = (size_t)w->w;
    uint8_t *dst = p->packed_buffer;
    for (int y = p->chunk.start_y; y < p->chunk.start_y + p->chunk.height; y++)
        for (int c = 0; c < w->n; c++, dst += width * out_size) {
            ck_type from = w->sorted[c]->type;
            const uint8_t *src = (const uint8_t *)w->sorted[c]->data + (size_t)y * width * ck_type_size(from);
            if (from == w->type)
                memcpy(dst, src, width * out_size);
            else if (from == CK_F32)
                ck_f32_to_f16((const float *)src, (uint16_t *)dst, width);
            else
                ck_to_f32(src, from, (float *)dst, width);
        }
    p->packed_bytes = (uint64_t)(dst - (uint8_t *)p->packed_buffer);
    return EXR_ERR_SUCCESS;
}

/* libOpenEXR's encoder for chunks of this height from line y on: the last one may be lower. */
static exr_result_t open_dwa(writer *w, int y, int lines)
{
    const exr_attr_chlist_t *list;
    exr_result_t rv = exr_get_channels(w->ctx, 0, &list);
    if (rv || (w->dwa && w->dwa_lines == lines))
        return rv;
    ck_exr_codec_free(w->dwa);
    w->dwa = NULL;
    w->dwa_lines = lines;
    return ck_exr_encoder_new(list, w->compression, w->w, lines, (w->h - y + lines - 1) / lines, &w->dwa);
}

/* Sets *got to 0 if the chunk does not get smaller. */
static exr_result_t compress_dwa(exr_encode_pipeline_t *p, size_t *got)
{
    writer *w = p->encoding_user_data;
    const void *bytes = NULL;
    exr_result_t rv = open_dwa(w, p->chunk.start_y, p->chunk.height);
    if (!rv)
        rv = ck_exr_encoder_run(w->dwa, p->packed_buffer, &bytes, got);
    if (!rv && *got < p->packed_bytes)
        memcpy(w->packed, bytes, *got);
    p->compressed_buffer = w->packed;
    p->compressed_alloc_size = 0; /* the pipeline must not free our buffer */
    return rv;
}

static bool is_dwa(const writer *w)
{
    return w->compression == EXR_COMPRESSION_DWAA || w->compression == EXR_COMPRESSION_DWAB;
}

/* Compress ZIP through libdeflate, DWA through libOpenEXR, the rest by the library.  A chunk that does not get smaller
 * is stored uncompressed, which readers detect by its size.  The library misses that for B44 and, if sizes are equal,
 * for PXR24. */
static exr_result_t compress(exr_encode_pipeline_t *p)
{
    writer *w = p->encoding_user_data;
    size_t n = p->packed_bytes, got = 0;
    if (is_dwa(w)) {
        exr_result_t rv = compress_dwa(p, &got);
        if (rv)
            return rv;
    } else if (w->deflate) {
        ck_exr_split(p->packed_buffer, w->split, n);
        got = libdeflate_zlib_compress(w->deflate, w->split, n, w->packed, w->packed_bytes);
        p->compressed_buffer = w->packed;
        p->compressed_alloc_size = 0; /* the pipeline must not free our buffer */
    } else {
        exr_result_t rv = w->library_compress(p);
        if (rv)
            return rv;
        got = p->compressed_bytes;
    }
    if (!got || got >= n) {
        memcpy(p->compressed_buffer, p->packed_buffer, n);
        got = n;
    }
    p->compressed_bytes = got;
    return EXR_ERR_SUCCESS;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const ck_exr_channel *const *)a)->name, (*(const ck_exr_channel *const *)b)->name);
}

static ck_status check(int w, int h, const ck_exr_channel *ch, int n, ck_type type, ck_exr_compression c, ck_error *e)
{
    if (w < 1 || h < 1 || w > CK_MAX_SIDE || h > CK_MAX_SIDE || n < 1 || n > CK_MAX_CHANNELS ||
        (type != CK_F16 && type != CK_F32) || c > CK_EXR_DWAB)
        return ck_fail(e, CK_ERR_ARGUMENT, "EXR cannot be written with %d channels of %s at %d x %d", n,
                       ck_type_name(type), w, h);
    for (int i = 0; i < n; i++)
        if (ch[i].type != CK_F16 && ch[i].type != CK_F32)
            return ck_fail(e, CK_ERR_ARGUMENT, "EXR channel %s of %s: convert it to f16 or f32", ch[i].name,
                           ck_type_name(ch[i].type));
    return CK_OK;
}

static ck_status sort_channels(writer *w, const ck_exr_channel *ch)
{
    w->sorted = malloc((size_t)w->n * sizeof *w->sorted);
    if (!w->sorted)
        return ck_fail(w->e, CK_ERR_MEMORY, "out of memory for an EXR");
    for (int i = 0; i < w->n; i++)
        w->sorted[i] = &ch[i];
    qsort(w->sorted, (size_t)w->n, sizeof *w->sorted, by_name);
    for (int i = 1; i < w->n; i++)
        if (!strcmp(w->sorted[i]->name, w->sorted[i - 1]->name))
            return ck_fail(w->e, CK_ERR_ARGUMENT, "EXR channel %s is given twice", w->sorted[i]->name);
    return CK_OK;
}

static bool is_colour(const writer *w)
{
    int colours = 0;
    for (int i = 0; i < w->n; i++)
        colours +=
            !strcmp(w->sorted[i]->name, "R") || !strcmp(w->sorted[i]->name, "G") || !strcmp(w->sorted[i]->name, "B");
    return colours == 3;
}

static ck_status set_attributes(writer *w, const ck_meta *attributes)
{
    exr_result_t rv = EXR_ERR_SUCCESS;
    for (size_t i = 0; attributes && i < attributes->n && !rv; i++) {
        const char *key = attributes->pairs[i].key;
        /* Attributes by which readers find the pixels must not be overwritten. */
        if (!strcmp(key, "type") || !strcmp(key, "name") || !*key)
            return ck_fail(w->e, CK_ERR_ARGUMENT, "EXR attribute '%s' has a meaning of its own: use another key", key);
        if (strlen(key) > SHORT_NAME)
            rv = exr_set_longname_support(w->ctx, 1);
        if (!rv)
            rv = exr_attr_set_string(w->ctx, 0, key, attributes->pairs[i].value);
    }
    return rv ? fail(w, rv) : CK_OK;
}

static ck_status write_header(writer *w, const ck_meta *attributes)
{
    exr_context_initializer_t init = EXR_DEFAULT_CONTEXT_INITIALIZER;
    init.error_handler_fn = ck_exr_on_error;
    init.user_data = w;
    init.write_fn = on_write;
    int part;
    exr_result_t rv = exr_start_write(&w->ctx, "exr", EXR_WRITE_FILE_DIRECTLY, &init);
    if (!rv)
        rv = exr_add_part(w->ctx, NULL, EXR_STORAGE_SCANLINE, &part);
    if (!rv)
        rv = exr_initialize_required_attr_simple(w->ctx, 0, w->w, w->h, w->compression);
    exr_pixel_type_t pixel = w->type == CK_F16 ? EXR_PIXEL_HALF : EXR_PIXEL_FLOAT;
    for (int i = 0; i < w->n && !rv; i++)
        rv = exr_add_channel(w->ctx, 0, w->sorted[i]->name, pixel, EXR_PERCEPTUALLY_LOGARITHMIC, 1, 1);
    if (!rv)
        rv = ck_exr_write_facts(w->ctx, is_colour(w), attributes);
    ck_status s = rv ? fail(w, rv) : set_attributes(w, attributes);
    if (s == CK_OK && (rv = exr_write_header(w->ctx)))
        s = fail(w, rv);
    return s;
}

static exr_result_t start_pipeline(writer *w, const exr_chunk_info_t *chunk)
{
    exr_result_t rv = exr_encoding_initialize(w->ctx, 0, chunk, &w->pipe);
    if (!rv)
        rv = exr_encoding_choose_default_routines(w->ctx, 0, &w->pipe);
    if (rv)
        return rv;
    w->pipe.encoding_user_data = w;
    w->pipe.convert_and_pack_fn = pack;
    w->library_compress = w->pipe.compress_fn;
    if (w->compression != EXR_COMPRESSION_NONE)
        w->pipe.compress_fn = compress;
    /* Our pack function does not use these pointers, but the pipeline requires them. */
    for (int c = 0; c < w->n; c++)
        w->pipe.channels[c].encode_from_ptr = w->sorted[c]->data;
    if (w->compression == EXR_COMPRESSION_ZIP || w->compression == EXR_COMPRESSION_ZIPS) {
        size_t n = (size_t)chunk->unpacked_size; /* the first chunk is the largest */
        w->deflate = libdeflate_alloc_compressor(ZIP_LEVEL);
        w->packed_bytes = w->deflate ? libdeflate_zlib_compress_bound(w->deflate, n) : 0;
        w->split = malloc(n);
        w->packed = w->packed_bytes ? malloc(w->packed_bytes) : NULL;
        if (!w->split || !w->packed)
            return EXR_ERR_OUT_OF_MEMORY;
    }
    if (is_dwa(w) && !(w->packed = malloc((size_t)chunk->unpacked_size)))
        return EXR_ERR_OUT_OF_MEMORY;
    return EXR_ERR_SUCCESS;
}

static ck_status write_chunks(writer *w)
{
    int32_t lines = 1;
    exr_chunk_info_t chunk;
    exr_result_t rv = exr_get_scanlines_per_chunk(w->ctx, 0, &lines);
    for (int y = 0; y < w->h && !rv; y += lines) {
        rv = exr_write_scanline_chunk_info(w->ctx, 0, y, &chunk);
        if (!rv)
            rv = y ? exr_encoding_update(w->ctx, 0, &chunk, &w->pipe) : start_pipeline(w, &chunk);
        if (!rv)
            rv = exr_encoding_run(w->ctx, 0, &w->pipe);
    }
    return rv ? fail(w, rv) : flush(w);
}

static void release(writer *w)
{
    if (w->pipe.context)
        exr_encoding_destroy(w->ctx, &w->pipe);
    if (w->ctx)
        exr_finish(&w->ctx);
    if (w->deflate)
        libdeflate_free_compressor(w->deflate);
    ck_exr_codec_free(w->dwa);
    free(w->split);
    free(w->packed);
    free(w->block);
    free(w->sorted);
}

ck_status ck_exr_write(const char *path, int w, int h, const ck_exr_channel *ch, int n, ck_type file_type,
                       ck_exr_compression c, const ck_meta *attributes, ck_error *e)
{
    static const exr_compression_t codes[] = {
        [CK_EXR_NONE] = EXR_COMPRESSION_NONE, [CK_EXR_RLE] = EXR_COMPRESSION_RLE,
        [CK_EXR_ZIPS] = EXR_COMPRESSION_ZIPS, [CK_EXR_ZIP] = EXR_COMPRESSION_ZIP,
        [CK_EXR_PIZ] = EXR_COMPRESSION_PIZ,   [CK_EXR_PXR24] = EXR_COMPRESSION_PXR24,
        [CK_EXR_B44] = EXR_COMPRESSION_B44,   [CK_EXR_B44A] = EXR_COMPRESSION_B44A,
        [CK_EXR_DWAA] = EXR_COMPRESSION_DWAA, [CK_EXR_DWAB] = EXR_COMPRESSION_DWAB};
    ck_status s = check(w, h, ch, n, file_type, c, e);
    if (s != CK_OK)
        return s;
    writer out = {.w = w, .h = h, .n = n, .type = file_type, .compression = codes[c], .e = e};
    ck_exr_listen();
    s = ck_outfile_open(&out.file, path, e);
    if (s == CK_OK && !(out.block = malloc(BLOCK)))
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for an EXR");
    if (s == CK_OK)
        s = sort_channels(&out, ch);
    if (s == CK_OK)
        s = write_header(&out, attributes);
    if (s == CK_OK)
        s = write_chunks(&out);
    release(&out);
    if (s == CK_OK)
        return ck_outfile_commit(&out.file, e);
    ck_outfile_discard(&out.file);
    return s;
}
