#include "io/tiff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "base/outfile.h"
#include "io/tiff_labels.h"

/* Bytes of a strip before compression.  Small enough that a viewer reads a part of the picture quickly. */
#define STRIP (1 << 18)
/* Of deflate, as in PNG: higher ones take longer and gain little on grain. */
#define LEVEL 1

typedef struct writer {
    ck_outfile file;
    TIFF *tif;
    uint64_t at, end;
    ck_status status; /* of the first failed write */
    char first[300];  /* libtiff's first error */
    ck_error *e;
} writer;

static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    writer *w = user;
    (void)tif;
    (void)module;
    if (!w->first[0])
        vsnprintf(w->first, sizeof w->first, format, args);
    return 1;
}

static tmsize_t on_read(thandle_t user, void *data, tmsize_t n)
{
    (void)user;
    (void)data;
    (void)n;
    return 0;
}

static tmsize_t on_write(thandle_t user, void *data, tmsize_t n)
{
    writer *w = user;
    if (w->status == CK_OK)
        w->status = ck_outfile_write_at(&w->file, data, (size_t)n, w->at, w->e);
    w->at += (uint64_t)n;
    w->end = w->at > w->end ? w->at : w->end;
    return w->status == CK_OK ? n : -1;
}

static toff_t on_seek(thandle_t user, toff_t offset, int whence)
{
    writer *w = user;
    w->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? w->at + offset : w->end + offset;
    return w->at;
}

static int on_close(thandle_t user)
{
    (void)user;
    return 0;
}

static toff_t on_size(thandle_t user)
{
    return ((writer *)user)->end;
}

static ck_status fail(writer *w)
{
    return w->status != CK_OK ? w->status
                              : ck_fail(w->e, CK_ERR_FORMAT, "cannot write this TIFF (%s)",
                                        w->first[0] ? w->first : "libtiff cannot say why");
}

static ck_status open_file(writer *w, const char *path)
{
    ck_status s = ck_outfile_open(&w->file, path, w->e);
    TIFFOpenOptions *how = s == CK_OK ? TIFFOpenOptionsAlloc() : NULL;
    if (s != CK_OK)
        return s;
    if (!how)
        return ck_fail(w->e, CK_ERR_MEMORY, "out of memory for a TIFF");
    TIFFOpenOptionsSetErrorHandlerExtR(how, on_error, w);
    TIFFOpenOptionsSetWarningHandlerExtR(how, on_error, w);
    w->tif = TIFFClientOpenExt(path, "wl", w, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, how);
    TIFFOpenOptionsFree(how);
    return w->tif ? CK_OK : fail(w);
}

static bool set_header(writer *w, const ck_tiff_picture *p)
{
    TIFF *t = w->tif;
    size_t row = (size_t)p->w * (size_t)p->c * ck_type_size(p->type);
    uint16_t alpha = p->associated ? EXTRASAMPLE_ASSOCALPHA : EXTRASAMPLE_UNASSALPHA;
    bool good = TIFFSetField(t, TIFFTAG_IMAGEWIDTH, (uint32_t)p->w) &&
                TIFFSetField(t, TIFFTAG_IMAGELENGTH, (uint32_t)p->h) &&
                TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, (int)ck_type_size(p->type) * 8) &&
                TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, p->c) &&
                TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, p->type == CK_F32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT) &&
                TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
                TIFFSetField(t, TIFFTAG_PHOTOMETRIC, p->c < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB) &&
                TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
                TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, (uint32_t)(row < STRIP ? STRIP / row : 1));
    if (good && (p->c == 2 || p->c == 4))
        good = TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (good && p->deflate)
        good = TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
               TIFFSetField(t, TIFFTAG_PREDICTOR, p->type == CK_F32 ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL) &&
               TIFFSetField(t, TIFFTAG_ZIPQUALITY, LEVEL);
    return good;
}

static ck_status set_labels(writer *w, const ck_meta *about)
{
    const char *software = about ? ck_meta_get(about, "software") : NULL;
    char *text = about ? ck_tiff_labels_text(about) : NULL;
    if (about && !text)
        return ck_fail(w->e, CK_ERR_MEMORY, "out of memory for a TIFF");
    bool good = (!software || TIFFSetField(w->tif, TIFFTAG_SOFTWARE, software)) &&
                (!text || !*text || TIFFSetField(w->tif, TIFFTAG_IMAGEDESCRIPTION, text));
    free(text);
    return good ? CK_OK : fail(w);
}

static void interleave_row(const ck_tiff_picture *p, int y, void *out)
{
    size_t width = (size_t)p->w, plane = width * (size_t)p->h, n = (size_t)p->c, from = (size_t)y * width;
    for (size_t c = 0; c < n; c++) {
        if (p->type == CK_U8)
            for (size_t x = 0; x < width; x++)
                ((uint8_t *)out)[x * n + c] = ((const uint8_t *)p->planes)[c * plane + from + x];
        else if (p->type == CK_U16)
            for (size_t x = 0; x < width; x++)
                ((uint16_t *)out)[x * n + c] = ((const uint16_t *)p->planes)[c * plane + from + x];
        else
            for (size_t x = 0; x < width; x++)
                ((float *)out)[x * n + c] = ((const float *)p->planes)[c * plane + from + x];
    }
}

static ck_status write_rows(writer *w, const ck_tiff_picture *p)
{
    void *row = malloc((size_t)p->w * (size_t)p->c * ck_type_size(p->type));
    ck_status s = row ? CK_OK : ck_fail(w->e, CK_ERR_MEMORY, "out of memory for a TIFF");
    for (int y = 0; y < p->h && s == CK_OK; y++) {
        interleave_row(p, y, row);
        if (TIFFWriteScanline(w->tif, row, (uint32_t)y, 0) < 0)
            s = fail(w);
    }
    free(row);
    return s;
}

ck_status ck_tiff_write(const char *path, const ck_tiff_picture *p, const ck_meta *about, ck_error *e)
{
    if (p->w < 1 || p->h < 1 || p->w > CK_MAX_SIDE || p->h > CK_MAX_SIDE || p->c < 1 || p->c > 4 ||
        (p->type != CK_U8 && p->type != CK_U16 && p->type != CK_F32) ||
        (double)p->w * p->h * p->c * (double)ck_type_size(p->type) > 4e9)
        return ck_fail(e, CK_ERR_ARGUMENT, "TIFF cannot store %d channels of %s at %d x %d", p->c,
                       ck_type_name(p->type), p->w, p->h);
    writer w = {.file = {.fd = -1}, .e = e};
    ck_status s = open_file(&w, path);
    if (s == CK_OK && !set_header(&w, p))
        s = fail(&w);
    if (s == CK_OK)
        s = set_labels(&w, about);
    if (s == CK_OK)
        s = write_rows(&w, p);
    if (s == CK_OK && !TIFFFlush(w.tif))
        s = fail(&w);
    if (w.tif)
        TIFFClose(w.tif);
    if (s == CK_OK && w.status != CK_OK)
        s = w.status;
    if (s == CK_OK)
        return ck_outfile_commit(&w.file, e);
    ck_outfile_discard(&w.file);
    return s;
}
