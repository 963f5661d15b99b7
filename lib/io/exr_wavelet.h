/* The wavelet inside OpenEXR's PIZ: Haar's mean and difference, in place, level after level on every second sample.
 * For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_WAVELET_H
#define CK_IO_EXR_WAVELET_H

#include <stdint.h>

/* h rows of w samples of `words` words each (1 or 2, which are transformed on their own).  most: the largest word
 * there is; below 2^14 means and differences are those of signed numbers, above they wrap around 2^16. */
void ck_wavelet(uint16_t *data, int w, int h, int words, unsigned most);
void ck_wavelet_inverse(uint16_t *data, int w, int h, int words, unsigned most);

#endif
