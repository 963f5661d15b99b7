#include "io/exr_decode.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "io/exr_core.h"

/* The pipeline of one chunk:
 *
 *     file --read--> packed --decompress--> lines of R, G, B, ... --unpack--> ck_pick_row
 *
 * The pipeline is the library's, decompress and unpack are ours.  Unpacking line by line handles windows, layers,
 * sample types and hints without an intermediate picture. */

typedef struct decoder {
    const ck_exr_part *part;
    const ck_pick *pick;
    exr_decode_pipeline_t pipe;
    exr_result_t (*library_decompress)(exr_decode_pipeline_t *);
    struct libdeflate_decompressor *inflate;
    uint8_t *scratch; /* a chunk before its bytes are put in order */
    size_t scratch_bytes;
    float *floats; /* four rows, for samples that must be converted */
    int x, y;      /* position of the chunk's first sample */
} decoder;

/* ZIP through libdeflate, twice as fast as zlib.  RLE by ck_exr_unrle, because the library mistakes one of its error
 * codes for a length.  A chunk as long as its contents is stored uncompressed, which the library misses for B44. */
static exr_result_t decompress(exr_decode_pipeline_t *p)
{
    decoder *d = p->decoding_user_data;
    size_t packed = p->chunk.packed_size, n = p->chunk.unpacked_size;
    bool zip = d->part->compression == EXR_COMPRESSION_ZIP || d->part->compression == EXR_COMPRESSION_ZIPS;
    if (packed == n)
        return EXR_ERR_SUCCESS; /* stored: the pipeline uses one buffer for both */
    if (!zip && d->part->compression != EXR_COMPRESSION_RLE)
        return d->library_decompress(p);
    if (d->scratch_bytes < n) {
        free(d->scratch);
        d->scratch = malloc(n);
        d->scratch_bytes = d->scratch ? n : 0;
        if (!d->scratch)
            return EXR_ERR_OUT_OF_MEMORY;
    }
    bool good = zip ? !libdeflate_zlib_decompress(d->inflate, p->packed_buffer, packed, d->scratch, n, NULL)
                    : ck_exr_unrle(p->packed_buffer, packed, d->scratch, n);
    if (!good)
        return EXR_ERR_CORRUPT_CHUNK;
    ck_exr_join(d->scratch, p->unpacked_buffer, n);
    return EXR_ERR_SUCCESS;
}

/* Bytes of channel c in line y of the file; 0 in lines that subsampling omits. */
static size_t line_bytes(const exr_coding_channel_info_t *c, int y)
{
    return c->y_samples > 1 && y % c->y_samples ? 0 : (size_t)c->width * (size_t)c->bytes_per_element;
}

static const void *as_floats(const uint8_t *src, const exr_coding_channel_info_t *c, float *out)
{
    size_t n = (size_t)c->width;
    if (c->data_type == EXR_PIXEL_HALF) {
        ck_to_f32(src, CK_F16, out, n);
    } else if (c->data_type == EXR_PIXEL_FLOAT) {
        memcpy(out, src, n * sizeof *out); /* unaligned after half channels */
    } else {
        for (size_t i = 0; i < n; i++) {
            uint32_t v;
            memcpy(&v, src + 4 * i, sizeof v);
            out[i] = (float)v;
        }
    }
    return out;
}

/* Pass on the part of line y (file coordinates) inside the display window.  src: first byte of the line. */
static void give_line(decoder *d, int y, const uint8_t *src)
{
    const exr_decode_pipeline_t *p = &d->pipe;
    const ck_exr_choice *want = &d->part->choice;
    const void *found[4] = {NULL};
    for (int c = 0; c < p->channel_count; c++) {
        for (int i = 0; i < 4; i++)
            if (i < 3 ? i < want->n && want->index[i] == c : want->alpha == c)
                found[i] = want->type == CK_F16
                               ? src
                               : as_floats(src, &p->channels[c], d->floats + (size_t)i * (size_t)p->chunk.width);
        src += line_bytes(&p->channels[c], y);
    }
    int left = d->part->display.min.x, x0 = d->x > left ? d->x : left;
    int x1 = d->x + p->chunk.width - 1, right = d->part->display.max.x;
    x1 = x1 < right ? x1 : right;
    if (x1 < x0)
        return;
    size_t skip = (size_t)(x0 - d->x) * ck_type_size(want->type);
    ck_row row = {.r = (const char *)found[0] + skip, .step = 1};
    if (want->n == 3) {
        row.g = (const char *)found[1] + skip;
        row.b = (const char *)found[2] + skip;
    }
    if (found[3])
        row.a = (const char *)found[3] + skip;
    ck_pick_row(d->pick, y - d->part->display.min.y, x0 - left, x1 - x0 + 1, &row);
}

