#include "shared/scene.h"

ck_status ck_scene_open(const char *option, ck_scene *out, ck_error *e)
{
    ck_primaries p;
    *out = (ck_scene){0};
    if (!ck_ocio_wanted(option))
        return CK_OK;
    ck_status s = ck_ocio_open(option, &out->config, e);
    if (s == CK_OK && !ck_ocio_has(out->config, CK_SCENE_LINEAR))
        s = ck_fail(e, CK_ERR_FORMAT, "the OpenColorIO config has no role %s: add it", CK_SCENE_LINEAR);
    if (s == CK_OK && ck_ocio_chromaticities(out->config, CK_SCENE_LINEAR, p.xy))
        ck_primaries_format(&p, out->primaries);
    return s;
}

void ck_scene_close(ck_scene *s)
{
    ck_ocio_close(s->config);
    *s = (ck_scene){0};
}
