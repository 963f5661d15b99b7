/* The scene-linear space of an OpenColorIO config: the space that --input-space leads to, and --output-space and --view
 * start from. */
#ifndef CK_SHARED_SCENE_H
#define CK_SHARED_SCENE_H

#include "base/option.h"
#include "colour/primaries.h"
#include "ocio/ocio.h"

/* The option --ocio-config; T's const char* `field`. */
/* clang-format off */
#define CK_OCIO_ROW(T, field) \
    {0, "ocio-config", CK_STRING, offsetof(T, field), "FILE", NULL, 0, 0, NULL, 0, \
     "OpenColorIO config (default: $OCIO)", CK_IN_ALL}
/* clang-format on */

#define CK_SCENE_LINEAR "scene_linear" /* OpenColorIO's role */

typedef struct ck_scene {
    ck_ocio *config;                   /* NULL: none */
    char primaries[CK_PRIMARIES_TEXT]; /* of scene-linear light; "" = the config does not say */
} ck_scene;

/* Open the config that the option's value or $OCIO names; without either, *out is empty and that is no error. */
ck_status ck_scene_open(const char *option, ck_scene *out, ck_error *e);
void ck_scene_close(ck_scene *s);

#endif
