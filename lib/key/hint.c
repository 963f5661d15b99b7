#include "key/hint.h"

#include "base/mem.h"
#include "image/gaussian.h"
#include "key/hsv.h"
#include "image/morphology.h"

ck_status ck_hint_hsv(const uint8_t *rgb, int h, int w, bool blue, uint8_t *hint, ck_error *e)
{
    size_t n = (size_t)h * (size_t)w;
    ck_buffer *eroded = ck_buffer_new(n);
    if (!eroded)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a hint of %d x %d", w, h);
    ck_hsv_subject(rgb, blue, hint, n);
    ck_status s = ck_erode(hint, h, w, CK_HINT_ERODE, eroded->data, e);
    if (s == CK_OK)
        s = ck_gaussian(eroded->data, h, w, CK_HINT_BLUR, hint, e);
    ck_buffer_unref(eroded);
    return s;
}
