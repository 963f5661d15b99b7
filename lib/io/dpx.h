/* DPX (SMPTE 268M, version 2.0), written.  It is read through libav (av_still.h). */
#ifndef CK_IO_DPX_H
#define CK_IO_DPX_H

#include <stdint.h>

#include "stream/meta.h"

typedef struct ck_dpx_picture {
    int w, h, c;            /* c: 1, 3, or 4 with alpha; grey is written as R G B, which all readers take */
    int bits;               /* 10 or 16 */
    const uint16_t *planes; /* codes, [c, h, w] */
} ck_dpx_picture;

/* Big endian; 10 bits in 32-bit words, filled by method A.  The file appears complete or not at all.  `about` (may be
 * NULL) gives the header `software`, `ck:transfer`, `ck:primaries`, `ck:sar`, `ck:rate`, `ck:timecode`, `ck:number`. */
ck_status ck_dpx_write(const char *path, const ck_dpx_picture *p, const ck_meta *about, ck_error *e);

#endif
