/* A classical key: the screen's colour from the frame itself, a soft matte, an unmixed foreground.
 *
 *     ck_key_estimate(rgb, blue, NULL, &screen, e)     what the frame would be without the subject
 *     ck_key_matte(rgb, &screen, alpha, e)             how much of each pixel is not that
 *     ck_key_foreground(rgb, alpha, &screen, fg, e)    its colour with the screen taken out
 *     ck_key_screen_free(&screen)
 *
 * Everything is decided from one frame, so frames may be worked on in any order and by any
 * number of threads with the same result.  rgb is a plate (3,h,w) of any of the four types, read row by row
 * (image/plate.h); it may exceed 0…1; NaN counts as 0.  alpha is (h,w), linear coverage, NaN 0.  fg is (3,h,w),
 * CK_F16 or CK_F32, in the plate's codes.  Scratch comes from ck_buffer_new. */
#ifndef CK_KEY_KEY_H
#define CK_KEY_KEY_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/status.h"
#include "key/spread.h"
#include "stream/frame.h"

typedef struct ck_key_screen {
    bool blue;
    float part;           /* of the pixels that show the bare screen, 0…1 */
    float rgb[3];         /* its typical colour, sRGB-encoded */
    float mean[3];        /* the same, linear light */
    float sigma[3];       /* grain and texture around the local colour, standard deviations at `mean`: of its
                             brightness (relative), and of the two other channels beside that (linear light) */
    float seen;           /* what differs more than this from the local colour is something; see matte.c */
    int h, w;             /* of the plate */
    int gh, gw;           /* of the grid of local colours */
    float cell_h, cell_w; /* pixels of the plate that a cell of it covers */
    float *grid;          /* (3,gh,gw), linear light, at the cells' centres; NULL: no screen was found */
    float *lines;         /* two of the grid's rows at the plate's width (2,3,w), and which: */
    int *held;
    ck_key_places places; /* of the plate's columns in the grid */
    ck_buffer *buf;       /* owns all of them */
} ck_key_screen;

/* A frame without a screen is no error: part is then 0, and the matte of such a screen is 1 everywhere.
 * named: the screen's colour, linear light, its own channel above 0; it is looked for instead of the hue that has most
 * pixels.  NULL: automatic. */
ck_status ck_key_estimate(const ck_plane *rgb, bool blue, const float *named, ck_key_screen *out, ck_error *e);

/* The screen that a clean plate (3,·,·) shows: linear light, CK_F16 or CK_F32, of the plate's size, or down to
 * ck_key_clean_side of its sides.  part, mean, sigma and seen are measured where the plate has its colours. */
ck_status ck_key_given(const ck_plane *rgb, bool blue, const ck_plane *clean, ck_key_screen *out, ck_error *e);

/* The screen of a frame whose plate rgb is: the plane `clean` where the frame has it, else the estimate.  A clean plate
 * and a named colour exclude each other: CK_ERR_FORMAT. */
ck_status ck_key_find(ck_frame *f, const ck_plane *rgb, bool blue, const float *named, ck_key_screen *out, ck_error *e);

/* The same for ck_key_foreground, which reads the local colours alone: part, rgb, mean, sigma and seen may be 0. */
ck_status ck_key_find_colours(ck_frame *f, const ck_plane *rgb, bool blue, ck_key_screen *out, ck_error *e);

/* The clean plate of a screen that was found: out (3,·,·), CK_F16 or CK_F32, writable, of any size. */
ck_status ck_key_clean(const ck_key_screen *s, const ck_plane *out, ck_error *e);

/* The side of a clean plate that ck makes: an eighth of the plate's: grids are coarser in all but small plates. */
static inline int ck_key_clean_side(int side)
{
    return (side + 7) / 8;
}

/* 0 on the bare screen (markers and wrinkles included), 1 in solid subjects, always within 0…1. */
ck_status ck_key_matte(const ck_plane *rgb, const ck_key_screen *s, float *alpha, ck_error *e);

/* The straight foreground for a matte from here or elsewhere (values outside 0…1 are clamped for
 * the purpose): the plate where alpha is 1, spill included; the plate minus the screen's share
 * where it is between, averaged with the pixels around where little of the subject is left, with no more of the
 * screen's hue than the solid parts nearby; carried outwards from the subject where it is 0.  fg must be writable and
 * not rgb. */
ck_status ck_key_foreground(const ck_plane *rgb, const float *alpha, const ck_key_screen *s, const ck_plane *fg,
                            ck_error *e);

/* The same row by row: take(ctx, y, row) is called for every y from 0 on.  row: (3,w) float32, which `take` may
 * change. */
typedef void ck_key_take_row(void *ctx, int y, float *row);
ck_status ck_key_foreground_rows(const ck_plane *rgb, const float *alpha, const ck_key_screen *s, ck_key_take_row *take,
                                 void *ctx, ck_error *e);

/* row (3,w) becomes row y of a plane, CK_F16 or CK_F32, that may be written. */
void ck_key_put_row(const float *row, int y, const ck_plane *p);

/* The local screen colour of a whole row y of the plate, w = its width, row (3,w), linear light.  Quickest from top to
 * bottom, and for one thread at a time: rows of the grid are kept in s. */
void ck_key_screen_row(const ck_key_screen *s, int y, int w, float *row);
/* The same for its pixels [x0,x1) alone. */
void ck_key_screen_run(const ck_key_screen *s, int y, int x0, int x1, float *row);

void ck_key_screen_free(ck_key_screen *s); /* leaves it empty */

#endif
