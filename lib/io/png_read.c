#include "io/png.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/pick.h"
#include "io/png_colour.h"

/* State that libpng may touch before its longjmp: kept outside the function that calls setjmp. */
typedef struct reader {
    FILE *file;
    size_t file_bytes;
    png_structp png;
    png_infop info;
    unsigned char *rows;     /* one row, or the whole picture if interlaced */
    unsigned char *expanded; /* one palette row expanded to RGBA, else NULL */
    png_color colours[256];
    png_byte alphas[256];
    int n_colours;
    ck_png_colour colour;
    ck_pick pick;
    const char *name;
    ck_frame *frame;
    bool added;
    ck_want want;
    ck_status status;
    ck_error *e;
} reader;

static void on_error(png_structp png, png_const_charp text)
{
    reader *r = png_get_error_ptr(png);
    /* One of our own functions may have failed first and set the status. */
    if (r->status == CK_OK)
        r->status = ck_fail(r->e, CK_ERR_FORMAT, "damaged PNG (%s): replace the file", text);
    png_longjmp(png, 1);
}

/* The remaining warnings are about metadata that are not used. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep data, size_t n)
{
    reader *r = png_get_io_ptr(png);
    if (fread(data, 1, n, r->file) == n)
        return;
    r->status = ferror(r->file) ? ck_fail_errno(r->e, "cannot read")
                                : ck_fail(r->e, CK_ERR_FORMAT, "truncated PNG: the file ends too early, copy it again");
    png_error(png, "read");
}

static void fail(reader *r, ck_status s)
{
    r->status = s;
    png_error(r->png, "ck");
}

/* A colour chunk of wrong length is ignored; its checksum has been verified. */
static int on_chunk(png_structp png, png_unknown_chunkp chunk)
{
    reader *r = png_get_user_chunk_ptr(png);
    ck_png_colour_chunk(&r->colour, (const char *)chunk->name, chunk->data, chunk->size);
    return 1;
}

/* Make libpng's benign errors errors: a picture is read completely or not at all. */
static void be_strict(reader *r)
{
    /* Metadata not used here, some of it often broken in files that are otherwise fine; checksums are still verified.
     * Transparency is included if alpha is not wanted. */
    static const png_byte unused[] = "bKGD\0hIST\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0"
                                     "sCAL\0sPLT\0tIME\0zTXt\0tRNS\0";
    static const png_byte colour[] = CK_PNG_COLOUR_CHUNKS;
    png_structp png = r->png;
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unused,
                                (int)(sizeof unused / 5) - (r->want != CK_WANT_RGB));
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, colour, (int)(sizeof colour / 5));
    png_set_read_user_chunk_fn(png, r, on_chunk);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(png, 0);
    png_set_user_limits(png, CK_MAX_SIDE, CK_MAX_SIDE);
}

/* Request 8 or 16 bits, native byte order, 1 to 4 channels.  Returns the number of interlace passes.  Palettes are
 * expanded here: libpng silently turns indices beyond the palette into black. */
