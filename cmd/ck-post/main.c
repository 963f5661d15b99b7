/* ck-post: alpha, fg (coverage, background) -> processed, comp. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ck-post/classical.h"
#include "ck-post/options.h"
#include "ck-post/planes.h"
#include "ck-post/view.h"
#include "colour/curve.h"
#include "image/convert.h"
#include "image/despeckle.h"
#include "image/passthrough.h"
#include "image/plate.h"
#include "image/post.h"
#include "shared/plate_messages.h"
#include "stream/depth.h"
#include "stream/stage.h"

#define DESPILL 0.5
#define UNMIXED_DESPILL 0.35

typedef struct post {
    const ck_post_program_options *opts;
    ck_post_options how; /* blue, codes and background are set per frame, in a copy */
    ck_gamut gamut;
    ck_view view;
    ck_screen_choice screen;
    ck_size size;
    ck_type type;    /* of the planes that are made */
    uint64_t specks; /* parts below this area, in pixels, are removed; 0: none */
} post;

static ck_status open_post(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                           ck_error *e)
{
    const ck_post_program_options *o = opts;
    (void)args;
    post *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = o;
    s->type = ck_depth_type(o->depth);
    /* The classical key leaves no specks, and despeckling would remove whiskers and loose hair. */
    int specks = o->despeckle != CK_POST_AUTO ? o->despeckle : o->classical ? 0 : CK_DESPECKLE_AREA;
    s->specks = (uint64_t)specks;
    /* Unmixing has already reduced spill at the edges; inside, a green tint is often cloth, not spill. */
    s->how.despill = o->despill >= 0 ? o->despill : o->classical || o->unmix ? UNMIXED_DESPILL : DESPILL;
    s->how.mode = (ck_despill_mode)o->despill_mode;
    ck_gamut_of(ck_meta_get(head, "primaries"), &s->gamut);
    ck_curve source;
    s->how.tone_map = ck_curve_named(ck_meta_get(head, CK_SOURCE_TRANSFER), &source) && !ck_curve_display(&source);
    ck_status st = ck_view_open(&s->view, o, e);
    if (st != CK_OK)
        return st;
    if (s->view.from_scene) {
        s->how.view = ck_view_apply;
        s->how.viewed = &s->view;
    }
    if (o->classical)
        ck_messages_plate(first);
    return ck_messages_screen(o->screen, NULL, head, first, &s->screen, e);
}

static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    post *s = state;
    ck_status st = ck_messages_size(&s->size, f, ck_frame_plane(f, "rgb") ? "rgb" : "alpha", e);
    return st == CK_OK ? ck_messages_screen_admit(&s->screen, f, e) : st;
}

static ck_status finish(void *state, ck_error *e)
{
    (void)e;
    const post *s = state;
    ck_messages_screen_end(&s->screen);
    return CK_OK;
}

/* *view: the matte for processed and comp; the plane's own data, or a despeckled copy in *hold. */
static ck_status clean_alpha(const post *s, const ck_plane *alpha, const float **view, ck_buffer **hold, ck_error *e)
{
    ck_status st = ck_f32_view(alpha, view, hold, e);
    if (st != CK_OK || !s->specks || s->opts->classical)
        return st;
    if (!*hold && !(*hold = ck_buffer_new((size_t)alpha->h * (size_t)alpha->w * sizeof(float))))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a matte of %d x %d", alpha->w, alpha->h);
    const float *in = *view;
    *view = (*hold)->data;
    return ck_despeckle(in, alpha->h, alpha->w, s->specks, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, (*hold)->data, e);
}

/* Add the output planes, and set the per-frame members of *how.  *background: memory for the plane that how->background
 * may point to. */
