#include "ck-post/classical.h"

#include "image/convert.h"
#include "image/finite.h"
#include "image/matte.h"
#include "key/key.h"
#include "image/plate.h"

static ck_status need(ck_frame *f, const char *name, int c, ck_plane *copy, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_need(f, name, c, 0, &p, e);
    if (s == CK_OK)
        *copy = *p;
    return s;
}

/* Add `fg` in the plate's encoding: the plate without the screen's share of each pixel, or unchanged if no screen is
 * found.  Spill stays, as in the network's fg; --despill removes it from processed and comp. */
static ck_status add_foreground(ck_frame *f, const ck_plane *rgb, const float *alpha, bool blue, ck_type type,
                                ck_error *e)
{
    ck_key_screen screen = {0};
    ck_plane *fg;
    ck_status s = ck_frame_add(f, "fg", type, 3, rgb->h, rgb->w, ck_plate_codes(rgb), &fg, e);
    if (s == CK_OK)
        s = ck_key_find(f, rgb, blue, NULL, &screen, e);
    if (s == CK_OK)
        s = ck_key_foreground(rgb, alpha, &screen, fg, e);
    ck_key_screen_free(&screen);
    return s;
}

ck_status ck_classical_unmix(ck_frame *f, bool blue, ck_type type, ck_error *e)
{
    ck_plane rgb, matte;
    const float *view;
    ck_buffer *hold;
    ck_status s = need(f, "rgb", 3, &rgb, e);
    if (s == CK_OK)
        s = need(f, ck_frame_plane(f, "coverage") ? "coverage" : "alpha", 1, &matte, e);
    if (s == CK_OK)
        s = ck_finite_check(&rgb, e);
    if (s != CK_OK)
        return s;
    if (matte.h != rgb.h || matte.w != rgb.w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane '%s' is %d x %d, but 'rgb' is %d x %d: leave --native out, or give --no-unmix",
                       matte.name, matte.w, matte.h, rgb.w, rgb.h);
    s = ck_f32_view(&matte, &view, &hold, e);
    if (s == CK_OK)
        s = add_foreground(f, &rgb, view, blue, type, e);
    ck_buffer_unref(hold);
    return s;
}

ck_status ck_classical_key(ck_frame *f, bool blue, ck_type type, uint64_t specks, ck_error *e)
{
    ck_matte_options how = CK_MATTE_OFF;
    how.specks = specks;
    ck_status s = ck_matte_from(f, "hint", type, e);
    if (s == CK_OK)
        s = ck_matte_change(f, &how, type, e);
    return s == CK_OK ? ck_classical_unmix(f, blue, type, e) : s;
}
