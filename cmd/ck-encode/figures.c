#include "ck-encode/figures.h"

#include <stdlib.h>
#include <string.h>

#include "image/thumb.h"
#include "io/av_jpeg.h"

#define CELL 192 /* width of a plane in the picture, pixels */
#define GAP 2
#define GREY 128
#define MS "ms."

/* From left to right. */
static const char *const columns[] = {"rgb", "hint", "alpha", "comp"};
enum { COLUMNS = sizeof columns / sizeof *columns, WIDTH = COLUMNS * (CELL + GAP) - GAP };

static bool usable(const ck_plane *p)
{
    return p && p->type != CK_OTHER && (p->c == 1 || p->c == 3);
}

/* Rows of the picture: even, for JPEG. */
static int height_of(ck_frame *f)
{
    const ck_plane *p = ck_frame_plane(f, "alpha");
    long h = p ? (long)CELL * p->h / p->w : CELL;
    return (int)(h < 8 ? 8 : h > 2 * CELL ? 2 * CELL : h) & ~1;
}

static ck_status draw(ck_frame *f, ck_figures *out, ck_error *e)
{
    int h = height_of(f);
    size_t plane = (size_t)h * WIDTH;
    uint8_t *pixels = malloc(3 * plane);
    if (!pixels)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture");
    memset(pixels, GREY, 3 * plane);
    for (int i = 0; i < COLUMNS; i++) {
        const ck_plane *p = ck_frame_plane(f, columns[i]);
        if (usable(p))
            ck_thumb(p, CELL, h, pixels + (size_t)i * (CELL + GAP), WIDTH, plane);
    }
    ck_status s = ck_jpeg_encode(pixels, WIDTH, h, &out->picture, &out->size, e);
    free(pixels);
    return s;
}

ck_status ck_figures_make(ck_frame *f, bool picture, ck_figures *out, ck_error *e)
{
    *out = (ck_figures){0};
    const ck_plane *alpha = ck_frame_plane(f, "alpha"), *rgb = ck_frame_plane(f, "rgb");
    ck_status s = CK_OK;
    if (usable(alpha) && alpha->c == 1) {
        s = ck_measure(alpha, usable(rgb) ? rgb : NULL, &out->values.m, e);
        out->values.measured = s == CK_OK;
    }
    return s == CK_OK && picture ? draw(f, out, e) : s;
}

void ck_figures_times(const ck_frame *f, const char *program, uint64_t spent, ck_figures *out)
{
    for (size_t i = 0; i < f->meta.n; i++) {
        const ck_pair *p = &f->meta.pairs[i];
        if (!strncmp(p->key, MS, strlen(MS)))
            ck_job_values_time(&out->values, p->key + strlen(MS), strtod(p->value, NULL));
    }
    ck_job_values_time(&out->values, program, (double)spent / 1000);
}

void ck_figures_free(ck_figures *g)
{
    free(g->picture);
    *g = (ck_figures){0};
}
