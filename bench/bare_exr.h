/* The plainest way to write an EXR with OpenEXRCore, compared with our writer. */
#ifndef CK_BENCH_BARE_EXR_H
#define CK_BENCH_BARE_EXR_H

#include <openexr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline void bare_must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

/* rgba: planar [4, h, w] half. */
static inline void bare_exr_write(const char *path, const uint16_t *rgba, int w, int h, exr_compression_t c)
{
    static const char *const names[] = {"A", "B", "G", "R"}; /* the file's order */
    exr_context_t ctx;
    exr_chunk_info_t chunk;
    exr_encode_pipeline_t pipe = EXR_ENCODE_PIPELINE_INITIALIZER;
    int part, lines;
    bare_must(!exr_start_write(&ctx, path, EXR_WRITE_FILE_DIRECTLY, NULL), "exr_start_write");
    exr_add_part(ctx, NULL, EXR_STORAGE_SCANLINE, &part);
    exr_initialize_required_attr_simple(ctx, 0, w, h, c);
    exr_set_zip_compression_level(ctx, 0, 4);
    for (int i = 0; i < 4; i++)
        exr_add_channel(ctx, 0, names[i], EXR_PIXEL_HALF, EXR_PERCEPTUALLY_LOGARITHMIC, 1, 1);
    bare_must(!exr_write_header(ctx), "exr_write_header");
    exr_get_scanlines_per_chunk(ctx, 0, &lines);
    for (int y = 0; y < h; y += lines) {
        exr_write_scanline_chunk_info(ctx, 0, y, &chunk);
        if (y)
            exr_encoding_update(ctx, 0, &chunk, &pipe);
        else
            exr_encoding_initialize(ctx, 0, &chunk, &pipe);
        for (int i = 0; i < 4; i++) {
            pipe.channels[i].encode_from_ptr =
                (const uint8_t *)(rgba + ((size_t)(3 - i) * (size_t)h + (size_t)y) * (size_t)w);
            pipe.channels[i].user_pixel_stride = 2;
            pipe.channels[i].user_line_stride = 2 * w;
        }
        if (!y)
            exr_encoding_choose_default_routines(ctx, 0, &pipe);
        bare_must(!exr_encoding_run(ctx, 0, &pipe), "exr_encoding_run");
    }
    exr_encoding_destroy(ctx, &pipe);
    bare_must(!exr_finish(&ctx), "exr_finish");
}

#endif
