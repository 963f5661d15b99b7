/* Stills that libav decodes: JPEG, BMP, DPX, SGI, TGA, WebP, PNM/PAM/PFM, JPEG 2000. */
#ifndef CK_IO_AV_STILL_H
#define CK_IO_AV_STILL_H

#include "io/av_colour.h"
#include "io/still.h"

/* The kind of a file, from its first bytes (16 are enough) and, for formats without a signature, its name. */
typedef enum ck_still_kind {
    CK_STILL_NONE, /* no known still: perhaps video */
    CK_STILL_PNG,
    CK_STILL_ANIMATED, /* PNG of several frames: a video */
    CK_STILL_EXR,
    CK_STILL_TIFF,
    CK_STILL_AV,
    CK_STILL_CINEON,
    CK_STILL_RADIANCE /* known by name only */
} ck_still_kind;

/* CK_ERR_IO when the file cannot be read. */
ck_status ck_still_probe(const char *path, ck_still_kind *kind, ck_error *e);

/* As ck_still_read for a file of kind CK_STILL_AV, with the colour options. */
ck_status ck_av_still_read(const char *path, const ck_av_choice *choice, ck_want want, const char *name, ck_frame *f,
                           ck_error *e);

/* As ck_still_read, with the colour options for the formats that have any. */
ck_status ck_still_read_as(const char *path, const ck_av_choice *choice, ck_want want, const char *name, ck_frame *f,
                           ck_error *e);

#endif
