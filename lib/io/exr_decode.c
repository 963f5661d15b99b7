#include "io/exr_decode.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "image/convert.h"
#include "io/exr_core.h"
#include "io/exr_crew.h"
#include "io/exr_dwa.h"
#include "io/exr_piz.h"

/* The pipeline of one chunk:
 *
 *     file --read--> packed --decompress--> lines of R, G, B, ... --unpack--> ck_pick_row
 *                       +---libOpenEXR (DWA)--> wanted channels -----^
 *
 * The pipeline is OpenEXRCore's, decompress and unpack are ours.  Unpacking line by line handles windows, layers,
 * sample types and hints without an intermediate picture. */

/* One thread's decoder. */
typedef struct decoder {
    const ck_exr_part *part;
    const ck_pick *pick;
    exr_decode_pipeline_t pipe;
    exr_result_t (*library_decompress)(exr_decode_pipeline_t *);
    struct libdeflate_decompressor *inflate;
    ck_piz *piz;
    ck_piz_channel *piz_channels; /* [channel_count] */
    ck_exr_dwa_decoder *codec;    /* of libOpenEXR, or NULL */
    int codec_w, codec_h;
    bool by_codec;    /* the chunk in hand was decoded by it */
    bool in_place;    /* into the plane, not `scratch` */
    uint8_t *scratch; /* [4, h, w] of the choice's type, or a chunk before its bytes are put in order */
    size_t scratch_bytes;
    float *floats; /* four rows, for samples that must be converted */
    int x, y;      /* position of the chunk's first sample */
} decoder;

static bool reserve(decoder *d, size_t n)
{
    if (d->scratch_bytes >= n)
        return true;
    free(d->scratch);
    d->scratch = malloc(n);
    d->scratch_bytes = d->scratch ? n : 0;
    return d->scratch != NULL;
}

/* The channel of slot i: 0 to 2 colours, 3 alpha; -1 = none. */
static int wanted(const ck_exr_choice *c, int i)
{
    return i == 3 ? c->alpha : i < c->n ? c->index[i] : -1;
}

/* A file of tiles is a new one to the codec for every size of them. */
static exr_result_t open_codec(decoder *d)
{
    const exr_chunk_info_t *chunk = &d->pipe.chunk;
    bool tiled = d->part->storage == EXR_STORAGE_TILED;
    if (d->codec && (!tiled || (d->codec_w == chunk->width && d->codec_h == chunk->height)))
        return EXR_ERR_SUCCESS;
    exr_attr_box2i_t tile = {.max = {.x = chunk->width - 1, .y = chunk->height - 1}};
    ck_exr_dwa_decoder_free(d->codec);
    d->codec = NULL;
    d->codec_w = chunk->width;
    d->codec_h = chunk->height;
    return ck_exr_dwa_decoder_new(d->part->list_view, d->part->compression, tiled ? tile : d->part->data, tiled,
                                  &d->codec);
}

/* True if the codec can store the chunk's colours in the plane: all of it is shown, and nothing else is wanted. */
static bool fits_plane(const decoder *d)
{
    const exr_attr_box2i_t *show = &d->part->display;
    const exr_chunk_info_t *chunk = &d->pipe.chunk;
    return d->part->choice.n == 3 && ck_pick_place(d->pick, 0, 0, 0) && d->x >= show->min.x && d->y >= show->min.y &&
           d->x + chunk->width - 1 <= show->max.x && d->y + chunk->height - 1 <= show->max.y;
}

static exr_result_t decode_by_codec(decoder *d)
{
    const exr_decode_pipeline_t *p = &d->pipe;
    const ck_exr_choice *choice = &d->part->choice;
    const exr_attr_v2i_t *corner = &d->part->display.min;
    size_t line = (size_t)p->chunk.width, plane = line * (size_t)p->chunk.height * ck_type_size(choice->type);
    ck_exr_dwa_chunk chunk = {.y = d->part->storage == EXR_STORAGE_TILED ? 0 : d->y,
                              .w = p->chunk.width,
                              .h = p->chunk.height,
                              .packed = p->packed_buffer,
                              .bytes = p->chunk.packed_size};
    ck_exr_dwa_samples want[4];
    int n = 0;
    d->in_place = fits_plane(d);
    if (!d->in_place && !reserve(d, 4 * plane))
        return EXR_ERR_OUT_OF_MEMORY;
    for (int i = 0; i < 3 && d->in_place; i++)
        want[n++] = (ck_exr_dwa_samples){
            choice->index[i], ck_pick_place(d->pick, i, d->y - corner->y, d->x - corner->x), (size_t)d->pick->w};
    for (int i = 0; i < 4 && !d->in_place; i++)
        if (wanted(choice, i) >= 0 && (i < 3 || choice->alpha != choice->index[0]))
            want[n++] = (ck_exr_dwa_samples){wanted(choice, i), d->scratch + (size_t)i * plane, line};
    exr_result_t rv = open_codec(d);
    d->by_codec = true;
    return rv ? rv : ck_exr_dwa_decoder_run(d->codec, &chunk, want, n, choice->type == CK_F32);
}

