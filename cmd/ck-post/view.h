/* --view: the preview through a view of an OpenColorIO config. */
#ifndef CK_POST_VIEW_H
#define CK_POST_VIEW_H

#include "ck-post/options.h"
#include "colour/matrix.h"

/* The encoding of a `comp` that a view has made: codes of the view's display, which the config does not describe. */
#define CK_VIEW_CODES "display"

typedef struct ck_view {
    ck_scene scene;
    ck_ocio_transform *from_scene; /* NULL: --view was not given */
    bool moved;
    ck_matrix3 to_scene; /* from Rec. 709, if the config's primaries are others */
} ck_view;

/* Empty without --view.  An error without a config. */
ck_status ck_view_open(ck_view *v, const ck_post_program_options *o, ck_error *e);
void ck_view_close(ck_view *v);

/* See ck_post_options.view; view: a ck_view. */
void ck_view_apply(const void *view, float *r, float *g, float *b, size_t n);

#endif
