/* Completeness check of JPEG files.  libav decodes a truncated one to grey below the cut, without an error. */
#ifndef CK_IO_JPEG_H
#define CK_IO_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Walk the markers from SOI to EOI (ITU-T T.81, annex B).  Data after EOI are ignored. */
ck_status ck_jpeg_check(const uint8_t *data, size_t n, ck_error *e);

#endif
