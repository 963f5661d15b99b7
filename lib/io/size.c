#include "io/size.h"

#include <limits.h>
#include <openexr.h>
#include <stdlib.h>
#include <string.h>

#include "io/av_load.h"
#include "io/av_log.h"
#include "io/av_still.h"
#include "io/exif.h"
#include "io/exr_core.h"
#include "io/tiff.h"

static ck_status exr_size(const char *path, ck_size *size, ck_error *e)
{
    exr_context_t ctx;
    exr_context_initializer_t init = EXR_DEFAULT_CONTEXT_INITIALIZER;
    exr_attr_box2i_t box;
    init.error_handler_fn = ck_exr_on_error; /* keeps the library from printing */
    ck_exr_listen();
    if (exr_start_read(&ctx, path, &init) != EXR_ERR_SUCCESS)
        return ck_fail(e, CK_ERR_FORMAT, "not an OpenEXR file, or a truncated one");
    exr_result_t r = exr_get_display_window(ctx, 0, &box);
    exr_finish(&ctx);
    if (r != EXR_ERR_SUCCESS)
        return ck_fail(e, CK_ERR_FORMAT, "its header has no display window");
    int64_t w = (int64_t)box.max.x - box.min.x + 1, h = (int64_t)box.max.y - box.min.y + 1;
    if (w < 1 || h < 1 || w > INT_MAX || h > INT_MAX)
        return ck_fail(e, CK_ERR_FORMAT, "invalid display window");
    *size = (ck_size){(int)w, (int)h};
    return CK_OK;
}

static ck_status av_size(const char *path, ck_size *size, ck_error *e)
{
    AVFormatContext *fmt = NULL;
    AVDictionary *how = NULL;
    char *url;
    ck_status s = ck_av_load(CK_LIBAVFORMAT, e);
    if (s != CK_OK)
        return s;
    ck_av_log_install(); /* keeps the library from printing */
    /* "file:" stops a colon from making a protocol of the name, "none" a % from making it a pattern. */
    av_dict_set(&how, "pattern_type", "none", 0);
    if (asprintf(&url, "file:%s", path) < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    int r = avformat_open_input(&fmt, url, NULL, &how);
    av_dict_free(&how);
    free(url);
    if (r >= 0)
        r = avformat_find_stream_info(fmt, NULL);
    int i = r >= 0 ? av_find_best_stream(fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0) : r;
    if (i >= 0)
        *size = (ck_size){fmt->streams[i]->codecpar->width, fmt->streams[i]->codecpar->height};
    avformat_close_input(&fmt);
    if (i < 0)
        return ck_fail(e, CK_ERR_FORMAT, "libav cannot read it: %s", av_err2str(i));
    /* A stream is found in what a format's first bytes begin, whatever follows. */
    return size->w > 0 && size->h > 0 ? CK_OK : ck_fail(e, CK_ERR_FORMAT, "its size cannot be read: is it truncated?");
}

/* From IHDR, which is the first chunk; libav would decode the picture. */
static ck_status png_size(const char *path, ck_size *size, ck_error *e)
{
    unsigned char head[24];
    FILE *f = fopen(path, "rbe");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f)
        fclose(f);
    if (n < sizeof head || memcmp(head + 12, "IHDR", 4))
        return ck_fail(e, CK_ERR_FORMAT, "its size cannot be read: is it truncated?");
    uint32_t sides[2];
    for (int i = 0; i < 2; i++) {
        const unsigned char *p = head + 16 + 4 * i;
        sides[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        if (sides[i] < 1 || sides[i] > INT_MAX)
            return ck_fail(e, CK_ERR_FORMAT, "invalid size");
    }
    *size = (ck_size){(int)sides[0], (int)sides[1]};
    return CK_OK;
}

/* Bytes.  Exif in JPEG and PNG precedes the pixels unless a tool appended it. */
#define HEAD ((size_t)128 << 10)

/* Swap the sides if the orientation is transposed; without Exif they stay. */
static void turn(const char *path, ck_still_kind kind, ck_size *size)
{
    const char *mark = kind == CK_STILL_PNG ? "eXIf" : "Exif\0\0";
    size_t length = kind == CK_STILL_PNG ? 4 : 6;
    unsigned char *head = malloc(HEAD);
    FILE *f = fopen(path, "rbe");
    size_t n = head && f ? fread(head, 1, HEAD, f) : 0;
    const unsigned char *at = n ? memmem(head, n, mark, length) : NULL;
    if (at && ck_exif_orient(at + length, n - (size_t)(at + length - head)).swap)
        *size = (ck_size){size->h, size->w};
    if (f)
        fclose(f);
    free(head);
}

static ck_status tiff_size(const char *path, ck_size *size, ck_error *e)
{
    return ck_tiff_size(path, &size->w, &size->h, e);
}

ck_status ck_still_size(const char *path, ck_size *size, ck_error *e)
{
    ck_still_kind kind;
    ck_status s = ck_still_probe(path, &kind, e);
    if (s != CK_OK)
        return s;
    s = (kind == CK_STILL_EXR    ? exr_size
         : kind == CK_STILL_PNG  ? png_size
         : kind == CK_STILL_TIFF ? tiff_size
                                 : av_size)(path, size, e);
    if (s == CK_OK && (kind == CK_STILL_PNG || kind == CK_STILL_AV))
        turn(path, kind, size);
    return s;
}
