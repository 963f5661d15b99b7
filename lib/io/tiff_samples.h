/* Conversion of TIFF samples to rows for lib/io/pick.h.  For lib/io/tiff_read.c only. */
#ifndef CK_IO_TIFF_SAMPLES_H
#define CK_IO_TIFF_SAMPLES_H

#include "io/pick.h"

typedef struct ck_tiff_layout {
    int bits;         /* per sample */
    int format;       /* SAMPLEFORMAT_UINT, INT, IEEEFP */
    int samples;      /* per pixel */
    int colours;      /* colour samples, which come first: 3 or 1 */
    int stored;       /* samples per pixel in a block: `samples`, or 1 in planar files */
    bool inverted;    /* 0 is white */
    size_t row_bytes; /* bytes of a row in a block */
    ck_type type;     /* sample type of the plane */
    void *palette;    /* [3][2^bits] of `type`, or NULL; owned */
} ck_tiff_layout;

/* Set the palette: u8 if its 16-bit entries hold only 8-bit values, else u16. */
void ck_tiff_palette(ck_tiff_layout *l, const uint16_t *const map[3]);

/* Set `type`; refuse unsupported bits and formats. */
ck_status ck_tiff_layout_check(ck_tiff_layout *l, ck_error *e);

/* Sample `sample` of the n pixels of a row: a view of the row with *step, or converted into `floats` (16-bit indices
 * with a palette). */
const void *ck_tiff_samples(const ck_tiff_layout *l, const uint8_t *row, int sample, bool alpha, int n, float *floats,
                            int *step);

/* Replace the indices that ck_tiff_samples stored at `floats` by colours, in the three rows of `stride` floats after
 * them. */
void ck_tiff_look_up(const ck_tiff_layout *l, float *floats, size_t stride, int n, ck_row *row);

void ck_tiff_layout_free(ck_tiff_layout *l);

#endif
