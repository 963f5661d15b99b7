/* The wavelet of PIZ, which is lossless.  For lib/io/exr_piz*.c only.
 *
 * Squares of four words become their mean, two differences across and down, and the difference of those; then the means
 * make up the squares of the next level, twice as wide, as long as the plane has room for one.  All of it in place. */
#ifndef CK_IO_EXR_WAVELET_H
#define CK_IO_EXR_WAVELET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A plane of w x h words, `x` and `y` words apart. */
typedef struct ck_wavelet {
    uint16_t *at;
    size_t w, h, x, y;
    bool narrow; /* all values have 14 bits: differences do not wrap around */
} ck_wavelet;

void ck_wavelet_do(const ck_wavelet *k);
void ck_wavelet_undo(const ck_wavelet *k);

#endif
