/* Figures of one keyed frame that can be compared with those of its neighbours. */
#ifndef CK_IMAGE_MEASURE_H
#define CK_IMAGE_MEASURE_H

#include <stdint.h>

#include "stream/frame.h"

enum { CK_CELLS_W = 32, CK_CELLS_H = 18, CK_CELLS = CK_CELLS_W * CK_CELLS_H, CK_CELL_FULL = 63 };

typedef struct ck_measures {
    int w, h;                /* of the matte, pixels */
    double coverage;         /* mean of the matte, clamped to [0, 1] */
    double edge;             /* mean width of the matte's edges, in its pixels; 0 without edges */
    bool bare;               /* enough of the bare screen shows for the two that follow */
    double screen[3];        /* mean colour of the bare screen, in sRGB codes 0...255 */
    double noise;            /* standard deviation of green there, without slow changes, in the same codes */
    uint8_t cells[CK_CELLS]; /* mean of the matte in each cell of a grid over the frame, row by row; 0...63 */
} ck_measures;

/* alpha: [h, w] f32 or f16; NaN counts as 0.  rgb: the plate, of any size, or NULL: then `bare` is false.  Every eighth
 * row of the plate is read. */
ck_status ck_measure(const ck_plane *alpha, const ck_plane *rgb, ck_measures *out, ck_error *e);

#endif
