/* Colour transforms of an OpenColorIO config.
 *
 * OpenColorIO is wrapped by libck-ocio.so, which is loaded when a config is opened (base/plugin.h).  Without that file,
 * and in builds without OpenColorIO, ck_ocio_open fails with what to install; everything else works as before.
 *
 * Several threads may apply a transform at once.  A config must be used by one thread at a time: OpenColorIO fills
 * caches without a lock.  Names are OpenColorIO's, which ignore case. */
#ifndef CK_OCIO_OCIO_H
#define CK_OCIO_OCIO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct ck_ocio ck_ocio; /* an opened config */
typedef struct ck_ocio_transform ck_ocio_transform;

/* True if option --ocio-config has the value `config` (NULL or "": not given), or if $OCIO is set and not empty. */
bool ck_ocio_wanted(const char *config);

/* config: a file, or a name such as ocio://default that OpenColorIO knows; NULL or "": $OCIO.
 * CK_ERR_UNSUPPORTED without libck-ocio.so, CK_ERR_IO for a file that cannot be opened, CK_ERR_FORMAT for one that is
 * not a config. */
ck_status ck_ocio_open(const char *config, ck_ocio **out, ck_error *e);

/* All transforms must be freed before.  NULL is fine. */
void ck_ocio_close(ck_ocio *c);

/* `space` is the name, an alias or a role of a colour space, active or not. */
bool ck_ocio_has(const ck_ocio *c, const char *space);

/* From one colour space to another; names as for ck_ocio_has.  CK_ERR_ARGUMENT, with a name that is near, for an
 * unknown one. */
ck_status ck_ocio_between(const ck_ocio *c, const char *from, const char *to, ck_ocio_transform **out, ck_error *e);

/* From a colour space to a display, through one of its views with its looks.
 *
 * view: "DISPLAY/VIEW", or "VIEW" of the default display; NULL or "": the default view of the default display. */
ck_status ck_ocio_view(const ck_ocio *c, const char *from, const char *view, ck_ocio_transform **out, ck_error *e);

/* Transform n pixels in place, 32-bit float, unclamped.  The three planes must not overlap. */
void ck_ocio_apply(const ck_ocio_transform *t, float *r, float *g, float *b, size_t n);

void ck_ocio_transform_free(ck_ocio_transform *t); /* NULL is fine */

/* Chromaticities x,y of red, green, blue and white of a linear colour space, computed through the role aces_interchange
 * or cie_xyz_d65_interchange.  False if the config has neither, and if the space is unknown or not linear.
 *
 * A config usually adapts white to that of its interchange space, and does not record the original white.  It is
 * recovered if the published chromaticities have at most four decimals (chromaticities.c).  Otherwise the result is the
 * adapted primaries with the adapted white, which describe the same transform. */
bool ck_ocio_chromaticities(const ck_ocio *c, const char *space, double xy[8]);

#endif
