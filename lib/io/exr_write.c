#include "io/exr.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "image/convert.h"
#include "io/exr_core.h"
#include "io/exr_dwa.h"
#include "io/exr_facts.h"
#include "io/exr_piz.h"

/* Ways into the file:
 *
 *     OpenEXRCore makes the header; then
 *     DWAA, DWAB   libOpenEXR compresses and writes all, with that header (exr_dwa.h)
 *     the rest     OpenEXRCore's pipeline, with our packing, our PIZ, and libdeflate for ZIP
 *
 * Both write through on_write. */

/* libOpenEXR's level; higher ones take longer and gain nothing on grain (bench/results/still.md). */
#define ZIP_LEVEL 4
#define SHORT_NAME 31 /* bytes of a channel name that every reader accepts */
#define BLOCK ((size_t)1 << 20)

typedef struct writer {
    ck_outfile file;
    exr_context_t ctx;
    int w, h, n;
    const ck_exr_new_part *parts;
    exr_compression_t compression;
    float level;
    uint8_t *block; /* small neighbouring writes gathered, BLOCK bytes */
    size_t block_used;
    uint64_t block_at;
    ck_status status; /* of the first failed write */
    ck_error *e;
} writer;

/* A part while it is written. */
typedef struct part {
    writer *w;
    int index;
    exr_encode_pipeline_t pipe;
    exr_result_t (*library_compress)(exr_encode_pipeline_t *);
    int n;
    const ck_exr_channel *sorted[CK_MAX_CHANNELS]; /* by name */
    struct libdeflate_compressor *deflate;
    ck_piz_encoder *piz;
    uint8_t *split, *packed; /* a chunk rearranged; the same compressed */
    size_t packed_bytes;
} part;

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

static ck_type stored(const ck_exr_new_part *p, const ck_exr_channel *c)
{
    return p->stored[c - p->channels];
}

static void convert(const void *src, ck_type from, ck_type to, void *dst, size_t n)
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
    size_t width = (size_t)t->w->w;
    uint8_t *dst = p->packed_buffer;
    for (int y = p->chunk.start_y; y < p->chunk.start_y + p->chunk.height; y++)
        for (int c = 0; c < t->n; c++) {
            const ck_exr_channel *ch = t->sorted[c];
            const uint8_t *src = (const uint8_t *)ch->data + (size_t)y * width * ck_type_size(ch->type);
            ck_type to = stored(&t->w->parts[t->index], ch);
            convert(src, ch->type, to, dst, width);
            dst += width * ck_type_size(to);
        }
    p->packed_bytes = (uint64_t)(dst - (uint8_t *)p->packed_buffer);
    return EXR_ERR_SUCCESS;
}