static int set_transforms(reader *r)
{
    int type = png_get_color_type(r->png, r->info), depth = png_get_bit_depth(r->png, r->info);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_packing(r->png);
    else if (depth < 8)
        png_set_expand_gray_1_2_4_to_8(r->png);
    if (type != PNG_COLOR_TYPE_PALETTE && png_get_valid(r->png, r->info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(r->png);
    if (depth == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(r->png);
    int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    return passes;
}

static void get_palette(reader *r, int w)
{
    png_colorp colours;
    if (png_get_color_type(r->png, r->info) != PNG_COLOR_TYPE_PALETTE)
        return;
    png_get_PLTE(r->png, r->info, &colours, &r->n_colours);
    memcpy(r->colours, colours, (size_t)r->n_colours * sizeof *colours);
    png_bytep alphas = NULL;
    int n_alphas = 0;
    memset(r->alphas, 255, sizeof r->alphas);
    if (png_get_tRNS(r->png, r->info, &alphas, &n_alphas, NULL) && alphas)
        memcpy(r->alphas, alphas, (size_t)n_alphas);
    r->expanded = malloc(4 * (size_t)w);
    if (!r->expanded)
        fail(r, ck_fail(r->e, CK_ERR_MEMORY, "out of memory for a row of a PNG"));
}

static const unsigned char *expand(reader *r, const unsigned char *px, int w)
{
    for (int x = 0; x < w; x++) {
        if (px[x] >= r->n_colours)
            png_error(r->png, "an index beyond the palette");
        png_color c = r->colours[px[x]];
        unsigned char *to = r->expanded + (ptrdiff_t)4 * x;
        to[0] = c.red;
        to[1] = c.green;
        to[2] = c.blue;
        to[3] = r->alphas[px[x]];
    }
    return r->expanded;
}

static void give_row(reader *r, int y, const unsigned char *px)
{
    int step = r->expanded ? 4 : png_get_channels(r->png, r->info);
    size_t size = ck_type_size(r->pick.type);
    if (r->expanded)
        px = expand(r, px, r->pick.w);
    ck_row row = {.r = px, .step = step};
    if (step >= 3) {
        row.g = px + size;
        row.b = px + 2 * size;
    }
    if (step % 2 == 0)
        row.a = px + (size_t)(step - 1) * size;
    ck_pick_row(&r->pick, y, 0, r->pick.w, &row);
}

/* Channels for ck_pick_open: a palette is RGB, with alpha only if the file states it. */
static int channels(reader *r)
{
    return r->expanded ? 3 + (png_get_valid(r->png, r->info, PNG_INFO_tRNS) != 0) : png_get_channels(r->png, r->info);
}

/* Refuse sizes that the file cannot hold before allocating memory: deflate compresses at most 1032 times. */
static void check_size(reader *r, size_t stored_row, size_t h)
{
    if (r->file_bytes && stored_row * h / 1032 > r->file_bytes)
        fail(r, ck_fail(r->e, CK_ERR_FORMAT, "truncated PNG: %zu bytes cannot hold %u x %u pixels, copy it again",
                        r->file_bytes, png_get_image_width(r->png, r->info), png_get_image_height(r->png, r->info)));
}

static void read_all(reader *r)
{
    png_read_info(r->png, r->info);
    int w = (int)png_get_image_width(r->png, r->info), h = (int)png_get_image_height(r->png, r->info);
    check_size(r, png_get_rowbytes(r->png, r->info), (size_t)h);
    int passes = set_transforms(r);
    size_t row_bytes = png_get_rowbytes(r->png, r->info);
    r->rows = malloc(passes > 1 ? row_bytes * (size_t)h : row_bytes); /* no overflow: both are bounded by CK_MAX_SIDE */
    if (!r->rows)
        fail(r, ck_fail(r->e, CK_ERR_MEMORY, "out of memory for a PNG of %d x %d", w, h));

    get_palette(r, w);
    ck_png_colour_end(&r->colour);

    if (r->colour.narrow)
        fail(r, ck_fail(r->e, CK_ERR_UNSUPPORTED, "PNG of limited code range (cICP) is not read: write full range"));
    ck_type type = png_get_bit_depth(r->png, r->info) == 16 ? CK_U16 : CK_U8;
    ck_status s =
        ck_pick_open(&r->pick, r->frame, r->name, r->want, type, channels(r), w, h, r->colour.tag.encoding, r->e);
    if (s != CK_OK)
        fail(r, s);
    r->added = true;

    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < h; y++) {
            unsigned char *px = passes > 1 ? r->rows + (size_t)y * row_bytes : r->rows;
            png_read_row(r->png, px, NULL);
            if (pass == passes - 1)
                give_row(r, y, px);
        }
    png_read_end(r->png, NULL);
}

static void decode(reader *r)
{
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) {
        r->status = ck_fail(r->e, CK_ERR_MEMORY, "out of memory for libpng");
    } else if (!setjmp(png_jmpbuf(r->png))) {
        png_set_read_fn(r->png, r, on_read);
        be_strict(r);
        read_all(r);
    }
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->rows);
    free(r->expanded);
}

ck_status ck_png_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    reader r = {.want = want, .name = name, .frame = f, .e = e};
    r.file = fopen(path, "rbe");
    if (!r.file)
        return ck_fail_errno(e, "cannot open");
    struct stat st;
    if (!fstat(fileno(r.file), &st) && S_ISREG(st.st_mode))
        r.file_bytes = (size_t)st.st_size;
    ck_png_colour_init(&r.colour);
    decode(&r);
    fclose(r.file);
    if (!r.added)
        return r.status;
    if (r.status == CK_OK && !ck_want_is_mask(want))
        r.status = ck_colour_tag_set(&r.colour.tag, f, e);
    r.status = ck_pick_end(&r.pick, f, name, r.status, e);
    return r.status == CK_OK ? ck_orient_plane(f, name, r.colour.orient, e) : r.status;
}
