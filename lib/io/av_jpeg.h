/* JPEG files in memory. */
#ifndef CK_IO_AV_JPEG_H
#define CK_IO_AV_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Encode planes [3, h, w], 8-bit sRGB, as a JPEG file of good quality, 4:2:0.  w and h must be even.  *out is owned by
 * the caller. */
ck_status ck_jpeg_encode(const uint8_t *planes, int w, int h, uint8_t **out, size_t *n, ck_error *e);

#endif