static bool is_piz(const part *t)
{
    return t->w->compression == EXR_COMPRESSION_PIZ;
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
    size_t width = (size_t)t->w->w, n = width * (size_t)chunk->height;
    ck_piz_channel channels[CK_MAX_CHANNELS];
    *bytes = 0;
    if (chunk->unpacked_size / 2 > CK_PIZ_MOST_WORDS)
        return EXR_ERR_SUCCESS;
    uint16_t *words = ck_piz_encoder_words(t->piz, chunk->unpacked_size / 2);
    if (!words)
        return EXR_ERR_OUT_OF_MEMORY;
    for (int c = 0; c < t->n; c++) {
        const ck_exr_channel *ch = t->sorted[c];
        ck_type to = stored(&t->w->parts[t->index], ch);
        size_t before = (size_t)chunk->start_y * width * ck_type_size(ch->type);
        channels[c] = (ck_piz_channel){t->w->w, chunk->height, (int)ck_type_size(to) / 2, 1};
        convert((const uint8_t *)ch->data + before, ch->type, to, words, n);
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

static bool floating(ck_type t)
{
    return t == CK_F16 || t == CK_F32;
}

static ck_status check(const writer *w, const ck_exr_new_part *p)
{
    if (w->w < 1 || w->h < 1 || w->w > CK_MAX_SIDE || w->h > CK_MAX_SIDE || p->n < 1 || p->n > CK_MAX_CHANNELS)
        return ck_fail(w->e, CK_ERR_ARGUMENT, "EXR cannot be written with %d channels at %d x %d", p->n, w->w, w->h);
    for (int i = 0; i < p->n; i++) {
        const ck_exr_channel *c = &p->channels[i];
        if (!floating(c->type) || !floating(p->stored[i]))
            return ck_fail(w->e, CK_ERR_ARGUMENT, "EXR channel %s of %s: convert it to f16 or f32", c->name,
                           ck_type_name(floating(c->type) ? p->stored[i] : c->type));
    }
    return CK_OK;
}

static ck_status sort_channels(part *t, const ck_exr_new_part *p)
{
    t->n = p->n;
    for (int i = 0; i < p->n; i++)
        t->sorted[i] = &p->channels[i];
    qsort(t->sorted, (size_t)t->n, sizeof(const ck_exr_channel *), by_name);
    for (int i = 1; i < t->n; i++)
        if (!strcmp(t->sorted[i]->name, t->sorted[i - 1]->name))
            return ck_fail(t->w->e, CK_ERR_ARGUMENT, "EXR channel %s is given twice", t->sorted[i]->name);
    return CK_OK;
}

/* The main R, G and B, or those of a layer. */
static bool is_colour(const ck_exr_new_part *p)
{
    int colours = 0;
    for (int i = 0; i < p->n; i++) {
        const char *dot = strrchr(p->channels[i].name, '.'), *last = dot ? dot + 1 : p->channels[i].name;
        colours += !strcmp(last, "R") || !strcmp(last, "G") || !strcmp(last, "B");
    }
    return colours >= 3;
}

static const ck_exr_new_part *colour_part(const writer *w)
{
    for (int i = 0; i < w->n; i++)
        if (is_colour(&w->parts[i]))
            return &w->parts[i];
    return NULL;
}

static ck_status set_attributes(writer *w, int at)
{
    const ck_meta *attributes = w->parts[at].attributes;
    exr_result_t rv = EXR_ERR_SUCCESS;
    for (size_t i = 0; attributes && i < attributes->n && !rv; i++) {
        const char *key = attributes->pairs[i].key;
        /* Attributes by which readers find the pixels must not be overwritten. */
        if (!strcmp(key, "type") || !strcmp(key, "name") || !*key)
            return ck_fail(w->e, CK_ERR_ARGUMENT, "EXR attribute '%s' has a meaning of its own: use another key", key);
        if (strlen(key) > SHORT_NAME)
            rv = exr_set_longname_support(w->ctx, 1);
        if (!rv)
            rv = exr_attr_set_string(w->ctx, at, key, attributes->pairs[i].value);
    }
    return rv ? fail(w, rv) : CK_OK;
}

static ck_status add_part(writer *w, int at)
{
    const ck_exr_new_part *p = &w->parts[at], *colour = colour_part(w);
    part sorted = {.w = w};
    int index;
    ck_status s = sort_channels(&sorted, p);
    if (s != CK_OK)
        return s;
    exr_result_t rv = exr_add_part(w->ctx, p->name, EXR_STORAGE_SCANLINE, &index);
    if (!rv)
        rv = exr_initialize_required_attr_simple(w->ctx, at, w->w, w->h, w->compression);
    if (!rv && ck_exr_is_dwa(w->compression))
        rv = exr_attr_set_float(w->ctx, at, "dwaCompressionLevel", w->level); /* the setter stops at 100 */
    for (int i = 0; i < p->n && !rv; i++)
        rv = exr_add_channel(w->ctx, at, sorted.sorted[i]->name,
                             stored(p, sorted.sorted[i]) == CK_F16 ? EXR_PIXEL_HALF : EXR_PIXEL_FLOAT,
                             EXR_PERCEPTUALLY_LOGARITHMIC, 1, 1);
    const char *primaries = colour && colour->attributes ? ck_meta_get(colour->attributes, "ck:primaries") : NULL;
    if (!rv)
        rv = ck_exr_write_facts(w->ctx, at, colour, primaries, p->attributes);
    return rv ? fail(w, rv) : set_attributes(w, at);
}

static ck_status write_header(writer *w)
{
    exr_context_initializer_t init = EXR_DEFAULT_CONTEXT_INITIALIZER;
    init.error_handler_fn = ck_exr_on_error;
    init.user_data = w;
    init.write_fn = on_write;
    exr_result_t rv = exr_start_write(&w->ctx, "exr", EXR_WRITE_FILE_DIRECTLY, &init);
    ck_status s = rv ? fail(w, rv) : CK_OK;
    for (int i = 0; i < w->n && s == CK_OK; i++)
        s = add_part(w, i);
    if (s == CK_OK && (rv = exr_write_header(w->ctx)))
        s = fail(w, rv);
    return s;
}

/* ---- OpenEXRCore ---- */

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
    writer *w = t->w;
    exr_result_t rv = exr_encoding_initialize(w->ctx, t->index, chunk, &t->pipe);
    if (!rv)
        rv = exr_encoding_choose_default_routines(w->ctx, t->index, &t->pipe);
    if (rv)
        return rv;
    t->pipe.encoding_user_data = t;
    t->pipe.convert_and_pack_fn = is_piz(t) ? pack_nothing : pack;
    t->library_compress = t->pipe.compress_fn;
    if (w->compression != EXR_COMPRESSION_NONE)
        t->pipe.compress_fn = compress;
    /* Our pack function does not use these pointers, but the pipeline requires them. */
    for (int c = 0; c < t->n; c++)
        t->pipe.channels[c].encode_from_ptr = t->sorted[c]->data;
    size_t n = (size_t)chunk->unpacked_size; /* the first chunk is the largest */
    return is_piz(t) ? start_piz(t, n) : is_zip(w->compression) ? start_zip(t, n) : EXR_ERR_SUCCESS;
}

static ck_status write_chunks(part *t)
{
    writer *w = t->w;
    int32_t lines = 1;
    exr_chunk_info_t chunk;
    exr_result_t rv = exr_get_scanlines_per_chunk(w->ctx, t->index, &lines);
    for (int y = 0; y < w->h && !rv; y += lines) {
        rv = exr_write_scanline_chunk_info(w->ctx, t->index, y, &chunk);
        if (!rv)
            rv = y ? exr_encoding_update(w->ctx, t->index, &chunk, &t->pipe) : start_pipeline(t, &chunk);
        if (!rv)
            rv = exr_encoding_run(w->ctx, t->index, &t->pipe);
    }
    return rv ? fail(w, rv) : CK_OK;
}

static ck_status write_part(writer *w, int at)
{
    part t = {.w = w, .index = at};
    ck_status s = sort_channels(&t, &w->parts[at]);
    if (s == CK_OK)
        s = write_chunks(&t);
    if (t.pipe.context)
        exr_encoding_destroy(w->ctx, &t.pipe);
    if (t.deflate)
        libdeflate_free_compressor(t.deflate);
    ck_piz_encoder_free(t.piz);
    free(t.split);
    free(t.packed);
    return s;
}

/* ---- DWAA, DWAB ---- */

static bool give(void *user, const void *data, size_t n, uint64_t offset)
{
    return on_write(NULL, user, data, n, offset, NULL) >= 0;
}

/* The samples as the file has them; *hold owns them if they had to be converted. */
static ck_status as_stored(const writer *w, const ck_exr_channel *c, ck_type to, ck_exr_dwa_channel *out, void **hold)
{
    size_t n = (size_t)w->w * (size_t)w->h;
    *out = (ck_exr_dwa_channel){.name = c->name, .data = c->data, .half = to == CK_F16};
    if (c->type == to)
        return CK_OK;
    *hold = malloc(n * ck_type_size(to));
    if (!*hold)
        return ck_fail(w->e, CK_ERR_MEMORY, "out of memory for an EXR");
    convert(c->data, c->type, to, *hold, n);
    out->data = *hold;
    return CK_OK;
}

/* `header`: what OpenEXRCore has written so far. */
static ck_status write_dwa(writer *w, const void *header, size_t bytes)
{
    char why[300];
    int all = 0, k = 0;
    for (int i = 0; i < w->n; i++)
        all += w->parts[i].n;
    ck_exr_dwa_part *parts = calloc((size_t)w->n, sizeof *parts);
    ck_exr_dwa_channel *channels = calloc((size_t)all, sizeof *channels);
    void **held = calloc((size_t)all, sizeof *held);
    ck_status s = parts && channels && held ? CK_OK : ck_fail(w->e, CK_ERR_MEMORY, "out of memory for an EXR");
    for (int i = 0; i < w->n && s == CK_OK; i++) {
        parts[i] = (ck_exr_dwa_part){.channels = channels + k, .n = w->parts[i].n, .w = w->w, .h = w->h};
        for (int c = 0; c < w->parts[i].n && s == CK_OK; c++, k++)
            s = as_stored(w, &w->parts[i].channels[c], w->parts[i].stored[c], &channels[k], &held[k]);
    }
    ck_exr_dwa job = {
        .header = header, .bytes = bytes, .parts = parts, .n = w->n, .level = w->level, .write = give, .user = w};
    if (s == CK_OK && !ck_exr_dwa_write(&job, why, sizeof why))
        s = w->status != CK_OK ? w->status : ck_fail(w->e, CK_ERR_FORMAT, "cannot write this EXR (%s)", why);
    for (int i = 0; i < all && held; i++)
        free(held[i]);
    free(held);
    free(channels);
    free(parts);
    return s;
}

/* The header is still in the block, unless it is larger. */
static ck_status write_by_library(writer *w)
{
    void *header = w->block_at || w->block_used == BLOCK ? NULL : malloc(w->block_used + 1);
    size_t n = w->block_used;
    if (!header)
        return ck_fail(w->e, CK_ERR_UNSUPPORTED, "the attributes are too long for DWA: use another compression");
    memcpy(header, w->block, n);
    w->block_used = 0;
    ck_status s = write_dwa(w, header, n);
    free(header);
    return s;
}

static ck_status write_all(writer *w)
{
    ck_status s = write_header(w);
    if (s == CK_OK && ck_exr_is_dwa(w->compression)) {
        s = write_by_library(w);
        return s == CK_OK ? flush(w) : s;
    }
    for (int i = 0; i < w->n && s == CK_OK; i++)
        s = write_part(w, i);
    return s == CK_OK ? flush(w) : s;
}

ck_status ck_exr_write_parts(const char *path, int w, int h, const ck_exr_new_part *parts, int n,
                             const ck_exr_packing *how, ck_error *e)
{
    static const exr_compression_t codes[] = {
        [CK_EXR_NONE] = EXR_COMPRESSION_NONE, [CK_EXR_RLE] = EXR_COMPRESSION_RLE,
        [CK_EXR_ZIPS] = EXR_COMPRESSION_ZIPS, [CK_EXR_ZIP] = EXR_COMPRESSION_ZIP,
        [CK_EXR_PIZ] = EXR_COMPRESSION_PIZ,   [CK_EXR_PXR24] = EXR_COMPRESSION_PXR24,
        [CK_EXR_B44] = EXR_COMPRESSION_B44,   [CK_EXR_B44A] = EXR_COMPRESSION_B44A,
        [CK_EXR_DWAA] = EXR_COMPRESSION_DWAA, [CK_EXR_DWAB] = EXR_COMPRESSION_DWAB};
    writer out = {
        .w = w, .h = h, .n = n, .parts = parts, .compression = codes[how->compression], .level = how->level, .e = e};
    for (int i = 0; i < n; i++) {
        ck_status s = check(&out, &parts[i]);
        if (s != CK_OK)
            return s;
    }
    ck_exr_listen();
    ck_status s = ck_outfile_open(&out.file, path, e);
    if (s == CK_OK && !(out.block = malloc(BLOCK)))
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for an EXR");
    if (s == CK_OK)
        s = write_all(&out);
    if (out.ctx)
        exr_finish(&out.ctx);
    free(out.block);
    if (s == CK_OK)
        return ck_outfile_commit(&out.file, e);
    ck_outfile_discard(&out.file);
    return s;
}

ck_status ck_exr_write(const char *path, int w, int h, const ck_exr_channel *ch, int n, ck_type file_type,
                       ck_exr_compression c, const ck_meta *attributes, ck_error *e)
{
    ck_type types[CK_MAX_CHANNELS];
    for (int i = 0; i < CK_MAX_CHANNELS; i++)
        types[i] = file_type;
    ck_exr_new_part one = {.channels = ch, .stored = types, .n = n, .attributes = attributes};
    return ck_exr_write_parts(path, w, h, &one, 1, &(ck_exr_packing){c, CK_EXR_LEVEL}, e);
}

ck_status ck_exr_packing_parse(const char *text, ck_exr_packing *out, ck_error *e)
{
    static const char *const words[] = {
        [CK_EXR_NONE] = "none", [CK_EXR_RLE] = "rle",     [CK_EXR_ZIPS] = "zips", [CK_EXR_ZIP] = "zip",
        [CK_EXR_PIZ] = "piz",   [CK_EXR_PXR24] = "pxr24", [CK_EXR_B44] = "b44",   [CK_EXR_B44A] = "b44a",
        [CK_EXR_DWAA] = "dwaa", [CK_EXR_DWAB] = "dwab"};
    enum { MOST_LEVEL = 100000 };
    size_t n = strcspn(text, ":");
    for (int i = 0; i <= CK_EXR_DWAB; i++) {
        if (strlen(words[i]) != n || strncmp(words[i], text, n) != 0)
            continue;
        char *end = NULL;
        *out = (ck_exr_packing){(ck_exr_compression)i, CK_EXR_LEVEL};
        if (!text[n])
            return CK_OK;
        double level = strtod(text + n + 1, &end);
        if (i < CK_EXR_DWAA || end == text + n + 1 || *end || !(level >= 0 && level <= MOST_LEVEL))
            return ck_fail(e, CK_ERR_ARGUMENT, "'%s': only dwaa and dwab have a level, from 0 to %d", text, MOST_LEVEL);
        out->level = (float)level;
        return CK_OK;
    }
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "'%s' is not one of none, rle, zips, zip, piz, pxr24, b44, b44a, dwaa[:LEVEL], "
                   "dwab[:LEVEL]",
                   text);
}
