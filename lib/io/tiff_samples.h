/* Samples of a TIFF as lib/io/pick.h takes them.  For lib/io/tiff_read.c only. */
#ifndef CK_IO_TIFF_SAMPLES_H
#define CK_IO_TIFF_SAMPLES_H

#include "io/pick.h"

typedef struct ck_tiff_layout {
    int bits;         /* of a sample */
    int format;       /* SAMPLEFORMAT_UINT, INT, IEEEFP */
    int samples;      /* of a pixel */
    int colours;      /* of these, the first: 3 or 1 */
    int stored;       /* samples of a pixel in a block: `samples`, or 1 in planar files */
    bool inverted;    /* 0 is white */
    size_t row_bytes; /* of a block */
    ck_type type;     /* that the plane gets */
    void *palette;    /* [3][2^bits] of `type`, or NULL; owned */
} ck_tiff_layout;

/* The palette: u8 where its 16-bit entries have only 8 bits to say, else u16. */
void ck_tiff_palette(ck_tiff_layout *l, const uint16_t *const map[3]);

/* Sets `type`; refuses bits and formats that are not read. */
ck_status ck_tiff_layout_check(ck_tiff_layout *l, ck_error *e);

/* `n` samples of one row, those at `sample` of each pixel: a view of the row with *step, or converted into `floats`
 * (as many 16-bit indices where there is a palette). */
const void *ck_tiff_samples(const ck_tiff_layout *l, const uint8_t *row, int sample, bool alpha, int n, float *floats,
                            int *step);

/* Replace the indices that ck_tiff_samples has put at `floats` by their colours, which go into the three rows of
 * `stride` floats after them. */
void ck_tiff_look_up(const ck_tiff_layout *l, float *floats, size_t stride, int n, ck_row *row);

void ck_tiff_layout_free(ck_tiff_layout *l);

#endif