static exr_result_t unpack(exr_decode_pipeline_t *p)
{
    decoder *d = p->decoding_user_data;
    size_t total = 0;
    for (int y = 0; y < p->chunk.height; y++)
        for (int c = 0; c < p->channel_count; c++)
            total += line_bytes(&p->channels[c], d->y + y);
    if (total != p->chunk.unpacked_size)
        return EXR_ERR_CORRUPT_CHUNK;
    const uint8_t *src = p->unpacked_buffer;
    for (int y = d->y; y < d->y + p->chunk.height; y++) {
        if (y >= d->part->display.min.y && y <= d->part->display.max.y)
            give_line(d, y, src);
        for (int c = 0; c < p->channel_count; c++)
            src += line_bytes(&p->channels[c], y);
    }
    return EXR_ERR_SUCCESS;
}

static bool overlaps(const decoder *d, const exr_chunk_info_t *chunk)
{
    const exr_attr_box2i_t *w = &d->part->display;
    return d->x <= w->max.x && d->x + chunk->width > w->min.x && d->y <= w->max.y && d->y + chunk->height > w->min.y;
}

/* Decode the chunk whose first sample is at x, y.  Outside the display window, only check its place in the file. */
static exr_result_t decode_chunk(decoder *d, const exr_chunk_info_t *chunk, int x, int y)
{
    exr_context_t ctx = d->part->ctx;
    d->x = x;
    d->y = y;
    if (!overlaps(d, chunk))
        return EXR_ERR_SUCCESS;
    if (d->pipe.context) {
        exr_result_t rv = exr_decoding_update(ctx, 0, chunk, &d->pipe);
        return rv ? rv : exr_decoding_run(ctx, 0, &d->pipe);
    }
    exr_result_t rv = exr_decoding_initialize(ctx, 0, chunk, &d->pipe);
    if (!rv)
        rv = exr_decoding_choose_default_routines(ctx, 0, &d->pipe);
    if (rv)
        return rv;
    d->pipe.decoding_user_data = d;
    d->library_decompress = d->pipe.decompress_fn;
    if (d->part->compression != EXR_COMPRESSION_NONE)
        d->pipe.decompress_fn = decompress;
    d->pipe.unpack_and_convert_fn = unpack;
    return exr_decoding_run(ctx, 0, &d->pipe);
}

static exr_result_t decode_scanlines(decoder *d)
{
    const exr_attr_box2i_t *data = &d->part->data;
    exr_chunk_info_t chunk;
    int32_t lines;
    exr_result_t rv = exr_get_scanlines_per_chunk(d->part->ctx, 0, &lines);
    for (int64_t y = data->min.y; y <= data->max.y && !rv; y += lines) {
        rv = exr_read_scanline_chunk_info(d->part->ctx, 0, (int)y, &chunk);
        if (!rv)
            rv = decode_chunk(d, &chunk, data->min.x, (int)y);
    }
    return rv;
}

static exr_result_t decode_tiles(decoder *d)
{
    const exr_attr_box2i_t *data = &d->part->data;
    int w = data->max.x - data->min.x + 1, h = data->max.y - data->min.y + 1;
    exr_chunk_info_t chunk;
    int32_t tw, th;
    exr_result_t rv = exr_get_tile_sizes(d->part->ctx, 0, 0, 0, &tw, &th);
    for (int ty = 0; ty * (int64_t)th < h && !rv; ty++)
        for (int tx = 0; tx * (int64_t)tw < w && !rv; tx++) {
            rv = exr_read_tile_chunk_info(d->part->ctx, 0, tx, ty, 0, 0, &chunk);
            if (!rv)
                rv = decode_chunk(d, &chunk, data->min.x + tx * tw, data->min.y + ty * th);
        }
    return rv;
}

exr_result_t ck_exr_decode(const ck_exr_part *part, const ck_pick *pick)
{
    decoder d = {.part = part, .pick = pick};
    exr_result_t rv = EXR_ERR_OUT_OF_MEMORY;
    size_t width = (size_t)(part->data.max.x - part->data.min.x + 1);
    d.inflate = libdeflate_alloc_decompressor();
    d.floats = malloc(4 * width * sizeof *d.floats); /* no chunk is wider */
    if (d.inflate && d.floats)
        rv = part->storage == EXR_STORAGE_TILED ? decode_tiles(&d) : decode_scanlines(&d);
    if (d.pipe.context)
        exr_decoding_destroy(part->ctx, &d.pipe);
    if (d.inflate)
        libdeflate_free_decompressor(d.inflate);
    free(d.floats);
    free(d.scratch);
    return rv;
}
