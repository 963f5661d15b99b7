#include "ck-post/classical.h"

#include "image/convert.h"
#include "image/finite.h"
#include "image/matte.h"
#include "image/passthrough.h"
#include "image/plate.h"

static ck_status need(ck_frame *f, const char *name, int c, ck_plane *copy, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_need(f, name, c, 0, &p, e);
    if (s == CK_OK)
        *copy = *p;
    return s;
}

ck_status ck_classical_matte(ck_frame *f, ck_type type, uint64_t specks, ck_error *e)
{
    ck_matte_options how = CK_MATTE_OFF;
    how.specks = specks;
    ck_status s = ck_matte_from(f, "hint", type, e);
    return s == CK_OK ? ck_matte_change(f, &how, type, e) : s;
}

ck_status ck_classical_begin(ck_classical *c, ck_frame *f, bool blue, ck_type type, bool passthrough, ck_error *e)
{
    ck_plane matte, *fg;
    *c = (ck_classical){0};
    ck_status s = need(f, "rgb", 3, &c->rgb, e);
    if (s == CK_OK)
        s = need(f, ck_frame_plane(f, "coverage") ? "coverage" : "alpha", 1, &matte, e);
    if (s == CK_OK)
        s = ck_finite_check(&c->rgb, e);
    if (s != CK_OK)
        return s;
    if (matte.h != c->rgb.h || matte.w != c->rgb.w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane '%s' is %d x %d, but 'rgb' is %d x %d: leave --native out, or give --no-unmix",
                       matte.name, matte.w, matte.h, c->rgb.w, c->rgb.h);
    s = ck_f32_view(&matte, &c->matte, &c->hold, e);
    if (s == CK_OK && passthrough)
        s = ck_passthrough_weights(&c->rgb, c->matte, blue, &c->weights, e);
    if (s == CK_OK)
        s = ck_frame_add(f, "fg", type, 3, c->rgb.h, c->rgb.w, ck_plate_codes(&c->rgb), &fg, e);
    if (s == CK_OK)
        c->fg = *fg;
    return s;
}

typedef struct rows {
    const ck_classical *c;
    ck_key_take_row *take;
    void *ctx;
} rows;

static void put_row(void *ctx, int y, float *row)
{
    const rows *r = ctx;
    if (r->c->weights)
        ck_passthrough_row(&r->c->rgb, r->c->weights, y, row);
    ck_key_put_row(row, y, &r->c->fg);
    r->take(r->ctx, y, row);
}

ck_status ck_classical_rows(const ck_classical *c, ck_frame *f, bool blue, ck_key_take_row *take, void *ctx,
                            ck_error *e)
{
    ck_key_screen screen = {0};
    rows r = {c, take, ctx};
    ck_status s = ck_key_find_colours(f, &c->rgb, blue, &screen, e);
    if (s == CK_OK)
        s = ck_key_foreground_rows(&c->rgb, c->matte, &screen, put_row, &r, e);
    ck_key_screen_free(&screen);
    return s;
}

void ck_classical_end(ck_classical *c)
{
    ck_buffer_unref(c->hold);
    ck_buffer_unref(c->weights);
}
