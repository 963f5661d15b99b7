/* The eight orientations of a stored picture. */
#ifndef CK_IO_ORIENT_H
#define CK_IO_ORIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/frame.h"

/* Pixel (x', y') of the upright picture is stored at x = swap ? y' : x', y = swap ? x' : y', each counted from the far
 * side if its flip flag is set. */
typedef struct ck_orient {
    bool swap, flip_x, flip_y; /* all false: upright as stored */
} ck_orient;

/* From a display matrix (nine numbers in 16.16 and 2.30 format, as in libav and ISO 14496-12).  False unless it is a
 * multiple of a quarter turn, perhaps mirrored; then *o is "as stored". */
bool ck_orient_from_matrix(const int32_t m[9], ck_orient *o);

/* From the orientation tag of TIFF and Exif, 1 to 8; other values give "as stored". */
ck_orient ck_orient_from_exif(int orientation);

static inline bool ck_orient_changes(ck_orient o)
{
    return o.swap || o.flip_x || o.flip_y;
}

/* Copy one channel of h x w stored samples of `elem` (1, 2 or 4) bytes to the upright one, w x h if swapped.  src and
 * dst must not overlap. */
void ck_orient_channel(const void *src, void *dst, size_t elem, int h, int w, ck_orient o);

/* Make the plane of that name, which must exist, upright. */
ck_status ck_orient_plane(ck_frame *f, const char *name, ck_orient o, ck_error *e);

#endif
