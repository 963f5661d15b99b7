/* Upright: the eight ways a camera may have been held. */
#ifndef CK_IO_ORIENT_H
#define CK_IO_ORIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/frame.h"

/* The pixel of column x', row y' of the upright picture lies in the stored one at
 *     x = swap ? y' : x',  y = swap ? x' : y',  each counted from the far side when its flag is set. */
typedef struct ck_orient {
    bool swap, flip_x, flip_y; /* all false: as stored */
} ck_orient;

/* From a display matrix (nine 16.16 and 2.30 numbers, as libav and ISO 14496-12 have it).
 * False when it is no multiple of a quarter turn, perhaps mirrored; then *o is "as stored". */
bool ck_orient_from_matrix(const int32_t m[9], ck_orient *o);

/* From the orientation of TIFF and Exif, 1 to 8; others are "as stored". */
ck_orient ck_orient_from_exif(int orientation);

static inline bool ck_orient_changes(ck_orient o)
{
    return o.swap || o.flip_x || o.flip_y;
}

/* One channel of w x h stored samples of `elem` (1, 2 or 4) bytes to the upright one,
 * h x w when swapped.  They must not overlap. */
void ck_orient_channel(const void *src, void *dst, size_t elem, int h, int w, ck_orient o);

/* The plane of that name, which must be there, upright. */
ck_status ck_orient_plane(ck_frame *f, const char *name, ck_orient o, ck_error *e);

#endif
