/* Stills decoded by libav: JPEG, BMP, DPX, SGI, TGA, WebP, PNM/PAM/PFM, JPEG 2000. */
#ifndef CK_IO_AV_STILL_H
#define CK_IO_AV_STILL_H

#include "io/av_colour.h"
#include "io/still.h"

/* Kind of a file by its first bytes (16 suffice), or by its suffix for formats without a signature. */
typedef enum ck_still_kind {
    CK_STILL_NONE, /* not a known still: perhaps video */
    CK_STILL_PNG,
    CK_STILL_ANIMATED, /* PNG with several frames: a video */
    CK_STILL_EXR,
    CK_STILL_TIFF,
    CK_STILL_AV,
    CK_STILL_CINEON,
    CK_STILL_RADIANCE, /* which this libavcodec cannot decode */
    CK_STILL_HEIC
} ck_still_kind;

/* Find the kind of a file.  CK_ERR_IO if it cannot be read. */
ck_status ck_still_probe(const char *path, ck_still_kind *kind, ck_error *e);

/* ck_still_read for a file of kind CK_STILL_AV, with colour options. */
ck_status ck_av_still_read(const char *path, const ck_av_choice *choice, ck_want want, const char *name, ck_frame *f,
                           ck_error *e);

/* ck_still_read with colour options and a selection, for formats that use them.  A layer or part of another format is
 * CK_ERR_ARGUMENT. */
ck_status ck_still_read_as(const char *path, const ck_av_choice *choice, const ck_still_select *select, ck_want want,
                           const char *name, ck_frame *f, ck_error *e);

#endif
