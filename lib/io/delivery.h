/* The colour space of a file: what becomes of a plane's colours before they are written.
 *
 *     plane -> linear light -> primaries of the file -> curve of the file
 *
 * A plane of display values (sRGB-encoded) that stays in display values and primaries keeps its codes. */
#ifndef CK_IO_DELIVERY_H
#define CK_IO_DELIVERY_H

#include "colour/space.h"
#include "ocio/ocio.h"
#include "stream/frame.h"

typedef struct ck_delivery {
    ck_curve curve;                    /* of the file */
    char primaries[CK_PRIMARIES_TEXT]; /* of the file; "" = not known */
    bool from_linear;                  /* the plane is linear light; else sRGB-encoded */
    bool to_srgb;                      /* encode by sRGB's curve, as the display values were decoded */
    bool moved;                        /* by `m`, to other primaries */
    bool codes;                        /* nothing changes */
    ck_matrix3 m;
    const ck_ocio_transform *ocio; /* in the place of the curve; borrowed */
} ck_delivery;

/* The colour space of a file by an OpenColorIO config. */
typedef struct ck_delivery_ocio {
    const ck_ocio_transform *to; /* from scene-linear light; outlives the delivery */
    const char *scene_primaries; /* of scene-linear light; "" = not known */
    bool linear;                 /* the space is linear light, of these primaries: */
    char primaries[CK_PRIMARIES_TEXT];
} ck_delivery_ocio;

/* space: of the file.  stream_primaries: HEAD's, NULL = unknown.  display_light: linear light was made of display
 * values. CK_ERR_UNSUPPORTED if the plane's encoding is neither sRGB nor linear, or if its unknown primaries would have
 * to be converted. */
ck_status ck_delivery_of(const ck_colour_space *space, const ck_plane *p, const char *stream_primaries,
                         bool display_light, ck_delivery *out, ck_error *e);

void ck_delivery_by_ocio(const ck_delivery_ocio *space, const ck_plane *p, const char *stream_primaries,
                         ck_delivery *out);

/* n pixels in place: straight colour, in the plane's encoding before, the file's after. */
void ck_delivery_apply(const ck_delivery *d, float *r, float *g, float *b, size_t n);

#endif
