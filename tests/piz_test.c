/* PIZ: our chunks are the bytes that OpenEXR's library writes. */
#include <openexr.h>

#include "files.h"
#include "io/exr.h"
#include "tap.h"

static char dir[] = "/tmp/ck-piz-XXXXXX";
static const char *const names[] = {"A", "B", "G", "R"}; /* the file's order */

enum { CHANNELS = 4 };

typedef struct picture {
    int w, h;
    ck_type type[CHANNELS];
    void *data[CHANNELS];
} picture;

static void must(exr_result_t rv, const char *what)
{
    if (!rv)
        return;
    printf("Bail out! %s: %s\n", what, exr_get_error_code_as_string(rv));
    exit(1);
}

/* Write with OpenEXRCore alone. */
static void write_theirs(const char *path, const picture *p)
{
    exr_context_t ctx;
    exr_chunk_info_t chunk;
    exr_encode_pipeline_t pipe = EXR_ENCODE_PIPELINE_INITIALIZER;
    int part, lines;
    must(exr_start_write(&ctx, path, EXR_WRITE_FILE_DIRECTLY, NULL), "exr_start_write");
    must(exr_add_part(ctx, NULL, EXR_STORAGE_SCANLINE, &part), "exr_add_part");
    must(exr_initialize_required_attr_simple(ctx, 0, p->w, p->h, EXR_COMPRESSION_PIZ), "attributes");
    for (int i = 0; i < CHANNELS; i++)
        must(exr_add_channel(ctx, 0, names[i], p->type[i] == CK_F16 ? EXR_PIXEL_HALF : EXR_PIXEL_FLOAT,
                             EXR_PERCEPTUALLY_LOGARITHMIC, 1, 1),
             "exr_add_channel");
    must(exr_write_header(ctx), "exr_write_header");
    must(exr_get_scanlines_per_chunk(ctx, 0, &lines), "lines");
    for (int y = 0; y < p->h; y += lines) {
        must(exr_write_scanline_chunk_info(ctx, 0, y, &chunk), "chunk");
        must(y ? exr_encoding_update(ctx, 0, &chunk, &pipe) : exr_encoding_initialize(ctx, 0, &chunk, &pipe), "start");
        for (int i = 0; i < CHANNELS; i++) {
            size_t size = ck_type_size(p->type[i]);
            pipe.channels[i].encode_from_ptr = (const uint8_t *)p->data[i] + (size_t)y * (size_t)p->w * size;
            pipe.channels[i].user_pixel_stride = (int32_t)size;
            pipe.channels[i].user_line_stride = (int32_t)size * p->w;
        }
        if (!y)
            must(exr_encoding_choose_default_routines(ctx, 0, &pipe), "routines");
        must(exr_encoding_run(ctx, 0, &pipe), "exr_encoding_run");
    }
    must(exr_encoding_destroy(ctx, &pipe), "exr_encoding_destroy");
    must(exr_finish(&ctx), "exr_finish");
}

static exr_context_t open_file(const char *path)
{
    exr_context_t ctx;
    must(exr_start_read(&ctx, path, NULL), path);
    return ctx;
}

/* The chunk of a line; the caller frees it. */
static uint8_t *chunk_at(exr_context_t ctx, int y, uint64_t *bytes, uint64_t *unpacked)
{
    exr_chunk_info_t chunk;
    must(exr_read_scanline_chunk_info(ctx, 0, y, &chunk), "chunk");
    uint8_t *data = malloc(chunk.packed_size);
    must(exr_read_chunk(ctx, 0, &chunk, data), "exr_read_chunk");
    *bytes = chunk.packed_size;
    *unpacked = chunk.unpacked_size;
    return data;
}

/* True if all chunks are equal; counts those that are compressed. */
static bool same_chunks(const char *a, const char *b, int h, int *compressed)
{
    exr_context_t x = open_file(a), y = open_file(b);
    int lines;
    bool same = true;
    *compressed = 0;
    must(exr_get_scanlines_per_chunk(x, 0, &lines), "lines");
    for (int line = 0; line < h; line += lines) {
        uint64_t n, m, unpacked;
        uint8_t *p = chunk_at(x, line, &n, &unpacked), *q = chunk_at(y, line, &m, &unpacked);
        same = same && n == m && !memcmp(p, q, n);
        *compressed += n < unpacked;
        free(p);
        free(q);
    }
    exr_finish(&x);
    exr_finish(&y);
    return same;
}

enum { GRAIN, FLAT, RUNS, NOISE, WIDE, HALVES, KINDS };
static const char *const kinds[] = {"grain", "one value",         "runs",
                                    "noise", "more than 14 bits", "frequencies that halve"};

/* A word of kind k at place i of a plane. */
static uint32_t word(int k, size_t i, int w)
{
    uint32_t x = (uint32_t)(i % (size_t)w), y = (uint32_t)(i / (size_t)w);
    switch (k) {
    case GRAIN:
        return 0x3400 + x + 2 * y + noise() % 40 + noise() % 40;
    case FLAT:
        return 0x3555;
    case RUNS:
        return x / 300 % 2 ? 0 : noise() % 50 ? 7 : noise() % 3;
    case NOISE:
        return noise() >> 8;
    case WIDE:
        return (uint32_t)i * 2 + noise() % 3;
    default:
        return (uint32_t)__builtin_ctz(noise() | 1u << 23) * 977;
    }
}

static void fill(picture *p, int kind)
{
    size_t n = (size_t)p->w * (size_t)p->h;
    for (int c = 0; c < CHANNELS; c++) {
        p->data[c] = malloc(n * 4);
        for (size_t i = 0; i < n; i++) {
            uint32_t v = word(kind, i, p->w);
            if (p->type[c] == CK_F32) {
                v = kind == NOISE ? v * 40503u : (v << 13) + (112u << 23);
                memcpy((uint8_t *)p->data[c] + 4 * i, &v, 4);
            } else {
                memcpy((uint8_t *)p->data[c] + 2 * i, &v, 2);
            }
        }
    }
}

static void compare(int kind, int w, int h, ck_type first, ck_type rest)
{
    picture p = {w, h, {first, rest, rest, rest}, {NULL}};
    ck_exr_channel ch[CHANNELS];
    ck_error e = {""};
    int compressed = 0;
    fill(&p, kind);
    for (int c = 0; c < CHANNELS; c++)
        ch[c] = (ck_exr_channel){names[c], p.data[c], p.type[c]};
    ck_exr_new_part part = {.channels = ch, .stored = p.type, .n = CHANNELS};
    write_theirs("theirs.exr", &p);
    bool good =
        ck_exr_write_parts("ours.exr", w, h, &part, 1, &(ck_exr_packing){.compression = CK_EXR_PIZ}, &e) == CK_OK &&
        same_chunks("theirs.exr", "ours.exr", h, &compressed);
    ok(good, "%s, %d x %d, %s and %s, %d chunks compressed %s", kinds[kind], w, h, ck_type_name(first),
       ck_type_name(rest), compressed, e.text);
    for (int c = 0; c < CHANNELS; c++)
        free(p.data[c]);
}

int main(void)
{
    static const int sizes[][2] = {{1, 1}, {1, 40}, {7, 3}, {33, 17}, {640, 70}, {1999, 65}};
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int kind = 0; kind < KINDS; kind++) {
            compare(kind, sizes[s][0], sizes[s][1], CK_F16, CK_F16);
            compare(kind, sizes[s][0], sizes[s][1], CK_F32, CK_F16);
        }
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
