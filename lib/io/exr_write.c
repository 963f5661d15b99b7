#include "io/exr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "io/exr_chunks.h"
#include "io/exr_core.h"
#include "io/exr_dwa.h"
#include "io/exr_facts.h"

/* Ways into the file:
 *
 *     OpenEXRCore makes the header; then
 *     DWAA, DWAB   libOpenEXR compresses and writes all, with that header (exr_dwa.h)
 *     the rest     OpenEXRCore's pipeline, with codecs of our own (exr_chunks.h)
 *
 * Both write through on_write. */

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
    const ck_exr_channel *sorted[CK_MAX_CHANNELS];
    int index;
    ck_exr_sort(p, sorted);
    for (int i = 1; i < p->n; i++)
        if (!strcmp(sorted[i]->name, sorted[i - 1]->name))
            return ck_fail(w->e, CK_ERR_ARGUMENT, "EXR channel %s is given twice", sorted[i]->name);
    exr_result_t rv = exr_add_part(w->ctx, p->name, EXR_STORAGE_SCANLINE, &index);
    if (!rv)
        rv = exr_initialize_required_attr_simple(w->ctx, at, w->w, w->h, w->compression);
    if (!rv && ck_exr_is_dwa(w->compression))
        rv = exr_attr_set_float(w->ctx, at, "dwaCompressionLevel", w->level); /* the setter stops at 100 */
    for (int i = 0; i < p->n && !rv; i++)
        rv = exr_add_channel(w->ctx, at, sorted[i]->name,
                             p->stored[sorted[i] - p->channels] == CK_F16 ? EXR_PIXEL_HALF : EXR_PIXEL_FLOAT,
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
    ck_exr_convert(c->data, c->type, to, *hold, n);
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
    for (int i = 0; i < w->n && s == CK_OK; i++) {
        exr_result_t rv = ck_exr_write_chunks(w->ctx, i, &w->parts[i], w->w, w->h, w->compression);
        s = rv ? fail(w, rv) : CK_OK;
    }
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