static exr_result_t decode_piz(decoder *d)
{
    exr_decode_pipeline_t *p = &d->pipe;
    size_t n = (size_t)p->channel_count;
    if (!d->piz)
        d->piz = ck_piz_new();
    if (!d->piz_channels)
        d->piz_channels = calloc(n, sizeof *d->piz_channels);
    if (!d->piz || !d->piz_channels)
        return EXR_ERR_OUT_OF_MEMORY;
    for (size_t c = 0; c < n; c++) {
        const exr_coding_channel_info_t *k = &p->channels[c];
        d->piz_channels[c] = (ck_piz_channel){k->width, k->height, k->bytes_per_element / 2, k->y_samples};
    }
    return ck_piz_decode(d->piz, p->packed_buffer, p->chunk.packed_size, d->piz_channels, p->channel_count, d->y,
                         p->chunk.height, p->unpacked_buffer, p->chunk.unpacked_size);
}

/* ZIP through libdeflate, twice as fast as zlib.  PIZ by our own decoder, three times as fast as the library's.  DWA
 * through libOpenEXR: the C library lacks it.  RLE by ck_exr_unrle, because the library mistakes one of its error codes
 * for a length. A chunk as long as its contents is stored uncompressed, which the library misses for B44. */
static exr_result_t decompress(exr_decode_pipeline_t *p)
{
    decoder *d = p->decoding_user_data;
    size_t packed = p->chunk.packed_size, n = p->chunk.unpacked_size;
    exr_compression_t c = d->part->compression;
    bool zip = c == EXR_COMPRESSION_ZIP || c == EXR_COMPRESSION_ZIPS;
    d->by_codec = false;
    if (packed == n)
        return EXR_ERR_SUCCESS; /* stored: the pipeline uses one buffer for both */
    if (c == EXR_COMPRESSION_PIZ)
        return decode_piz(d);
    if (ck_exr_is_dwa(c))
        return decode_by_codec(d);
    if (!zip && c != EXR_COMPRESSION_RLE)
        return d->library_decompress(p);
    if (!reserve(d, n))
        return EXR_ERR_OUT_OF_MEMORY;
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

/* Pass on the part of line y (file coordinates) inside the display window.  found: its first sample in each slot. */
static void give_line(const decoder *d, int y, const void *const found[4])
{
    const ck_exr_choice *want = &d->part->choice;
    int left = d->part->display.min.x, x0 = d->x > left ? d->x : left;
    int x1 = d->x + d->pipe.chunk.width - 1, right = d->part->display.max.x;
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

/* src: first byte of line y, which holds all channels. */
static void unpack_line(decoder *d, int y, const uint8_t *src)
{
    const exr_decode_pipeline_t *p = &d->pipe;
    const ck_exr_choice *want = &d->part->choice;
    const void *found[4] = {NULL};
    for (int c = 0; c < p->channel_count; c++) {
        for (int i = 0; i < 4; i++)
            if (wanted(want, i) == c)
                found[i] = want->type == CK_F16
                               ? src
                               : as_floats(src, &p->channels[c], d->floats + (size_t)i * (size_t)p->chunk.width);
        src += line_bytes(&p->channels[c], y);
    }
    give_line(d, y, found);
}

/* y: of a line that libOpenEXR has decoded. */
static void give_decoded(const decoder *d, int y)
{
    const ck_exr_choice *want = &d->part->choice;
    size_t line = (size_t)d->pipe.chunk.width * ck_type_size(want->type), plane = line * (size_t)d->pipe.chunk.height;
    const uint8_t *first = d->scratch + (size_t)(y - d->y) * line;
    const void *found[4] = {NULL};
    for (int i = 0; i < 4; i++)
        if (wanted(want, i) >= 0)
            found[i] = first + (size_t)(i == 3 && want->alpha == want->index[0] ? 0 : i) * plane;
    give_line(d, y, found);
}

static bool shown(const decoder *d, int y)
{
    return y >= d->part->display.min.y && y <= d->part->display.max.y;
}

static exr_result_t unpack(exr_decode_pipeline_t *p)
{
    decoder *d = p->decoding_user_data;
    size_t total = 0;
    for (int y = d->y; d->by_codec && y < d->y + p->chunk.height; y++)
        if (d->in_place)
            ck_pick_stored(d->pick, y - d->part->display.min.y, d->x - d->part->display.min.x, p->chunk.width);
        else if (shown(d, y))
            give_decoded(d, y);
    if (d->by_codec)
        return EXR_ERR_SUCCESS;
    for (int y = 0; y < p->chunk.height; y++)
        for (int c = 0; c < p->channel_count; c++)
            total += line_bytes(&p->channels[c], d->y + y);
    if (total != p->chunk.unpacked_size)
        return EXR_ERR_CORRUPT_CHUNK;
    const uint8_t *src = p->unpacked_buffer;
    for (int y = d->y; y < d->y + p->chunk.height; y++) {
        if (shown(d, y))
            unpack_line(d, y, src);
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
    int part = d->part->choice.part;
    d->x = x;
    d->y = y;
    if (!overlaps(d, chunk))
        return EXR_ERR_SUCCESS;
    if (d->pipe.context) {
        exr_result_t rv = exr_decoding_update(ctx, part, chunk, &d->pipe);
        return rv ? rv : exr_decoding_run(ctx, part, &d->pipe);
    }
    exr_result_t rv = exr_decoding_initialize(ctx, part, chunk, &d->pipe);
    if (!rv)
        rv = exr_decoding_choose_default_routines(ctx, part, &d->pipe);
    if (rv)
        return rv;
    d->pipe.decoding_user_data = d;
    d->library_decompress = d->pipe.decompress_fn;
    if (d->part->compression != EXR_COMPRESSION_NONE)
        d->pipe.decompress_fn = decompress;
    d->pipe.unpack_and_convert_fn = unpack;
    return exr_decoding_run(ctx, part, &d->pipe);
}

/* The chunks of a part. */
typedef struct grid {
    int across, down;
    int w, h; /* of a chunk, in pixels; the last ones may be smaller */
} grid;

typedef struct job {
    const ck_exr_part *part;
    const ck_pick *pick;
    grid grid;
} job;

static exr_result_t find_grid(const ck_exr_part *part, grid *g)
{
    int64_t w = (int64_t)part->data.max.x - part->data.min.x + 1, h = (int64_t)part->data.max.y - part->data.min.y + 1;
    exr_result_t rv;
    g->w = (int)w;
    if (part->storage == EXR_STORAGE_TILED)
        rv = exr_get_tile_sizes(part->ctx, part->choice.part, 0, 0, &g->w, &g->h);
    else
        rv = exr_get_scanlines_per_chunk(part->ctx, part->choice.part, &g->h);
    if (rv)
        return rv;
    if (g->w < 1 || g->h < 1)
        return EXR_ERR_INVALID_ATTR;
    g->across = (int)((w + g->w - 1) / g->w);
    g->down = (int)((h + g->h - 1) / g->h);
    return EXR_ERR_SUCCESS;
}

static void *start_thread(const void *of)
{
    const job *j = of;
    decoder *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->part = j->part;
    d->pick = j->pick;
    d->inflate = libdeflate_alloc_decompressor();
    d->floats = malloc(4 * (size_t)j->grid.w * sizeof *d->floats); /* no chunk is wider */
    return d;
}

static exr_result_t run_chunk(void *thread, const void *of, long i)
{
    decoder *d = thread;
    const job *j = of;
    const exr_attr_box2i_t *data = &j->part->data;
    int tx = (int)(i % j->grid.across), ty = (int)(i / j->grid.across), part = j->part->choice.part;
    int x = data->min.x + tx * j->grid.w, y = data->min.y + ty * j->grid.h;
    exr_chunk_info_t chunk;
    if (!d || !d->inflate || !d->floats)
        return EXR_ERR_OUT_OF_MEMORY;
    exr_result_t rv = j->part->storage == EXR_STORAGE_TILED
                          ? exr_read_tile_chunk_info(j->part->ctx, part, tx, ty, 0, 0, &chunk)
                          : exr_read_scanline_chunk_info(j->part->ctx, part, y, &chunk);
    return rv ? rv : decode_chunk(d, &chunk, x, y);
}

static void end_thread(void *thread)
{
    decoder *d = thread;
    if (!d)
        return;
    if (d->pipe.context)
        exr_decoding_destroy(d->part->ctx, &d->pipe);
    if (d->inflate)
        libdeflate_free_decompressor(d->inflate);
    ck_exr_dwa_decoder_free(d->codec);
    ck_piz_free(d->piz);
    free(d->piz_channels);
    free(d->floats);
    free(d->scratch);
    free(d);
}

/* Pixels below which a second thread costs more than it saves. */
#define WORTH_A_THREAD ((int64_t)1 << 18)

exr_result_t ck_exr_decode(const ck_exr_part *part, const ck_pick *pick, int threads)
{
    job j = {.part = part, .pick = pick};
    exr_result_t rv = find_grid(part, &j.grid);
    ck_exr_crew crew = {.job = &j,
                        .start = start_thread,
                        .run = run_chunk,
                        .end = end_thread,
                        .items = (long)j.grid.across * j.grid.down,
                        .threads = (int64_t)pick->w * pick->h >= WORTH_A_THREAD ? threads : 1};
    return rv ? rv : ck_exr_crew_run(&crew);
}
