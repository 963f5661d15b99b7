/* Planes as a still image. */
#ifndef CK_ENCODE_STILL_H
#define CK_ENCODE_STILL_H

#include "ck-encode/options.h"
#include "io/display.h"
#include "io/exr.h"

typedef struct ck_still_plane {
    const ck_plane *plane;
    const ck_delivery *to; /* NULL: no colour space was asked for */
    ck_out_format format;
    const char *layer; /* of an EXR with several planes: "FG"; "" for the main R G B A */
    const ck_meta *about;
} ck_still_plane;

typedef struct ck_still_how {
    ck_exr_packing packing; /* TIFF: deflate, unless it is CK_EXR_NONE */
    ck_exr_layout layout;
    ck_alpha alpha;
} ck_still_how;

/* EXR, float TIFF: the planes' values as they are, or converted by `to`.  All others: as io/display.h shows them.  n >
 * 1 planes, of one size, share an EXR. */
ck_status ck_still_write(const char *path, const ck_still_plane *planes, int n, const ck_still_how *how, ck_error *e);

#endif
