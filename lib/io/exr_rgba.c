#include <ImfCRgbaFile.h>
#include <stdlib.h>

#include "io/exr_decode.h"

/* Lines read at a time: the height of a DWAB block. */
#define BAND 256

/* The library keeps its message in one buffer for all threads, so it is not used. */
static ck_status damaged(ck_error *e)
{
    return ck_fail(e, CK_ERR_FORMAT, "damaged or truncated EXR (libOpenEXR cannot decode it): copy or render it again");
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* Read lines y0 to y1 of the file into `pixels`, which has a row of the data window's width for each. */
static int read_band(ImfInputFile *in, const exr_attr_box2i_t *data, int y0, int y1, ImfRgba *pixels)
{
    /* The interface expects the address of pixel (0,0), which may lie outside the buffer. */
    size_t w = (size_t)(data->max.x - data->min.x + 1);
    uintptr_t origin =
        (uintptr_t)pixels - ((uintptr_t)(intptr_t)data->min.x + (uintptr_t)(intptr_t)y0 * w) * sizeof *pixels;
    return ImfInputSetFrameBuffer(in, (ImfRgba *)origin, 1, w) && ImfInputReadPixels(in, y0, y1);
}

static void give_band(const ck_exr_part *part, const ck_pick *pick, int y0, int y1, const ImfRgba *pixels)
{
    const exr_attr_box2i_t *data = &part->data, *show = &part->display;
    size_t w = (size_t)(data->max.x - data->min.x + 1);
    int x0 = most(data->min.x, show->min.x), x1 = least(data->max.x, show->max.x);
    for (int y = most(y0, show->min.y); y <= least(y1, show->max.y) && x0 <= x1; y++) {
        const ImfRgba *px = pixels + (size_t)(y - y0) * w + (size_t)(x0 - data->min.x);
        ck_row row = {.r = &px->r, .step = sizeof *px / sizeof px->r, .a = &px->a};
        if (part->choice.n == 3 || part->choice.chroma) {
            row.g = &px->g;
            row.b = &px->b;
        }
        ck_pick_row(pick, y - show->min.y, x0 - show->min.x, x1 - x0 + 1, &row);
    }
}

ck_status ck_exr_decode_rgba(const char *path, const ck_exr_part *part, const ck_pick *pick, ck_error *e)
{
    const exr_attr_box2i_t *data = &part->data;
    size_t w = (size_t)(data->max.x - data->min.x + 1);
    ck_status s = CK_OK;
    ImfInputFile *in = ImfOpenInputFile(path);
    if (!in)
        return damaged(e);
    ImfRgba *pixels = malloc(w * BAND * sizeof *pixels);
    if (!pixels)
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for %d lines of an EXR", BAND);
    for (int64_t y = data->min.y; y <= data->max.y && s == CK_OK; y += BAND) {
        int last = least(data->max.y, (int)(y + BAND - 1));
        if (read_band(in, data, (int)y, last, pixels))
            give_band(part, pick, (int)y, last, pixels);
        else
            s = damaged(e);
    }
    free(pixels);
    if (!ImfCloseInputFile(in) && s == CK_OK)
        s = damaged(e);
    return s;
}
