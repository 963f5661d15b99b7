/* Rec. 709 inside, the stream's primaries outside.
 *
 * The key, the network and the preview work on Rec. 709.  A program that calls them on planes of other primaries
 * enters before, and leaves afterwards:
 *
 *     ck_gamut_enter   rgb, background    become linear light, f32 (rgb: CK_LINEAR_WIDE)
 *                      clean              becomes linear light, f32
 *                      fg                 becomes f32, sRGB-encoded and mirrored below 0
 *     ck_gamut_leave   what was not changed is the stream's plane again; what was made or changed (fg, clean,
 *                      processed) is converted to the stream's primaries
 *
 * Nothing is clipped: colours outside Rec. 709 have components below 0 or above 1 meanwhile. */
#ifndef CK_IMAGE_GAMUT_H
#define CK_IMAGE_GAMUT_H

#include "colour/matrix.h"
#include "stream/frame.h"

/* HEAD metadata of a stream whose `rgb` was decoded to linear light: the curve and, if they were converted, the
 * primaries that the file has. */
#define CK_SOURCE_TRANSFER "source-transfer"
#define CK_SOURCE_PRIMARIES "source-primaries"
/* HEAD metadata: the space of an OpenColorIO config that the file is in. */
#define CK_SOURCE_SPACE "source-space"

typedef struct ck_gamut {
    bool wide; /* false: nothing is converted */
    ck_matrix3 in, out;
} ck_gamut;

/* `primaries`: HEAD's, or NULL.  Not wide: none stated, unknown ones, Rec. 709, and those of SD video, which differ
 * from Rec. 709 less than cameras do. */
void ck_gamut_of(const char *primaries, ck_gamut *g);
bool ck_gamut_wide(const char *primaries);

#define CK_GAMUT_PLANES 4

typedef struct ck_gamut_visit {
    const ck_gamut *gamut;
    int n;
    ck_plane outside[CK_GAMUT_PLANES]; /* the stream's planes; a reference is held */
    ck_plane inside[CK_GAMUT_PLANES];  /* what took their places; a reference is held */
} ck_gamut_visit;

ck_status ck_gamut_enter(const ck_gamut *g, ck_frame *f, ck_gamut_visit *v, ck_error *e);
/* Always after an enter, with the status of what was done in between; returns it, or a failure to convert. */
ck_status ck_gamut_leave(ck_gamut_visit *v, ck_frame *f, ck_status status, ck_error *e);

#endif