static ck_status add_outputs(const post *s, ck_frame *f, ck_plane *alpha, ck_plane *fg, ck_post_options *how,
                             ck_plane *background, ck_error *e)
{
    ck_plane *p;
    ck_status st = ck_planes_need_matte(f, alpha, fg, e);
    if (st == CK_OK)
        st = ck_planes_background(f, fg, background, &how->background, e);
    if (st != CK_OK)
        return st;
    /* Codes of unknown curves are kept, and the planes made from them carry that label. */
    how->codes = !ck_plate_known(fg);
    how->view = how->codes ? NULL : how->view;
    /* Unmixing and passthrough take colours of a linear plate, which may lie outside Rec. 709. */
    const ck_post_program_options *o = s->opts;
    p = ck_frame_plane(f, "rgb");
    how->mirrored = s->gamut.wide || ((o->classical || o->unmix || o->passthrough) && p && ck_plate_linear(p));
    st = ck_frame_add(f, "processed", s->type, 4, alpha->h, alpha->w, how->codes ? fg->encoding : "linear", &p, e);
    if (st == CK_OK)
        st = ck_frame_add(f, "comp", CK_U8, 3, alpha->h, alpha->w,
                          how->codes  ? fg->encoding
                          : how->view ? CK_VIEW_CODES
                                      : "srgb",
                          &p, e);
    return st;
}

static ck_post_job job_of(const post *s, ck_frame *f, const ck_plane *alpha, const ck_post_options *how,
                          const float *view)
{
    ck_post_job j = {.o = how,
                     .alpha = view,
                     .processed = ck_plane_data(ck_frame_plane(f, "processed")),
                     .processed_type = s->type,
                     .comp = ck_plane_data(ck_frame_plane(f, "comp")),
                     .h = alpha->h,
                     .w = alpha->w};
    ck_post_begin(&j);
    return j;
}

static void take_row(void *ctx, int y, float *row)
{
    const ck_post_job *j = ctx;
    size_t w = (size_t)j->w;
    const void *fg[3] = {row, row + w, row + 2 * w};
    ck_post_row(j, y, fg, CK_F32);
}

/* From the frame's fg, or with *c from one that is made now. */
static ck_status fill_outputs(const post *s, ck_frame *f, const ck_classical *c, ck_error *e)
{
    ck_plane alpha = {0}, fg = {0}, background;
    ck_post_options how = s->how;
    const float *view;
    ck_buffer *hold = NULL;
    how.blue = ck_screen_blue(&s->screen, f);
    ck_status st = add_outputs(s, f, &alpha, &fg, &how, &background, e);
    if (st == CK_OK)
        st = clean_alpha(s, &alpha, &view, &hold, e);
    if (st == CK_OK) {
        ck_post_job j = job_of(s, f, &alpha, &how, view);
        if (c)
            st = ck_classical_rows(c, f, how.blue, take_row, &j, e);
        else
            ck_post_frame(&how, view, fg.data, fg.type, alpha.h, alpha.w, j.processed, s->type, j.comp);
    }
    ck_buffer_unref(hold);
    return st;
}

static ck_status make_outputs(const post *s, ck_frame *f, ck_error *e)
{
    const ck_post_program_options *o = s->opts;
    bool blue = ck_screen_blue(&s->screen, f);
    ck_classical c;
    ck_status st = CK_OK;
    if (!o->classical && !o->unmix) {
        st = o->passthrough ? ck_planes_passthrough(f, blue, e) : CK_OK;
        return st == CK_OK ? fill_outputs(s, f, NULL, e) : st;
    }
    st = o->classical ? ck_classical_matte(f, s->type, s->specks, e) : CK_OK;
    if (st != CK_OK)
        return st;
    st = ck_classical_begin(&c, f, blue, s->type, o->passthrough, e);
    if (st == CK_OK)
        st = fill_outputs(s, f, &c, e);
    ck_classical_end(&c);
    return st;
}

static ck_status finish_frame(void *state, ck_frame *f, ck_error *e)
{
    const post *s = state;
    ck_gamut_visit v;
    ck_status st = ck_gamut_enter(&s->gamut, f, &v, e);
    return ck_gamut_leave(&v, f, st == CK_OK ? make_outputs(s, f, e) : st, e);
}

static void close_post(void *state)
{
    post *s = state;
    ck_view_close(&s->view);
    free(s);
}

/* Outputs are large, so no finished frame waits beside the workers', except with one worker: it goes on while a frame
 * is written. */
static int frames_at_once(const void *opts)
{
    int workers = ck_stage_workers(opts);
    return workers > 2 ? workers : 2;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_post_program,
                                   .open = open_post,
                                   .admit = admit,
                                   .frame = finish_frame,
                                   .finish = finish,
                                   .close = close_post,
                                   .frames = frames_at_once};
    return ck_stage_main(&stage, argc, argv);
}
