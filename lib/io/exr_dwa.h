/* DWAA and DWAB through libOpenEXR's C++ interface, since OpenEXRCore 3.1 lacks them: decode a chunk, write a file,
 * check a file of several parts.  The library has no interface for chunks: it gets a file in memory that holds one.
 * For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_DWA_H
#define CK_IO_EXR_DWA_H

#include <openexr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline bool ck_exr_is_dwa(exr_compression_t c)
{
    return c == EXR_COMPRESSION_DWAA || c == EXR_COMPRESSION_DWAB;
}

/* A decoder; for one thread at a time. */
typedef struct ck_exr_dwa_decoder ck_exr_dwa_decoder;

/* A chunk: scanlines of a part, or a tile. */
typedef struct ck_exr_dwa_chunk {
    int y;    /* of its first line in the file; 0 for tiles */
    int w, h; /* in pixels */
    const void *packed;
    size_t bytes;
} ck_exr_dwa_chunk;

/* One wanted channel: h rows of w samples, with `line` samples from one row to the next. */
typedef struct ck_exr_dwa_samples {
    int channel; /* in the list; not subsampled */
    void *to;
    size_t line;
} ck_exr_dwa_samples;

/* Decoder for the chunks of a part.  data: of the part; of a tiled part's chunk, (0,0) to its size.  All arguments are
 * copied. */
exr_result_t ck_exr_dwa_decoder_new(const exr_attr_chlist_t *list, exr_compression_t c, exr_attr_box2i_t data,
                                    int tiled, ck_exr_dwa_decoder **out);
/* Decode n channels to half, or to float if `floats`; none may occur twice.  After a failure the decoder is of no
 * further use. */
exr_result_t ck_exr_dwa_decoder_run(ck_exr_dwa_decoder *d, const ck_exr_dwa_chunk *chunk,
                                    const ck_exr_dwa_samples *want, int n, int floats);

void ck_exr_dwa_decoder_free(ck_exr_dwa_decoder *d); /* NULL is allowed */

typedef struct ck_exr_dwa_channel {
    const char *name;
    const void *data; /* rows without padding */
    bool half;        /* else float */
} ck_exr_dwa_channel;

typedef struct ck_exr_dwa_part {
    const ck_exr_dwa_channel *channels;
    int n, w, h;
} ck_exr_dwa_part;

typedef struct ck_exr_dwa {
    const void *header; /* of the file, from its first byte to the end of the last part's header */
    size_t bytes;
    const ck_exr_dwa_part *parts;
    int n;
    float level;
    bool (*write)(void *user, const void *data, size_t n, uint64_t offset);
    void *user;
} ck_exr_dwa;

/* False with the reason in `why`, one line. */
bool ck_exr_dwa_write(const ck_exr_dwa *job, char *why, size_t n);

/* Decode all scanlines of all parts. */
bool ck_exr_dwa_check(const char *path, char *why, size_t n);

#ifdef __cplusplus
}
#endif

#endif
