/* EXR files of every kind, written with the library directly, for tests of our reader. */
#ifndef CK_TESTS_EXR_MAKE_H
#define CK_TESTS_EXR_MAKE_H

#include <openexr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct make_channel {
    const char *name;
    exr_pixel_type_t type;
    int sampling; /* on both axes, 0 = 1 */
} make_channel;

typedef struct make_spec {
    const char *path;
    exr_attr_box2i_t data, display;
    exr_compression_t compression;
    int tile_w, tile_h; /* 0 = scanlines */
    int parts;          /* 0 = 1 */
    make_channel channels[8];
    const char *transfer; /* NULL = no ck:transfer */
} make_spec;

/* Sample of channel c at x, y (file coordinates): the integer before conversion to half or float. */
static inline unsigned make_value(int c, int x, int y)
{
    return (unsigned)(c * 200 + (x & 15) * 20 + (y & 15));
}

/* Whole numbers up to 2048 are exact in half. */
static inline uint16_t make_half(unsigned v)
{
    if (!v)
        return 0;
    int e = 31 - __builtin_clz(v);
    return (uint16_t)((unsigned)(e + 15) << 10 | ((v << (10 - e)) & 0x3ff));
}

static void *make_samples(const make_spec *s, int c, int part, int x0, int y0, int w, int h)
{
    int step = s->channels[c].sampling ? s->channels[c].sampling : 1;
    char *out = malloc((size_t)w * (size_t)h * 4 + 4), *at = out;
    for (int y = y0; y < y0 + h; y += step)
        for (int x = x0; x < x0 + w; x += step) {
            unsigned v = make_value(c, x, y) + (unsigned)part;
            if (s->channels[c].type == EXR_PIXEL_HALF) {
                *(uint16_t *)at = make_half(v);
                at += 2;
            } else {
                float f = (float)v;
                memcpy(at, s->channels[c].type == EXR_PIXEL_UINT ? (void *)&v : (void *)&f, 4);
                at += 4;
            }
        }
    return out;
}

static int make_chunk(exr_context_t ctx, const make_spec *s, int part, const exr_chunk_info_t *chunk, int x, int y)
{
    exr_encode_pipeline_t pipe = EXR_ENCODE_PIPELINE_INITIALIZER;
    void *samples[8] = {0};
    int rv = exr_encoding_initialize(ctx, part, chunk, &pipe);
    for (int i = 0; i < pipe.channel_count && !rv; i++) {
        int c = 0; /* the library sorts channels */
        while (strcmp(s->channels[c].name, pipe.channels[i].channel_name))
            c++;
        samples[i] = make_samples(s, c, part, x, y, chunk->width, chunk->height);
        pipe.channels[i].encode_from_ptr = samples[i];
        pipe.channels[i].user_pixel_stride = pipe.channels[i].bytes_per_element;
        pipe.channels[i].user_line_stride = pipe.channels[i].bytes_per_element * pipe.channels[i].width;
    }
    rv = rv ? rv : exr_encoding_choose_default_routines(ctx, part, &pipe);
    rv = rv ? rv : exr_encoding_run(ctx, part, &pipe);
    exr_encoding_destroy(ctx, &pipe);
    for (int i = 0; i < 8; i++)
        free(samples[i]);
    return rv;
}

static int make_part_pixels(exr_context_t ctx, const make_spec *s, int part)
{
    exr_chunk_info_t chunk;
    int w = s->data.max.x - s->data.min.x + 1, h = s->data.max.y - s->data.min.y + 1, rv = 0;
    if (s->tile_w) {
        for (int ty = 0; ty * s->tile_h < h && !rv; ty++)
            for (int tx = 0; tx * s->tile_w < w && !rv; tx++) {
                rv = exr_write_tile_chunk_info(ctx, part, tx, ty, 0, 0, &chunk);
                rv = rv ? rv
                        : make_chunk(ctx, s, part, &chunk, s->data.min.x + tx * s->tile_w,
                                     s->data.min.y + ty * s->tile_h);
            }
        return rv;
    }
    int lines;
    exr_get_scanlines_per_chunk(ctx, part, &lines);
    for (int y = s->data.min.y; y <= s->data.max.y && !rv; y += lines) {
        rv = exr_write_scanline_chunk_info(ctx, part, y, &chunk);
        rv = rv ? rv : make_chunk(ctx, s, part, &chunk, s->data.min.x, y);
    }
    return rv;
}

/* Write a file; 0 on success. */
static int make_exr(const make_spec *s)
{
    exr_context_t ctx;
    int parts = s->parts ? s->parts : 1;
    int rv = exr_start_write(&ctx, s->path, EXR_WRITE_FILE_DIRECTLY, NULL);
    for (int p = 0; p < parts && !rv; p++) {
        char name[16];
        snprintf(name, sizeof name, "part%d", p);
        int index;
        exr_attr_v2f_t centre = {0};
        rv = exr_add_part(ctx, parts > 1 ? name : NULL, s->tile_w ? EXR_STORAGE_TILED : EXR_STORAGE_SCANLINE, &index);
        rv = rv ? rv
                : exr_initialize_required_attr(ctx, p, &s->display, &s->data, 1, &centre, 1, EXR_LINEORDER_INCREASING_Y,
                                               s->compression);
        if (s->tile_w && !rv)
            rv = exr_set_tile_descriptor(ctx, p, (uint32_t)s->tile_w, (uint32_t)s->tile_h, EXR_TILE_ONE_LEVEL,
                                         EXR_TILE_ROUND_DOWN);
        for (int c = 0; c < 8 && s->channels[c].name && !rv; c++) {
            int step = s->channels[c].sampling ? s->channels[c].sampling : 1;
            rv = exr_add_channel(ctx, p, s->channels[c].name, s->channels[c].type, EXR_PERCEPTUALLY_LOGARITHMIC, step,
                                 step);
        }
        if (s->transfer && !rv)
            rv = exr_attr_set_string(ctx, p, "ck:transfer", s->transfer);
    }
    rv = rv ? rv : exr_write_header(ctx);
    for (int p = 0; p < parts && !rv; p++)
        rv = make_part_pixels(ctx, s, p);
    return exr_finish(&ctx) || rv;
}

#endif
