#include "ck-info/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "image/colour.h"
#include "image/convert.h"
#include "image/resample.h"
#include "io/png.h"

#define GAP 6
#define GREY 64

/* The planes shown, from left to right. */
static const char *const columns[] = {"rgb", "hint", "alpha", "comp"};
enum { COLUMNS = sizeof columns / sizeof *columns, WIDTH = COLUMNS * (CK_SHEET_CELL + GAP) + GAP };

/* Append a grey row of cells.  The first frame decides the height of all cells. */
static uint8_t *grow(ck_sheet *s, const ck_frame *f)
{
    if (!s->rows) {
        const ck_plane *p = &f->planes[0];
        long h = f->n ? (long)CK_SHEET_CELL * p->h / p->w : CK_SHEET_CELL;
        s->cell_h = h < 1 ? 1 : h > 4 * CK_SHEET_CELL ? 4 * CK_SHEET_CELL : (int)h;
    }
    size_t row = (size_t)(s->cell_h + GAP) * WIDTH * 3;
    uint8_t *pixels = realloc(s->pixels, row * (size_t)(s->rows + 1));
    if (!pixels)
        return NULL;
    s->pixels = pixels;
    memset(pixels + row * (size_t)s->rows, GREY, row);
    return pixels + row * (size_t)s->rows++;
}

/* The plane, shrunk to a cell, as 8-bit samples to look at: (c, cell_h, CK_SHEET_CELL). */
static ck_status shrink(const ck_plane *p, int cell_h, uint8_t *out, ck_error *e)
{
    size_t n = p->bytes / p->elem, small = (size_t)p->c * (size_t)cell_h * CK_SHEET_CELL;
    ck_buffer *in = ck_buffer_new(n * sizeof(float)), *cell = ck_buffer_new(small * sizeof(float));
    ck_status s = in && cell ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a contact sheet");
    if (s == CK_OK) {
        ck_to_f32(p->data, p->type, in->data, n);
        s = ck_resample(in->data, p->c, p->h, p->w, cell->data, cell_h, CK_SHEET_CELL, CK_AREA, e);
    }
    if (s == CK_OK) {
        if (!strcmp(p->encoding, "linear"))
            ck_linear_to_srgb(cell->data, cell->data, small);
        ck_f32_to_u8(cell->data, out, small);
    }
    ck_buffer_unref(in);
    ck_buffer_unref(cell);
    return s;
}

static void paste(uint8_t *row, int column, int cell_h, const uint8_t *cell, int c)
{
    size_t plane = (size_t)cell_h * CK_SHEET_CELL;
    for (int y = 0; y < cell_h; y++) {
        uint8_t *to = row + ((size_t)(y + GAP) * WIDTH + GAP + (size_t)column * (CK_SHEET_CELL + GAP)) * 3;
        for (int x = 0; x < CK_SHEET_CELL; x++)
            for (int k = 0; k < 3; k++)
                *to++ = cell[(c == 3 ? (size_t)k * plane : 0) + (size_t)y * CK_SHEET_CELL + (size_t)x];
    }
}

ck_status ck_sheet_add(ck_sheet *s, ck_frame *f, ck_error *e)
{
    if (s->rows == CK_SHEET_ROWS)
        return ck_fail(e, CK_ERR_ARGUMENT, "--sheet takes at most %d frames: choose some with ck-decode --frames",
                       CK_SHEET_ROWS);
    uint8_t *row = grow(s, f), *cell = malloc((size_t)s->cell_h * CK_SHEET_CELL * 3);
    ck_status st = row && cell ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a contact sheet");
    for (int i = 0; i < COLUMNS && st == CK_OK; i++) {
        const ck_plane *p = ck_frame_plane(f, columns[i]);
        if (!p || p->type == CK_OTHER || (p->c != 1 && p->c != 3))
            continue;
        st = shrink(p, s->cell_h, cell, e);
        if (st == CK_OK)
            paste(row, i, s->cell_h, cell, p->c);
    }
    free(cell);
    return st;
}

ck_status ck_sheet_write(const ck_sheet *s, const char *path, ck_error *e)
{
    if (!s->rows)
        return ck_fail(e, CK_ERR_FORMAT, "no frames for the contact sheet");
    int h = s->rows * (s->cell_h + GAP) + GAP;
    size_t n = (size_t)h * WIDTH, drawn = (size_t)s->rows * (size_t)(s->cell_h + GAP) * WIDTH;
    uint8_t *planes = malloc(3 * n);
    if (!planes)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a contact sheet");
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < n; i++)
            planes[k * n + i] = i < drawn ? s->pixels[3 * i + k] : GREY;
    ck_status st = ck_png_write(path, WIDTH, h, 3, planes, CK_U8, NULL, e);
    free(planes);
    return st == CK_OK ? st : ck_fail_in(e, st, path);
}

void ck_sheet_free(ck_sheet *s)
{
    free(s->pixels);
    *s = (ck_sheet){0};
}
