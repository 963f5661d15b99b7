/* A picture with a hint, for comparisons of checkpoints without footage. */
#ifndef CK_MODEL_SCENE_H
#define CK_MODEL_SCENE_H

#include "stream/frame.h"

/* Add `rgb` (f32, sRGB) and `hint` (f32), h x w: a subject with a fringed outline before an uneven screen. */
ck_status ck_scene_of_model(int h, int w, bool blue, ck_frame *f, ck_error *e);

#endif
