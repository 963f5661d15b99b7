/* A classical key: the screen's colour from the frame itself, a soft matte, an unmixed foreground.
 *
 *     ck_key_estimate(rgb, blue, &screen, e)           what the frame would be without the subject
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
#include "stream/frame.h"

typedef struct ck_key_screen {
    bool blue;
    float part;       /* of the pixels that show the bare screen, 0…1; 0 = there is none */
    float rgb[3];     /* its typical colour, sRGB-encoded */
    float mean[3];    /* the same, linear light */
    float sigma[3];   /* grain and texture around the local colour, standard deviations at `mean`: of its
                         brightness (relative), and of the two other channels beside that (linear light) */
    float seen;       /* what differs more than this from the local colour is something; see matte.c */
    int gw, gh, cell; /* grid of local colours, one per cell x cell pixels */
    float *grid;      /* (3,gh,gw), linear light, at the cells' centres; NULL when part is 0 */
    ck_buffer *buf;   /* owns grid */
} ck_key_screen;

/* A frame without a screen is no error: part is then 0, and the matte of such a screen is 1 everywhere. */
ck_status ck_key_estimate(const ck_plane *rgb, bool blue, ck_key_screen *out, ck_error *e);

/* 0 on the bare screen (markers and wrinkles included), 1 in solid subjects, always within 0…1. */
ck_status ck_key_matte(const ck_plane *rgb, const ck_key_screen *s, float *alpha, ck_error *e);

/* The straight foreground for a matte from here or elsewhere (values outside 0…1 are clamped for
 * the purpose): the plate where alpha is 1, spill included; the plate minus the screen's share
 * where it is between, averaged with the pixels around where little of the subject is left, or much of it was the
 * screen's hue; carried outwards from the subject where it is 0.  fg must be writable and not rgb. */
ck_status ck_key_foreground(const ck_plane *rgb, const float *alpha, const ck_key_screen *s, const ck_plane *fg,
                            ck_error *e);

/* The local screen colour of a whole row y (3,w), linear light: for callers that want the clean plate. */
void ck_key_screen_row(const ck_key_screen *s, int y, int w, float *row);

void ck_key_screen_free(ck_key_screen *s); /* leaves it empty */

#endif
