#include "ck-post/view.h"

#include "colour/space.h"

ck_status ck_view_open(ck_view *v, const ck_post_program_options *o, ck_error *e)
{
    *v = (ck_view){0};
    if (!o->view)
        return CK_OK;
    ck_status s = ck_scene_open(o->ocio_config, &v->scene, e);
    if (s == CK_OK && !v->scene.config)
        s = ck_fail(e, CK_ERR_ARGUMENT,
                    "views are those of an OpenColorIO config: give --ocio-config FILE or set $OCIO");
    if (s == CK_OK)
        s = ck_ocio_view(v->scene.config, CK_SCENE_LINEAR, o->view, &v->from_scene, e);
    v->moved = ck_primaries_matrix("bt709", v->scene.primaries, &v->to_scene);
    return s == CK_OK ? s : ck_fail_in(e, s, "--view");
}

void ck_view_close(ck_view *v)
{
    ck_ocio_transform_free(v->from_scene);
    ck_scene_close(&v->scene);
    v->from_scene = NULL;
}

void ck_view_apply(const void *view, float *r, float *g, float *b, size_t n)
{
    const ck_view *v = view;
    if (v->moved)
        ck_matrix_apply(&v->to_scene, r, g, b, n);
    ck_ocio_apply(v->from_scene, r, g, b, n);
}
